// The frames of the wire, put together from the generated payload types. Types only: what a frame looks
// like as text is in codec.ts, what it means is in the machines.
import type { ClientEvents, ErrorBody, ErrorCode, MatchDone, ServerEvents } from './generated/wire';

export type {
  HistoryPage,
  KeptMessage,
  MatchDone,
  MessageAck,
  MessageChanged,
  PresenceWatched,
  RoomJoined,
  Welcome,
} from './generated/wire';
export type Mode = MatchDone['mode'];
export type StopReason = ServerEvents['stop-by-remote-user']['reason'];

/** A refusal, by the server or by the link itself when it is not there. */
export type WireError = Omit<ErrorBody, 'code'> & { code: ErrorCode | 'link-lost' };

export type ClientEvent = {
  [Name in keyof ClientEvents]: { event: Name; data: ClientEvents[Name] };
}[keyof ClientEvents];

export type ServerEvent = {
  [Name in keyof ServerEvents]: { event: Name; data: ServerEvents[Name] };
}[keyof ServerEvents];

export type ServerEventName = keyof ServerEvents;

export type Ack =
  | { ack: number; data: Record<string, unknown> }
  | { ack: number; error: WireError };

/** `n` numbers what must not be lost. */
export type ServerFrame = (ServerEvent & { n?: number }) | Ack;
