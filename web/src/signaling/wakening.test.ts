import { expect, it } from 'vitest';
import { hasJumped } from './wakening';

it('a clock that was looked at late has not jumped, one that slept has', () => {
  expect(hasJumped(10_000, 12_000)).toBe(false);
  expect(hasJumped(10_000, 15_000)).toBe(false);
  expect(hasJumped(10_000, 42_000)).toBe(true);
  expect(hasJumped(10_000, 1_000)).toBe(true);
});
