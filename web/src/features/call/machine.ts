// What the visitor is doing, as a pure machine: idle, looking for a partner, talking, or held up. Knows
// no socket, media or React; media belongs to the effects, the words on the screen to the catalogue.
// What happens when the link is back stands in return.ts, what partners do in partner.ts, the way back to a
// skipped one in goBack.ts.
// Invariants: a peer is opened only for the room that the visitor is in, and closed before the next; what
// names another room changes nothing; a match that crosses Stop is left before any media is shown or sent.
import type { ServerEvent, WireError } from '../../protocol';
import { backRefused, goBack, leaveBehind, skippedOver } from './goBack';
import { look, looking, requestRoom, stopCall } from './looking';
import { away, back, left, matched, talking, waits } from './partner';
import { linkUp } from './return';
import type { CallEffect, CallInput, CallState, CallTimer, Looking } from './stage';

export type Step = [CallState, CallEffect[]];

export function stepCall(state: CallState, input: CallInput): Step {
  switch (input.type) {
    case 'start':
      return look({ ...state, wish: input.wish }, { kind: 'start' });
    case 'restore': {
      const { wish, match } = input;
      const stage = match ? { ...talking(match), isUncertain: true } : looking({ kind: 'start' });
      return [{ ...state, wish, stage }, []];
    }
    case 'next':
      return next(state);
    case 'stop':
      return stop(state);
    case 'go-back':
      return goBack(state);
    case 'meet-again':
      return meetAgain(state);
    case 'link-up':
      return linkUp({ ...state, isLinkUp: true }, input.standing, input.isAsking);
    case 'link-lost':
      return [{ ...state, isLinkUp: false }, []];
    case 'taken-over':
      return [
        { ...state, stage: { kind: 'idle' }, isLinkUp: false, skipped: undefined },
        [{ do: 'close-peer' }, ...forgetAll()],
      ];
    case 'timer':
      return rang(state, input.timer);
    case 'refused':
      return refused(state, input.error);
    case 'back-refused':
      return backRefused(state);
    case 'told':
      return told(state, input.event);
  }
}

function next(state: CallState): Step {
  switch (state.stage.kind) {
    case 'talking': {
      const { match } = state.stage;
      const [left, offers] = leaveBehind(state, match);
      const [looks, effects] = look(left, { kind: 'next' }, match.roomId);
      return [
        looks,
        [{ do: 'close-peer' }, { do: 'forget', timer: 'away' }, ...effects, ...offers],
      ];
    }
    case 'idle':
    case 'refused':
      return look(state, { kind: 'start' });
    case 'looking':
      return [state, []];
  }
}

function stop(state: CallState): Step {
  const stopped: CallState = { ...state, stage: { kind: 'idle' }, skipped: undefined };
  switch (state.stage.kind) {
    case 'talking': {
      const { roomId, remoteUserDetails } = state.stage.match;
      return [
        stopped,
        [
          { do: 'close-peer' },
          stopCall(roomId),
          ...forgetAll(),
          { do: 'say', what: 'stopped', name: remoteUserDetails.userName },
        ],
      ];
    }
    case 'looking':
      return [
        stopped,
        [...forgetAll(), { do: 'send', event: { event: 'cancel-request', data: {} } }],
      ];
    case 'idle':
    case 'refused':
      return [stopped, []];
  }
}

function meetAgain(state: CallState): Step {
  if (state.stage.kind !== 'looking') return [state, []];
  const stage: Looking = { ...state.stage, isAgain: true };
  return [{ ...state, stage }, [{ do: 'ask', event: requestRoom(state.wish, stage) }]];
}

function rang(state: CallState, timer: CallTimer): Step {
  const { stage } = state;
  switch (timer) {
    case 'hold':
      return stage.kind === 'looking' ? look(state, stage.because) : [state, []];
    case 'skipped':
      return skippedOver(state);
    case 'away': {
      if (stage.kind !== 'talking' || !stage.away) return [state, []];
      const name = stage.match.remoteUserDetails.userName;
      const away = { ...stage.away, isShown: true };
      return [{ ...state, stage: { ...stage, away } }, [{ do: 'say', what: 'away', name }]];
    }
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
      const effects: CallEffect[] = [{ do: 'wait', timer: 'hold', ms: held_ms }];
      // The request was not taken in, so the partner would sit before a still picture until the next one.
      if (leaving) effects.push(stopCall(leaving));
      return [{ ...state, stage: { ...state.stage, held_ms, leaving: undefined } }, effects];
    }
    default:
      return [
        { ...state, stage: { kind: 'refused', code: error.code } },
        [{ do: 'forget', timer: 'hold' }],
      ];
  }
}

function told(state: CallState, event: ServerEvent): Step {
  switch (event.event) {
    case 'match-done':
      return matched(state, event.data);
    case 'waiting': {
      const { waiting, estimateSeconds: estimate_s, relaxed = [] } = event.data;
      return waits(state, { waiting, estimate_s, relaxed });
    }
    case 'stop-by-remote-user':
      return left(state, event.data.roomId, event.data.reason);
    case 'partner-away':
      return away(state, event.data.roomId, event.data.untilMs);
    case 'partner-back':
      return back(state, event.data.roomId);
    case 'welcome':
    case 'negotiation-call-offer':
    case 'negotiation-call-answer':
    case 'new-ice-candidates':
    case 'newMessage':
    case 'typing':
    case 'room-members':
    case 'message-changed':
    case 'read':
    case 'presence':
    case 'error':
    case 'draining':
      return [state, []];
  }
}

function forgetAll(): CallEffect[] {
  const timers: CallTimer[] = ['hold', 'away', 'skipped'];
  return timers.map((timer) => ({ do: 'forget', timer }));
}
