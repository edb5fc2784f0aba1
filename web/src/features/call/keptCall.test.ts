import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { MatchDone } from '../../protocol';
import { type KeptCall, keepCall, matchToKeep, parseKeptCall, readKeptCall } from './keptCall';

const call: KeptCall = {
  entry: 'e1',
  wish: { mode: 'video', name: 'Ada' },
  devices: { camera: true, microphone: true, isMuted: false },
  lost: { token: 't', thread: { resume: 'secret', after: 3 } },
};

function storage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
    values: () => [...items.values()],
  } as unknown as Storage;
}

beforeEach(() => {
  vi.stubGlobal('localStorage', storage());
  vi.stubGlobal('sessionStorage', storage());
});
afterEach(() => {
  keepCall(undefined);
  vi.unstubAllGlobals();
});

it('is read by the entry of the history that it belongs to, and by no other', () => {
  keepCall(call);
  expect(readKeptCall('e1')).toEqual(call);
  expect(readKeptCall('e2')).toBeUndefined();
});

it('lies in this window alone, and not at all once the call is stopped', () => {
  keepCall(call);
  expect(localStorage.values()).toEqual([]);
  expect(sessionStorage.values()).toHaveLength(1);
  keepCall(undefined);
  expect(sessionStorage.values()).toEqual([]);
});

it.each([
  undefined,
  'no JSON',
  'null',
  '{}',
  '{"entry":"e1"}',
  JSON.stringify({ ...call, lost: { token: 't', thread: {} } }),
  JSON.stringify({ ...call, match: {} }),
])('what is no call of ours is as nothing: %s', (text) => {
  expect(parseKeptCall(text)).toBeUndefined();
});

it('holds neither the picture nor what reaches relays', () => {
  const match = {
    roomId: 'r',
    iceServers: [{ urls: ['turn:x'], credential: 'c' }],
    remoteUserDetails: { userName: 'Ben', userImage: 'data:' },
  } as MatchDone;
  const kept = JSON.stringify(matchToKeep(match));
  expect(kept).not.toMatch(/turn|credential|data:/);
  expect(kept).toMatch(/Ben/);
});
