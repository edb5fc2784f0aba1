// The channels one is in, with what is new in each.
import { Plus } from 'lucide-react';
import { NavLink } from 'react-router';
import { useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { Avatar } from '../chat/Avatar';
import styles from './Channels.module.css';
import { nameOfChannel } from './channelName';
import type { ChannelHub } from './hub';
import { type Channel, unreadOf } from './list';

const words = text.channels;

export function ChannelList({ hub, onMake }: { hub: ChannelHub; onMake(): void }) {
  const { channels, isKnown, trouble } = useStoreByFrame(hub.list);
  return (
    <>
      <header className={styles.sideHeader}>
        <h1>{words.heading}</h1>
        <Button icon={<Plus />} onClick={onMake}>
          {words.make}
        </Button>
      </header>
      {trouble !== undefined && (trouble !== 'link-lost' || channels.length === 0) && (
        <div className={styles.problem} role="alert">
          <p>{words.problem(trouble)}</p>
          <Button onClick={() => void hub.readList()}>{text.chat.retry}</Button>
        </div>
      )}
      {channels.length === 0 && isKnown && (
        <p className={styles.none}>
          <strong>{words.none}</strong> {words.noneHint}
        </p>
      )}
      {channels.length === 0 && !isKnown && trouble === undefined && (
        <p className={styles.none}>{words.loading}</p>
      )}
      <ul className={styles.list}>
        {channels.map((channel) => (
          <li key={channel.id}>
            <Entry hub={hub} channel={channel} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Entry({ hub, channel }: { hub: ChannelHub; channel: Channel }) {
  const online = useStoreByFrame(hub.presence.online);
  const unread = unreadOf(channel);
  const name = nameOfChannel(channel);
  const partner = channel.with?.userId;
  const isOnline = partner !== undefined && online.get(partner) === true;
  return (
    <NavLink to={`/channels/${channel.id}`} className={styles.entry}>
      <span className={styles.face}>
        <Avatar name={name} seed={partner ?? channel.id} isLarge />
        {isOnline && <span className={styles.dot} />}
      </span>
      <span className={styles.entryText}>
        <span className={styles.entryName} dir="auto" data-unread={unread > 0}>
          {name}
        </span>
        <span className={styles.soft}>
          {channel.kind === 'group' && words.members(channel.count)}
          {channel.kind === 'direct' && words.standing(online.get(partner ?? ''))}
        </span>
      </span>
      {unread > 0 && (
        <span className={styles.unread}>
          <span aria-hidden="true">{words.unreadShort(unread)}</span>
          <span className="unseen">{words.unread(unread)}</span>
        </span>
      )}
    </NavLink>
  );
}
