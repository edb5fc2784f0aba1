// What the link machine works on: its phases, what may come in and what may come of it. Types, the
// beginning and the bounds; every decision is in link.ts.
import type { ClientEvent, ServerEvent, ServerFrame, Welcome, WireError } from '../protocol';
import type { Unanswered } from './unanswered';

export type Phase = 'off' | 'connecting' | 'greeting' | 'up' | 'resting' | 'offline' | 'taken-over';
export type LinkTimer = 'retry' | 'greeting' | 'beat' | 'silence' | 'drain';
export type Outcome = { ok: true; data: Record<string, unknown> } | { ok: false; error: WireError };

/** What makes a lost session go on, on this page or on the next. */
export interface Thread {
  resume: string;
  /** The last number that was seen. */
  after: number;
}

export interface LinkState {
  phase: Phase;
  /** Attempts that failed since the link was last up. */
  attempt: number;
  token: string | undefined;
  /** What others are to call the visitor, where it is said in greeting. */
  name: string | undefined;
  thread: Thread | undefined;
  welcome: Welcome | undefined;
  isDraining: boolean;
  /** The node has said that it goes away, and nobody has been reached since. */
  isRestarting: boolean;
  nextRef: number;
  unanswered: readonly Unanswered[];
}

export type LinkInput =
  | { type: 'start'; token?: string; thread?: Thread; name?: string }
  | { type: 'stop' }
  | { type: 'opened' }
  | { type: 'frame'; frame: ServerFrame }
  | { type: 'closed'; code: number; random: number }
  | { type: 'timer'; timer: LinkTimer; random: number }
  | { type: 'online' }
  | { type: 'offline' }
  | { type: 'woken' }
  | { type: 'given-away' }
  | { type: 'send'; event: ClientEvent; ticket?: number };

export type LinkEffect =
  | { do: 'open'; isGreeting: boolean }
  | { do: 'close' }
  | { do: 'transmit'; event: ClientEvent; ref?: number }
  | { do: 'wait'; timer: LinkTimer; ms: number }
  | { do: 'forget'; timer: LinkTimer }
  | { do: 'keep-token'; token: string }
  | { do: 'emit'; event: ServerEvent }
  | { do: 'settle'; ticket: number; outcome: Outcome };

export const linkLimits = {
  unanswered_max: 256,
  greeting_ms: 5_000,
  flood_rest_ms: 15_000,
  /** Patience with a socket that a sleep or another network has probably ended. */
  doubt_ms: 2_500,
} as const;

export const linkOff: LinkState = {
  phase: 'off',
  attempt: 0,
  token: undefined,
  name: undefined,
  thread: undefined,
  welcome: undefined,
  isDraining: false,
  isRestarting: false,
  nextRef: 1,
  unanswered: [],
};
