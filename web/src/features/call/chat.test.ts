import { describe, expect, it } from 'vitest';
import type { ServerEvent } from '../../protocol';
import { type ChatEffect, type ChatInput, type ChatState, chatEmpty, stepChat } from './chat';

function run(inputs: ChatInput[], from: ChatState = chatEmpty): [ChatState, ChatEffect[]] {
  let state = from;
  let last: ChatEffect[] = [];
  for (const input of inputs) [state, last] = stepChat(state, input);
  return [state, last];
}

const opened: ChatInput = { type: 'opened', roomId: 'r1', name: 'Ada', isLater: false };
const open = run([opened])[0];
const heard = (roomId: string, messageId: string, isShown = true): ChatInput => ({
  type: 'told',
  isShown,
  event: {
    event: 'newMessage',
    data: { roomId, messageId, message: 'hello', name: 'Ada', seq: 1 },
  } as ServerEvent,
});
const typing = (isTyping: boolean): ChatInput => ({
  type: 'told',
  isShown: true,
  event: { event: 'typing', data: { roomId: 'r1', userId: 'u', typing: isTyping } },
});
const said: ChatInput = { type: 'said', id: 'c1', text: 'hi' };
const delivery: ChatEffect = {
  do: 'deliver',
  id: 'c1',
  event: { event: 'newMessage', data: { roomId: 'r1', message: 'hi', clientId: 'c1' } },
};
const tell = (isTyping: boolean): ChatEffect => ({
  do: 'send',
  event: { event: 'typing', data: { roomId: 'r1', typing: isTyping } },
});

describe('a line of mine', () => {
  it('is sending, then sent', () => {
    const [state, effects] = run([said], open);
    expect(state.lines).toMatchObject([{ id: 'c1', state: 'sending' }]);
    expect(effects).toContainEqual(delivery);
    const [after] = run([{ type: 'settled', id: 'c1', ok: true }], state);
    expect(after.lines).toMatchObject([{ id: 'c1', state: 'sent' }]);
  });

  it('that failed is tried again under the same id', () => {
    const [failed] = run(
      [said, { type: 'settled', id: 'c1', ok: false, problem: 'rate-limited' }],
      open,
    );
    expect(failed.lines).toMatchObject([{ state: 'failed', problem: 'rate-limited' }]);
    const [again, effects] = run([{ type: 'retry', id: 'c1' }], failed);
    expect(effects).toEqual([delivery]);
    expect(again.lines).toEqual([{ id: 'c1', whose: 'mine', text: 'hi', state: 'sending' }]);
  });

  it('on its way when the room ends has failed, and is not sent to the next partner', () => {
    const [ended] = run([said, { type: 'ended' }], open);
    expect(ended.lines).toMatchObject([{ state: 'failed' }]);
    expect(run([{ type: 'retry', id: 'c1' }], ended)[1]).toEqual([]);
    const next: ChatInput = { type: 'opened', roomId: 'r2', name: 'Noor', isLater: false };
    expect(run([next], ended)[0].lines).toEqual([]);
  });

  it('is neither lost nor doubled when the same room is opened again', () => {
    const [state] = run([said, heard('r1', 'm1'), { ...opened, isLater: true }], open);
    expect(state.lines.map(({ id }) => id)).toEqual(['c1', 'm1']);
    expect(run([{ type: 'settled', id: 'c1', ok: true, seq: 2 }], state)[0].lines).toMatchObject([
      { id: 'c1', state: 'sent' },
      { id: 'm1' },
    ]);
  });

  it('is not said into an empty room', () => {
    expect(run([said])).toEqual([chatEmpty, []]);
  });
});

describe('what the server has kept', () => {
  const kept = (seq: number, userId: string, clientId?: string) => ({
    messageId: `m${seq}`,
    seq,
    userId,
    name: 'Ada',
    message: `text ${seq}`,
    timestamp: '2026-01-01T00:00:00.000Z',
    ...(clientId && { clientId }),
  });
  const earlier = (...messages: ReturnType<typeof kept>[]): ChatInput => ({
    type: 'earlier',
    roomId: 'r1',
    partnerId: 'ada',
    messages,
  });

  it('stands in its place, once, before what has none yet', () => {
    const [state] = run(
      [said, heard('r1', 'm1'), earlier(kept(1, 'ada'), kept(2, 'me', 'c0'), kept(3, 'ada'))],
      open,
    );
    expect(state.lines.map(({ id }) => id)).toEqual(['m1', 'c0', 'm3', 'c1']);
    expect(state.lines.map(({ whose }) => whose)).toEqual(['theirs', 'mine', 'theirs', 'mine']);
  });

  it('says of a line on its way that it has arrived', () => {
    const [state] = run([said, earlier(kept(1, 'me', 'c1'))], open);
    expect(state.lines).toMatchObject([{ id: 'c1', state: 'sent' }]);
  });

  it('of another room is not shown', () => {
    expect(
      run([{ ...opened, roomId: 'r2' } as ChatInput, earlier(kept(1, 'ada'))])[0].lines,
    ).toEqual([]);
  });
});

describe('a line of theirs', () => {
  it('is shown once, counted while unseen, and only from this room', () => {
    const [state] = run([heard('r1', 'm1'), heard('r1', 'm1'), heard('r0', 'm0')], open);
    expect(state.lines.map((line) => line.id)).toEqual(['m1']);
    const [unseen] = run([heard('r1', 'm2', false)], state);
    expect(unseen.unread).toBe(1);
    expect(run([{ type: 'read' }], unseen)[0].unread).toBe(0);
  });
});

describe('typing', () => {
  it('is told at most once in a while, and taken back when still', () => {
    const [state, first] = run([{ type: 'typed', isEmpty: false }], open);
    expect(first).toContainEqual(tell(true));
    const [more, second] = run([{ type: 'typed', isEmpty: false }], state);
    expect(second).not.toContainEqual(tell(true));
    expect(run([{ type: 'timer', timer: 'fell-still' }], more)[1]).toEqual([tell(false)]);
    expect(run([said], more)[1]).toContainEqual(tell(false));
    expect(run([{ type: 'typed', isEmpty: true }], more)[1]).toContainEqual(tell(false));
  });

  it('of the partner ends with their line, or by itself', () => {
    const [state, effects] = run([typing(true)], open);
    expect(state.isPartnerTyping).toBe(true);
    expect(effects).toEqual([{ do: 'wait', timer: 'partner-typing', ms: 6_000 }]);
    expect(run([heard('r1', 'm1')], state)[0].isPartnerTyping).toBe(false);
    const [still] = run([{ type: 'timer', timer: 'partner-typing' }], state);
    expect(still.isPartnerTyping).toBe(false);
  });
});
