// Between the windows of one browser: the one whose call was taken over asks for it back, and the one that has
// it hands it over. Windows of other sites hear nothing of it. Decides nothing about calls.
import type { KeptCall } from './keptCall';

type Word = { ask: string } | { give: string; call: KeptCall };

const channelName = 'liveloop.windows';
const answer_ms = 500;

export class Windows {
  private readonly channel =
    typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(channelName);

  /** `onAsked` answers the call if this window has it, and lets go of it. */
  constructor(onAsked: (socketId: string) => KeptCall | undefined) {
    this.channel?.addEventListener('message', ({ data }: MessageEvent<Word>) => {
      if (!('ask' in data)) return;
      const call = onAsked(data.ask);
      if (call) this.channel?.postMessage({ give: data.ask, call } satisfies Word);
    });
  }

  /** Nothing when no window has it any more. */
  ask(socketId: string): Promise<KeptCall | undefined> {
    const { channel } = this;
    if (!channel) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const end = new AbortController();
      const answer = (call: KeptCall | undefined) => {
        end.abort();
        clearTimeout(timer);
        resolve(call);
      };
      const timer = setTimeout(() => answer(undefined), answer_ms);
      channel.addEventListener(
        'message',
        ({ data }: MessageEvent<Word>) =>
          'give' in data && data.give === socketId && answer(data.call),
        { signal: end.signal },
      );
      channel.postMessage({ ask: socketId } satisfies Word);
    });
  }

  close(): void {
    this.channel?.close();
  }
}
