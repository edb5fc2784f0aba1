// The conversation with one partner as a pure machine: lines with their state, who is typing, and when to
// tell the other side that we are. Knows no socket and no clock: timers are effects.
// Invariants: a line keeps its `clientId` through every retry; what another room says is not shown; the
// last conversation stays until the next begins.
import type { ClientEvent, ServerEvent } from '../../protocol';

export type LineState = 'sending' | 'sent' | 'failed';

export type Line =
  | { id: string; whose: 'mine'; text: string; state: LineState; problem?: string }
  | { id: string; whose: 'theirs'; text: string; name: string };

export interface ChatState {
  roomId: string | undefined;
  partnerName: string | undefined;
  lines: readonly Line[];
  isPartnerTyping: boolean;
  /** The partner has been told that we are typing, and may not be told again yet. */
  isTold: boolean;
  unread: number;
  /** What was said before this page was loaded is not here. */
  isLater: boolean;
}

export type ChatTimer = 'partner-typing' | 'tell-again' | 'fell-still';

export type ChatInput =
  /** `isLater`: the call goes on, and this page has not seen its beginning. */
  | { type: 'opened'; roomId: string; name: string; isLater: boolean }
  | { type: 'ended' }
  | { type: 'said'; id: string; text: string }
  | { type: 'retry'; id: string }
  | { type: 'settled'; id: string; ok: boolean; problem?: string }
  | { type: 'typed'; isEmpty: boolean }
  | { type: 'timer'; timer: ChatTimer }
  | { type: 'told'; event: ServerEvent; isShown: boolean }
  | { type: 'read' };

type Opened = Extract<ChatInput, { type: 'opened' }>;

export type ChatEffect =
  | { do: 'send'; event: ClientEvent }
  | { do: 'deliver'; id: string; event: ClientEvent }
  | { do: 'wait'; timer: ChatTimer; ms: number }
  | { do: 'forget'; timer: ChatTimer };

export const chatLimits = {
  lines_max: 500,
  tell_again_ms: 3_000,
  fell_still_ms: 4_000,
  partner_typing_ms: 6_000,
} as const;

export const chatEmpty: ChatState = {
  roomId: undefined,
  partnerName: undefined,
  lines: [],
  isPartnerTyping: false,
  isTold: false,
  unread: 0,
  isLater: false,
};

type Step = [ChatState, ChatEffect[]];

export function stepChat(state: ChatState, input: ChatInput): Step {
  switch (input.type) {
    case 'opened':
      return opened(state, input);
    case 'ended':
      return [ended(state), forgetAll()];
    case 'said':
      return said(state, input.id, input.text);
    case 'retry':
      return retry(state, input.id);
    case 'settled':
      return [withLine(state, input.id, input.ok ? 'sent' : 'failed', input.problem), []];
    case 'typed':
      return typed(state, input.isEmpty);
    case 'timer':
      return rang(state, input.timer);
    case 'told':
      return told(state, input.event, input.isShown);
    case 'read':
      return [state.unread === 0 ? state : { ...state, unread: 0 }, []];
  }
}

function opened(state: ChatState, { roomId, name, isLater }: Opened): Step {
  if (state.roomId === roomId) return [state, []];
  return [{ ...chatEmpty, roomId, partnerName: name, isLater }, forgetAll()];
}

/** What is still on its way when the room ends will not arrive. */
function ended(state: ChatState): ChatState {
  return {
    ...state,
    roomId: undefined,
    isPartnerTyping: false,
    isTold: false,
    lines: state.lines.map((line) =>
      line.whose === 'mine' && line.state === 'sending' ? { ...line, state: 'failed' } : line,
    ),
  };
}

function said(state: ChatState, id: string, text: string): Step {
  if (!state.roomId) return [state, []];
  const [still, effects] = fallStill(state);
  return [
    add(still, { id, whose: 'mine', text, state: 'sending' }),
    [...effects, deliver(state.roomId, id, text)],
  ];
}

function retry(state: ChatState, id: string): Step {
  const line = state.lines.find((each) => each.id === id);
  if (!state.roomId || line?.whose !== 'mine' || line.state !== 'failed') return [state, []];
  return [withLine(state, id, 'sending'), [deliver(state.roomId, id, line.text)]];
}

function deliver(roomId: string, id: string, message: string): ChatEffect {
  return {
    do: 'deliver',
    id,
    event: { event: 'newMessage', data: { roomId, message, clientId: id } },
  };
}

function typed(state: ChatState, isEmpty: boolean): Step {
  if (!state.roomId) return [state, []];
  if (isEmpty) return fallStill(state);
  const wait: ChatEffect = { do: 'wait', timer: 'fell-still', ms: chatLimits.fell_still_ms };
  if (state.isTold) return [state, [wait]];
  return [
    { ...state, isTold: true },
    [
      wait,
      tellTyping(state.roomId, true),
      { do: 'wait', timer: 'tell-again', ms: chatLimits.tell_again_ms },
    ],
  ];
}

function rang(state: ChatState, timer: ChatTimer): Step {
  switch (timer) {
    case 'partner-typing':
      return [{ ...state, isPartnerTyping: false }, []];
    case 'tell-again':
      return [{ ...state, isTold: false }, []];
    case 'fell-still':
      return state.roomId
        ? [{ ...state, isTold: false }, [tellTyping(state.roomId, false)]]
        : [state, []];
  }
}

function fallStill(state: ChatState): Step {
  const effects: ChatEffect[] = [
    { do: 'forget', timer: 'fell-still' },
    { do: 'forget', timer: 'tell-again' },
  ];
  if (state.isTold && state.roomId) effects.push(tellTyping(state.roomId, false));
  return [{ ...state, isTold: false }, effects];
}

function tellTyping(roomId: string, typing: boolean): ChatEffect {
  return { do: 'send', event: { event: 'typing', data: { roomId, typing } } };
}

function told(state: ChatState, event: ServerEvent, isShown: boolean): Step {
  if (event.event === 'typing' && event.data.roomId === state.roomId) {
    const { typing } = event.data;
    const effect: ChatEffect = typing
      ? { do: 'wait', timer: 'partner-typing', ms: chatLimits.partner_typing_ms }
      : { do: 'forget', timer: 'partner-typing' };
    return [{ ...state, isPartnerTyping: typing }, [effect]];
  }
  if (event.event === 'newMessage' && event.data.roomId === state.roomId) {
    const { messageId, message, name } = event.data;
    if (state.lines.some((line) => line.id === messageId)) return [state, []];
    const line: Line = { id: messageId, whose: 'theirs', text: message, name };
    const unread = isShown ? 0 : state.unread + 1;
    return [
      { ...add(state, line), isPartnerTyping: false, unread },
      [{ do: 'forget', timer: 'partner-typing' }],
    ];
  }
  return [state, []];
}

function add(state: ChatState, line: Line): ChatState {
  return { ...state, lines: [...state.lines, line].slice(-chatLimits.lines_max) };
}

function withLine(state: ChatState, id: string, lineState: LineState, problem?: string): ChatState {
  const lines = state.lines.map((line) => {
    if (line.id !== id || line.whose !== 'mine') return line;
    const { problem: _, ...rest } = line;
    return problem ? { ...rest, state: lineState, problem } : { ...rest, state: lineState };
  });
  return { ...state, lines };
}

function forgetAll(): ChatEffect[] {
  const timers: ChatTimer[] = ['partner-typing', 'tell-again', 'fell-still'];
  return timers.map((timer) => ({ do: 'forget', timer }));
}
