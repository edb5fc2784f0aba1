// Tells when this machine may have slept or changed its network: the moments at which an open socket may
// be dead without anybody having said so. Knows nothing of sockets.
// A sleep shows as a clock that jumped: timers stand still meanwhile.
export type Waking = 'online' | 'offline' | 'woken';

const look_ms = 2_000;
/** A busy or hidden page is late by less than this. */
const jump_ms = 5_000;

/** Calls `tell` at each such moment, until `signal` ends it. */
export function watchWakening(tell: (waking: Waking) => void, signal: AbortSignal): void {
  window.addEventListener('online', () => tell('online'), { signal });
  window.addEventListener('offline', () => tell('offline'), { signal });
  window.addEventListener('pageshow', ({ persisted }) => persisted && tell('woken'), { signal });
  // Chromium: a page that was frozen goes on.
  document.addEventListener('resume', () => tell('woken'), { signal });
  document.addEventListener(
    'visibilitychange',
    () => document.visibilityState === 'visible' && tell('woken'),
    { signal },
  );
  watchClock(() => tell('woken'), signal);
  watchConnection(() => tell('online'), signal);
}

function watchClock(onJump: () => void, signal: AbortSignal): void {
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (hasJumped(last, now)) onJump();
    last = now;
  }, look_ms);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** Whether the clock, looked at every two seconds, shows that time has passed unseen. */
export function hasJumped(last_ms: number, now_ms: number): boolean {
  return Math.abs(now_ms - last_ms - look_ms) > jump_ms;
}

interface Connection extends EventTarget {
  /** Missing where the browser does not say; it speaks of speed as well, which is none of our concern. */
  type?: string;
}

function watchConnection(onOther: () => void, signal: AbortSignal): void {
  const { connection } = navigator as Navigator & { connection?: Connection };
  let type = connection?.type;
  connection?.addEventListener?.(
    'change',
    () => {
      if (connection.type === type) return;
      type = connection.type;
      if (type !== 'none') onOther();
    },
    { signal },
  );
}
