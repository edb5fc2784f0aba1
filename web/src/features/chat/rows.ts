// What a conversation looks like as a list: a row for each message, with what stands above it. Plain functions;
// knows no component and no clock.
// Invariants: a row keeps its key from the first attempt to send it until the page is left; keys are not doubled.
import type { KeptMessage } from '../../protocol';
import type { Unsent } from './outbox';

export type RowState = 'waiting' | 'sending' | 'kept' | 'failed';

export interface Row {
  key: string;
  whose: 'mine' | 'theirs';
  /** Undefined where the writer is no longer known. */
  userId?: string;
  name?: string;
  /** Undefined for a tombstone. */
  text?: string;
  /** Milliseconds since 1970; undefined where it is not known. */
  at?: number;
  /** The day of that, where the reader is. */
  day?: string;
  state: RowState;
  problem?: string;
  isEdited: boolean;
  /** The id by which it can be changed; only of what the server has. */
  messageId?: string;
  /** Another day than that of the row before begins here. */
  isNewDay: boolean;
  /** Another writer than before, or the same after a while. */
  isFirst: boolean;
  /** What came while one was not looking begins here. */
  isNew: boolean;
}

const together_ms = 5 * 60_000;

export function rowsOf(
  run: readonly KeptMessage[],
  unsent: readonly Unsent[],
  me: string | undefined,
  newAfter?: number,
): Row[] {
  const rows: Row[] = [];
  const nameOf = namesIn(run);
  for (const message of run) {
    const previous = run[rows.length - 1];
    const row = named(rowFor(message, me), nameOf);
    const isNew =
      newAfter !== undefined &&
      message.seq > newAfter &&
      (previous === undefined || previous.seq <= newAfter) &&
      row.whose === 'theirs';
    rows.push(placed({ ...row, isNew }, rows.at(-1)));
  }
  const inRoom = new Set(run.slice(-inRoom_max).map(({ clientId }) => clientId));
  for (const entry of unsent) {
    if (!inRoom.has(entry.clientId)) rows.push(placed(rowOfUnsent(entry), rows.at(-1)));
  }
  return rows;
}

/** A tombstone bears no name: its writer is called as in what they said besides. */
function named(row: Row, nameOf: (userId: string) => string | undefined): Row {
  if (row.name !== undefined || row.userId === undefined) return row;
  const name = nameOf(row.userId);
  return name === undefined ? row : { ...row, name };
}

/** Looked through once, and only where a name is missing. */
function namesIn(run: readonly KeptMessage[]): (userId: string) => string | undefined {
  let names: Map<string, string> | undefined;
  return (wanted) => {
    names ??= new Map(
      run.flatMap(({ userId, name }): [string, string][] =>
        userId !== undefined && name !== undefined ? [[userId, name]] : [],
      ),
    );
    return names.get(wanted);
  };
}

/** What waits to be sent can stand among the last ones only. */
const inRoom_max = 1_000;

/** A long list is made anew with each text; what has stayed in it is not. */
const rowByMessage = new WeakMap<KeptMessage, { row: Row; me: string | undefined }>();

function rowFor(message: KeptMessage, me: string | undefined): Row {
  const known = rowByMessage.get(message);
  if (known && known.me === me) return known.row;
  const row = rowOf(message, me);
  rowByMessage.set(message, { row, me });
  return row;
}

function rowOf(message: KeptMessage, me: string | undefined): Row {
  const { messageId, userId, name, deleted, editedAt, clientId, timestamp } = message;
  const isMine = userId !== undefined && userId === me;
  const at = Date.parse(timestamp);
  return {
    // Somebody else may choose any `clientId`, also one of ours.
    key: isMine && clientId !== undefined ? `c${clientId}` : `m${messageId}`,
    whose: isMine ? 'mine' : 'theirs',
    ...(userId !== undefined && { userId }),
    ...(name !== undefined && { name }),
    ...(!deleted && message.message !== undefined && { text: message.message }),
    ...(!Number.isNaN(at) && { at, day: dayOf(at) }),
    state: 'kept',
    isEdited: editedAt !== undefined && !deleted,
    messageId,
    ...alone,
  };
}

function rowOfUnsent({ clientId, message, at, state, problem }: Unsent): Row {
  return {
    key: `c${clientId}`,
    whose: 'mine',
    text: message,
    at,
    day: dayOf(at),
    state,
    ...(problem !== undefined && { problem }),
    isEdited: false,
    ...alone,
  };
}

const alone = { isNewDay: false, isFirst: true, isNew: false };

function placed(row: Row, previous: Row | undefined): Row {
  const isNewDay = row.day !== undefined && row.day !== previous?.day;
  const isSameWriter =
    previous?.whose === row.whose &&
    (row.whose === 'mine' || (row.userId !== undefined && previous.userId === row.userId)) &&
    (row.at ?? 0) - (previous.at ?? 0) < together_ms;
  return { ...row, isNewDay, isFirst: isNewDay || row.isNew || !isSameWriter };
}

function dayOf(at: number): string {
  return new Date(at).toDateString();
}
