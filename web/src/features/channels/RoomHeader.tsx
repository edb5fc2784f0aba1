// The head of a channel: its name, who is there, and what one can do about it.
import { ArrowLeft, LogOut, UserPlus, Users } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { IconButton } from '../../ui/Button';
import styles from './Channels.module.css';
import { Confirm } from './Confirm';
import { nameOfChannel } from './channelName';
import type { ChannelHub } from './hub';
import { InviteDialog } from './InviteDialog';
import type { Channel } from './list';
import { PeopleDialog } from './PeopleDialog';
import type { OpenRoom } from './room';

const words = text.channels;

interface RoomHeaderProps {
  hub: ChannelHub;
  channel: Channel;
  room: OpenRoom;
}

export function RoomHeader({ hub, channel, room }: RoomHeaderProps) {
  const [opened, setOpened] = useState<'invite' | 'people' | 'leave'>();
  const [problem, setProblem] = useState<string>();
  const navigate = useNavigate();
  const close = () => setOpened(undefined);
  const isGroup = channel.kind === 'group';
  const leave = async () => {
    const code = await hub.leave(channel.id);
    if (code === undefined) navigate('/channels');
    else setProblem(words.problem(code));
  };
  return (
    <>
      <header className={styles.roomHeader}>
        <Link className={styles.back} to="/channels" aria-label={words.backToList}>
          <ArrowLeft aria-hidden="true" />
        </Link>
        <div className={styles.roomTitle}>
          <h2 dir="auto">{nameOfChannel(channel)}</h2>
          <p className={styles.soft}>
            <Standing hub={hub} channel={channel} room={room} />
          </p>
        </div>
        {isGroup && (
          <>
            <IconButton label={words.people} icon={<Users />} onClick={() => setOpened('people')} />
            <IconButton
              label={words.invite}
              icon={<UserPlus />}
              onClick={() => setOpened('invite')}
            />
          </>
        )}
        <IconButton label={words.leave} icon={<LogOut />} onClick={() => setOpened('leave')} />
      </header>
      {problem !== undefined && (
        <p role="alert" className={styles.problemText}>
          {problem}
        </p>
      )}
      <PeopleDialog hub={hub} room={room} isOpen={opened === 'people'} onClose={close} />
      <InviteDialog hub={hub} channel={channel} isOpen={opened === 'invite'} onClose={close} />
      <Confirm
        title={words.leaveTitle}
        question={words.leaveText}
        yes={words.leaveNow}
        no={words.stay}
        isOpen={opened === 'leave'}
        onClose={close}
        onYes={() => void leave()}
      />
    </>
  );
}

function Standing({ hub, channel, room }: RoomHeaderProps) {
  const online = useStoreByFrame(hub.presence.online);
  const { phase } = useStoreByFrame(hub.link.state);
  const me = useStore(hub.me);
  const { items } = useStoreByFrame(room.members);
  if (channel.kind === 'direct') {
    return words.standing(online.get(channel.with?.userId ?? ''));
  }
  const count = words.members(channel.count);
  const others = items.filter(({ userId }) => userId !== me);
  // Nothing is said of it while it is not known of everybody who may be watched.
  const isKnown = phase === 'up' && (others.length === 0 || online.size > 0);
  const here = items.length - others.filter(({ userId }) => !online.get(userId)).length;
  return isKnown && items.length > 0 ? `${count}, ${words.onlineCount(here)}` : count;
}
