// The channels one belongs to, as a pure machine: what is new in each, and in what order they stand. Knows no
// socket, and nothing of what was said but its place.
// Invariants: what was read never falls, and what is known to be there neither; a channel that was joined while a
// listing was under way is not lost by it.
import type { RoomJoined } from '../../protocol';
import type { OwnRoom } from './api';

export interface Channel {
  id: string;
  kind: 'group' | 'direct';
  name?: string;
  with?: { userId: string; name: string };
  count: number;
  lastSeq: number;
  lastRead: number;
  isCreator: boolean;
  createdAt: string;
  /** When the last was said, where this page knows it; RFC 3339. */
  lastAt?: string;
  /** The listing that was the last begun when this one was joined or named. */
  round: number;
}

export interface ChannelList {
  channels: readonly Channel[];
  isKnown: boolean;
  /** Why the last listing failed. */
  trouble: string | undefined;
  round: number;
}

export type ListInput =
  | { type: 'asked' }
  | { type: 'listed'; rooms: readonly OwnRoom[]; isWhole: boolean }
  | { type: 'failed'; code: string }
  | { type: 'joined'; joined: RoomJoined; now: string }
  | { type: 'left'; id: string }
  | { type: 'heard'; id: string; seq: number; at: string; isOwn: boolean }
  | { type: 'read'; id: string; seq: number }
  | { type: 'counted'; id: string; count: number };

export const listEmpty: ChannelList = {
  channels: [],
  isKnown: false,
  trouble: undefined,
  round: 0,
};

export function unreadOf({ lastSeq, lastRead }: Channel): number {
  return Math.max(0, lastSeq - lastRead);
}

export function stepList(state: ChannelList, input: ListInput): ChannelList {
  switch (input.type) {
    case 'asked':
      return { ...state, round: state.round + 1 };
    case 'listed':
      return listed(state, input.rooms, input.isWhole);
    case 'failed':
      return { ...state, trouble: input.code };
    case 'joined':
      return joined(state, input.joined, input.now);
    case 'left':
      return { ...state, channels: state.channels.filter(({ id }) => id !== input.id) };
    case 'heard':
      return withChannel(state, input.id, (channel) => ({
        ...channel,
        lastSeq: Math.max(channel.lastSeq, input.seq),
        // Who writes has read what stands above.
        lastRead: input.isOwn ? Math.max(channel.lastRead, input.seq) : channel.lastRead,
        lastAt: later(channel.lastAt, input.at),
      }));
    case 'read':
      return withChannel(state, input.id, (channel) => ({
        ...channel,
        lastRead: Math.max(channel.lastRead, input.seq),
      }));
    case 'counted':
      return withChannel(state, input.id, (channel) => ({ ...channel, count: input.count }));
  }
}

function listed(state: ChannelList, rooms: readonly OwnRoom[], isWhole: boolean): ChannelList {
  const byId = new Map(state.channels.map((channel) => [channel.id, channel]));
  const named = rooms.map((room): Channel => {
    const known = byId.get(room.id);
    byId.delete(room.id);
    return {
      ...room,
      lastSeq: Math.max(room.lastSeq, known?.lastSeq ?? 0),
      lastRead: Math.max(room.lastRead, known?.lastRead ?? 0),
      ...(known?.lastAt !== undefined && { lastAt: known.lastAt }),
      round: state.round,
    };
  });
  const kept = [...byId.values()].filter(({ round }) => !isWhole || round >= state.round);
  return { ...state, isKnown: true, trouble: undefined, channels: sorted([...named, ...kept]) };
}

function joined(
  state: ChannelList,
  { roomId, kind, name, count, lastSeq }: RoomJoined,
  now: string,
) {
  if (kind === 'call') return state;
  const known = state.channels.find(({ id }) => id === roomId);
  if (known) {
    return withChannel(state, roomId, (channel) => ({
      ...channel,
      ...(name !== undefined && { name }),
      count,
      lastSeq: Math.max(channel.lastSeq, lastSeq),
      round: state.round,
    }));
  }
  const channel: Channel = {
    id: roomId,
    kind,
    ...(name !== undefined && { name }),
    count,
    lastSeq,
    // What was said before one came is not new to one.
    lastRead: lastSeq,
    isCreator: false,
    createdAt: now,
    round: state.round,
  };
  return { ...state, channels: sorted([...state.channels, channel]) };
}

function withChannel(state: ChannelList, id: string, change: (channel: Channel) => Channel) {
  if (!state.channels.some((channel) => channel.id === id)) return state;
  const channels = state.channels.map((channel) => (channel.id === id ? change(channel) : channel));
  return { ...state, channels: sorted(channels) };
}

/** Where something was said last stands first. */
function sorted(channels: Channel[]): Channel[] {
  const moment = ({ lastAt, createdAt }: Channel) => lastAt ?? createdAt;
  return channels.sort((one, other) => moment(other).localeCompare(moment(one)));
}

function later(one: string | undefined, other: string): string {
  return one !== undefined && one > other ? one : other;
}
