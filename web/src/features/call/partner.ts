// What the server says of partners: that there is one, that they are away or back or gone, or that we wait for
// one. Part of the call machine.
import type { MatchDone, StopReason } from '../../protocol';
import { looking, stopCall } from './looking';
import type { Step } from './machine';
import {
  type Because,
  type CallEffect,
  type CallState,
  type Crowd,
  callTimes,
  partnerOf,
  type Talking,
} from './stage';

export function waits(state: CallState, crowd: Crowd): Step {
  switch (state.stage.kind) {
    case 'looking':
      return [{ ...state, stage: { ...state.stage, crowd } }, []];
    case 'talking':
      // Whom the server has queued is in no room: the match on screen was left by an earlier wish of ours.
      return [
        { ...state, stage: { ...looking({ kind: 'next' }), crowd } },
        [{ do: 'close-peer' }, { do: 'forget', timer: 'away' }],
      ];
    case 'idle':
    case 'refused':
      return [state, []];
  }
}

export function matched(state: CallState, match: MatchDone): Step {
  const { stage } = state;
  switch (stage.kind) {
    case 'idle':
    case 'refused':
      return [state, [stopCall(match.roomId)]];
    case 'talking':
      if (stage.match.roomId === match.roomId) return toldAgain(state, stage, match);
      return meet(state, match, [{ do: 'close-peer' }, { do: 'forget', timer: 'away' }]);
    case 'looking':
      // After a resume the server may tell us once more of the room that we are about to leave.
      if (stage.leaving === match.roomId) return [state, []];
      return meet(state, match, [{ do: 'forget', timer: 'hold' }]);
  }
}

function meet(state: CallState, match: MatchDone, first: CallEffect[]): Step {
  const { userName: name, userId } = match.remoteUserDetails;
  const isBack = state.skipped !== undefined && state.skipped.userId === userId;
  const effects: CallEffect[] = isBack ? [...first, { do: 'forget', timer: 'skipped' }] : first;
  return [
    { ...state, stage: talking(match), ...(isBack && { skipped: undefined }) },
    [
      ...effects,
      { do: 'open-peer', match, isAgain: false },
      { do: 'say', what: 'connected', name },
    ],
  ];
}

export function talking(match: MatchDone): Talking {
  return { kind: 'talking', match, away: undefined, isUncertain: false };
}

/** The call that we are in, after signals may have been lost. */
function toldAgain(state: CallState, stage: Talking, match: MatchDone): Step {
  const effect: CallEffect = stage.isUncertain
    ? { do: 'open-peer', match, isAgain: true }
    : { do: 'restart-peer' };
  return [{ ...state, stage: talking(match) }, [{ do: 'forget', timer: 'away' }, effect]];
}

/** The server has queued us again by itself (autoNext), so nothing is asked for. */
export function left(state: CallState, roomId: string, reason: StopReason): Step {
  const match = partnerOf(state);
  if (match?.roomId !== roomId) return [state, []];
  const { userName: name } = match.remoteUserDetails;
  const because: Because = { kind: 'partner-left', name, reason };
  return [
    { ...state, stage: looking(because) },
    [{ do: 'close-peer' }, { do: 'forget', timer: 'away' }, { do: 'say', what: 'left', name }],
  ];
}

export function away(state: CallState, roomId: string, until_ms: number | undefined): Step {
  const { stage } = state;
  if (stage.kind !== 'talking' || stage.match.roomId !== roomId) return [state, []];
  const isShown = stage.away?.isShown ?? false;
  return [
    { ...state, stage: { ...stage, away: { until_ms, isShown } } },
    isShown ? [] : [{ do: 'wait', timer: 'away', ms: callTimes.away_ms }],
  ];
}

export function back(state: CallState, roomId: string): Step {
  const { stage } = state;
  if (stage.kind !== 'talking' || stage.match.roomId !== roomId) return [state, []];
  const effects: CallEffect[] = [{ do: 'forget', timer: 'away' }, { do: 'mend-peer' }];
  if (stage.away?.isShown) {
    effects.push({ do: 'say', what: 'back', name: stage.match.remoteUserDetails.userName });
  }
  return [{ ...state, stage: { ...stage, away: undefined } }, effects];
}
