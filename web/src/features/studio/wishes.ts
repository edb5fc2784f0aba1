// What a visitor may wish for in the studio, and what follows from it. Plain functions; no device is
// touched here.

import type { Device } from '../../lib/devices';
import { text } from '../../lib/text';
import type { LocalView } from '../../media/local';
import type { Mode } from '../../protocol';

/** The server's own bound may be lower; it says so when asked. */
export const nameChars_max = 40;

export function readMode(value: string | undefined | null): Mode {
  return value === 'audio' || value === 'text' ? value : 'video';
}

export function devicesFor(mode: Mode): readonly Device[] {
  switch (mode) {
    case 'video':
      return ['camera', 'microphone'];
    case 'audio':
      return ['microphone'];
    case 'text':
      return [];
  }
}

export function canCall(): boolean {
  return typeof RTCPeerConnection !== 'undefined';
}

/** A name as it will be sent: trimmed, and cut by characters as people and the server count them. */
export function cutName(name: string): string {
  return [...name.trim()].slice(0, nameChars_max).join('').trim();
}

/** What the visitor should know before starting without a device. */
export function startWarning(mode: Mode, media: LocalView): string | undefined {
  const isMissing = (device: Device) =>
    devicesFor(mode).includes(device) && media[device].state !== 'on';
  const words = text.studio.startWithout;
  if (media.camera.state === 'asking' || media.microphone.state === 'asking') return undefined;
  if (isMissing('camera') && isMissing('microphone')) return words.both;
  if (isMissing('camera')) return words.camera;
  if (isMissing('microphone')) return words.microphone;
  return undefined;
}
