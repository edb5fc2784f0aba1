// How long to rest before the next attempt: exponential with full jitter, so that many visitors cut off
// at once do not come back at once. Randomness is an input.
export const backoff = { base_ms: 500, cap_ms: 20_000, floor_ms: 150 } as const;

/** Milliseconds to rest after `attempt` failures (from 1); `random` lies in [0, 1). */
export function restMs(attempt: number, random: number): number {
  const ceiling = Math.min(backoff.cap_ms, backoff.base_ms * 2 ** Math.min(attempt, 16));
  return Math.max(backoff.floor_ms, Math.round(random * ceiling));
}
