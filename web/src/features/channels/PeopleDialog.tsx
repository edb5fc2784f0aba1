// Who is in a channel, who of them is online, and a way to write to one alone.
import { MessageCircle } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Avatar } from '../chat/Avatar';
import type { Member } from './api';
import styles from './Channels.module.css';
import type { ChannelHub } from './hub';
import type { OpenRoom } from './room';

const words = text.channels;

interface PeopleDialogProps {
  hub: ChannelHub;
  room: OpenRoom;
  isOpen: boolean;
  onClose(): void;
}

export function PeopleDialog({ hub, room, isOpen, onClose }: PeopleDialogProps) {
  return (
    <Dialog title={words.peopleTitle} isOpen={isOpen} onClose={onClose}>
      <People hub={hub} room={room} onClose={onClose} />
    </Dialog>
  );
}

function People({ hub, room, onClose }: Omit<PeopleDialogProps, 'isOpen'>) {
  const { items, isKnown, isWhole } = useStoreByFrame(room.members);
  const online = useStoreByFrame(hub.presence.online);
  const me = useStore(hub.me);
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string>();
  const writeTo = async (userId: string) => {
    const answer = await hub.api.writeTo(userId);
    const code = answer.ok ? await hub.join(answer.value.roomId) : answer.code;
    if (!answer.ok || code !== undefined) return setProblem(words.problem(code ?? 'internal'));
    // It says whom one writes to.
    await hub.readList();
    onClose();
    navigate(`/channels/${answer.value.roomId}`);
  };
  return (
    <>
      {problem !== undefined && (
        <p role="alert" className={styles.problemText}>
          {problem}
        </p>
      )}
      {!isKnown && <p className={styles.soft}>{words.loading}</p>}
      <ul className={styles.people}>
        {items.map((member) => (
          <li key={member.userId}>
            <Person
              member={member}
              isMe={member.userId === me}
              isOnline={member.userId === me || online.get(member.userId)}
              onWrite={() => void writeTo(member.userId)}
            />
          </li>
        ))}
      </ul>
      {isKnown && !isWhole && <p className={styles.soft}>{words.peopleMore}</p>}
    </>
  );
}

interface PersonProps {
  member: Member;
  isMe: boolean;
  /** Undefined where it is not known. */
  isOnline: boolean | undefined;
  onWrite(): void;
}

function Person({ member, isMe, isOnline, onWrite }: PersonProps) {
  const name = member.name || words.someone;
  return (
    <>
      <span className={styles.face}>
        <Avatar name={name} seed={member.userId} isLarge />
        {isOnline && <span className={styles.dot} />}
      </span>
      <span className={styles.entryText}>
        <span className={styles.entryName} dir="auto">
          {name}
        </span>
        <span className={styles.soft}>{isMe ? words.you : words.standing(isOnline)}</span>
      </span>
      {!isMe && (
        <Button icon={<MessageCircle />} aria-label={words.writeTo(name)} onClick={onWrite}>
          {words.write}
        </Button>
      )}
    </>
  );
}
