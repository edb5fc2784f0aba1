// When to look for another way to the partner, how often, and when only a new connection can help. Decides over
// time alone; knows no connection but by its ties.
// Invariant: nothing is begun while signals do not get through, since what needs an answer would only pile up.
import { Timers } from '../lib/timers';

export const mendingTimes = {
  /** How long a first connection may take before ICE is restarted. */
  first_ms: 10_000,
  restart_ms: 2_000,
  /** How much longer the polite side waits, so that both do not restart at once. */
  polite_ms: 1_000,
  again_ms: 5_000,
  /** So many restarts without success, and a new connection is worth a try. */
  stuck_after: 2,
  restarts_max: 5,
} as const;

export interface MendingTies {
  isPolite: boolean;
  isConnected(): boolean;
  restart(): void;
  /** Signals may have been lost while the media went on. */
  repeat(): void;
  /** Restarting has not helped: a new connection may. Told to the impolite side alone, or both would begin anew. */
  onStuck(): void;
  onFailed(): void;
}

export class Mending {
  private readonly timers = new Timers<'restart'>();
  private restarts = 0;
  private canSignal = true;
  private isDue = false;
  private isEnded = false;

  constructor(private readonly ties: MendingTies) {
    this.schedule(mendingTimes.first_ms);
  }

  /** The connection is there, or is not tried for any longer. */
  done(): void {
    this.restarts = 0;
    this.timers.clear('restart');
  }

  setSignalling(canSignal: boolean): void {
    const isBack = canSignal && !this.canSignal;
    this.canSignal = canSignal;
    if (!isBack) return;
    if (this.isDue) this.restart();
    else this.mend();
  }

  /** To be called when signals may have been lost, or a way to the partner found again. */
  mend(): void {
    this.restarts = 0;
    if (this.ties.isConnected()) this.ties.repeat();
    else this.schedule(0);
  }

  /** Looks for another way even where the present one seems to work. */
  restart(): void {
    this.restarts = 0;
    this.isDue = !this.canSignal;
    if (this.canSignal && !this.isEnded) this.begin();
  }

  schedule(after_ms: number): void {
    if (this.isEnded || this.ties.isConnected()) return;
    if (this.restarts >= mendingTimes.restarts_max) return this.ties.onFailed();
    const patience_ms = this.ties.isPolite ? mendingTimes.polite_ms : 0;
    this.timers.set('restart', after_ms + patience_ms, () => {
      // Their return begins it again.
      if (!this.canSignal) return;
      if (this.restarts >= mendingTimes.stuck_after && !this.ties.isPolite) this.ties.onStuck();
      else this.begin();
    });
  }

  end(): void {
    this.isEnded = true;
    this.timers.clearAll();
  }

  private begin(): void {
    this.restarts += 1;
    this.ties.restart();
    this.schedule(mendingTimes.again_ms);
  }
}
