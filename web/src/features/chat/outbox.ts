// What one has said and the server has not kept yet, as a pure machine: sent in its order, room by room, repeated
// until it is acknowledged, and never lost. Knows no socket, clock or storage.
// Invariants: an entry keeps its `clientId` for ever, by which the server knows it again; of one room one entry is
// under way at most; an entry goes only when it is acknowledged, seen in the room, or let go by its writer.
import type { MessageAck, WireError } from '../../protocol';

export interface Unsent {
  clientId: string;
  roomId: string;
  message: string;
  /** Milliseconds since 1970. */
  at: number;
  state: 'waiting' | 'sending' | 'failed';
  /** The code of its last refusal: why it has failed, or why it waits. */
  problem?: string;
  failures: number;
}

export interface Outbox {
  entries: readonly Unsent[];
  /** Where texts are taken now. */
  open: ReadonlySet<string>;
  /** Where the next attempt has to wait. */
  resting: ReadonlySet<string>;
}

export type OutboxInput =
  /** What an earlier page has left. */
  | { type: 'restored'; entries: readonly Unsent[] }
  | { type: 'said'; roomId: string; clientId: string; message: string; at: number }
  | { type: 'opened'; roomId: string }
  | { type: 'closed'; roomId?: string }
  | { type: 'kept'; clientId: string; ack: MessageAck }
  | { type: 'refused'; clientId: string; error: WireError }
  /** It stands in the room already. */
  | { type: 'seen'; clientId: string }
  | { type: 'retry'; clientId: string }
  | { type: 'let-go'; clientId: string }
  | { type: 'rested'; roomId: string };

export type OutboxEffect =
  | { do: 'deliver'; entry: Unsent }
  | { do: 'keep'; entry: Unsent }
  | { do: 'forget'; clientId: string }
  /** It has its place in the room. */
  | { do: 'place'; entry: Unsent; ack: MessageAck }
  | { do: 'rest'; roomId: string; ms: number };

export const outboxLimits = {
  entries_max: 200,
  /** So often a server in trouble is asked again before the writer is. */
  failures_max: 3,
  rest_ms: 1_500,
  rest_ms_max: 30_000,
} as const;

export const outboxEmpty: Outbox = { entries: [], open: new Set(), resting: new Set() };

/**
 * How it stands with one, as its writer is told. While texts are taken where it goes it is on its way, be it behind
 * another one; while they are not it waits, whatever was begun before.
 */
export function standingOf(entry: Unsent, isTaken: boolean): Unsent {
  if (entry.state === 'failed') return entry;
  const { problem, ...rest } = entry;
  if (!isTaken || problem === 'link-lost') return { ...rest, state: 'waiting' };
  return problem === undefined ? { ...rest, state: 'sending' } : { ...entry, state: 'waiting' };
}

type Step = [Outbox, OutboxEffect[]];

export function canSay({ entries }: Outbox): boolean {
  return entries.length < outboxLimits.entries_max;
}

export function stepOutbox(state: Outbox, input: OutboxInput): Step {
  switch (input.type) {
    case 'restored':
      return deliverNext(restored(state, input.entries));
    case 'said':
      return said(state, input);
    case 'opened':
      return deliverNext({ ...state, open: new Set(state.open).add(input.roomId) });
    case 'closed':
      return [closed(state, input.roomId), []];
    case 'kept':
      return kept(state, input.clientId, input.ack);
    case 'refused':
      return refused(state, input.clientId, input.error);
    case 'seen':
    case 'let-go':
      return gone(state, input.clientId);
    case 'retry':
      return retried(state, input.clientId);
    case 'rested':
      return deliverNext({ ...state, resting: without(state.resting, input.roomId) });
  }
}

function restored(state: Outbox, entries: readonly Unsent[]): Outbox {
  const known = new Set(state.entries.map(({ clientId }) => clientId));
  const fresh = entries
    .filter(({ clientId }) => !known.has(clientId))
    .map((entry): Unsent => (entry.state === 'sending' ? { ...entry, state: 'waiting' } : entry));
  const all = [...state.entries, ...fresh].sort((one, other) => one.at - other.at);
  return { ...state, entries: all.slice(0, outboxLimits.entries_max) };
}

function said(state: Outbox, said: Extract<OutboxInput, { type: 'said' }>): Step {
  if (!canSay(state)) return [state, []];
  const { roomId, clientId, message, at } = said;
  const entry: Unsent = { clientId, roomId, message, at, state: 'waiting', failures: 0 };
  const [next, effects] = deliverNext({ ...state, entries: [...state.entries, entry] });
  return [next, [{ do: 'keep', entry }, ...effects]];
}

/** What was under way there is settled by the link, or goes out again. */
function closed(state: Outbox, roomId: string | undefined): Outbox {
  const isMeant = (id: string) => roomId === undefined || id === roomId;
  return {
    ...state,
    open: new Set([...state.open].filter((id) => !isMeant(id))),
    entries: state.entries.map((entry) =>
      entry.state === 'sending' && isMeant(entry.roomId) ? { ...entry, state: 'waiting' } : entry,
    ),
  };
}

function kept(state: Outbox, clientId: string, ack: MessageAck): Step {
  const entry = state.entries.find((each) => each.clientId === clientId);
  if (!entry) return [state, []];
  const [next, effects] = gone(state, clientId);
  return [next, [{ do: 'place', entry, ack }, ...effects]];
}

function gone(state: Outbox, clientId: string): Step {
  const entries = state.entries.filter((each) => each.clientId !== clientId);
  if (entries.length === state.entries.length) return [state, []];
  const [next, effects] = deliverNext({ ...state, entries });
  return [next, [{ do: 'forget', clientId }, ...effects]];
}

function refused(state: Outbox, clientId: string, error: WireError): Step {
  const entry = state.entries.find((each) => each.clientId === clientId);
  if (entry?.state !== 'sending') return [state, []];
  const failures = isCounted(error.code) ? entry.failures + 1 : entry.failures;
  if (isPassing(error.code) && failures <= outboxLimits.failures_max) {
    const ms = restOf(error, failures);
    const waiting: Unsent = { ...entry, state: 'waiting', problem: error.code, failures };
    const resting = new Set(state.resting).add(entry.roomId);
    return [
      { ...state, resting, entries: replaced(state, waiting) },
      [{ do: 'rest', roomId: entry.roomId, ms }],
    ];
  }
  const failed: Unsent = { ...entry, state: 'failed', problem: error.code, failures };
  const [next, effects] = deliverNext({ ...state, entries: replaced(state, failed) });
  return [next, [{ do: 'keep', entry: failed }, ...effects]];
}

/** Who is in trouble is given more time with each attempt; who only says when is taken at their word. */
function restOf({ code, retryAfterMs }: WireError, failures: number): number {
  const { rest_ms, rest_ms_max } = outboxLimits;
  const growing = Math.min(rest_ms * 2 ** failures, rest_ms_max);
  return isCounted(code) ? Math.max(growing, retryAfterMs ?? 0) : (retryAfterMs ?? growing);
}

function retried(state: Outbox, clientId: string): Step {
  const entry = state.entries.find((each) => each.clientId === clientId);
  if (entry?.state !== 'failed') return [state, []];
  const { problem: _, ...rest } = entry;
  const waiting: Unsent = { ...rest, state: 'waiting', failures: 0 };
  const [next, effects] = deliverNext({ ...state, entries: replaced(state, waiting) });
  return [next, [{ do: 'keep', entry: waiting }, ...effects]];
}

/** The server, or the way to it, is in trouble; the text itself is not refused. */
function isPassing(code: string): boolean {
  return !['too-long', 'bad-payload', 'room-not-found', 'not-allowed', 'banned'].includes(code);
}

/** Being offline, too fast or not back in the room yet is nobody's fault, however long it takes. */
function isCounted(code: string): boolean {
  return !['link-lost', 'rate-limited', 'draining', 'not-in-room'].includes(code);
}

function deliverNext(state: Outbox): Step {
  const effects: OutboxEffect[] = [];
  const busy = new Set([
    ...state.resting,
    ...state.entries.flatMap((each) => (each.state === 'sending' ? each.roomId : [])),
  ]);
  const entries = state.entries.map((entry): Unsent => {
    const { roomId } = entry;
    if (entry.state !== 'waiting' || busy.has(roomId) || !state.open.has(roomId)) return entry;
    busy.add(roomId);
    effects.push({ do: 'deliver', entry });
    return { ...entry, state: 'sending' };
  });
  return effects.length === 0 ? [state, []] : [{ ...state, entries }, effects];
}

function replaced({ entries }: Outbox, entry: Unsent): Unsent[] {
  return entries.map((each) => (each.clientId === entry.clientId ? entry : each));
}

function without(set: ReadonlySet<string>, id: string): Set<string> {
  const rest = new Set(set);
  rest.delete(id);
  return rest;
}
