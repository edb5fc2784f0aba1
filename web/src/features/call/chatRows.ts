// The lines of a call's chat as rows of a conversation. Plain functions.
import type { Row, RowState } from '../chat/rows';
import type { Line, LineState } from './chat';

const stateOf: Record<LineState, RowState> = { sending: 'sending', sent: 'kept', failed: 'failed' };

export function rowsOfCall(lines: readonly Line[]): Row[] {
  return lines.map((line, at): Row => {
    const isFirst = lines[at - 1]?.whose !== line.whose;
    const same = { key: line.id, text: line.text, isFirst, ...plain };
    return line.whose === 'theirs'
      ? { ...same, whose: 'theirs', name: line.name, state: 'kept' }
      : {
          ...same,
          whose: 'mine',
          state: stateOf[line.state],
          ...(line.problem !== undefined && { problem: line.problem }),
        };
  });
}

const plain = { isEdited: false, isNewDay: false, isNew: false };
