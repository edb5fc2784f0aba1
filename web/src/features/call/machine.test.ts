import { describe, expect, it } from 'vitest';
import type { MatchDone, ServerEvent } from '../../protocol';
import { stepCall } from './machine';
import { type CallEffect, type CallInput, type CallState, callIdle } from './stage';

const match = (roomId: string, userName = 'Ada') =>
  ({ roomId, remoteUserDetails: { userName } }) as MatchDone;
const told = (event: ServerEvent): CallInput => ({ type: 'told', event });
const matched = (roomId: string, name?: string) =>
  told({ event: 'match-done', data: match(roomId, name) });
const left = (roomId: string) =>
  told({ event: 'stop-by-remote-user', data: { roomId, reason: 'next' } });
const waiting = (count: number) =>
  told({ event: 'waiting', data: { message: '', waiting: count } });
const start: CallInput = { type: 'start', wish: { mode: 'video', name: 'Me' } };
const up: CallInput = { type: 'link-up' };

function run(inputs: CallInput[], from: CallState = callIdle): [CallState, CallEffect[]] {
  let state = from;
  let last: CallEffect[] = [];
  for (const input of inputs) [state, last] = stepCall(state, input);
  return [state, last];
}

const request = (roomId?: string): CallEffect => ({
  do: 'ask',
  event: {
    event: 'request-room',
    data: { mode: 'video', name: 'Me', autoNext: true, ...(roomId && { roomId }) },
  },
});
const stopCall = (roomId: string): CallEffect => ({
  do: 'send',
  event: { event: 'stop-call', data: { roomId } },
});
const talking = run([up, start, matched('r1')])[0];

describe('looking', () => {
  it('asks at once when the link is up, else as soon as it is', () => {
    expect(run([up, start])[1]).toContainEqual(request());
    const [before, nothing] = run([start]);
    expect(nothing).not.toContainEqual(request());
    expect(run([up], before)[1]).toContainEqual(request());
  });

  it('opens a peer for the match and says with whom', () => {
    const [state, effects] = run([up, start, matched('r1', 'Noor')]);
    expect(state.stage).toMatchObject({ kind: 'talking', match: { roomId: 'r1' } });
    expect(effects).toContainEqual({ do: 'open-peer', match: match('r1', 'Noor') });
    expect(effects).toContainEqual({ do: 'say', what: 'connected', name: 'Noor' });
  });

  it('shows how many are waiting, and asks again after a lost link', () => {
    const [state] = run([up, start, waiting(3)]);
    expect(state.stage).toMatchObject({ kind: 'looking', waiting: 3 });
    expect(run([{ type: 'link-lost' }, up], state)[1]).toContainEqual(request());
  });

  it('holds back when asked to, then asks again', () => {
    const refused: CallInput = {
      type: 'refused',
      error: { code: 'rate-limited', category: 'system', message: '', retryAfterMs: 1_500 },
    };
    const [state, effects] = run([up, start, refused]);
    expect(effects).toEqual([{ do: 'hold', ms: 1_500 }]);
    const [again, asked] = run([{ type: 'held-long-enough' }], state);
    expect(asked).toContainEqual(request());
    expect(again.stage).toMatchObject({ held_ms: undefined });
  });
});

it('a next that is held back still lets the partner go at once', () => {
  const refused: CallInput = {
    type: 'refused',
    error: { code: 'rate-limited', category: 'system', message: '', retryAfterMs: 900 },
  };
  const [, effects] = run([{ type: 'next' }, refused], talking);
  expect(effects).toEqual([{ do: 'hold', ms: 900 }, stopCall('r1')]);
});

describe('stop', () => {
  it('leaves the room by its name, and a queue by cancelling', () => {
    expect(run([{ type: 'stop' }], talking)[1]).toContainEqual(stopCall('r1'));
    expect(run([up, start, { type: 'stop' }])[1]).toContainEqual({
      do: 'send',
      event: { event: 'cancel-request', data: {} },
    });
  });

  it('a match that crosses it is left before any media is opened', () => {
    const [state, effects] = run([up, start, { type: 'stop' }, matched('r9')]);
    expect(effects).toEqual([stopCall('r9')]);
    expect(state.stage.kind).toBe('idle');
  });
});

describe('next', () => {
  it('closes the peer, then asks, naming the room that is left', () => {
    const [state, effects] = run([{ type: 'next' }], talking);
    expect(effects.map((effect) => effect.do)).toEqual(['close-peer', 'release', 'ask']);
    expect(effects).toContainEqual(request('r1'));
    expect(state.stage.kind).toBe('looking');
  });

  it('that crosses the partner leaving and a new match ends in the new match', () => {
    const stale: CallInput = {
      type: 'refused',
      error: { code: 'not-in-room', category: 'validation', message: '' },
    };
    const [state] = run([{ type: 'next' }, left('r1'), matched('r2'), stale], talking);
    expect(state.stage).toMatchObject({ kind: 'talking', match: { roomId: 'r2' } });
  });

  it('pressed twice asks once', () => {
    expect(run([{ type: 'next' }, { type: 'next' }], talking)[1]).toEqual([]);
  });
});

describe('the partner leaves', () => {
  it('is told by name, and the server has queued us already', () => {
    const [state, effects] = run([left('r1')], talking);
    expect(effects).toEqual([{ do: 'close-peer' }, { do: 'say', what: 'left', name: 'Ada' }]);
    expect(state.stage).toMatchObject({
      kind: 'looking',
      because: { kind: 'partner-left', name: 'Ada' },
    });
  });

  it('what names another room changes nothing', () => {
    const [state, effects] = run([left('another')], talking);
    expect(state).toBe(talking);
    expect(effects).toEqual([]);
  });

  it('one who is told to be waiting is in no room any more', () => {
    const [state, effects] = run([waiting(1)], talking);
    expect(state.stage.kind).toBe('looking');
    expect(effects).toEqual([{ do: 'close-peer' }]);
  });
});

describe('the link', () => {
  it('lost in a call leaves the media alone until it is back, then looks again', () => {
    const [lost, nothing] = run([{ type: 'link-lost' }], talking);
    expect([lost.stage.kind, nothing]).toEqual(['talking', []]);
    const [back, effects] = run([up], lost);
    expect(effects).toEqual([{ do: 'close-peer' }, { do: 'release' }, request()]);
    expect(back.stage).toMatchObject({ because: { kind: 'link-returned' } });
  });
});

it('a refusal that will not pass is shown, with the way to try again', () => {
  const refused: CallInput = {
    type: 'refused',
    error: { code: 'too-long', category: 'validation', message: '' },
  };
  const [state] = run([up, start, refused]);
  expect(state.stage).toEqual({ kind: 'refused', code: 'too-long' });
  expect(run([{ type: 'next' }], state)[1]).toContainEqual(request());
});
