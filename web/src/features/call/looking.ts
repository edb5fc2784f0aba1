// How one begins to look for a partner: the stage, and what is asked of the server. Every way into looking
// leads through here.
import type { ClientEvent } from '../../protocol';
import type { Because, CallEffect, CallState, Looking, Wish } from './stage';

export function looking(because: Because, leaving?: string): Looking {
  return {
    kind: 'looking',
    because,
    crowd: undefined,
    held_ms: undefined,
    leaving,
    isAgain: false,
  };
}

/** Asks for a partner. With the link away the request waits for it, or the link's return asks anew. */
export function look(
  state: CallState,
  because: Because,
  leaving?: string,
): [CallState, CallEffect[]] {
  const stage = looking(because, leaving);
  return [
    { ...state, stage },
    [
      { do: 'forget', timer: 'hold' },
      { do: 'ask', event: requestRoom(state.wish, stage) },
    ],
  ];
}

export function requestRoom(wish: Wish, { leaving, isAgain }: Looking): ClientEvent {
  return {
    event: 'request-room',
    data: {
      mode: wish.mode,
      autoNext: true,
      ...(wish.name ? { name: wish.name } : {}),
      ...(leaving ? { roomId: leaving } : {}),
      ...(isAgain ? { again: true } : {}),
    },
  };
}

export function stopCall(roomId: string): CallEffect {
  return { do: 'send', event: { event: 'stop-call', data: { roomId } } };
}
