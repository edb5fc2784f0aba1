// What makes a call go on when its page is loaded again: kept by this window alone, for as long as the visitor
// looks for somebody or talks, and never in the address. Holds no text that anybody wrote.
import { keepHere, readKeptHere } from '../../lib/kept';
import type { MatchDone } from '../../protocol';
import type { Lost } from '../../signaling/socket';
import type { Wish } from './stage';

export interface KeptDevices {
  camera: boolean;
  microphone: boolean;
  isMuted: boolean;
}

export interface KeptCall {
  /** Which entry of the window's history this belongs to: coming anew from the studio is no reload. */
  entry: string;
  wish: Wish;
  devices: KeptDevices;
  /** Absent when another window has taken the call over. */
  lost?: Lost;
  /** The server's public name for this session, by which windows speak of it. */
  socketId?: string;
  match?: MatchDone;
}

const name = 'call';

export function keepCall(call: KeptCall | undefined): void {
  keepHere(name, call && JSON.stringify(call));
}

export function readKeptCall(entry: string): KeptCall | undefined {
  const kept = parseKeptCall(readKeptHere(name));
  return kept?.entry === entry ? kept : undefined;
}

export function parseKeptCall(text: string | undefined): KeptCall | undefined {
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as KeptCall;
    const isWhole =
      typeof kept.entry === 'string' &&
      typeof kept.wish.mode === 'string' &&
      typeof kept.wish.name === 'string' &&
      typeof kept.devices.camera === 'boolean' &&
      (kept.lost === undefined || typeof kept.lost.thread.resume === 'string') &&
      (kept.match === undefined || typeof kept.match.roomId === 'string');
    return isWhole ? kept : undefined;
  } catch {
    // Of an older page, or by another hand: as if there were nothing.
    return undefined;
  }
}

/** The match without what a new welcome brings anyway, and without the picture, which may be large. */
export function matchToKeep(match: MatchDone): MatchDone {
  const { userImage: _, ...remoteUserDetails } = match.remoteUserDetails;
  return { ...match, iceServers: [], remoteUserDetails };
}
