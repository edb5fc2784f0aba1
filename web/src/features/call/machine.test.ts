import { describe, expect, it } from 'vitest';
import type { MatchDone, ServerEvent } from '../../protocol';
import { stepCall } from './machine';
import { type CallEffect, type CallInput, type CallState, callIdle, type Standing } from './stage';

const match = (roomId: string, userName = 'Ada') =>
  ({ roomId, remoteUserDetails: { userName, userId: `of ${userName}` } }) as MatchDone;
const told = (event: ServerEvent): CallInput => ({ type: 'told', event });
const matched = (roomId: string, name?: string) =>
  told({ event: 'match-done', data: match(roomId, name) });
const left = (roomId: string) =>
  told({ event: 'stop-by-remote-user', data: { roomId, reason: 'next' } });
const waiting = (count: number) =>
  told({ event: 'waiting', data: { message: '', waiting: count } });
const start: CallInput = { type: 'start', wish: { mode: 'video', name: 'Me' } };
const standing = (more: Partial<Standing> = {}): Standing => ({
  resumed: false,
  recovered: false,
  state: 'idle',
  iceServers: [],
  iceCandidatePoolSize: 0,
  ...more,
});
const up: CallInput = { type: 'link-up', standing: standing(), isAsking: false };
const resumed = (more: Partial<Standing>, isAsking = false): CallInput => ({
  type: 'link-up',
  standing: standing({ resumed: true, recovered: true, ...more }),
  isAsking,
});

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
  it('asks at once, and again when a fresh session knows nothing of it', () => {
    const [before, asked] = run([start]);
    expect(asked).toContainEqual(request());
    const lost: CallInput = {
      type: 'refused',
      error: { code: 'link-lost', category: 'network', message: '' },
    };
    expect(run([lost, up], before)[1]).toContainEqual(request());
  });

  it('opens a peer for the match and says with whom', () => {
    const [state, effects] = run([up, start, matched('r1', 'Noor')]);
    expect(state.stage).toMatchObject({ kind: 'talking', match: { roomId: 'r1' } });
    expect(effects).toContainEqual({ do: 'open-peer', match: match('r1', 'Noor'), isAgain: false });
    expect(effects).toContainEqual({ do: 'say', what: 'connected', name: 'Noor' });
  });

  it('shows how many are waiting, and asks again after a lost link', () => {
    const [state] = run([up, start, waiting(3)]);
    expect(state.stage).toMatchObject({ kind: 'looking', crowd: { waiting: 3, relaxed: [] } });
    expect(run([{ type: 'link-lost' }, up], state)[1]).toContainEqual(request());
  });

  it('holds back when asked to, then asks again', () => {
    const refused: CallInput = {
      type: 'refused',
      error: { code: 'rate-limited', category: 'system', message: '', retryAfterMs: 1_500 },
    };
    const [state, effects] = run([up, start, refused]);
    expect(effects).toEqual([{ do: 'wait', timer: 'hold', ms: 1_500 }]);
    const [again, asked] = run([{ type: 'timer', timer: 'hold' }], state);
    expect(asked).toContainEqual(request());
    expect(again.stage).toMatchObject({ held_ms: undefined });
  });

  it('asks for those whom one has met already, and goes on asking for them', () => {
    const [state, effects] = run([up, start, { type: 'meet-again' }]);
    const event = { event: 'request-room', data: expect.objectContaining({ again: true }) };
    expect(effects).toEqual([{ do: 'ask', event }]);
    expect(run([up], state)[1]).toContainEqual({ do: 'ask', event });
  });
});

it('a next that is held back still lets the partner go at once', () => {
  const refused: CallInput = {
    type: 'refused',
    error: { code: 'rate-limited', category: 'system', message: '', retryAfterMs: 900 },
  };
  const [, effects] = run([{ type: 'next' }, refused], talking);
  expect(effects).toEqual([{ do: 'wait', timer: 'hold', ms: 900 }, stopCall('r1')]);
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
    const order = effects.map((effect) => effect.do);
    expect(order.indexOf('close-peer')).toBeLessThan(order.indexOf('ask'));
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
    expect(effects).toContainEqual({ do: 'close-peer' });
    expect(effects).toContainEqual({ do: 'say', what: 'left', name: 'Ada' });
    expect(effects.filter(({ do: what }) => what === 'ask')).toEqual([]);
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
    expect(effects).toContainEqual({ do: 'close-peer' });
  });
});

describe('the link', () => {
  it('lost in a call leaves the media alone until it is back, then looks again', () => {
    const [lost, nothing] = run([{ type: 'link-lost' }], talking);
    expect([lost.stage.kind, nothing]).toEqual(['talking', []]);
    const [back, effects] = run([up], lost);
    expect(effects).toContainEqual({ do: 'close-peer' });
    expect(effects).toContainEqual(request());
    expect(back.stage).toMatchObject({ because: { kind: 'link-returned', name: 'Ada' } });
  });
});

describe('a session that goes on', () => {
  const inCall = { state: 'call', roomId: 'r1' } as const;
  const lost: CallInput = { type: 'link-lost' };

  it('leaves the call as it is where nothing was lost', () => {
    const [state, effects] = run([lost, resumed(inCall)], talking);
    expect(state.stage).toEqual(talking.stage);
    expect(effects).toEqual([{ do: 'mend-peer' }]);
  });

  it('keeps the tracks and looks for a new way where something was lost', () => {
    const resume = resumed({ ...inCall, recovered: false });
    const [state, effects] = run([lost, resume, matched('r1')], talking);
    expect(state.stage).toMatchObject({ kind: 'talking', match: { roomId: 'r1' } });
    expect(effects).toContainEqual({ do: 'restart-peer' });
    expect(effects.map((effect) => effect.do)).not.toContain('close-peer');
    expect(effects.map((effect) => effect.do)).not.toContain('say');
  });

  it('drops a call that the server does not know of, and waits or asks as it stands', () => {
    const waits = resumed({ state: 'waiting', recovered: false });
    const [waitsOn, quiet] = run([lost, waits], talking);
    expect(waitsOn.stage.kind).toBe('looking');
    expect(quiet).toContainEqual({ do: 'close-peer' });
    expect(quiet).not.toContainEqual(request());
    const idle = resumed({ state: 'idle', recovered: false });
    expect(run([lost, idle], talking)[1]).toContainEqual(request());
  });

  it('waits for what is replayed before it believes that a call is over', () => {
    const [state, effects] = run([lost, resumed({ state: 'waiting' })], talking);
    expect([state.stage.kind, effects]).toEqual(['talking', []]);
    expect(run([left('r1')], state)[0].stage.kind).toBe('looking');
  });

  it('is not asked twice for a partner', () => {
    const looks = run([up, start])[0];
    expect(run([lost, resumed({ state: 'waiting' })], looks)[1]).toEqual([]);
    expect(run([lost, resumed({ state: 'idle' }, true)], looks)[1]).toEqual([]);
    expect(run([lost, resumed({ state: 'idle' })], looks)[1]).toContainEqual(request());
    expect(run([lost, resumed({ state: 'call', roomId: 'r5' })], looks)[1]).toEqual([]);
  });

  it('leaves the room that Next left while the link was away, and is not shown it again', () => {
    const [state] = run([lost, { type: 'next' }], talking);
    const resume = resumed({ ...inCall, recovered: false }, true);
    const [still, effects] = run([resume, matched('r1')], state);
    expect([still.stage.kind, effects]).toEqual(['looking', []]);
    expect(run([matched('r2')], still)[0].stage).toMatchObject({ match: { roomId: 'r2' } });
    expect(run([resumed(inCall)], state)[1]).toContainEqual(request('r1'));
  });

  it('leaves whatever is left of a call that was stopped', () => {
    const [stopped] = run([lost, { type: 'stop' }], talking);
    expect(run([resumed(inCall)], stopped)[1]).toEqual([stopCall('r1')]);
    expect(run([resumed({ state: 'waiting' })], stopped)[1]).toEqual([
      { do: 'send', event: { event: 'cancel-request', data: {} } },
    ]);
    expect(run([resumed({ state: 'idle' })], stopped)[1]).toEqual([]);
  });
});

describe('a page that was loaded again', () => {
  const wish = { mode: 'video', name: 'Me' } as const;
  const restored = run([{ type: 'restore', wish, match: match('r1') }])[0];
  const opensAgain = expect.objectContaining({ do: 'open-peer', isAgain: true });

  it('is back in the call when the server says that it is there', () => {
    const [state, effects] = run([resumed({ state: 'call', roomId: 'r1' })], restored);
    expect(effects).toEqual([opensAgain]);
    expect(state.stage).toMatchObject({ kind: 'talking', isUncertain: false });
  });

  it('is back in it with the fresh match where something was lost', () => {
    const resume = resumed({ state: 'call', roomId: 'r1', recovered: false });
    const [, effects] = run([resume, matched('r1')], restored);
    expect(effects).toContainEqual(opensAgain);
  });

  it('goes on to the partner whom the server has found meanwhile', () => {
    const resume = resumed({ state: 'call', roomId: 'r2' });
    const [state, effects] = run([resume, left('r1'), matched('r2', 'Noor')], restored);
    expect(state.stage).toMatchObject({ kind: 'talking', match: { roomId: 'r2' } });
    expect(effects).toContainEqual(expect.objectContaining({ do: 'open-peer', isAgain: false }));
  });

  it('that comes too late says with whom the call was, and looks again', () => {
    const [state, effects] = run([up], restored);
    expect(state.stage).toMatchObject({ because: { kind: 'link-returned', name: 'Ada' } });
    expect(effects).toContainEqual(request());
  });

  it('keeps its place among those who wait', () => {
    const waits = run([{ type: 'restore', wish, match: undefined }])[0];
    expect(run([resumed({ state: 'waiting' })], waits)[1]).toEqual([]);
    expect(run([up], waits)[1]).toContainEqual(request());
  });
});

describe('a partner who is away', () => {
  const awayFrom = (roomId: string) =>
    told({ event: 'partner-away', data: { roomId, socketId: 's', untilMs: 30_000 } });
  const backIn = (roomId: string) =>
    told({ event: 'partner-back', data: { roomId, socketId: 's' } });
  const longEnough: CallInput = { type: 'timer', timer: 'away' };

  it('is spoken of once, and only when they are away for a while', () => {
    const [state, effects] = run([awayFrom('r1')], talking);
    expect(effects).toEqual([{ do: 'wait', timer: 'away', ms: 1_000 }]);
    const [shown, said] = run([longEnough], state);
    expect(shown.stage).toMatchObject({ away: { until_ms: 30_000, isShown: true } });
    expect(said).toEqual([{ do: 'say', what: 'away', name: 'Ada' }]);
    expect(run([awayFrom('r1')], shown)[1]).toEqual([]);
  });

  it('keeps their place, and is welcomed back where it was said that they were away', () => {
    const [shown] = run([awayFrom('r1'), longEnough], talking);
    const [state, effects] = run([backIn('r1')], shown);
    expect(state.stage).toEqual(talking.stage);
    expect(effects).toContainEqual({ do: 'mend-peer' });
    expect(effects).toContainEqual({ do: 'say', what: 'back', name: 'Ada' });
    const [, quietly] = run([awayFrom('r1'), backIn('r1')], talking);
    expect(quietly.map((effect) => effect.do)).not.toContain('say');
  });

  it('can be left for the next at once', () => {
    expect(run([awayFrom('r1'), { type: 'next' }], talking)[1]).toContainEqual(request('r1'));
  });

  it('of another room is none of ours', () => {
    expect(run([awayFrom('r0')], talking)).toEqual([talking, []]);
    expect(run([backIn('r0')], talking)).toEqual([talking, []]);
  });
});

describe('going back', () => {
  const skipped = run([{ type: 'next' }], talking)[0];
  const refusal: CallInput = { type: 'back-refused' };

  it('is offered for as long as it would be granted, and asked for once', () => {
    expect(skipped.skipped).toEqual({ name: 'Ada', userId: 'of Ada', state: 'offered' });
    const [asked, effects] = run([{ type: 'go-back' }], skipped);
    expect(effects).toEqual([{ do: 'ask-back' }]);
    expect(run([{ type: 'go-back' }], asked)[1]).toEqual([]);
    expect(run([{ type: 'timer', timer: 'skipped' }], skipped)[0].skipped).toBeUndefined();
  });

  it('is offered while waiting and in the new call, and over when they are back', () => {
    const [state] = run([matched('r2', 'Noor')], skipped);
    expect(state.skipped).toMatchObject({ name: 'Ada' });
    const [back] = run([{ type: 'go-back' }, left('r2'), matched('r3', 'Ada')], state);
    expect(back.skipped).toBeUndefined();
  });

  it('that cannot be granted is said so, for a while', () => {
    const [asked] = run([{ type: 'go-back' }], skipped);
    for (const ended of [refusal, { type: 'timer', timer: 'skipped' }] as const) {
      const [state, effects] = run([ended], asked);
      expect(state.skipped).toMatchObject({ state: 'refused' });
      expect(effects).toEqual([{ do: 'wait', timer: 'skipped', ms: 8_000 }]);
      expect(run([{ type: 'timer', timer: 'skipped' }], state)[0].skipped).toBeUndefined();
    }
  });

  it('leads to the last partner alone, and nowhere after Stop', () => {
    const [state] = run([matched('r2', 'Noor'), { type: 'next' }], skipped);
    expect(state.skipped).toMatchObject({ name: 'Noor' });
    expect(run([{ type: 'stop' }], state)[0].skipped).toBeUndefined();
  });
});

it('a call that another window has taken over is closed here, and the server told nothing', () => {
  const [state, effects] = run([{ type: 'taken-over' }], talking);
  expect(state.stage.kind).toBe('idle');
  expect(effects).toContainEqual({ do: 'close-peer' });
  expect(effects.map((effect) => effect.do)).not.toContain('send');
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
