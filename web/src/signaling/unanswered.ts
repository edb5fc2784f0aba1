// What was sent and not answered yet, in the order in which it was sent, and what of it is sent again when a
// lost session goes on. Plain functions on a list; knows no socket and no phase of the link.
// Invariants: numbers rise in the order of the list; an entry is settled or sent again, never both.
import type { ClientEvent } from '../protocol';

export interface Unanswered {
  ref: number;
  event: ClientEvent;
  /** Where somebody waits for the answer. */
  ticket: number | undefined;
}

/** Nobody misses these when they are lost, so they bear no number and are not kept. */
export function isPassing({ event }: ClientEvent): boolean {
  return event === 'typing' || event === 'heartbeat';
}

/** Handled twice these do no harm: a text is known again by its `clientId`, and what is read is read again. */
function isHarmlessTwice({ event, data }: ClientEvent): boolean {
  switch (event) {
    case 'newMessage':
      return data.clientId !== undefined;
    case 'history':
    case 'watch-presence':
    case 'join-room':
    case 'read':
      return true;
    default:
      return false;
  }
}

export interface Sorted {
  again: Unanswered[];
  /** The server has handled these; only their answers were lost. */
  handled: Unanswered[];
  nextRef: number;
}

/**
 * Sorts what is unanswered when a session goes on: what came after `lastRef` was never handled. All that
 * is sent again is numbered anew, since numbers must rise on the wire.
 */
export function sortForResume(
  unanswered: readonly Unanswered[],
  lastRef: number,
  nextRef: number,
): Sorted {
  let ref = Math.max(nextRef, lastRef + 1);
  const sorted: Sorted = { again: [], handled: [], nextRef: ref };
  for (const each of unanswered) {
    if (each.ref > lastRef || isHarmlessTwice(each.event)) {
      sorted.again.push({ ...each, ref });
      ref += 1;
    } else sorted.handled.push(each);
  }
  return { ...sorted, nextRef: ref };
}
