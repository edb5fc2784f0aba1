// Who of those one sees is online: asks to watch them whenever they change, and again in a new session. Without an
// answer nobody is said to be here or away.
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { ClientEvent, PresenceWatched } from '../../protocol';
import type { Outcome } from '../../signaling/linkState';

/** The server watches two hundred for one connection. */
const watched_max = 200;
const gather_ms = 250;
/** A store in trouble may not know who shares a channel, and one who has just left may be among those asked for. */
const again_ms = 5_000;

export class Presence {
  readonly online = new Store<ReadonlyMap<string, boolean>>(new Map());
  private asked = '';
  private isEnded = false;
  private readonly timers = new Timers<'ask'>();

  constructor(
    private readonly request: (event: ClientEvent) => Promise<Outcome>,
    private readonly wanted: () => string[],
  ) {}

  refresh(): void {
    this.timers.set('ask', gather_ms, () => void this.ask());
  }

  hear({ userId, online }: { userId: string; online: boolean }): void {
    this.online.set(new Map(this.online.get()).set(userId, online));
  }

  /** Of a session that is over nothing more is heard. */
  forget(): void {
    this.asked = '';
    this.online.set(new Map());
  }

  end(): void {
    this.isEnded = true;
    this.timers.clearAll();
  }

  private async ask(): Promise<void> {
    const userIds = this.wanted().sort().slice(0, watched_max);
    const asked = userIds.join(' ');
    if (asked === this.asked) return;
    this.asked = asked;
    const outcome = await this.request({ event: 'watch-presence', data: { userIds } });
    if (this.isEnded || this.asked !== asked) return;
    if (outcome.ok) {
      const { online } = outcome.data as unknown as PresenceWatched;
      this.online.set(new Map(Object.entries(online)));
    } else {
      this.asked = '';
      this.timers.set('ask', again_ms, () => void this.ask());
    }
  }
}
