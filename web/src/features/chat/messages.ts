// Lists of messages by their places: merged without doubles, and changed by edits and deletions. Plain functions.
import type { KeptMessage, MessageChanged } from '../../protocol';

/** Both rise by `seq`, and so does what comes of them; where both have a place, the first list's message stays. */
export function merge(
  some: readonly KeptMessage[],
  more: readonly KeptMessage[],
): readonly KeptMessage[] {
  const [end, begin] = [some.at(-1), more[0]];
  if (!begin) return some;
  if (!end || end.seq < begin.seq) return [...some, ...more];
  const merged: KeptMessage[] = [];
  let at = 0;
  for (const message of some) {
    for (let next = more[at]; next && next.seq <= message.seq; next = more[at]) {
      if (next.seq < message.seq) merged.push(next);
      at += 1;
    }
    merged.push(message);
  }
  return [...merged, ...more.slice(at)];
}

export function applyChange(
  messages: readonly KeptMessage[],
  change: MessageChanged,
): readonly KeptMessage[] {
  const at = placeOf(messages, change.seq);
  const message = messages[at];
  if (message?.seq !== change.seq) return messages;
  const changed = changeOf(message, change);
  return changed === message ? messages : messages.with(at, changed);
}

export function applyAll(
  messages: readonly KeptMessage[],
  changes: readonly MessageChanged[],
): readonly KeptMessage[] {
  return changes.reduce(applyChange, messages);
}

/** Where `seq` stands in a list that rises, or would stand. */
function placeOf(messages: readonly KeptMessage[], seq: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function changeOf(message: KeptMessage, change: MessageChanged): KeptMessage {
  if (message.deleted) return message;
  if (change.deleted) {
    const { messageId, seq, userId, timestamp, clientId } = message;
    return {
      messageId,
      seq,
      timestamp,
      deleted: true,
      ...(userId !== undefined && { userId }),
      ...(clientId !== undefined && { clientId }),
    };
  }
  const isOlder = change.editedAt !== undefined && change.editedAt < (message.editedAt ?? '');
  if (isOlder || change.message === undefined) return message;
  return {
    ...message,
    message: change.message,
    editedAt: change.editedAt ?? message.editedAt ?? message.timestamp,
  };
}
