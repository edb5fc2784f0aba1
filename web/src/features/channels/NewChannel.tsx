// A new channel: what it is about, and who may find it.
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { nameChars_max } from '../studio/wishes';
import styles from './Channels.module.css';
import type { ChannelHub } from './hub';
import { keepInviteLink } from './kept';
import { NameField } from './NameField';
import { chooseName, knownName } from './name';

const words = text.channels;

interface NewChannelProps {
  hub: ChannelHub;
  isOpen: boolean;
  onClose(): void;
}

export function NewChannel({ hub, isOpen, onClose }: NewChannelProps) {
  return (
    <Dialog title={words.newTitle} isOpen={isOpen} onClose={onClose}>
      <NewForm hub={hub} onClose={onClose} />
    </Dialog>
  );
}

function NewForm({ hub, onClose }: Omit<NewChannelProps, 'isOpen'>) {
  const navigate = useNavigate();
  const [topic, setTopic] = useState('');
  const [isPublic, setPublic] = useState(false);
  const [name, setName] = useState(() => knownName() ?? '');
  const [isAsked] = useState(() => knownName() === undefined);
  const [problem, setProblem] = useState<string>();
  const [isMaking, setMaking] = useState(false);

  const make = async (event: FormEvent) => {
    event.preventDefault();
    if (topic.trim() === '') return setProblem(words.newNameMissing);
    if (name.trim() === '') return setProblem(words.nameMissing);
    chooseName(name);
    hub.rename();
    setProblem(undefined);
    setMaking(true);
    const answer = await hub.api.makeGroup(topic.trim(), isPublic);
    if (answer.ok) {
      const { roomId, inviteUrl } = answer.value;
      keepInviteLink(roomId, inviteUrl);
      const code = await hub.join(roomId);
      void hub.readList();
      if (code === undefined) {
        onClose();
        return navigate(`/channels/${roomId}`);
      }
      setProblem(words.problem(code));
    } else setProblem(words.problem(answer.code));
    setMaking(false);
  };
  return (
    <form className={styles.form} onSubmit={make}>
      <label className={styles.field}>
        <span>{words.newName}</span>
        <input
          value={topic}
          maxLength={nameChars_max}
          dir="auto"
          onChange={(event) => setTopic(event.target.value)}
        />
      </label>
      {isAsked && <NameField value={name} onChange={setName} />}
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={isPublic}
          onChange={(event) => setPublic(event.target.checked)}
        />
        <span>
          {words.newPublic}
          <small>{words.newPublicHint}</small>
        </span>
      </label>
      {problem !== undefined && (
        <p role="alert" className={styles.problemText}>
          {problem}
        </p>
      )}
      <div className={styles.buttons}>
        <Button type="submit" tone="main" disabled={isMaking}>
          {words.newMake}
        </Button>
        <Button onClick={onClose}>{words.cancel}</Button>
      </div>
    </form>
  );
}
