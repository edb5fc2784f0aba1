import { expect, it } from 'vitest';
import { nearestCorner, nextCorner } from './corners';

const space = { x: 390, y: 844 };

it('the tile drops into the nearest corner, as the language reads', () => {
  expect(nearestCorner({ x: 40, y: 100 }, space, false)).toBe('top-start');
  expect(nearestCorner({ x: 40, y: 100 }, space, true)).toBe('top-end');
  expect(nearestCorner({ x: 350, y: 800 }, space, false)).toBe('bottom-end');
});

it('four presses bring it round', () => {
  const round = ['top-end', 'bottom-end', 'bottom-start', 'top-start'] as const;
  round.forEach((corner, i) => {
    expect(nextCorner(corner)).toBe(round[(i + 1) % 4]);
  });
});
