// What a channel is called, as a person would: a direct chat by whom one writes to.
import { text } from '../../lib/text';
import type { Channel } from './list';

export function nameOfChannel({ kind, name, with: partner }: Channel): string {
  if (kind === 'direct') return partner?.name || name || text.channels.someone;
  return name || text.channels.unnamed;
}
