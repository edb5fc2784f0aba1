import { describe, expect, it } from 'vitest';
import type { ServerFrame, Welcome } from '../protocol';
import { stepLink } from './link';
import { type LinkEffect, type LinkInput, type LinkState, linkLimits, linkOff } from './linkState';

const heartbeat = { intervalMs: 25_000, timeoutMs: 10_000 };
const welcome = (token: string, more: Partial<Welcome> = {}): ServerFrame => ({
  event: 'welcome',
  data: {
    token,
    resume: `of ${token}`,
    resumed: false,
    recovered: false,
    lastRef: 0,
    lastN: 0,
    heartbeat,
    ...more,
  } as Welcome,
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

  it('a known visitor says so before anything else, and is greeted once', () => {
    const [connecting, opens] = run([{ type: 'start', token: 'old' }]);
    expect(opens).toContainEqual({ do: 'open', isGreeting: true });
    const [greeting, effects] = run([{ type: 'opened' }], connecting);
    expect(effects).toContainEqual({
      do: 'transmit',
      event: { event: 'hello', data: { token: 'old' } },
    });
    const [second] = run([frame(welcome('renewed'))], greeting);
    expect([second.phase, second.token]).toEqual(['up', 'renewed']);
    expect(run([{ type: 'start' }])[1]).toContainEqual({ do: 'open', isGreeting: false });
  });

  it('says what the visitor is called, where it is told to, and again whenever it comes back', () => {
    const [up, effects] = run([{ type: 'start', token: 'old', name: 'Ada' }, { type: 'opened' }]);
    const hello = (data: object): LinkEffect => ({
      do: 'transmit',
      event: { event: 'hello', data },
    });
    expect(effects).toContainEqual(hello({ token: 'old', name: 'Ada' }));
    const [, again] = run(
      [
        frame(welcome('old')),
        closed(1006),
        { type: 'timer', timer: 'retry', random: 0.5 },
        { type: 'opened' },
      ],
      up,
    );
    expect(again).toContainEqual(hello({ token: 'old', name: 'Ada', resume: 'of old', after: 0 }));
    expect(run([{ type: 'start', name: 'Ada' }])[1]).toContainEqual({
      do: 'open',
      isGreeting: true,
    });
  });

  it('a token that is no longer good is replaced by the fresh one', () => {
    const refusal: ServerFrame = {
      event: 'error',
      data: { code: 'bad-token', category: 'validation', message: '' },
    };
    const [state, effects] = run([
      { type: 'start', token: 'old' },
      { type: 'opened' },
      frame(refusal),
      frame(welcome('fresh')),
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
    [state] = run([frame(welcome('b'))], state);
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
    // Until somebody is reached, the reason that was given holds.
    const [refused] = run([closed(1006)], back);
    expect([refused.phase, refused.isRestarting]).toEqual(['resting', true]);
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

  it('wait while the link is away, and are refused where there is no session', () => {
    const [state] = run([{ type: 'send', event, ticket: 7 }], run(fresh)[0]);
    const [down, effects] = run([closed(1006)], state);
    expect(names(effects)).not.toContain('settle');
    expect(run([{ type: 'send', event, ticket: 8 }], down)[1]).toEqual([]);
    const lost = { do: 'settle', ticket: 7, outcome: { ok: false } };
    expect(run([{ type: 'start' }, { type: 'send', event, ticket: 7 }])[1]).toMatchObject([lost]);
  });

  it('are held up to a bound', () => {
    let state = run([...fresh, closed(1006)])[0];
    let effects: LinkEffect[] = [];
    for (let i = 0; i <= linkLimits.unanswered_max; i += 1) {
      [state, effects] = run([{ type: 'send', event, ticket: i }], state);
    }
    expect(effects).toMatchObject([{ do: 'settle', outcome: { ok: false } }]);
    expect(state.unanswered).toHaveLength(linkLimits.unanswered_max);
  });
});

describe('a session that goes on', () => {
  const say = (text: string): LinkInput => ({
    type: 'send',
    event: { event: 'newMessage', data: { message: text, clientId: text } },
    ticket: 1,
  });
  const stop: LinkInput = { type: 'send', event: { event: 'stop-call', data: { roomId: 'r' } } };
  const typing: LinkInput = { type: 'send', event: { event: 'typing', data: { typing: true } } };
  const again: LinkInput[] = [
    closed(1006),
    { type: 'timer', timer: 'retry', random: 0 },
    { type: 'opened' },
  ];
  const resumed = (lastRef: number, more: Partial<Welcome> = {}) =>
    frame(welcome('a', { resume: 'next', resumed: true, recovered: true, lastRef, ...more }));
  const numbered = (n: number): LinkInput =>
    frame({ event: 'partner-back', data: { roomId: 'r', socketId: 's' }, n });
  const sent = (effects: LinkEffect[]) =>
    effects.flatMap((effect) => (effect.do === 'transmit' ? [effect] : []));

  it('is asked for by its secret and the last number seen', () => {
    const [state, effects] = run([numbered(1), numbered(4), ...again], run(fresh)[0]);
    expect(state.phase).toBe('greeting');
    expect(sent(effects)[0]?.event).toEqual({
      event: 'hello',
      data: { token: 'a', resume: 'of a', after: 4 },
    });
    const [up] = run([resumed(0, { lastN: 9 })], state);
    expect(up.thread).toEqual({ resume: 'next', after: 4 });
  });

  it('hands each numbered event on once, also when it is replayed', () => {
    const [state] = run([numbered(1), numbered(2), ...again, resumed(0)], run(fresh)[0]);
    expect(names(run([numbered(2)], state)[1])).not.toContain('emit');
    expect(names(run([numbered(3)], state)[1])).toContain('emit');
  });

  it('goes on from the number that the server names where something was lost', () => {
    const lost = resumed(0, { recovered: false, lastN: 40 });
    const [state] = run([numbered(3), ...again, lost], run(fresh)[0]);
    expect(state.thread?.after).toBe(40);
  });

  it('repeats what came after the last that was handled, in order and under rising numbers', () => {
    const [state] = run([say('one'), stop, typing, ...again, say('two')], run(fresh)[0]);
    const [up, effects] = run([resumed(0)], state);
    const repeated = sent(effects).map(({ event, ref }) => [event.event, ref]);
    expect(repeated).toEqual([
      ['newMessage', 4],
      ['stop-call', 5],
      ['newMessage', 6],
    ]);
    expect(sent(run([say('three')], up)[1])[0]?.ref).toBe(7);
  });

  it('repeats of what was handled the texts alone, and gives the rest up', () => {
    const ask: LinkInput = {
      type: 'send',
      event: { event: 'request-room', data: {} },
      ticket: 9,
    };
    const [state] = run([say('one'), ask, stop, ...again], run(fresh)[0]);
    const [, effects] = run([resumed(2)], state);
    expect(sent(effects).map(({ event }) => event.event)).toEqual(['newMessage', 'stop-call']);
    expect(effects).toContainEqual(expect.objectContaining({ do: 'settle', ticket: 9 }));
  });

  it('repeats before anybody hears of it and says more', () => {
    const [state] = run([say('one'), ...again], run(fresh)[0]);
    const order = names(run([resumed(0)], state)[1]);
    expect(order.indexOf('transmit')).toBeLessThan(order.indexOf('emit'));
  });

  it('that is over takes with it what was unanswered, and counts from the beginning', () => {
    const [state] = run([say('one'), ...again], run(fresh)[0]);
    const [up, effects] = run([frame(welcome('a'))], state);
    expect(effects).toContainEqual(expect.objectContaining({ do: 'settle', ticket: 1 }));
    expect([up.unanswered, up.nextRef, up.thread?.after]).toEqual([[], 1, 0]);
  });

  it('of a page that was loaded again numbers on where that one ended', () => {
    const lost = { token: 'a', thread: { resume: 'kept', after: 7 } };
    const [state] = run([{ type: 'start', ...lost }, { type: 'opened' }, resumed(12)]);
    expect(sent(run([say('one')], state)[1])[0]?.ref).toBe(13);
  });

  it('taken over is not asked for again by itself, and gives up what it had to say', () => {
    const [taken, effects] = run([say('one'), closed(4001)], run(fresh)[0]);
    expect(taken.thread).toBeUndefined();
    expect(effects).toContainEqual(expect.objectContaining({ do: 'settle', ticket: 1 }));
    const [given, closes] = run([{ type: 'given-away' }], run(fresh)[0]);
    expect([given.phase, names(closes).includes('close')]).toEqual(['taken-over', true]);
  });
});

describe('after a sleep or a change of network', () => {
  it('an open socket is doubted, and has little time to prove itself', () => {
    for (const type of ['woken', 'online', 'offline'] as const) {
      const [state, effects] = run([{ type }], run(fresh)[0]);
      expect(waits(effects)).toEqual([['silence', linkLimits.doubt_ms]]);
      const [silent] = run([{ type: 'timer', timer: 'silence', random: 0 }], state);
      expect(silent.phase).toBe('resting');
    }
  });

  it('one who rests comes back at once', () => {
    for (const type of ['woken', 'online'] as const) {
      const [back] = run([closed(1006), { type }], run(fresh)[0]);
      expect(back.phase).toBe('connecting');
    }
  });
});
