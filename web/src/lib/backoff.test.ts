import { expect, it } from 'vitest';
import { backoff, restMs } from './backoff';

it('doubles up to a cap, with full jitter above a floor', () => {
  expect([1, 2, 3].map((attempt) => restMs(attempt, 1))).toEqual([1_000, 2_000, 4_000]);
  expect(restMs(50, 1)).toBe(backoff.cap_ms);
  expect(restMs(50, 0)).toBe(backoff.floor_ms);
  expect(restMs(3, 0.25)).toBe(1_000);
});
