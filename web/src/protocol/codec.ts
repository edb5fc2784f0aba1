// Frames as text, both ways. An event that this page does not know is no error (the server may be newer):
// it decodes to undefined, as does anything that is not a frame. Payloads are checked for what the page
// relies upon and no more; knows nothing of sockets.
import type { ClientEvent, ServerEventName, ServerFrame } from './words';

export function encode(event: ClientEvent, ref?: number): string {
  return JSON.stringify(ref === undefined ? event : { ...event, ref });
}

export function decode(text: string): ServerFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(frame)) return undefined;
  if (typeof frame.ack === 'number') {
    const isAck = isRecord(frame.error)
      ? typeof frame.error.code === 'string'
      : isRecord(frame.data);
    return isAck ? (frame as unknown as ServerFrame) : undefined;
  }
  if (!isKnown(frame.event) || !isRecord(frame.data)) return undefined;
  const wanted = required[frame.event];
  const data = frame.data;
  const isWhole = Object.entries(wanted).every(([field, type]) => fits(data[field], type));
  return isWhole ? (frame as unknown as ServerFrame) : undefined;
}

type FieldType = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'any';

/** The fields without which the page could not act on an event. A map, so that no event is forgotten. */
const required: Record<ServerEventName, Record<string, FieldType>> = {
  welcome: { socketId: 'string', token: 'string', limits: 'object', heartbeat: 'object' },
  waiting: { waiting: 'number' },
  'match-done': {
    roomId: 'string',
    initiator: 'boolean',
    mode: 'string',
    remoteUserDetails: 'object',
    iceServers: 'array',
  },
  'negotiation-call-offer': { roomId: 'string', offer: 'any' },
  'negotiation-call-answer': { roomId: 'string', ans: 'any' },
  'new-ice-candidates': { roomId: 'string' },
  'stop-by-remote-user': { roomId: 'string', reason: 'string' },
  'partner-away': { roomId: 'string' },
  'partner-back': { roomId: 'string' },
  newMessage: { messageId: 'string', message: 'string', roomId: 'string' },
  typing: { roomId: 'string', typing: 'boolean' },
  'room-members': { roomId: 'string', count: 'number' },
  'message-changed': { roomId: 'string', messageId: 'string', seq: 'number' },
  read: { roomId: 'string', userId: 'string', seq: 'number' },
  presence: { userId: 'string', online: 'boolean' },
  error: { code: 'string' },
  draining: { reconnectInMs: 'number' },
};

function isKnown(event: unknown): event is ServerEventName {
  return typeof event === 'string' && Object.hasOwn(required, event);
}

function fits(value: unknown, type: FieldType): boolean {
  if (type === 'any') return value !== undefined;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isRecord(value);
  return typeof value === type;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
