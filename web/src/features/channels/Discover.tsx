// The channels that are open to all, to begin with or to go on to.
import { Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { Button, ButtonLink } from '../../ui/Button';
import { Avatar } from '../chat/Avatar';
import type { PublicRoom } from './api';
import styles from './Channels.module.css';
import type { ChannelHub } from './hub';

const words = text.channels;

interface Found {
  rooms: readonly PublicRoom[];
  next?: string | undefined;
  problem?: string;
  isKnown: boolean;
}

export function Discover({ hub, onMake }: { hub: ChannelHub; onMake(): void }) {
  const { channels } = useStoreByFrame(hub.list);
  const [found, setFound] = useState<Found>({ rooms: [], isKnown: false });
  const fetchMore = async (before: readonly PublicRoom[], after: string | undefined) => {
    const answer = await hub.api.publicRooms(after);
    if (!answer.ok) return setFound({ rooms: before, isKnown: true, problem: answer.code });
    const { items, next } = answer.value;
    setFound({ rooms: [...before, ...items], isKnown: true, next });
  };
  useEffect(() => void fetchMore([], undefined), [hub]);
  const mine = new Set(channels.map(({ id }) => id));
  const others = found.rooms.filter(({ id }) => !mine.has(id));
  return (
    <div className={styles.discover}>
      {channels.length > 0 && <p className={styles.soft}>{words.chooseOne}</p>}
      <h2>{words.open}</h2>
      {!found.isKnown && <p className={styles.soft}>{words.openLoading}</p>}
      {found.problem !== undefined && (
        <div className={styles.problem} role="alert">
          <p>{words.problem(found.problem)}</p>
          <Button onClick={() => void fetchMore(found.rooms, found.next)}>{text.chat.retry}</Button>
        </div>
      )}
      {found.isKnown && found.problem === undefined && others.length === 0 && (
        <div className={styles.none}>
          <p>{words.openNone}</p>
          <Button tone="main" icon={<Plus />} onClick={onMake}>
            {words.make}
          </Button>
        </div>
      )}
      <ul className={styles.openRooms}>
        {others.map(({ id, name, count }) => (
          <li key={id}>
            <Avatar name={name} seed={id} isLarge />
            <span className={styles.entryText}>
              <span className={styles.entryName} dir="auto">
                {name}
              </span>
              <span className={styles.soft}>{words.members(count)}</span>
            </span>
            <ButtonLink to={`/channels/${id}`} state={{ name }} aria-label={words.joinNamed(name)}>
              {words.join}
            </ButtonLink>
          </li>
        ))}
      </ul>
      {found.next !== undefined && (
        <Button onClick={() => void fetchMore(found.rooms, found.next)}>{words.openMore}</Button>
      )}
    </div>
  );
}
