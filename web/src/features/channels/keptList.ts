// The list of channels as this browser knew it last, so that it is there at once and while one is offline.
import { keep, readKept } from '../../lib/kept';
import { readOwnRoom } from './api';
import type { Channel } from './list';

const name = 'channels';
const channels_max = 100;

export function keepChannels(channels: readonly Channel[]): void {
  keep(name, channels.length === 0 ? undefined : JSON.stringify(channels.slice(0, channels_max)));
}

export function readChannels(): Channel[] {
  return parseChannels(readKept(name));
}

export function parseChannels(text: string | undefined): Channel[] {
  if (text === undefined) return [];
  try {
    const kept: unknown = JSON.parse(text);
    if (!Array.isArray(kept)) return [];
    return kept.flatMap((each) => {
      const room = readOwnRoom(each);
      return room ? { ...room, round: 0, ...lastAtOf(each) } : [];
    });
  } catch {
    // Of an older page, or by another hand: as if there were nothing.
    return [];
  }
}

function lastAtOf(kept: { lastAt?: unknown }): { lastAt?: string } {
  return typeof kept.lastAt === 'string' ? { lastAt: kept.lastAt } : {};
}
