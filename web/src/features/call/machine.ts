// What the visitor is doing, as a pure machine: idle, looking for a partner, talking, or held up. Knows
// no socket, media or React; media belongs to the effects, the words on the screen to the catalogue.
// Invariants: a peer is opened only for the room that the visitor is in, and closed before the next; what
// names another room changes nothing; a match that crosses Stop is left before any media is shown or sent.
import type { ClientEvent, MatchDone, ServerEvent, StopReason, WireError } from '../../protocol';
import {
  type Because,
  type CallEffect,
  type CallInput,
  type CallState,
  partnerOf,
  type Stage,
  type Wish,
} from './stage';

type Step = [CallState, CallEffect[]];

export function stepCall(state: CallState, input: CallInput): Step {
  switch (input.type) {
    case 'start':
      return look({ ...state, wish: input.wish }, { kind: 'start' });
    case 'next':
      return next(state);
    case 'stop':
      return stop(state);
    case 'link-up':
      return linkUp({ ...state, isLinkUp: true });
    case 'link-lost':
      return [{ ...state, isLinkUp: false }, []];
    case 'held-long-enough':
      return state.stage.kind === 'looking' ? look(state, state.stage.because) : [state, []];
    case 'refused':
      return refused(state, input.error);
    case 'told':
      return told(state, input.event);
  }
}

function look(state: CallState, because: Because, leaving?: MatchDone): Step {
  const effects: CallEffect[] = leaving ? [{ do: 'close-peer' }] : [];
  effects.push({ do: 'release' });
  if (state.isLinkUp) effects.push({ do: 'ask', event: requestRoom(state.wish, leaving?.roomId) });
  return [{ ...state, stage: looking(because, leaving?.roomId) }, effects];
}

function looking(because: Because, leaving?: string): Extract<Stage, { kind: 'looking' }> {
  return { kind: 'looking', because, waiting: undefined, held_ms: undefined, leaving };
}

function requestRoom(wish: Wish, roomId: string | undefined): ClientEvent {
  return {
    event: 'request-room',
    data: {
      mode: wish.mode,
      autoNext: true,
      ...(wish.name ? { name: wish.name } : {}),
      ...(roomId ? { roomId } : {}),
    },
  };
}

function stopCall(roomId: string): CallEffect {
  return { do: 'send', event: { event: 'stop-call', data: { roomId } } };
}

function next(state: CallState): Step {
  switch (state.stage.kind) {
    case 'talking':
      return look(state, { kind: 'next' }, state.stage.match);
    case 'idle':
    case 'refused':
      return look(state, { kind: 'start' });
    case 'looking':
      return [state, []];
  }
}

function stop(state: CallState): Step {
  const stopped: CallState = { ...state, stage: { kind: 'idle' } };
  switch (state.stage.kind) {
    case 'talking': {
      const { roomId, remoteUserDetails } = state.stage.match;
      return [
        stopped,
        [
          { do: 'close-peer' },
          stopCall(roomId),
          { do: 'say', what: 'stopped', name: remoteUserDetails.userName },
        ],
      ];
    }
    case 'looking':
      return [
        stopped,
        [{ do: 'release' }, { do: 'send', event: { event: 'cancel-request', data: {} } }],
      ];
    case 'idle':
    case 'refused':
      return [stopped, []];
  }
}

/** A new link is a new session for the server: it knows neither our room nor our place. */
function linkUp(state: CallState): Step {
  switch (state.stage.kind) {
    case 'talking': {
      const [looking, effects] = look(state, { kind: 'link-returned' });
      return [looking, [{ do: 'close-peer' }, ...effects]];
    }
    case 'looking':
      return look(state, state.stage.because);
    case 'idle':
    case 'refused':
      return [state, []];
  }
}

function refused(state: CallState, error: WireError): Step {
  if (state.stage.kind !== 'looking') return [state, []];
  switch (error.code) {
    // The link speaks for itself when it comes back.
    case 'link-lost':
    case 'draining':
    // A `next` that crossed the partner's: the server has seen to us already.
    case 'not-in-room':
      return [state, []];
    case 'rate-limited': {
      const held_ms = Math.max(250, error.retryAfterMs ?? 2_000);
      const { leaving } = state.stage;
      const effects: CallEffect[] = [{ do: 'hold', ms: held_ms }];
      // The request was not taken in, so the partner would sit before a still picture until the next one.
      if (leaving) effects.push(stopCall(leaving));
      return [{ ...state, stage: { ...state.stage, held_ms, leaving: undefined } }, effects];
    }
    default:
      return [{ ...state, stage: { kind: 'refused', code: error.code } }, [{ do: 'release' }]];
  }
}

function told(state: CallState, event: ServerEvent): Step {
  switch (event.event) {
    case 'match-done':
      return matched(state, event.data);
    case 'waiting':
      return waits(state, event.data.waiting);
    case 'stop-by-remote-user':
      return left(state, event.data.roomId, event.data.reason);
    case 'welcome':
    case 'negotiation-call-offer':
    case 'negotiation-call-answer':
    case 'new-ice-candidates':
    case 'partner-away':
    case 'partner-back':
    case 'newMessage':
    case 'typing':
    case 'room-members':
    case 'error':
    case 'draining':
      return [state, []];
  }
}

function waits(state: CallState, waiting: number): Step {
  switch (state.stage.kind) {
    case 'looking':
      return [{ ...state, stage: { ...state.stage, waiting } }, []];
    case 'talking': {
      // Whom the server has queued is in no room: the match on screen was left by an earlier wish of ours.
      const stage: Stage = { ...looking({ kind: 'next' }), waiting };
      return [{ ...state, stage }, [{ do: 'close-peer' }]];
    }
    case 'idle':
    case 'refused':
      return [state, []];
  }
}

function matched(state: CallState, match: MatchDone): Step {
  switch (state.stage.kind) {
    case 'idle':
    case 'refused':
      return [state, [stopCall(match.roomId)]];
    case 'talking':
    case 'looking': {
      const leaving: CallEffect[] =
        state.stage.kind === 'talking' ? [{ do: 'close-peer' }] : [{ do: 'release' }];
      return [
        { ...state, stage: { kind: 'talking', match } },
        [
          ...leaving,
          { do: 'open-peer', match },
          { do: 'say', what: 'connected', name: match.remoteUserDetails.userName },
        ],
      ];
    }
  }
}

/** The server has queued us again by itself (autoNext), so nothing is asked for. */
function left(state: CallState, roomId: string, reason: StopReason): Step {
  const match = partnerOf(state);
  if (match?.roomId !== roomId) return [state, []];
  const { userName: name } = match.remoteUserDetails;
  const because: Because = { kind: 'partner-left', name, reason };
  return [
    { ...state, stage: looking(because) },
    [{ do: 'close-peer' }, { do: 'say', what: 'left', name }],
  ];
}
