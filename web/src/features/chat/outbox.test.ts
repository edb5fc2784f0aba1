import { describe, expect, it } from 'vitest';
import type { WireError } from '../../protocol';
import {
  canSay,
  type Outbox,
  type OutboxEffect,
  type OutboxInput,
  outboxEmpty,
  outboxLimits,
  standingOf,
  stepOutbox,
  type Unsent,
} from './outbox';
import { Dice } from './walk';

function run(inputs: OutboxInput[], from: Outbox = outboxEmpty): [Outbox, OutboxEffect[]] {
  let state = from;
  let last: OutboxEffect[] = [];
  for (const input of inputs) [state, last] = stepOutbox(state, input);
  return [state, last];
}

const say = (clientId: string, roomId = 'r'): OutboxInput => ({
  type: 'said',
  roomId,
  clientId,
  message: `text ${clientId}`,
  at: 1,
});
const open: OutboxInput = { type: 'opened', roomId: 'r' };
const refuse = (clientId: string, code: string, retryAfterMs?: number): OutboxInput => ({
  type: 'refused',
  clientId,
  error: {
    code: code as WireError['code'],
    category: 'system',
    message: '',
    ...(retryAfterMs && { retryAfterMs }),
  },
});
const ack = (clientId: string): OutboxInput => ({
  type: 'kept',
  clientId,
  ack: { messageId: 'm', seq: 1, timestamp: '' },
});
const delivered = (effects: OutboxEffect[]) =>
  effects.flatMap((effect) => (effect.do === 'deliver' ? effect.entry.clientId : []));

describe('what is said', () => {
  it('waits while the room is closed, and goes out when it opens', () => {
    const [waiting, effects] = run([say('a'), say('b')]);
    expect(delivered(effects)).toEqual([]);
    expect(effects).toContainEqual({ do: 'keep', entry: waiting.entries[1] });
    const [, sent] = run([open], waiting);
    expect(delivered(sent)).toEqual(['a']);
  });

  it('goes out one after the other, each when the one before is kept', () => {
    const [state, effects] = run([open, say('a'), say('b'), say('c')]);
    expect(delivered(effects)).toEqual([]);
    const [after, next] = run([ack('a')], state);
    expect(delivered(next)).toEqual(['b']);
    expect(next).toContainEqual({ do: 'forget', clientId: 'a' });
    expect(after.entries.map(({ clientId }) => clientId)).toEqual(['b', 'c']);
  });

  it('in one room does not wait for another', () => {
    const [, effects] = run([open, { type: 'opened', roomId: 's' }, say('a'), say('b', 's')]);
    expect(delivered(effects)).toEqual(['b']);
  });

  it('is repeated under the same id after the link was lost', () => {
    const [state] = run([open, say('a'), { type: 'closed' }]);
    expect(state.entries).toMatchObject([{ state: 'waiting' }]);
    expect(delivered(run([open], state)[1])).toEqual(['a']);
  });

  it('too fast rests for as long as the server says, before the next', () => {
    const [state, effects] = run([open, say('a'), say('b'), refuse('a', 'rate-limited', 700)]);
    expect(effects).toEqual([{ do: 'rest', roomId: 'r', ms: 700 }]);
    expect(delivered(run([{ type: 'rested', roomId: 'r' }], state)[1])).toEqual(['a']);
  });

  it('that is refused for good has failed, and does not hold up the next', () => {
    const [state, effects] = run([open, say('a'), say('b'), refuse('a', 'too-long')]);
    expect(state.entries[0]).toMatchObject({ state: 'failed', problem: 'too-long' });
    expect(delivered(effects)).toEqual(['b']);
    const [again, retried] = run([ack('b'), { type: 'retry', clientId: 'a' }], state);
    expect(delivered(retried)).toEqual(['a']);
    expect(again.entries[0]?.problem).toBeUndefined();
  });

  it('has failed when the server is in trouble for long, and never for being offline', () => {
    const troubled = (code: string) => {
      let [state] = run([open, say('a')]);
      for (let at = 0; at <= outboxLimits.failures_max; at += 1) {
        [state] = run([refuse('a', code), { type: 'rested', roomId: 'r' }], state);
      }
      return state.entries[0]?.state;
    };
    expect(troubled('store-unavailable')).toBe('failed');
    expect(troubled('link-lost')).toBe('sending');
  });

  it('is on its way or waits, as the way there is, and says why', () => {
    const [{ entries }] = run([open, say('a'), say('b'), refuse('a', 'store-unavailable')]);
    const told = (isTaken: boolean) =>
      entries
        .map((each) => standingOf(each, isTaken))
        .map(({ state, problem }) => [state, problem]);
    expect(told(true)).toEqual([
      ['waiting', 'store-unavailable'],
      ['sending', undefined],
    ]);
    expect(told(false)).toEqual([
      ['waiting', undefined],
      ['waiting', undefined],
    ]);
    const [{ entries: failed }] = run([open, say('a'), refuse('a', 'too-long')]);
    expect(failed.map((each) => standingOf(each, false))).toEqual(failed);
  });

  it('and stands in the room already is not sent again', () => {
    const [state, effects] = run([say('a'), { type: 'seen', clientId: 'a' }, open]);
    expect(state.entries).toEqual([]);
    expect(delivered(effects)).toEqual([]);
  });

  it('is bounded, and more is not taken', () => {
    let state = outboxEmpty;
    for (let at = 0; at < outboxLimits.entries_max; at += 1) [state] = run([say(`c${at}`)], state);
    expect(canSay(state)).toBe(false);
    expect(run([say('more')], state)[0]).toBe(state);
  });
});

it('what an earlier page has left goes out first', () => {
  const left: Unsent = {
    clientId: 'old',
    roomId: 'r',
    message: 'x',
    at: 0,
    state: 'sending',
    failures: 0,
  };
  const [state] = run([say('new'), { type: 'restored', entries: [left, left] }]);
  expect(state.entries.map(({ clientId }) => clientId)).toContain('old');
  expect(delivered(run([open], state)[1])).toEqual(['old']);
});

/** Texts through a link that loses what it likes, to a server that knows a repeat by its id. */
function send(seed: number): string[] {
  const dice = new Dice(seed);
  const texts = 30;
  let state = outboxEmpty;
  const kept: Record<string, Unsent> = {};
  const room: string[] = [];
  let onTheWay: OutboxInput[] = [];
  const input = (given: OutboxInput) => {
    const [next, effects] = stepOutbox(state, given);
    state = next;
    for (const effect of effects) {
      if (effect.do === 'keep') kept[effect.entry.clientId] = effect.entry;
      if (effect.do === 'forget') delete kept[effect.clientId];
      if (effect.do !== 'deliver') continue;
      const { clientId } = effect.entry;
      if (dice.oneIn(4)) continue;
      if (dice.oneIn(5)) {
        onTheWay.push(refuse(clientId, dice.oneIn(2) ? 'rate-limited' : 'link-lost'));
        continue;
      }
      if (!room.includes(clientId)) room.push(clientId);
      onTheWay.push(ack(clientId));
    }
  };
  for (let at = 0; at < texts; ) {
    const turn = dice.below(6);
    if (turn === 0) input(say(`c${String(at++).padStart(2, '0')}`));
    else if (turn === 1) input(open);
    else if (turn === 2) input({ type: 'rested', roomId: 'r' });
    else if (turn === 3 && dice.oneIn(3)) {
      onTheWay = [];
      input({ type: 'closed' });
    } else if (turn === 4 && dice.oneIn(5)) {
      // The page is loaded again.
      onTheWay = [];
      state = outboxEmpty;
      input({ type: 'restored', entries: Object.values(kept) });
    } else {
      const next = onTheWay.shift();
      if (next) input(next);
    }
  }
  for (let round = 0; round < 10_000 && state.entries.length > 0; round += 1) {
    const next = onTheWay.shift();
    if (next) input(next);
    else
      for (const again of [{ type: 'closed' }, open, { type: 'rested', roomId: 'r' }] as const)
        input(again);
  }
  expect(state.entries).toEqual([]);
  expect(kept).toEqual({});
  return room;
}

it.each(Array.from({ length: 100 }, (_, seed) => seed))(
  'nothing is lost, doubled or out of order, seed %i',
  (seed) => {
    const room = send(seed);
    expect(room).toEqual(Array.from({ length: 30 }, (_, at) => `c${String(at).padStart(2, '0')}`));
  },
);
