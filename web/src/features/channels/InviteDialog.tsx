// The link by which others come in: shown where this browser has it, made anew and ended by who made the channel.
import { useRef, useState } from 'react';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './Channels.module.css';
import type { ChannelHub } from './hub';
import { keepInviteLink, readInviteLink } from './kept';
import type { Channel } from './list';

const words = text.channels;

interface InviteDialogProps {
  hub: ChannelHub;
  channel: Channel;
  isOpen: boolean;
  onClose(): void;
}

export function InviteDialog({ hub, channel, isOpen, onClose }: InviteDialogProps) {
  return (
    <Dialog title={words.inviteTitle} isOpen={isOpen} onClose={onClose}>
      <Invite hub={hub} channel={channel} />
    </Dialog>
  );
}

function Invite({ hub, channel }: Omit<InviteDialogProps, 'isOpen' | 'onClose'>) {
  const { id, isCreator } = channel;
  const [url, setUrl] = useState(() => readInviteLink(id));
  const [said, setSaid] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const show = (link: string | undefined, word: string | undefined) => {
    keepInviteLink(id, link);
    setUrl(link);
    setSaid(word);
    setProblem(undefined);
  };
  const make = async () => {
    const answer = await hub.api.invite(id);
    if (answer.ok) show(answer.value, undefined);
    else setProblem(words.problem(answer.code));
  };
  const end = async () => {
    const answer = await hub.api.endInvite(id);
    if (answer.ok) show(undefined, words.inviteEnded);
    else setProblem(words.problem(answer.code));
  };
  return (
    <>
      {url !== undefined && <LinkField url={url} />}
      {url === undefined && said === undefined && (
        <p>{isCreator ? words.inviteNone : words.inviteOther}</p>
      )}
      {said !== undefined && <p role="status">{said}</p>}
      {problem !== undefined && (
        <p role="alert" className={styles.problemText}>
          {problem}
        </p>
      )}
      {isCreator && (
        <div className={styles.buttons}>
          <Button tone={url === undefined ? 'main' : 'quiet'} onClick={() => void make()}>
            {words.inviteMake}
          </Button>
          {url !== undefined && (
            <Button tone="leave" onClick={() => void end()}>
              {words.inviteEnd}
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function LinkField({ url }: { url: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
    } catch {
      // Refused: it stands there selected, to be copied by hand.
      field.current?.select();
    }
  };
  return (
    <>
      <p>{words.inviteText}</p>
      <div className={styles.linkField}>
        <input
          ref={field}
          readOnly
          value={url}
          aria-label={words.inviteLink}
          onFocus={(event) => event.target.select()}
        />
        <Button tone="main" onClick={() => void copy()}>
          {isCopied ? words.copied : words.copy}
        </Button>
      </div>
    </>
  );
}
