// The shell of the chat: it feeds the chat machine and carries out what it decides, over the link that it is
// given. Decides nothing itself.
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { HistoryPage, MatchDone, MessageAck, ServerEvent } from '../../protocol';
import type { ServerLink } from '../../signaling/socket';
import { freshClientId } from '../chat/clientId';
import { type ChatEffect, type ChatInput, type ChatTimer, chatEmpty, stepChat } from './chat';

const earlier_max = 200;

export class Conversation {
  readonly state = new Store(chatEmpty);
  private isShown = true;
  private readonly timers = new Timers<ChatTimer>();

  constructor(private readonly link: () => ServerLink) {}

  /** `isAgain`: the call goes on, and what was said in it may have been missed. */
  begin({ roomId, remoteUserDetails }: MatchDone, isAgain: boolean): void {
    const { userId, userName } = remoteUserDetails;
    this.input({ type: 'opened', roomId, name: userName, isLater: isAgain });
    if (isAgain) void this.readEarlier(roomId, userId);
  }

  /** The call is over; what was said stays to be read. */
  close(): void {
    this.input({ type: 'ended' });
  }

  say(text: string): void {
    this.input({ type: 'said', id: freshClientId(), text });
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

  /** A server that keeps nothing of calls refuses, and the talk goes on without. */
  private async readEarlier(roomId: string, partnerId: string): Promise<void> {
    const data = { roomId, limit: earlier_max };
    const outcome = await this.link().request({ event: 'history', data });
    if (!outcome.ok || !Array.isArray(outcome.data.messages)) return;
    const { messages } = outcome.data as unknown as HistoryPage;
    this.input({ type: 'earlier', roomId, partnerId, messages });
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
            const seq = outcome.ok ? (outcome.data as Partial<MessageAck>).seq : undefined;
            this.input({
              type: 'settled',
              id,
              ok: outcome.ok,
              ...(problem !== undefined && { problem }),
              ...(seq !== undefined && { seq }),
            });
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
