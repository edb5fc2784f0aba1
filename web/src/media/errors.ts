// What went wrong with a camera or microphone, as one of a few problems that a person can do something
// about, and which browser's fix applies. Knows no sentences: those are in the catalogue.
import type { Browser, MediaProblem } from '../lib/devices';

/** The problem behind a rejection of `getUserMedia`; old browsers' names count as today's. */
export function problemOf(error: unknown): MediaProblem {
  const name = error instanceof Error || isNamed(error) ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      return 'blocked';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return 'missing';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'taken';
    case 'OverconstrainedError':
    case 'ConstraintNotSatisfiedError':
      return 'unfit';
    default:
      return 'unknown';
  }
}

/** Why no device can be asked for here at all, if so. */
export function standingProblem(
  isSecure: boolean,
  hasMediaDevices: boolean,
): MediaProblem | undefined {
  if (hasMediaDevices) return undefined;
  return isSecure ? 'unsupported' : 'insecure';
}

export function browserOf(userAgent: string): Browser {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios';
  if (/Android/.test(userAgent)) return 'android';
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Edg\//.test(userAgent)) return 'edge';
  if (/Chrome\/|Chromium\//.test(userAgent)) return 'chrome';
  if (/Safari\//.test(userAgent)) return 'safari';
  return 'other';
}

function isNamed(value: unknown): value is { name: string } {
  return typeof value === 'object' && value !== null && 'name' in value;
}
