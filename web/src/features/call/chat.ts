// The conversation with one partner as a pure machine: lines with their state, who is typing, and when to
// tell the other side that we are. Knows no socket and no clock: timers are effects.
// Invariants: a line keeps its `clientId` through every retry; what another room says is not shown; the
// last conversation stays until the next begins.
import type { ClientEvent, KeptMessage, ServerEvent } from '../../protocol';
import { stepTelling, type TellInput, type TellTimer } from '../chat/telling';

export type LineState = 'sending' | 'sent' | 'failed';

/** `seq` is its place in the room, once it is known. */
export type Line = { id: string; text: string; seq?: number } & (
  | { whose: 'mine'; state: LineState; problem?: string }
  | { whose: 'theirs'; name: string }
);

export interface ChatState {
  roomId: string | undefined;
  partnerName: string | undefined;
  lines: readonly Line[];
  isPartnerTyping: boolean;
  /** The partner has been told that we are typing, and may not be told again yet. */
  isTold: boolean;
  unread: number;
  /** What was said before this page was loaded is not here, or not yet. */
  isLater: boolean;
}

export type ChatTimer = 'partner-typing' | TellTimer;

export type ChatInput =
  /** `isLater`: the call goes on, and this page has not seen its beginning. */
  | { type: 'opened'; roomId: string; name: string; isLater: boolean }
  | { type: 'ended' }
  | { type: 'said'; id: string; text: string }
  | { type: 'retry'; id: string }
  | { type: 'settled'; id: string; ok: boolean; problem?: string; seq?: number }
  /** What the server has kept of this talk; by `partnerId` it tells whose it is. */
  | { type: 'earlier'; roomId: string; partnerId: string; messages: readonly KeptMessage[] }
  | { type: 'typed'; isEmpty: boolean }
  | { type: 'timer'; timer: ChatTimer }
  | { type: 'told'; event: ServerEvent; isShown: boolean }
  | { type: 'read' };

type Opened = Extract<ChatInput, { type: 'opened' }>;
type Settled = Extract<ChatInput, { type: 'settled' }>;
type Earlier = Extract<ChatInput, { type: 'earlier' }>;

export type ChatEffect =
  | { do: 'send'; event: ClientEvent }
  | { do: 'deliver'; id: string; event: ClientEvent }
  | { do: 'wait'; timer: ChatTimer; ms: number }
  | { do: 'forget'; timer: ChatTimer };

export const chatLimits = {
  lines_max: 500,
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
      return [settled(state, input), []];
    case 'earlier':
      return [state.roomId === input.roomId ? withEarlier(state, input) : state, []];
    case 'typed':
      return tell(state, input.isEmpty ? 'emptied' : 'typed');
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
  const [still, effects] = tell(state, 'emptied');
  return [
    add(still, { id, whose: 'mine', text, state: 'sending' }),
    [...effects, deliver(state.roomId, id, text)],
  ];
}

function retry(state: ChatState, id: string): Step {
  const line = state.lines.find((each) => each.id === id);
  if (!state.roomId || line?.whose !== 'mine' || line.state !== 'failed') return [state, []];
  return [withLine(state, id, { state: 'sending' }), [deliver(state.roomId, id, line.text)]];
}

function deliver(roomId: string, id: string, message: string): ChatEffect {
  return {
    do: 'deliver',
    id,
    event: { event: 'newMessage', data: { roomId, message, clientId: id } },
  };
}

function rang(state: ChatState, timer: ChatTimer): Step {
  return timer === 'partner-typing'
    ? [{ ...state, isPartnerTyping: false }, []]
    : tell(state, timer);
}

function tell(state: ChatState, input: TellInput): Step {
  const { roomId } = state;
  if (!roomId) return [state, []];
  const [isTold, effects] = stepTelling(state.isTold, input);
  return [
    { ...state, isTold },
    effects.map((effect) => (effect.do === 'tell' ? tellTyping(roomId, effect.typing) : effect)),
  ];
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
    const { messageId, message, name, seq } = event.data;
    if (state.lines.some((line) => line.id === messageId)) return [state, []];
    const line: Line = { id: messageId, whose: 'theirs', text: message, name, seq };
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

function settled(state: ChatState, { id, ok, problem, seq }: Settled): ChatState {
  return withLine(state, id, {
    state: ok ? 'sent' : 'failed',
    ...(problem !== undefined && { problem }),
    ...(seq !== undefined && { seq }),
  });
}

type Change = { state: LineState; problem?: string; seq?: number };

function withLine(state: ChatState, id: string, change: Change): ChatState {
  const lines = state.lines.map((line) => {
    if (line.id !== id || line.whose !== 'mine') return line;
    const { problem: _, ...rest } = line;
    return { ...rest, ...change };
  });
  return { ...state, lines };
}

/** Puts in what is missing, by its place; what has none yet stays at the end. */
function withEarlier(state: ChatState, { partnerId, messages }: Earlier): ChatState {
  const kept = messages.flatMap((message) => lineOf(message, partnerId) ?? []);
  const byId = new Map(state.lines.map((line) => [line.id, line]));
  for (const line of kept) byId.set(line.id, line);
  const lines = [...byId.values()].sort(
    (one, other) => (one.seq ?? Number.MAX_VALUE) - (other.seq ?? Number.MAX_VALUE),
  );
  return { ...state, lines: lines.slice(-chatLimits.lines_max), isLater: false };
}

function lineOf(kept: KeptMessage, partnerId: string): Line | undefined {
  const { messageId, clientId, userId, message: text, name = '', seq } = kept;
  if (text === undefined) return undefined;
  return userId === partnerId
    ? { id: messageId, whose: 'theirs', text, name, seq }
    : { id: clientId ?? messageId, whose: 'mine', text, state: 'sent', seq };
}

function forgetAll(): ChatEffect[] {
  const timers: ChatTimer[] = ['partner-typing', 'tell-again', 'fell-still'];
  return timers.map((timer) => ({ do: 'forget', timer }));
}
