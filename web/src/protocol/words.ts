// The frames of the wire, put together from the generated payload types. Types only: what a frame looks
// like as text is in codec.ts, what it means is in the machines.
import type {
  ClientEvents,
  ErrorBody,
  ErrorCode,
  MatchDone,
  ServerEvents,
  Welcome,
} from './generated/wire';

export type { MatchDone, Welcome };
export type Mode = MatchDone['mode'];
export type StopReason = ServerEvents['stop-by-remote-user']['reason'];

/** A refusal, by the server or by the link itself when it is not there. */
export type WireError = Omit<ErrorBody, 'code'> & { code: ErrorCode | 'link-lost' };

/** Words of the wire contract that a server may not speak yet: it refuses the one and leaves out the other. */
interface ClientWords extends ClientEvents {
  'request-room': ClientEvents['request-room'] & { again?: boolean };
  'undo-skip': object;
}

interface ServerWords extends ServerEvents {
  waiting: ServerEvents['waiting'] & { estimateSeconds?: number; relaxed?: readonly string[] };
}

export type ClientEvent = {
  [Name in keyof ClientWords]: { event: Name; data: ClientWords[Name] };
}[keyof ClientWords];

export type ServerEvent = {
  [Name in keyof ServerWords]: { event: Name; data: ServerWords[Name] };
}[keyof ServerWords];

export type ServerEventName = keyof ServerEvents;

export type Ack =
  | { ack: number; data: Record<string, unknown> }
  | { ack: number; error: WireError };

/** `n` numbers what must not be lost. */
export type ServerFrame = (ServerEvent & { n?: number }) | Ack;
