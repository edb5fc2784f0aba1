// The way into a channel that one is not in: by invitation, or because it is open to all.
import { type FormEvent, useState } from 'react';
import { useLocation } from 'react-router';
import { text } from '../../lib/text';
import { Button, ButtonLink } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import { useTitle } from '../site/useTitle';
import styles from './Channels.module.css';
import type { ChannelHub } from './hub';
import { NameField } from './NameField';
import { chooseName, knownName } from './name';

const words = text.channels;

interface JoinCardProps {
  hub: ChannelHub;
  roomId: string;
  invite: string | undefined;
}

export function JoinCard({ hub, roomId, invite }: JoinCardProps) {
  const [name, setName] = useState(() => knownName() ?? '');
  const [problem, setProblem] = useState<string>();
  const [isJoining, setJoining] = useState(false);
  const called = nameIn(useLocation().state);
  const title = invite ? words.invitedTitle : (called ?? words.guestTitle);
  useTitle(called ?? words.title);

  const join = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return setProblem(words.nameMissing);
    chooseName(name);
    hub.rename();
    setProblem(undefined);
    setJoining(true);
    const code = await hub.join(roomId, invite);
    setJoining(false);
    if (code !== undefined) setProblem(words.problem(code));
  };
  return (
    <form className={styles.card} onSubmit={join}>
      <Mark mood="apart" className={styles.cardMark} />
      <h2 dir="auto">{title}</h2>
      <p className={styles.soft}>{invite || called ? words.invitedText : words.guestText}</p>
      <NameField value={name} onChange={setName} />
      {problem !== undefined && (
        <p role="alert" className={styles.problemText}>
          {problem}
        </p>
      )}
      <div className={styles.buttons}>
        <Button type="submit" tone="main" disabled={isJoining}>
          {words.joinNow}
        </Button>
        <ButtonLink to="/channels">{words.toChannels}</ButtonLink>
      </div>
    </form>
  );
}

/** How the list that led here calls it. */
function nameIn(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { name } = state as { name?: unknown };
  return typeof name === 'string' && name !== '' ? name : undefined;
}
