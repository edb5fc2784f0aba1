// The one owner of the visitor's own tracks: asks for devices, keeps the tracks from partner to partner,
// changes devices, and notices when one is unplugged. Knows nothing of peers, rooms or React.
// Invariants: a track that is no longer in the view has been stopped; a camera that is off is really off
// (its light as well), a microphone that is muted is kept and silent.

import type { Device, MediaProblem } from '../lib/devices';
import { keep, readKept } from '../lib/kept';
import { Store } from '../lib/store';
import { problemOf, standingProblem } from './errors';

export interface Source {
  state: 'off' | 'asking' | 'on' | 'problem';
  track: MediaStreamTrack | undefined;
  problem: MediaProblem | undefined;
}

export interface Choice {
  id: string;
  label: string;
}

export interface LocalView {
  camera: Source;
  microphone: Source;
  isMuted: boolean;
  cameras: readonly Choice[];
  microphones: readonly Choice[];
  speakers: readonly Choice[];
  speakerId: string | undefined;
}

const off: Source = { state: 'off', track: undefined, problem: undefined };

export class LocalMedia {
  readonly view = new Store<LocalView>({
    camera: off,
    microphone: off,
    isMuted: false,
    cameras: [],
    microphones: [],
    speakers: [],
    speakerId: readKept('speaker'),
  });
  private holders = 0;

  constructor(private readonly devices: MediaDevices | undefined) {
    devices?.addEventListener?.('devicechange', () => void this.listDevices());
  }

  /** Keeps the devices open while somebody shows or sends them; the last one to let go closes them. */
  hold(): () => void {
    this.holders += 1;
    return () => {
      this.holders -= 1;
      // The next page takes hold in the same turn, and keeps what is open.
      setTimeout(() => this.holders === 0 && this.stop(), 0);
    };
  }

  /** Opens what is wanted and not yet open, with one question to the visitor where that is possible. */
  async open(wanted: readonly Device[]): Promise<void> {
    const missing = wanted.filter((device) => !this.isOpen(device));
    if (missing.length === 0) return;
    for (const device of missing) this.put(device, { ...off, state: 'asking' });
    if (missing.length === 2 && (await this.ask(missing, false))) return this.listDevices();
    for (const device of missing) await this.ask([device], true);
    await this.listDevices();
  }

  close(device: Device): void {
    this.view.get()[device].track?.stop();
    this.put(device, off);
  }

  setMuted(isMuted: boolean): void {
    const { track } = this.view.get().microphone;
    if (track) track.enabled = !isMuted;
    this.view.set({ ...this.view.get(), isMuted });
  }

  async choose(device: Device | 'speaker', id: string): Promise<void> {
    keep(device, id || undefined);
    if (device === 'speaker') {
      return this.view.set({ ...this.view.get(), speakerId: id || undefined });
    }
    if (this.view.get()[device].state === 'off') return;
    // Some systems cannot open a second device while the first is in use.
    this.view.get()[device].track?.stop();
    this.put(device, { ...off, state: 'asking' });
    await this.ask([device], true);
  }

  stop(): void {
    this.close('camera');
    this.close('microphone');
  }

  private isOpen(device: Device): boolean {
    const { state } = this.view.get()[device];
    return state === 'on' || state === 'asking';
  }

  /** True when all that were asked for are on. With `isFinal` a failure is shown, else left to retry. */
  private async ask(wanted: readonly Device[], isFinal: boolean): Promise<boolean> {
    const standing = standingProblem(
      globalThis.isSecureContext,
      this.devices?.getUserMedia !== undefined,
    );
    if (standing || !this.devices) {
      for (const device of wanted) this.fail(device, standing ?? 'unsupported');
      return true;
    }
    try {
      this.take(await this.devices.getUserMedia(constraints(wanted, true)));
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (!isFinal) return false;
      // The device chosen earlier may be gone: any other is better than none.
      const another =
        problem === 'unfit' || problem === 'missing'
          ? await this.devices.getUserMedia(constraints(wanted, false)).catch(() => undefined)
          : undefined;
      if (another) this.take(another);
      else for (const device of wanted) this.fail(device, problem);
      return another !== undefined;
    }
  }

  private take(stream: MediaStream): void {
    for (const track of stream.getTracks()) {
      const device: Device = track.kind === 'audio' ? 'microphone' : 'camera';
      // Nobody waits for it any more: the visitor left or changed their mind meanwhile.
      if (this.holders === 0 || this.view.get()[device].state !== 'asking') {
        track.stop();
        continue;
      }
      if (device === 'microphone') track.enabled = !this.view.get().isMuted;
      track.addEventListener('ended', () => {
        if (this.view.get()[device].track === track) this.fail(device, 'unplugged');
      });
      this.put(device, { state: 'on', track, problem: undefined });
    }
  }

  private fail(device: Device, problem: MediaProblem): void {
    this.put(device, { state: 'problem', track: undefined, problem });
  }

  private put(device: Device, source: Source): void {
    this.view.set({ ...this.view.get(), [device]: source });
  }

  private async listDevices(): Promise<void> {
    const all = (await this.devices?.enumerateDevices?.().catch(() => [])) ?? [];
    const of = (kind: MediaDeviceKind): Choice[] =>
      all
        .filter((each) => each.kind === kind && each.deviceId !== '')
        .map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.view.set({
      ...this.view.get(),
      cameras: of('videoinput'),
      microphones: of('audioinput'),
      speakers: of('audiooutput'),
    });
  }
}

function constraints(wanted: readonly Device[], isChoiceKept: boolean): MediaStreamConstraints {
  const chosen = (device: Device) => {
    const id = isChoiceKept ? readKept(device) : undefined;
    return id ? { deviceId: { exact: id } } : {};
  };
  return {
    ...(wanted.includes('camera') && {
      video: {
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30, max: 30 },
        facingMode: 'user',
        ...chosen('camera'),
      },
    }),
    ...(wanted.includes('microphone') && {
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...chosen('microphone'),
      },
    }),
  };
}

/** The devices of this browser: one owner for the whole page. */
export const localMedia = new LocalMedia(
  typeof navigator === 'undefined' ? undefined : navigator.mediaDevices,
);
