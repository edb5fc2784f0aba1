// The link to the server as a pure machine: when to open a socket, greet, beat, rest and come back, and
// which answers are still awaited. Knows no socket, clock or storage, and nothing of rooms or calls.
// Invariants: nothing is sent before the link is up but the greeting; a request is settled exactly once;
// after a takeover (4001) the link comes back only when told to.
import { restMs } from '../lib/backoff';
import type { Ack, ClientEvent, ServerEvent, ServerFrame, Welcome, WireError } from '../protocol';

export type Phase = 'off' | 'connecting' | 'greeting' | 'up' | 'resting' | 'offline' | 'taken-over';
export type LinkTimer = 'retry' | 'greeting' | 'beat' | 'silence' | 'drain';
export type Outcome = { ok: true; data: Record<string, unknown> } | { ok: false; error: WireError };

export interface LinkState {
  phase: Phase;
  /** Attempts that failed since the link was last up. */
  attempt: number;
  token: string | undefined;
  welcome: Welcome | undefined;
  isHelloSent: boolean;
  isDraining: boolean;
  nextRef: number;
  /** Tickets of requests by the `ref` under which they were sent. */
  ticketByRef: ReadonlyMap<number, number>;
}

export type LinkInput =
  | { type: 'start'; token?: string }
  | { type: 'stop' }
  | { type: 'opened' }
  | { type: 'frame'; frame: ServerFrame }
  | { type: 'closed'; code: number; random: number }
  | { type: 'timer'; timer: LinkTimer; random: number }
  | { type: 'online' }
  | { type: 'offline' }
  | { type: 'woken' }
  | { type: 'send'; event: ClientEvent; ticket?: number };

export type LinkEffect =
  | { do: 'open' }
  | { do: 'close' }
  | { do: 'transmit'; event: ClientEvent; ref?: number }
  | { do: 'wait'; timer: LinkTimer; ms: number }
  | { do: 'forget'; timer: LinkTimer }
  | { do: 'keep-token'; token: string }
  | { do: 'emit'; event: ServerEvent }
  | { do: 'settle'; ticket: number; outcome: Outcome };

export const linkLimits = { pending_max: 128, greeting_ms: 5_000, flood_rest_ms: 15_000 } as const;

export const linkOff: LinkState = {
  phase: 'off',
  attempt: 0,
  token: undefined,
  welcome: undefined,
  isHelloSent: false,
  isDraining: false,
  nextRef: 1,
  ticketByRef: new Map(),
};

type Step = [LinkState, LinkEffect[]];

export function stepLink(state: LinkState, input: LinkInput): Step {
  switch (input.type) {
    case 'start':
      if (state.phase !== 'off' && state.phase !== 'taken-over') return [state, []];
      return connect({ ...state, attempt: 0, token: input.token ?? state.token });
    case 'stop':
      return down({ ...state, phase: 'off', isDraining: false }, [{ do: 'close' }]);
    case 'opened':
      return opened(state);
    case 'frame':
      return framed(state, input.frame);
    case 'closed':
      return closed(state, input.code, input.random);
    case 'timer':
      return rang(state, input.timer, input.random);
    case 'online':
      return state.phase === 'offline' || state.phase === 'resting' ? connect(state) : probe(state);
    case 'offline':
      return state.phase === 'resting' ? down({ ...state, phase: 'offline' }, []) : probe(state);
    case 'woken':
      return state.phase === 'resting' ? connect(state) : probe(state);
    case 'send':
      return send(state, input.event, input.ticket);
  }
}

function connect(state: LinkState): Step {
  return [
    { ...state, phase: 'connecting', isHelloSent: false, isDraining: false },
    [
      { do: 'forget', timer: 'retry' },
      { do: 'wait', timer: 'greeting', ms: linkLimits.greeting_ms * 2 },
      { do: 'open' },
    ],
  ];
}

function opened(state: LinkState): Step {
  if (state.phase !== 'connecting') return [state, []];
  const next: LinkState = { ...state, phase: 'greeting', isHelloSent: state.token !== undefined };
  const effects: LinkEffect[] = [{ do: 'wait', timer: 'greeting', ms: linkLimits.greeting_ms }];
  if (state.token !== undefined) {
    // Without a name: one that the site finds too long would cost the visitor their identity.
    effects.push({ do: 'transmit', event: { event: 'hello', data: { token: state.token } } });
  }
  return [{ ...next, welcome: undefined }, effects];
}

function framed(state: LinkState, frame: ServerFrame): Step {
  if (state.phase !== 'greeting' && state.phase !== 'up') return [state, []];
  const heard: LinkEffect[] = state.phase === 'up' ? [{ do: 'forget', timer: 'silence' }] : [];
  const [next, effects] = 'ack' in frame ? acked(state, frame) : told(state, frame);
  return [next, [...heard, ...effects]];
}

function acked(state: LinkState, ack: Ack): Step {
  const ticket = state.ticketByRef.get(ack.ack);
  if (ticket === undefined) return [state, []];
  const ticketByRef = new Map(state.ticketByRef);
  ticketByRef.delete(ack.ack);
  const outcome: Outcome =
    'error' in ack ? { ok: false, error: ack.error } : { ok: true, data: ack.data };
  return [{ ...state, ticketByRef }, [{ do: 'settle', ticket, outcome }]];
}

function told(state: LinkState, event: ServerEvent): Step {
  if (event.event === 'welcome') return welcomed(state, event.data);
  if (state.phase === 'greeting') {
    // A token that is no longer good: the connection goes on as the fresh visitor of the first welcome.
    const isRefusal = event.event === 'error' && state.isHelloSent && state.welcome !== undefined;
    return isRefusal && state.welcome ? up(state, state.welcome) : [state, []];
  }
  if (event.event !== 'draining') return [state, [{ do: 'emit', event }]];
  return [
    { ...state, isDraining: true },
    [
      { do: 'wait', timer: 'drain', ms: event.data.reconnectInMs },
      { do: 'emit', event },
    ],
  ];
}

function welcomed(state: LinkState, welcome: Welcome): Step {
  // With a greeting sent, the first welcome is that of the fresh visitor and will be replaced.
  const isFirstOfTwo = state.phase === 'greeting' && state.isHelloSent && !state.welcome;
  return isFirstOfTwo ? [{ ...state, welcome }, []] : up(state, welcome);
}

function up(state: LinkState, welcome: Welcome): Step {
  return [
    { ...state, phase: 'up', attempt: 0, welcome, token: welcome.token, nextRef: 1 },
    [
      { do: 'forget', timer: 'greeting' },
      { do: 'wait', timer: 'beat', ms: welcome.heartbeat.intervalMs },
      { do: 'keep-token', token: welcome.token },
      { do: 'emit', event: { event: 'welcome', data: welcome } },
    ],
  ];
}

function closed(state: LinkState, code: number, random: number): Step {
  if (state.phase === 'off' || state.phase === 'taken-over' || state.phase === 'resting') {
    return [state, []];
  }
  if (code === 4001) return down({ ...state, phase: 'taken-over' }, []);
  // A draining node has said when to come back: its timer goes on.
  if (state.isDraining) return down({ ...state, phase: 'resting' }, []);
  const attempt = state.attempt + 1;
  const isFlood = code === 1008;
  const rest_ms = restMs(attempt, random) + (isFlood ? linkLimits.flood_rest_ms : 0);
  return down({ ...state, phase: 'resting', attempt }, [
    { do: 'wait', timer: 'retry', ms: rest_ms },
  ]);
}

/** Leaves the present socket behind: all its timers end and every awaited answer is given up. */
function down(state: LinkState, effects: LinkEffect[]): Step {
  const timers: LinkTimer[] = ['greeting', 'beat', 'silence', 'retry'];
  if (!state.isDraining) timers.push('drain');
  const given_up: LinkEffect[] = [...state.ticketByRef.values()].map((ticket) => ({
    do: 'settle',
    ticket,
    outcome: { ok: false, error: lost },
  }));
  return [
    { ...state, ticketByRef: new Map(), welcome: undefined, isHelloSent: false },
    [...timers.map((timer): LinkEffect => ({ do: 'forget', timer })), ...given_up, ...effects],
  ];
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
  const [next, effects] = probe(state);
  return [next, [...effects, { do: 'wait', timer: 'beat', ms: welcome.heartbeat.intervalMs }]];
}

/** Asks the server for a sign of life; silence for the heartbeat's timeout ends the socket. */
function probe(state: LinkState): Step {
  if (state.phase !== 'up' || !state.welcome) return [state, []];
  return [
    { ...state, nextRef: state.nextRef + 1 },
    [
      { do: 'transmit', event: { event: 'heartbeat', data: {} }, ref: state.nextRef },
      { do: 'wait', timer: 'silence', ms: state.welcome.heartbeat.timeoutMs },
    ],
  ];
}

function send(state: LinkState, event: ClientEvent, ticket: number | undefined): Step {
  if (ticket === undefined) {
    return [state, state.phase === 'up' ? [{ do: 'transmit', event }] : []];
  }
  if (state.phase !== 'up' || state.ticketByRef.size >= linkLimits.pending_max) {
    return [state, [{ do: 'settle', ticket, outcome: { ok: false, error: lost } }]];
  }
  const ref = state.nextRef;
  const ticketByRef = new Map(state.ticketByRef).set(ref, ticket);
  return [{ ...state, nextRef: ref + 1, ticketByRef }, [{ do: 'transmit', event, ref }]];
}

const lost: WireError = {
  code: 'link-lost',
  category: 'network',
  message: 'the connection was lost',
};
