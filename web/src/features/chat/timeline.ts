// What was said in one room as a pure machine: what is held of it, and what is asked of the server next. Knows no
// socket, no clock and nothing of what is not sent yet.
// Invariants: `run` rises by `seq`, holds nothing twice and nothing beyond a hole; what came from beyond one waits
// in `ahead` until the hole is closed; one question is under way at most; a tombstone never speaks again.
import type { HistoryPage, KeptMessage, MessageChanged } from '../../protocol';
import { applyAll, applyChange, merge } from './messages';

export type Ask = { limit: number } & ({ after: number } | { before: number } | object);

type Kind = 'newest' | 'gap' | 'recheck' | 'older';

export interface Asked {
  kind: Kind;
  ticket: number;
  /** `lastSeq` when it was asked. */
  upTo: number;
}

export interface Timeline {
  run: readonly KeptMessage[];
  /** Whatever there is up to here, from the first of the run on, is in the run; undefined before the first page. */
  to: number | undefined;
  ahead: readonly KeptMessage[];
  /** The highest place that is known to be taken. */
  lastSeq: number;
  hasOlder: boolean;
  wantsOlder: boolean;
  /** What lies below may have been changed while nobody listened, and is read again. */
  recheckBelow: number | undefined;
  /** Changes that were heard while a page was under way, which may be older than they are. */
  changes: readonly MessageChanged[];
  isListening: boolean;
  asked: Asked | undefined;
  /** The last page was refused, with this code; asked again by itself, or at once by `retry`. */
  trouble: string | undefined;
  failures: number;
  nextTicket: number;
}

export type TimelineInput =
  /** From now on everything that is said is heard; what came before may have been missed. */
  | { type: 'joined'; lastSeq: number }
  | { type: 'heard'; message: KeptMessage }
  | { type: 'changed'; change: MessageChanged }
  | { type: 'page'; ticket: number; page: HistoryPage }
  | { type: 'refused'; ticket: number; code: string; retryAfter_ms?: number }
  | { type: 'older' }
  | { type: 'retry' };

export type TimelineEffect =
  | { do: 'read'; ticket: number; ask: Ask }
  /** `retry` is to come after so long. */
  | { do: 'rest'; ms: number };

export const timelineLimits = {
  first_page: 60,
  page: 100,
  catch_up_page: 200,
  /** Who has missed more begins with the newest again, and reads the rest by scrolling up. */
  gap_max: 2_000,
  ahead_max: 500,
  run_max: 50_000,
  rest_ms: 2_000,
  rest_ms_max: 30_000,
} as const;

export const timelineEmpty: Timeline = {
  run: [],
  to: undefined,
  ahead: [],
  lastSeq: 0,
  hasOlder: false,
  wantsOlder: false,
  recheckBelow: undefined,
  changes: [],
  isListening: false,
  asked: undefined,
  trouble: undefined,
  failures: 0,
  nextTicket: 1,
};

type Step = [Timeline, TimelineEffect[]];

export function stepTimeline(state: Timeline, input: TimelineInput): Step {
  switch (input.type) {
    case 'joined':
      return askNext(joined(state, input.lastSeq));
    case 'heard':
      return askNext(settle(heard(state, input.message)));
    case 'changed':
      return [changed(state, input.change), []];
    case 'page':
      return state.asked?.ticket === input.ticket
        ? askNext(settle(paged(state, state.asked, input.page)))
        : [state, []];
    case 'refused':
      return state.asked?.ticket === input.ticket
        ? refused(state, input.code, input.retryAfter_ms)
        : [state, []];
    case 'older':
      return askNext({ ...state, wantsOlder: true });
    case 'retry':
      return askNext({ ...state, trouble: undefined });
  }
}

function joined(state: Timeline, lastSeq: number): Timeline {
  const next: Timeline = {
    ...state,
    isListening: true,
    asked: undefined,
    trouble: undefined,
    failures: 0,
    lastSeq: Math.max(state.lastSeq, lastSeq),
  };
  if (state.to === undefined) return next;
  if (next.lastSeq - state.to > timelineLimits.gap_max) {
    return { ...next, run: [], to: undefined, hasOlder: false, recheckBelow: undefined };
  }
  return { ...next, recheckBelow: state.run.length > 0 ? state.to + 1 : undefined };
}

function heard(state: Timeline, message: KeptMessage): Timeline {
  const lastSeq = Math.max(state.lastSeq, message.seq);
  if (state.to !== undefined && message.seq <= state.to) return { ...state, lastSeq };
  // The last ones give way: a page brings them in their turn.
  const ahead = merge(state.ahead, [message]).slice(0, timelineLimits.ahead_max);
  return { ...state, lastSeq, ahead };
}

function changed(state: Timeline, change: MessageChanged): Timeline {
  return {
    ...state,
    run: applyChange(state.run, change),
    ahead: applyChange(state.ahead, change),
    changes: state.asked ? [...state.changes, change] : state.changes,
  };
}

function paged(state: Timeline, asked: Asked, page: HistoryPage): Timeline {
  const messages = applyAll(page.messages, state.changes);
  const next = { ...state, asked: undefined, changes: [], failures: 0, trouble: undefined };
  switch (asked.kind) {
    case 'newest':
      return {
        ...next,
        run: messages,
        to: messages.at(-1)?.seq ?? asked.upTo,
        hasOlder: page.nextBefore !== undefined,
      };
    case 'gap': {
      const last = messages.at(-1)?.seq ?? state.to ?? 0;
      return {
        ...next,
        run: merge(state.run, messages),
        // Where nothing follows, whatever was taken when it was asked is here or no longer anywhere.
        to: page.nextAfter === undefined ? Math.max(last, asked.upTo) : last,
      };
    }
    case 'recheck':
      return rechecked(next, messages, page.nextBefore !== undefined);
    case 'older':
      return {
        ...next,
        run: merge(messages, state.run),
        hasOlder: page.nextBefore !== undefined,
        wantsOlder: false,
      };
  }
}

/** The page stands for everything between its first message and where it was to end. */
function rechecked(state: Timeline, messages: readonly KeptMessage[], hasMore: boolean): Timeline {
  const below = state.recheckBelow ?? 0;
  const from = hasMore ? (messages[0]?.seq ?? below) : 0;
  const before = state.run.filter(({ seq }) => seq < from);
  const after = state.run.filter(({ seq }) => seq >= below);
  return {
    ...state,
    run: [...before, ...messages, ...after],
    recheckBelow: before.length > 0 ? from : undefined,
    hasOlder: before.length > 0 ? state.hasOlder : hasMore,
  };
}

/** Takes from `ahead` what follows without a hole. */
function settle(state: Timeline): Timeline {
  if (state.to === undefined || state.ahead.length === 0) return state;
  let to = state.to;
  const fitting: KeptMessage[] = [];
  const ahead: KeptMessage[] = [];
  for (const message of state.ahead) {
    if (message.seq > to + 1) ahead.push(message);
    else {
      to = Math.max(to, message.seq);
      fitting.push(message);
    }
  }
  return fitting.length === 0 ? state : { ...state, to, ahead, run: merge(state.run, fitting) };
}

function refused(state: Timeline, code: string, retryAfter_ms: number | undefined): Step {
  const failures = state.failures + 1;
  const { rest_ms, rest_ms_max } = timelineLimits;
  const ms = retryAfter_ms ?? Math.min(rest_ms * 2 ** (failures - 1), rest_ms_max);
  return [
    { ...state, asked: undefined, changes: [], trouble: code, failures },
    isFinal(code) ? [] : [{ do: 'rest', ms }],
  ];
}

/** Asking again would be answered in the same way. */
function isFinal(code: string): boolean {
  return ['room-not-found', 'not-allowed', 'unknown-event', 'bad-payload', 'banned'].includes(code);
}

function askNext(state: Timeline): Step {
  if (!state.isListening || state.asked || state.trouble !== undefined) return [state, []];
  const next = nextQuestion(state);
  if (!next) return [state, []];
  const [kind, ask] = next;
  const ticket = state.nextTicket;
  const asked = { kind, ticket, upTo: state.lastSeq };
  return [{ ...state, asked, nextTicket: ticket + 1 }, [{ do: 'read', ticket, ask }]];
}

function nextQuestion(state: Timeline): [Kind, Ask] | undefined {
  const { first_page, page, catch_up_page, run_max } = timelineLimits;
  const { to, recheckBelow, run } = state;
  if (to === undefined) return ['newest', { limit: first_page }];
  if (state.lastSeq > to) return ['gap', { after: to, limit: catch_up_page }];
  if (recheckBelow !== undefined)
    return ['recheck', { before: recheckBelow, limit: catch_up_page }];
  const first = run[0];
  if (state.wantsOlder && state.hasOlder && first && run.length < run_max) {
    return ['older', { before: first.seq, limit: page }];
  }
  return undefined;
}
