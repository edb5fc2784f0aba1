import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalMedia } from './local';

class FakeTrack extends EventTarget {
  enabled = true;
  readyState = 'live';
  constructor(readonly kind: 'audio' | 'video') {
    super();
  }
  stop() {
    this.readyState = 'ended';
  }
}

type Answer = (asked: MediaStreamConstraints) => unknown;

/** Devices that answer each question in turn; the last answer stands for all that follow. */
function devices(...answers: Answer[]) {
  const getUserMedia = vi.fn(async (asked: MediaStreamConstraints) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    const given = answer?.(asked);
    if (given instanceof Error) throw given;
    const kinds = [asked.audio && 'audio', asked.video && 'video'].filter(Boolean);
    const tracks = kinds.map((kind) => new FakeTrack(kind as 'audio' | 'video'));
    return { getTracks: () => tracks };
  });
  const enumerateDevices = async () => [
    { kind: 'videoinput', deviceId: 'cam', label: 'Camera' },
    { kind: 'audioinput', deviceId: '', label: '' },
  ];
  return { getUserMedia, enumerateDevices } as unknown as MediaDevices & {
    getUserMedia: typeof getUserMedia;
  };
}

const error = (name: string) => Object.assign(new Error(name), { name });
const yes: Answer = () => undefined;

beforeEach(() => vi.stubGlobal('isSecureContext', true));
afterEach(() => vi.unstubAllGlobals());

describe('opening', () => {
  it('asks once for both, and lists what has a name', async () => {
    const from = devices(yes);
    const media = new LocalMedia(from);
    media.hold();
    await media.open(['camera', 'microphone']);
    expect(from.getUserMedia).toHaveBeenCalledOnce();
    const { camera, microphone, cameras, microphones } = media.view.get();
    expect([camera.state, microphone.state]).toEqual(['on', 'on']);
    expect([cameras, microphones]).toEqual([[{ id: 'cam', label: 'Camera' }], []]);
    await media.open(['camera', 'microphone']);
    expect(from.getUserMedia).toHaveBeenCalledOnce();
  });

  it('finds out which of the two is missing, and keeps the other', async () => {
    const media = new LocalMedia(devices((asked) => (asked.video ? error('NotFoundError') : yes)));
    media.hold();
    await media.open(['camera', 'microphone']);
    const { camera, microphone } = media.view.get();
    expect(camera).toMatchObject({ state: 'problem', problem: 'missing' });
    expect(microphone.state).toBe('on');
  });

  it('takes another device when the chosen one is gone', async () => {
    const media = new LocalMedia(devices(() => error('OverconstrainedError'), yes));
    media.hold();
    await media.open(['camera']);
    expect(media.view.get().camera.state).toBe('on');
  });

  it('on an insecure page says so without asking', async () => {
    vi.stubGlobal('isSecureContext', false);
    const media = new LocalMedia(undefined);
    media.hold();
    await media.open(['camera']);
    expect(media.view.get().camera.problem).toBe('insecure');
  });

  it('what arrives after the visitor has left is closed at once', async () => {
    const media = new LocalMedia(devices(yes));
    const letGo = media.hold();
    const opening = media.open(['camera']);
    letGo();
    await opening;
    expect(media.view.get().camera.track).toBeUndefined();
  });
});

describe('an open device', () => {
  it('that is unplugged is a problem; one that is switched off is not', async () => {
    const media = new LocalMedia(devices(yes));
    media.hold();
    await media.open(['camera', 'microphone']);
    media.view.get().microphone.track?.dispatchEvent(new Event('ended'));
    expect(media.view.get().microphone.problem).toBe('unplugged');
    const { track } = media.view.get().camera;
    media.close('camera');
    expect(track?.readyState).toBe('ended');
    expect(media.view.get().camera).toEqual({ state: 'off', track: undefined, problem: undefined });
  });

  it('muted stays muted when it is changed for another', async () => {
    const media = new LocalMedia(devices(yes));
    media.hold();
    await media.open(['microphone']);
    const before = media.view.get().microphone.track;
    media.setMuted(true);
    await media.choose('microphone', 'another');
    const after = media.view.get().microphone.track;
    expect(before?.readyState).toBe('ended');
    expect(after).not.toBe(before);
    expect(after?.enabled).toBe(false);
  });
});
