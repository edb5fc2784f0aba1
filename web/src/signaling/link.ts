// The link to the server as a pure machine: when to open a socket, greet, beat, rest and come back, how a
// lost session goes on, and which answers are still awaited. Knows no socket, clock or storage, and nothing
// of rooms or calls.
// Invariants: nothing is sent before the link is up but the greeting; a request is settled exactly once;
// an event with a number is handed on once; after a takeover (4001) the link comes back only when told to.
import { restMs } from '../lib/backoff';
import type { Ack, ClientEvent, ServerEvent, ServerFrame, Welcome, WireError } from '../protocol';
import {
  type LinkEffect,
  type LinkInput,
  type LinkState,
  type LinkTimer,
  linkLimits,
  type Outcome,
} from './linkState';
import { isPassing, sortForResume, type Unanswered } from './unanswered';

type Step = [LinkState, LinkEffect[]];

export function stepLink(state: LinkState, input: LinkInput): Step {
  switch (input.type) {
    case 'start': {
      if (state.phase !== 'off' && state.phase !== 'taken-over') return [state, []];
      const { token = state.token, thread = state.thread, name = state.name } = input;
      return connect({ ...state, attempt: 0, token, thread, name });
    }
    case 'stop':
      return over({ ...state, phase: 'off', isDraining: false, isRestarting: false }, true);
    case 'given-away':
      return over({ ...state, phase: 'taken-over', isDraining: false, isRestarting: false }, true);
    case 'opened':
      return opened(state);
    case 'frame':
      return framed(state, input.frame);
    case 'closed':
      return closed(state, input.code, input.random);
    case 'timer':
      return rang(state, input.timer, input.random);
    case 'online':
      return state.phase === 'offline' || state.phase === 'resting' ? connect(state) : doubt(state);
    case 'offline':
      return state.phase === 'resting' ? down({ ...state, phase: 'offline' }, []) : doubt(state);
    case 'woken':
      return state.phase === 'resting' ? connect(state) : doubt(state);
    case 'send':
      return send(state, input.event, input.ticket);
  }
}

function connect(state: LinkState): Step {
  // Who has something to say in greeting is spared the welcome of a fresh visitor.
  const isGreeting = hasGreeting(state);
  return [
    { ...state, phase: 'connecting', isDraining: false },
    [
      { do: 'forget', timer: 'retry' },
      { do: 'wait', timer: 'greeting', ms: linkLimits.greeting_ms * 2 },
      { do: 'open', isGreeting },
    ],
  ];
}

function hasGreeting({ token, thread, name }: LinkState): boolean {
  return token !== undefined || thread !== undefined || name !== undefined;
}

function opened(state: LinkState): Step {
  if (state.phase !== 'connecting') return [state, []];
  const effects: LinkEffect[] = [{ do: 'wait', timer: 'greeting', ms: linkLimits.greeting_ms }];
  const { token, thread, name } = state;
  if (hasGreeting(state)) {
    // A name only from who knows that this site takes it: one too long would cost the visitor their identity.
    const data = {
      ...(token !== undefined && { token }),
      ...thread,
      ...(name !== undefined && { name }),
    };
    effects.push({ do: 'transmit', event: { event: 'hello', data } });
  }
  return [{ ...state, phase: 'greeting', welcome: undefined }, effects];
}

function framed(state: LinkState, frame: ServerFrame): Step {
  if (state.phase !== 'greeting' && state.phase !== 'up') return [state, []];
  const heard: LinkEffect[] = state.phase === 'up' ? [{ do: 'forget', timer: 'silence' }] : [];
  const [next, effects] = 'ack' in frame ? acked(state, frame) : told(state, frame);
  return [next, [...heard, ...effects]];
}

function acked(state: LinkState, ack: Ack): Step {
  const answered = state.unanswered.find(({ ref }) => ref === ack.ack);
  if (!answered) return [state, []];
  const unanswered = state.unanswered.filter((each) => each !== answered);
  const outcome: Outcome =
    'error' in ack ? { ok: false, error: ack.error } : { ok: true, data: ack.data };
  return [{ ...state, unanswered }, settle([answered], outcome)];
}

function told(state: LinkState, frame: ServerEvent & { n?: number }): Step {
  const { n, ...event } = frame;
  if (event.event === 'welcome') return welcomed(state, event.data);
  // A refused greeting says why, and a welcome follows: that one tells where we stand.
  if (state.phase === 'greeting') return [state, []];
  if (n !== undefined && state.thread) {
    if (n <= state.thread.after) return [state, []];
    return [{ ...state, thread: { ...state.thread, after: n } }, [{ do: 'emit', event }]];
  }
  if (event.event !== 'draining') return [state, [{ do: 'emit', event }]];
  return [
    { ...state, isDraining: true, isRestarting: true },
    [
      { do: 'wait', timer: 'drain', ms: event.data.reconnectInMs },
      { do: 'emit', event },
    ],
  ];
}

function welcomed(state: LinkState, welcome: Welcome): Step {
  const { token, resume, resumed, recovered, lastN, lastRef } = welcome;
  const after = resumed && recovered ? (state.thread?.after ?? 0) : lastN;
  const { again, handled, nextRef } = resumed
    ? sortForResume(state.unanswered, lastRef, state.nextRef)
    : { again: [], handled: state.unanswered, nextRef: 1 };
  return [
    {
      ...state,
      phase: 'up',
      attempt: 0,
      isRestarting: false,
      welcome,
      token,
      thread: { resume, after },
      nextRef,
      unanswered: again,
    },
    [
      { do: 'forget', timer: 'greeting' },
      { do: 'wait', timer: 'beat', ms: welcome.heartbeat.intervalMs },
      { do: 'keep-token', token },
      // Before anybody hears of the welcome and says more: numbers must rise.
      ...again.map(({ event, ref }): LinkEffect => ({ do: 'transmit', event, ref })),
      ...settle(handled, { ok: false, error: lost }),
      { do: 'emit', event: { event: 'welcome', data: welcome } },
    ],
  ];
}

function closed(state: LinkState, code: number, random: number): Step {
  if (state.phase === 'off' || state.phase === 'taken-over' || state.phase === 'resting') {
    return [state, []];
  }
  if (code === 4001) return over({ ...state, phase: 'taken-over' }, false);
  // A draining node has said when to come back: its timer goes on.
  if (state.isDraining) return down({ ...state, phase: 'resting' }, []);
  const attempt = state.attempt + 1;
  const isFlood = code === 1008;
  const rest_ms = restMs(attempt, random) + (isFlood ? linkLimits.flood_rest_ms : 0);
  return down({ ...state, phase: 'resting', attempt }, [
    { do: 'wait', timer: 'retry', ms: rest_ms },
  ]);
}

/** Leaves the session behind: what is unanswered will not be answered here. */
function over(state: LinkState, isOpen: boolean): Step {
  const [next, effects] = down(state, isOpen ? [{ do: 'close' }] : []);
  const given_up = settle(state.unanswered, { ok: false, error: lost });
  return [{ ...next, thread: undefined, unanswered: [] }, [...effects, ...given_up]];
}

/** Leaves the present socket behind: all its timers end. */
function down(state: LinkState, effects: LinkEffect[]): Step {
  const timers: LinkTimer[] = ['greeting', 'beat', 'silence', 'retry'];
  if (!state.isDraining) timers.push('drain');
  const forgets = timers.map((timer): LinkEffect => ({ do: 'forget', timer }));
  return [{ ...state, welcome: undefined }, [...forgets, ...effects]];
}

function rang(state: LinkState, timer: LinkTimer, random: number): Step {
  switch (timer) {
    case 'retry':
      return state.phase === 'resting' ? connect(state) : [state, []];
    case 'beat':
      return state.phase === 'up' && state.welcome ? beat(state, state.welcome) : [state, []];
    case 'greeting':
    case 'silence':
      return hangUp(state, random);
    case 'drain': {
      const drained: LinkState = { ...state, phase: 'resting', isDraining: false };
      const [next, effects] = down(drained, [{ do: 'close' }]);
      const [connected, more] = connect(next);
      return [connected, [...effects, ...more]];
    }
  }
}

function hangUp(state: LinkState, random: number): Step {
  const [next, effects] = closed(state, 4000, random);
  return [next, [{ do: 'close' }, ...effects]];
}

function beat(state: LinkState, welcome: Welcome): Step {
  const [next, effects] = probe(state, welcome.heartbeat.timeoutMs);
  return [next, [...effects, { do: 'wait', timer: 'beat', ms: welcome.heartbeat.intervalMs }]];
}

function doubt(state: LinkState): Step {
  return state.welcome
    ? probe(state, Math.min(linkLimits.doubt_ms, state.welcome.heartbeat.timeoutMs))
    : [state, []];
}

/** Asks the server for a sign of life; silence for so long ends the socket. */
function probe(state: LinkState, patience_ms: number): Step {
  if (state.phase !== 'up') return [state, []];
  return [
    { ...state, nextRef: state.nextRef + 1 },
    [
      { do: 'transmit', event: { event: 'heartbeat', data: {} }, ref: state.nextRef },
      { do: 'wait', timer: 'silence', ms: patience_ms },
    ],
  ];
}

/** What has a session to go on is kept while the link is away, and sent when it is back. */
function send(state: LinkState, event: ClientEvent, ticket: number | undefined): Step {
  const isUp = state.phase === 'up';
  if (isPassing(event)) return [state, isUp ? [{ do: 'transmit', event }] : []];
  const ref = state.nextRef;
  const entry: Unanswered = { ref, event, ticket };
  const isOver = state.phase === 'off' || state.phase === 'taken-over' || !state.thread;
  if (isOver || state.unanswered.length >= linkLimits.unanswered_max) {
    return [state, settle([entry], { ok: false, error: lost })];
  }
  return [
    { ...state, nextRef: ref + 1, unanswered: [...state.unanswered, entry] },
    isUp ? [{ do: 'transmit', event, ref }] : [],
  ];
}

function settle(entries: readonly Unanswered[], outcome: Outcome): LinkEffect[] {
  return entries.flatMap(({ ticket }): LinkEffect[] =>
    ticket === undefined ? [] : [{ do: 'settle', ticket, outcome }],
  );
}

const lost: WireError = {
  code: 'link-lost',
  category: 'network',
  message: 'the connection was lost',
};
