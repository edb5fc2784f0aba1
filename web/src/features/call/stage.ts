// What the call machine works on: the stages of a visit, what may come in and what may come of it. Types,
// the beginning, and one question; every decision is in machine.ts.
import type {
  ClientEvent,
  MatchDone,
  Mode,
  ServerEvent,
  StopReason,
  Welcome,
  WireError,
} from '../../protocol';

export interface Wish {
  mode: Mode;
  name: string;
}

export type Because =
  | { kind: 'start' }
  | { kind: 'next' }
  | { kind: 'partner-left'; name: string; reason: StopReason }
  /** The session ended while the link was away, and with it a call if there was one. */
  | { kind: 'link-returned'; name: string | undefined };

/** What the server says of those who wait. */
export interface Crowd {
  waiting: number;
  estimate_s: number | undefined;
  /** Wishes that are no longer held to. */
  relaxed: readonly string[];
}

export interface Looking {
  kind: 'looking';
  because: Because;
  crowd: Crowd | undefined;
  held_ms: number | undefined;
  /** The room that is being left by looking on, until the server has taken it in. */
  leaving: string | undefined;
  /** Whether those whom we have met already will do. */
  isAgain: boolean;
}

export interface Talking {
  kind: 'talking';
  match: MatchDone;
  /** While the partner's connection is lost: how long they are waited for, and whether that is shown. */
  away: { until_ms: number | undefined; isShown: boolean } | undefined;
  /** After a reload: the server has yet to say that the call is still there. */
  isUncertain: boolean;
}

export type Stage = { kind: 'idle' } | Looking | Talking | { kind: 'refused'; code: string };

/** The partner whom Next has left, while there is a way back to them. */
export interface Skipped {
  name: string;
  /** Their pseudonym for us, the same in every call of this pair. */
  userId: string;
  state: 'offered' | 'asked' | 'refused';
}

export interface CallState {
  stage: Stage;
  wish: Wish;
  isLinkUp: boolean;
  skipped: Skipped | undefined;
}

export type CallTimer = 'hold' | 'away' | 'skipped';

export type Standing = Pick<
  Welcome,
  'resumed' | 'recovered' | 'state' | 'roomId' | 'iceServers' | 'iceCandidatePoolSize'
>;

export type CallInput =
  | { type: 'start'; wish: Wish }
  /** The page was loaded again, in a call or while it was looking. */
  | { type: 'restore'; wish: Wish; match: MatchDone | undefined }
  | { type: 'next' }
  | { type: 'stop' }
  | { type: 'go-back' }
  | { type: 'meet-again' }
  /** `isAsking`: a request for a partner is on its way already. */
  | { type: 'link-up'; standing: Standing; isAsking: boolean }
  | { type: 'link-lost' }
  | { type: 'taken-over' }
  | { type: 'timer'; timer: CallTimer }
  | { type: 'refused'; error: WireError }
  | { type: 'back-refused' }
  | { type: 'told'; event: ServerEvent };

export type CallEffect =
  | { do: 'send'; event: ClientEvent }
  | { do: 'ask'; event: ClientEvent }
  | { do: 'ask-back' }
  /** `isAgain`: the call goes on, and the partner does not know yet that we have a new connection. */
  | { do: 'open-peer'; match: MatchDone; isAgain: boolean }
  | { do: 'mend-peer' }
  | { do: 'restart-peer' }
  | { do: 'close-peer' }
  | { do: 'wait'; timer: CallTimer; ms: number }
  | { do: 'forget'; timer: CallTimer }
  | { do: 'say'; what: Said; name: string };

export type Said = 'connected' | 'left' | 'stopped' | 'away' | 'back';

export const callTimes = {
  /** A shorter absence is not worth a word. */
  away_ms: 1_000,
  /** The server's own time for going back. */
  skipped_ms: 30_000,
  /** How long it is said that there is no way back. */
  refused_ms: 8_000,
} as const;

export const callIdle: CallState = {
  stage: { kind: 'idle' },
  wish: { mode: 'video', name: '' },
  isLinkUp: false,
  skipped: undefined,
};

/** The partner, while there is one. */
export function partnerOf(state: CallState): MatchDone | undefined {
  return state.stage.kind === 'talking' ? state.stage.match : undefined;
}
