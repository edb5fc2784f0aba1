// The shell of the outbox: it keeps in this browser what is not sent yet, sends it over the link that it is given, and
// tells where it has come to stand. Decides nothing itself.
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { ClientEvent, KeptMessage, MessageAck } from '../../protocol';
import type { Outcome } from '../../signaling/linkState';
import { freshClientId } from '../chat/clientId';
import {
  canSay,
  type OutboxEffect,
  type OutboxInput,
  outboxEmpty,
  stepOutbox,
  type Unsent,
} from '../chat/outbox';
import { forgetUnsent, keepUnsent, readUnsent } from './kept';

export class Sending {
  readonly outbox = new Store(outboxEmpty);
  private readonly timers = new Timers<string>();

  constructor(
    private readonly request: (event: ClientEvent) => Promise<Outcome>,
    private readonly onPlace: (entry: Unsent, ack: MessageAck) => void,
  ) {}

  start(): void {
    this.input({ type: 'restored', entries: readUnsent() });
  }

  end(): void {
    this.timers.clearAll();
  }

  /** False where nothing more can be taken. */
  say(roomId: string, message: string): boolean {
    if (!canSay(this.outbox.get())) return false;
    const clientId = freshClientId();
    this.input({ type: 'said', roomId, clientId, message, at: Date.now() });
    return true;
  }

  retry(clientId: string): void {
    this.input({ type: 'retry', clientId });
  }

  letGo(clientId: string): void {
    this.input({ type: 'let-go', clientId });
  }

  /** What was still to be said where one has left. */
  drop(roomId: string): void {
    const { entries } = this.outbox.get();
    for (const entry of entries) if (entry.roomId === roomId) this.letGo(entry.clientId);
  }

  open(roomId: string): void {
    this.input({ type: 'opened', roomId });
  }

  /** In one room, or in all. */
  close(roomId?: string): void {
    this.input({ type: 'closed', ...(roomId !== undefined && { roomId }) });
  }

  /** What stands in a room already need not be sent. */
  seen(messages: readonly KeptMessage[], me: string | undefined): void {
    if (this.outbox.get().entries.length === 0) return;
    for (const { userId, clientId } of messages) {
      if (clientId !== undefined && userId === me) this.input({ type: 'seen', clientId });
    }
  }

  private input(input: OutboxInput): void {
    const [state, effects] = stepOutbox(this.outbox.get(), input);
    this.outbox.set(state);
    for (const effect of effects) this.act(effect);
  }

  private act(effect: OutboxEffect): void {
    switch (effect.do) {
      case 'keep':
        return keepUnsent(effect.entry);
      case 'forget':
        return forgetUnsent(effect.clientId);
      case 'place':
        return this.onPlace(effect.entry, effect.ack);
      case 'rest': {
        const { roomId } = effect;
        return this.timers.set(roomId, effect.ms, () => this.input({ type: 'rested', roomId }));
      }
      case 'deliver':
        return void this.deliver(effect.entry);
    }
  }

  private async deliver({ roomId, message, clientId }: Unsent): Promise<void> {
    const data = { roomId, message, clientId };
    const outcome = await this.request({ event: 'newMessage', data });
    if (outcome.ok) {
      const ack = outcome.data as unknown as MessageAck;
      this.input({ type: 'kept', clientId, ack });
    } else this.input({ type: 'refused', clientId, error: outcome.error });
  }
}
