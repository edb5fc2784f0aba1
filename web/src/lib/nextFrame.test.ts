import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nextFrame } from './nextFrame';

let frames: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (act: () => void) => frames.push(act));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => delete frames[frame - 1]);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what is asked for often is done once in a frame', () => {
  const [one, other] = [vi.fn(), vi.fn()];
  for (const act of [one, other, one]) nextFrame.add(act);
  expect(one).not.toHaveBeenCalled();
  expect(frames).toHaveLength(1);
  frames[0]?.();
  vi.runAllTimers();
  expect([one, other].map((act) => act.mock.calls.length)).toEqual([1, 1]);
});

test('it is done without a frame too, and then once', () => {
  const act = vi.fn();
  nextFrame.add(act);
  vi.runAllTimers();
  expect(act).toHaveBeenCalledOnce();
  expect(frames.filter(Boolean)).toHaveLength(0);
});

test('what is taken back is not done', () => {
  const act = vi.fn();
  nextFrame.add(act);
  nextFrame.remove(act);
  vi.runAllTimers();
  expect(act).not.toHaveBeenCalled();
});

test('what asks again while it is done has another frame', () => {
  const act = vi.fn(() => act.mock.calls.length < 2 && nextFrame.add(act));
  nextFrame.add(act);
  frames[0]?.();
  expect(act).toHaveBeenCalledOnce();
  frames[1]?.();
  expect(act).toHaveBeenCalledTimes(2);
});
