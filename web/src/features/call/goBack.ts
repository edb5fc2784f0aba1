// The way back to the partner whom Next has left: offered for as long as the server would grant it, asked for
// once, and taken away with an honest word. Whether it is granted shows in the next match.
import type { MatchDone } from '../../protocol';
import type { Step } from './machine';
import { type CallEffect, type CallState, callTimes, type Skipped } from './stage';

/** To be called when Next is pressed; the next one makes the former way back impossible. */
export function leaveBehind(state: CallState, match: MatchDone): Step {
  const { userName: name, userId } = match.remoteUserDetails;
  const skipped: Skipped = { name, userId, state: 'offered' };
  return [{ ...state, skipped }, [{ do: 'wait', timer: 'skipped', ms: callTimes.skipped_ms }]];
}

export function goBack(state: CallState): Step {
  if (state.skipped?.state !== 'offered') return [state, []];
  return [{ ...state, skipped: { ...state.skipped, state: 'asked' } }, [{ do: 'ask-back' }]];
}

export function backRefused(state: CallState): Step {
  if (state.skipped?.state !== 'asked') return [state, []];
  return [{ ...state, skipped: { ...state.skipped, state: 'refused' } }, [sayFor()]];
}

/** The time is over: of who was asked for and did not come that is said, for a while. */
export function skippedOver(state: CallState): Step {
  return state.skipped?.state === 'asked'
    ? backRefused(state)
    : [{ ...state, skipped: undefined }, []];
}

function sayFor(): CallEffect {
  return { do: 'wait', timer: 'skipped', ms: callTimes.refused_ms };
}
