// What the call machine works on: the stages of a visit, what may come in and what may come of it. Types,
// the beginning, and one question; every decision is in machine.ts.
import type {
  ClientEvent,
  MatchDone,
  Mode,
  ServerEvent,
  StopReason,
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
  | { kind: 'link-returned' };

export type Stage =
  | { kind: 'idle' }
  | {
      kind: 'looking';
      because: Because;
      waiting: number | undefined;
      held_ms: number | undefined;
      /** The room that is being left by looking on, until the server has taken it in. */
      leaving: string | undefined;
    }
  | { kind: 'talking'; match: MatchDone }
  | { kind: 'refused'; code: string };

export interface CallState {
  stage: Stage;
  wish: Wish;
  isLinkUp: boolean;
}

export type CallInput =
  | { type: 'start'; wish: Wish }
  | { type: 'next' }
  | { type: 'stop' }
  | { type: 'link-up' }
  | { type: 'link-lost' }
  | { type: 'held-long-enough' }
  | { type: 'refused'; error: WireError }
  | { type: 'told'; event: ServerEvent };

export type CallEffect =
  | { do: 'send'; event: ClientEvent }
  | { do: 'ask'; event: ClientEvent }
  | { do: 'open-peer'; match: MatchDone }
  | { do: 'close-peer' }
  | { do: 'hold'; ms: number }
  | { do: 'release' }
  | { do: 'say'; what: 'connected' | 'left' | 'stopped'; name: string };

export const callIdle: CallState = {
  stage: { kind: 'idle' },
  wish: { mode: 'video', name: '' },
  isLinkUp: false,
};

/** The partner, while there is one. */
export function partnerOf(state: CallState): MatchDone | undefined {
  return state.stage.kind === 'talking' ? state.stage.match : undefined;
}
