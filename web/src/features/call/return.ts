// What to do when the link is up: the first time, after a session that goes on, and after one that is over.
// The server's word on where we stand decides; what it replays afterwards comes in by itself.
import type { MatchDone } from '../../protocol';
import { look, looking, requestRoom, stopCall } from './looking';
import type { Step } from './machine';
import type { CallEffect, CallState, Looking, Standing, Talking } from './stage';

export function linkUp(state: CallState, standing: Standing, isAsking: boolean): Step {
  const { stage } = state;
  switch (stage.kind) {
    case 'talking':
      return standing.resumed ? stillTalking(state, stage, standing) : callOver(state, stage);
    case 'looking':
      return isAsking || isKnown(stage, standing) ? [state, []] : askAgain(state, stage);
    case 'idle':
    case 'refused':
      return [state, standing.resumed ? stayAlone(standing) : []];
  }
}

function stillTalking(state: CallState, stage: Talking, standing: Standing): Step {
  const isThisCall = standing.state === 'call' && standing.roomId === stage.match.roomId;
  // A fresh `match-done` follows, and whatever it says is done then.
  if (isThisCall && !standing.recovered) return [state, []];
  if (isThisCall && stage.isUncertain) {
    const match: MatchDone = {
      ...stage.match,
      iceServers: standing.iceServers,
      iceCandidatePoolSize: standing.iceCandidatePoolSize,
    };
    return [
      { ...state, stage: { ...stage, match, isUncertain: false } },
      [{ do: 'open-peer', match, isAgain: true }],
    ];
  }
  if (isThisCall) return [state, [{ do: 'mend-peer' }]];
  // How it came to an end is among what is replayed.
  if (standing.recovered) return [state, []];
  if (standing.state === 'idle') return callOver(state, stage);
  const stageNow = looking({ kind: 'link-returned', name: nameOf(stage) });
  return [{ ...state, stage: stageNow }, leaving(stage)];
}

function callOver(state: CallState, stage: Talking): Step {
  const [looks, effects] = look(state, { kind: 'link-returned', name: nameOf(stage) });
  return [looks, [...leaving(stage), ...effects]];
}

function leaving(stage: Talking): CallEffect[] {
  return [
    { do: 'close-peer' },
    { do: 'forget', timer: 'away' },
    { do: 'say', what: 'left', name: nameOf(stage) },
  ];
}

function nameOf({ match }: Talking): string {
  return match.remoteUserDetails.userName;
}

/** Whether the server knows that we are looking, or has found somebody already. */
function isKnown({ leaving }: Looking, { resumed, state, roomId }: Standing): boolean {
  if (!resumed) return false;
  return state === 'waiting' || (state === 'call' && roomId !== leaving);
}

function askAgain(state: CallState, stage: Looking): Step {
  return [
    { ...state, stage: { ...stage, crowd: undefined, held_ms: undefined } },
    [
      { do: 'forget', timer: 'hold' },
      { do: 'ask', event: requestRoom(state.wish, stage) },
    ],
  ];
}

/** Whoever has stopped is neither in a call nor waiting, whatever became of what said so. */
function stayAlone({ state, roomId }: Standing): CallEffect[] {
  if (state === 'call' && roomId) return [stopCall(roomId)];
  if (state === 'waiting') {
    return [{ do: 'send', event: { event: 'cancel-request', data: {} } }];
  }
  return [];
}
