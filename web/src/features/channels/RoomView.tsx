// One channel: who it is, what was said, and the box to write in. Holds what is being changed on this screen; all else
// is in the room and the hub.
import { useEffect, useMemo, useRef, useState } from 'react';
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { hasKeys } from '../call/useKeys';
import { Composer } from '../chat/Composer';
import { MessageList } from '../chat/MessageList';
import { Hint, Typing } from '../chat/Notes';
import { standingOf } from '../chat/outbox';
import { type Row, rowsOf } from '../chat/rows';
import { useTitle } from '../site/useTitle';
import styles from './Channels.module.css';
import { Confirm } from './Confirm';
import { nameOfChannel } from './channelName';
import type { ChannelHub } from './hub';
import { keepDraft, readDraft } from './kept';
import { type Channel, unreadOf } from './list';
import { RoomHeader } from './RoomHeader';
import type { OpenRoom } from './room';
import { useSeen } from './useSeen';

const words = text.chat;

interface RoomViewProps {
  hub: ChannelHub;
  channel: Channel;
}

export function RoomView({ hub, channel }: RoomViewProps) {
  const [room, setRoom] = useState<OpenRoom>();
  useEffect(() => setRoom(hub.open(channel.id)), [hub, channel.id]);
  useTitle(nameOfChannel(channel));
  return room ? <Room hub={hub} channel={channel} room={room} /> : null;
}

function Room({ hub, channel, room }: RoomViewProps & { room: OpenRoom }) {
  const { id } = channel;
  const { timeline, rows, typing } = useConversation(hub, room, channel);
  const { welcome } = useStoreByFrame(hub.link.state);
  const onAtEnd = useSeen(hub, id, timeline.to);
  const [editing, setEditing] = useState<{ id: string; text: string }>();
  const [removing, setRemoving] = useState<Row>();
  const [problem, setProblem] = useState<string>();
  const [draft, setDraft] = useState(() => readDraft(id));
  const message = useRef<HTMLTextAreaElement>(null);
  // A keyboard that comes up by itself would hide what one wants to read.
  useEffect(() => {
    if (hasKeys()) message.current?.focus();
  }, []);

  const edit = ({ messageId, text: said }: Row) =>
    messageId !== undefined && said !== undefined && setEditing({ id: messageId, text: said });
  const actions = useMemo(
    () => ({
      onRetry: ({ key }: Row) => hub.sending.retry(key.slice(1)),
      onLetGo: ({ key }: Row) => hub.sending.letGo(key.slice(1)),
      onEdit: edit,
      onRemove: setRemoving,
    }),
    [hub],
  );
  const change = async (messageId: string, to: string | undefined) => {
    const code = await hub.change(id, messageId, to);
    setProblem(code && (text.channels.changeProblem(code) ?? text.channels.problem(code)));
    if (code === undefined) setEditing(undefined);
  };
  const onSend = (said: string): boolean => {
    if (editing) {
      void change(editing.id, said);
      return true;
    }
    if (!hub.sending.say(id, said)) return false;
    room.typed(true);
    setDraft('');
    keepDraft(id, '');
    return true;
  };
  const lastOfMine = rows.findLast(({ whose, messageId, text: said }) =>
    Boolean(whose === 'mine' && messageId && said !== undefined),
  );
  return (
    <>
      <RoomHeader hub={hub} channel={channel} room={room} />
      {timeline.trouble !== undefined && timeline.trouble !== 'link-lost' && (
        <div className={styles.problem} role="alert">
          <p>{text.channels.problem(timeline.trouble)}</p>
          <Button onClick={() => room.retry()}>{words.retry}</Button>
        </div>
      )}
      <MessageList
        rows={rows}
        isNamed
        isLive={timeline.to !== undefined}
        isFetching={timeline.asked?.kind === 'older'}
        actions={actions}
        onOlder={() => room.older()}
        onAtEnd={onAtEnd}
        empty={<Hint>{timeline.to === undefined ? words.fetching : words.empty}</Hint>}
        beginning={timeline.hasOlder ? undefined : <Hint>{words.beginning}</Hint>}
        end={<Typing names={typing} />}
      />
      {problem !== undefined && (
        <p role="alert" className={styles.problemText}>
          {problem}
        </p>
      )}
      <Composer
        roomId={id}
        to={nameOfChannel(channel)}
        chars_max={welcome?.limits.message_chars}
        messageRef={message}
        draft={draft}
        editing={editing}
        onSend={onSend}
        onDraft={(written) => {
          setDraft(written);
          keepDraft(id, written);
          room.typed(written.trim() === '');
        }}
        onEditLast={lastOfMine && (() => edit(lastOfMine))}
        onEditStop={() => {
          setEditing(undefined);
          setProblem(undefined);
        }}
      />
      <Confirm
        title={words.removeTitle}
        question={words.removeText}
        yes={words.remove}
        no={words.keepIt}
        isOpen={removing !== undefined}
        onClose={() => setRemoving(undefined)}
        onYes={() => removing?.messageId && void change(removing.messageId, undefined)}
      />
    </>
  );
}

/** What is shown of a room: its rows, with what is not sent yet at their end, and who is writing. */
function useConversation(hub: ChannelHub, room: OpenRoom, channel: Channel) {
  const timeline = useStoreByFrame(room.timeline);
  const typists = useStoreByFrame(room.typists);
  const { entries, open } = useStoreByFrame(hub.sending.outbox);
  const { phase } = useStoreByFrame(hub.link.state);
  const me = useStore(hub.me);
  const [newAfter] = useState(() => (unreadOf(channel) > 0 ? channel.lastRead : undefined));
  const isTaken = phase === 'up' && open.has(channel.id);
  const unsent = useMemo(
    () =>
      entries
        .filter(({ roomId }) => roomId === channel.id)
        .map((entry) => standingOf(entry, isTaken)),
    [entries, channel.id, isTaken],
  );
  const rows = useMemo(
    () => rowsOf(timeline.run, unsent, me, newAfter),
    [timeline.run, unsent, me, newAfter],
  );
  const typing = typists.map(({ userId }) => room.nameOf(userId) ?? text.channels.someone);
  return { timeline, rows, typing };
}
