// Tells the server how far one has read in each room: not with every text, and again where the link was lost before
// the answer. Knows nothing of what was read.
import { Timers } from '../../lib/timers';
import type { ClientEvent } from '../../protocol';
import type { Outcome } from '../../signaling/linkState';

const gather_ms = 600;

export class Reading {
  private readonly seq_by_room = new Map<string, number>();
  private readonly timers = new Timers<string>();

  constructor(
    private readonly request: (event: ClientEvent) => Promise<Outcome>,
    private readonly isListening: (roomId: string) => boolean,
  ) {}

  read(roomId: string, seq: number): void {
    this.seq_by_room.set(roomId, seq);
    this.timers.set(roomId, gather_ms, () => void this.tell(roomId));
  }

  async tell(roomId: string): Promise<void> {
    const seq = this.seq_by_room.get(roomId);
    if (seq === undefined || !this.isListening(roomId)) return;
    this.seq_by_room.delete(roomId);
    const outcome = await this.request({ event: 'read', data: { roomId, seq } });
    // What is refused otherwise would be refused again.
    const isLost = !outcome.ok && outcome.error.code === 'link-lost';
    if (isLost && !this.seq_by_room.has(roomId)) this.seq_by_room.set(roomId, seq);
  }

  end(): void {
    this.timers.clearAll();
  }
}
