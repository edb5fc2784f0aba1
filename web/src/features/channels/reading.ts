// Tells the server how far one has read in each room: not with every text, and again where it does not know it yet, be it
// that the link was lost before the answer or that the page was left. Knows nothing of what was read.
import { Timers } from '../../lib/timers';
import type { ClientEvent } from '../../protocol';
import type { Outcome } from '../../signaling/linkState';

const gather_ms = 600;

export class Reading {
  private readonly seq_by_room = new Map<string, number>();
  /** What the server knows. */
  private readonly told_by_room = new Map<string, number>();
  private readonly timers = new Timers<string>();

  constructor(
    private readonly request: (event: ClientEvent) => Promise<Outcome>,
    private readonly isListening: (roomId: string) => boolean,
  ) {}

  /** The server says how far it knows one to have read there. */
  known(roomId: string, seq: number): void {
    this.told_by_room.set(roomId, Math.max(seq, this.toldOf(roomId)));
  }

  read(roomId: string, seq: number): void {
    if (seq <= Math.max(this.toldOf(roomId), this.seq_by_room.get(roomId) ?? 0)) return;
    this.seq_by_room.set(roomId, seq);
    this.timers.set(roomId, gather_ms, () => void this.tell(roomId));
  }

  async tell(roomId: string): Promise<void> {
    const seq = this.seq_by_room.get(roomId);
    if (seq === undefined || !this.isListening(roomId)) return;
    this.seq_by_room.delete(roomId);
    const outcome = await this.request({ event: 'read', data: { roomId, seq } });
    if (outcome.ok) this.known(roomId, seq);
    // What is refused otherwise would be refused again.
    const isLost = !outcome.ok && outcome.error.code === 'link-lost';
    if (isLost && !this.seq_by_room.has(roomId)) this.seq_by_room.set(roomId, seq);
  }

  /** At once: the page may be left. */
  tellAll(): void {
    for (const roomId of [...this.seq_by_room.keys()]) void this.tell(roomId);
  }

  end(): void {
    this.tellAll();
    this.timers.clearAll();
  }

  private toldOf(roomId: string): number {
    return this.told_by_room.get(roomId) ?? 0;
  }
}
