import { describe, expect, it } from 'vitest';
import type { ServerFrame, Welcome } from '../protocol';
import { type LinkEffect, type LinkInput, type LinkState, linkOff, stepLink } from './link';

const welcome = (token: string): ServerFrame => ({
  event: 'welcome',
  data: { token, heartbeat: { intervalMs: 25_000, timeoutMs: 10_000 } } as Welcome,
});

function run(inputs: LinkInput[], from: LinkState = linkOff): [LinkState, LinkEffect[]] {
  let state = from;
  let last: LinkEffect[] = [];
  for (const input of inputs) [state, last] = stepLink(state, input);
  return [state, last];
}

const frame = (data: ServerFrame): LinkInput => ({ type: 'frame', frame: data });
const fresh: LinkInput[] = [{ type: 'start' }, { type: 'opened' }, frame(welcome('a'))];
const closed = (code: number, random = 0.5): LinkInput => ({ type: 'closed', code, random });
const names = (effects: LinkEffect[]) => effects.map((effect) => effect.do);
const waits = (effects: LinkEffect[]) =>
  effects.flatMap((effect) => (effect.do === 'wait' ? [[effect.timer, effect.ms]] : []));

describe('greeting', () => {
  it('a fresh visitor says nothing and is up with the first welcome', () => {
    const [state, effects] = run(fresh);
    expect(state.phase).toBe('up');
    expect(state.token).toBe('a');
    expect(effects).toContainEqual({ do: 'keep-token', token: 'a' });
  });

  it('a known visitor says hello first and waits for the second welcome', () => {
    const [greeting, effects] = run([{ type: 'start', token: 'old' }, { type: 'opened' }]);
    expect(effects).toContainEqual({
      do: 'transmit',
      event: { event: 'hello', data: { token: 'old' } },
    });
    const [first, none] = run([frame(welcome('fresh'))], greeting);
    expect([first.phase, none]).toEqual(['greeting', []]);
    const [second] = run([frame(welcome('renewed'))], first);
    expect([second.phase, second.token]).toEqual(['up', 'renewed']);
  });

  it('a token that is no longer good is replaced by the fresh one', () => {
    const refusal: ServerFrame = {
      event: 'error',
      data: { code: 'bad-token', category: 'validation', message: '' },
    };
    const [state, effects] = run([
      { type: 'start', token: 'old' },
      { type: 'opened' },
      frame(welcome('fresh')),
      frame(refusal),
    ]);
    expect([state.phase, state.token]).toEqual(['up', 'fresh']);
    expect(effects).toContainEqual({ do: 'keep-token', token: 'fresh' });
  });

  it('a server that does not greet is left and tried again', () => {
    const [state, effects] = run([
      { type: 'start' },
      { type: 'opened' },
      { type: 'timer', timer: 'greeting', random: 0.5 },
    ]);
    expect(state.phase).toBe('resting');
    expect(names(effects)).toContain('close');
  });
});

describe('coming back', () => {
  it('rests longer with each failure, and starts afresh once it was up', () => {
    let [state, effects] = run([...fresh, closed(1006)]);
    expect(waits(effects)).toEqual([['retry', 500]]);
    for (const expected of [1_000, 2_000, 4_000]) {
      [state, effects] = run([{ type: 'timer', timer: 'retry', random: 0 }, closed(1006)], state);
      expect(waits(effects)).toEqual([['retry', expected]]);
    }
    [state, effects] = run(
      [{ type: 'timer', timer: 'retry', random: 0 }, { type: 'opened' }],
      state,
    );
    [state] = run([frame(welcome('b')), frame(welcome('b'))], state);
    expect(state.attempt).toBe(0);
  });

  it('does not come back by itself after a takeover, but when told to', () => {
    const [state, effects] = run([...fresh, closed(4001)]);
    expect(state.phase).toBe('taken-over');
    expect(waits(effects)).toEqual([]);
    const [still] = run([{ type: 'online' }, { type: 'woken' }], state);
    expect(still.phase).toBe('taken-over');
    expect(run([{ type: 'start' }], state)[0].phase).toBe('connecting');
  });

  it('waits for the network while offline, and goes on at once when it is there', () => {
    const [state, effects] = run([...fresh, closed(1006), { type: 'offline' }]);
    expect(state.phase).toBe('offline');
    expect(effects).toContainEqual({ do: 'forget', timer: 'retry' });
    const [back, opening] = run([{ type: 'online' }], state);
    expect(back.phase).toBe('connecting');
    expect(names(opening)).toContain('open');
  });

  it('comes back to a draining server when it was told to, not before', () => {
    const draining = frame({ event: 'draining', data: { reconnectInMs: 4_000 } });
    const [told, effects] = run([draining], run(fresh)[0]);
    expect(waits(effects)).toContainEqual(['drain', 4_000]);
    const [cut, none] = run([closed(1012)], told);
    expect(cut.phase).toBe('resting');
    expect(waits(none)).toEqual([]);
    expect(none).not.toContainEqual({ do: 'forget', timer: 'drain' });
    const [back, opening] = run([{ type: 'timer', timer: 'drain', random: 0 }], cut);
    expect([back.phase, back.isDraining]).toEqual(['connecting', false]);
    expect(names(opening)).toContain('open');
  });

  it('after a flood it stays away for longer than usual', () => {
    const [, effects] = run([...fresh, closed(1008, 0)]);
    expect(waits(effects)[0]?.[1]).toBeGreaterThanOrEqual(15_000);
  });
});

describe('heartbeat', () => {
  it('asks for a sign of life, and hangs up on silence', () => {
    const [state, effects] = run([{ type: 'timer', timer: 'beat', random: 0 }], run(fresh)[0]);
    expect(effects).toContainEqual({
      do: 'transmit',
      event: { event: 'heartbeat', data: {} },
      ref: 1,
    });
    expect(waits(effects)).toEqual([
      ['silence', 10_000],
      ['beat', 25_000],
    ]);
    const [heard, forgets] = run([frame({ ack: 1, data: {} })], state);
    expect(forgets).toContainEqual({ do: 'forget', timer: 'silence' });
    const [silent, ends] = run([{ type: 'timer', timer: 'silence', random: 0 }], heard);
    expect(silent.phase).toBe('resting');
    expect(names(ends)).toContain('close');
  });
});

describe('requests', () => {
  const event = { event: 'newMessage', data: { message: 'hi' } } as const;

  it('are settled once, by their own answer', () => {
    const [state, sent] = run([{ type: 'send', event, ticket: 7 }], run(fresh)[0]);
    expect(sent).toEqual([{ do: 'transmit', event, ref: 1 }]);
    const ack: LinkInput = frame({ ack: 1, data: { seq: 1 } });
    const [after, settled] = run([ack], state);
    expect(settled).toContainEqual({
      do: 'settle',
      ticket: 7,
      outcome: { ok: true, data: { seq: 1 } },
    });
    expect(names(run([ack], after)[1])).not.toContain('settle');
  });

  it('are given up when the link is lost, and refused while it is down', () => {
    const [state] = run([{ type: 'send', event, ticket: 7 }], run(fresh)[0]);
    const [down, effects] = run([closed(1006)], state);
    const lost = { do: 'settle', ticket: 7, outcome: { ok: false } };
    expect(effects).toContainEqual(expect.objectContaining({ do: 'settle', ticket: 7 }));
    expect(run([{ type: 'send', event, ticket: 7 }], down)[1]).toMatchObject([lost]);
    expect(run([{ type: 'send', event }], down)[1]).toEqual([]);
  });
});
