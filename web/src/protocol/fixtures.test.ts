// The golden frames of the wire, read by the server's tests as well: what the server may say is understood,
// and what this page says is what the server understands.
import { describe, expect, it } from 'vitest';
import { type ClientEvent, decode, encode } from '.';

interface Case {
  name: string;
  valid: boolean;
  frame: unknown;
}

/** Found by pattern, so that the page can be built where the rest of the repository is not. */
const files = import.meta.glob<{ direction: 'client' | 'server'; cases: Case[] }>(
  '../../../crates/protocol/fixtures/*.json',
  { eager: true, import: 'default' },
);
const casesOf = (direction: 'client' | 'server') =>
  Object.values(files).flatMap((file) => (file.direction === direction ? file.cases : []));
const serverCases = casesOf('server');
const clientCases = casesOf('client');

describe('what the server says', () => {
  it.each(serverCases.map((each) => [each.name, each] as const))('%s', (_, { frame, valid }) => {
    const decoded = decode(JSON.stringify(frame));
    expect(decoded).toEqual(valid ? frame : undefined);
  });
});

describe('what this page says', () => {
  const valid = clientCases.filter((each) => each.valid);
  it.each(valid.map((each) => [each.name, each] as const))('%s', (_, { frame }) => {
    const { ref, ...event } = frame as { ref?: number } & ClientEvent;
    expect(JSON.parse(encode(event, ref))).toEqual(frame);
  });

  it('there is a golden frame for each event that it sends', () => {
    const named = new Set(valid.map(({ frame }) => (frame as ClientEvent).event));
    const ours: ClientEvent['event'][] = [
      'hello',
      'request-room',
      'cancel-request',
      'stop-call',
      'undo-skip',
      'block-user',
      'negotiation-call-offer',
      'negotiation-call-answer',
      'send-new-ice-candidates',
      'newMessage',
      'typing',
      'join-room',
      'leave-room',
      'history',
      'read',
      'edit-message',
      'delete-message',
      'watch-presence',
      'heartbeat',
    ];
    expect(ours.filter((event) => !named.has(event))).toEqual([]);
  });
});

describe('what is no frame', () => {
  it.each([
    'not JSON',
    '[]',
    'null',
    '7',
    '{}',
    '{"event":"waiting"}',
    '{"event":"waiting","data":{"waiting":"3"}}',
    '{"event":"match-done","data":{"roomId":"r"}}',
    '{"event":"constructor","data":{}}',
    '{"event":"later-event","data":{}}',
    '{"ack":1}',
    '{"ack":1,"error":{}}',
  ])('%s', (text) => {
    expect(decode(text)).toBeUndefined();
  });
});
