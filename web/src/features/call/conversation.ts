// The shell of the chat: it feeds the chat machine and carries out what it decides, over the link that it is
// given. Decides nothing itself.
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { ServerEvent } from '../../protocol';
import type { ServerLink } from '../../signaling/socket';
import { type ChatEffect, type ChatInput, type ChatTimer, chatEmpty, stepChat } from './chat';

export class Conversation {
  readonly state = new Store(chatEmpty);
  private isShown = true;
  private lineCount = 0;
  private readonly timers = new Timers<ChatTimer>();

  constructor(private readonly link: () => ServerLink) {}

  begin(roomId: string, name: string, isLater: boolean): void {
    this.input({ type: 'opened', roomId, name, isLater });
  }

  /** The call is over; what was said stays to be read. */
  close(): void {
    this.input({ type: 'ended' });
  }

  say(text: string): void {
    this.lineCount += 1;
    const id = `${Date.now().toString(36)}-${this.lineCount}-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;
    this.input({ type: 'said', id, text });
  }

  retry(id: string): void {
    this.input({ type: 'retry', id });
  }

  typed(isEmpty: boolean): void {
    this.input({ type: 'typed', isEmpty });
  }

  show(isShown: boolean): void {
    this.isShown = isShown;
    if (isShown) this.input({ type: 'read' });
  }

  hear(event: ServerEvent): void {
    this.input({ type: 'told', event, isShown: this.isShown });
  }

  end(): void {
    this.timers.clearAll();
  }

  private input(input: ChatInput): void {
    const [state, effects] = stepChat(this.state.get(), input);
    this.state.set(state);
    for (const effect of effects) this.act(effect);
  }

  private act(effect: ChatEffect): void {
    switch (effect.do) {
      case 'send':
        return this.link().send(effect.event);
      case 'deliver':
        return void this.link()
          .request(effect.event)
          .then((outcome) => {
            const problem = outcome.ok ? undefined : outcome.error.code;
            const { id } = effect;
            this.input({ type: 'settled', id, ok: outcome.ok, ...(problem ? { problem } : {}) });
          });
      case 'wait':
        return this.timers.set(effect.timer, effect.ms, () =>
          this.input({ type: 'timer', timer: effect.timer }),
        );
      case 'forget':
        return this.timers.clear(effect.timer);
    }
  }
}
