import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Mending, mendingTimes } from './mending';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function make(isPolite: boolean) {
  let isConnected = false;
  const ties = {
    isPolite,
    isConnected: () => isConnected,
    restart: vi.fn(),
    repeat: vi.fn(),
    onStuck: vi.fn(),
    onFailed: vi.fn(),
  };
  const mending = new Mending(ties);
  const connect = () => {
    isConnected = true;
    mending.done();
  };
  const lose = () => {
    isConnected = false;
    mending.schedule(mendingTimes.restart_ms);
  };
  return { ...ties, mending, connect, lose };
}

it('restarts what does not come to be, the polite side later', () => {
  const [impolite, polite] = [make(false), make(true)];
  vi.advanceTimersByTime(mendingTimes.first_ms);
  expect([impolite.restart.mock.calls.length, polite.restart.mock.calls.length]).toEqual([1, 0]);
  vi.advanceTimersByTime(mendingTimes.polite_ms);
  expect(polite.restart).toHaveBeenCalledOnce();
});

it('leaves alone what has come to be', () => {
  const { connect, restart } = make(false);
  connect();
  vi.advanceTimersByTime(60_000);
  expect(restart).not.toHaveBeenCalled();
});

it('one side alone says that only a new connection can help, the other gives up in time', () => {
  const [impolite, polite] = [make(false), make(true)];
  vi.advanceTimersByTime(60_000);
  expect(impolite.onStuck).toHaveBeenCalledOnce();
  expect(impolite.restart).toHaveBeenCalledTimes(mendingTimes.stuck_after);
  expect(polite.onStuck).not.toHaveBeenCalled();
  expect(polite.restart).toHaveBeenCalledTimes(mendingTimes.restarts_max);
  expect(polite.onFailed).toHaveBeenCalledOnce();
});

it('begins nothing while signals do not get through, and makes up for it when they do', () => {
  const { mending, restart } = make(false);
  mending.setSignalling(false);
  vi.advanceTimersByTime(60_000);
  expect(restart).not.toHaveBeenCalled();
  mending.setSignalling(true);
  vi.advanceTimersByTime(0);
  expect(restart).toHaveBeenCalledOnce();
});

it('a change of network meanwhile is made up for as well, though the media seem to go on', () => {
  const { mending, connect, restart, repeat } = make(false);
  connect();
  mending.setSignalling(false);
  mending.restart();
  expect(restart).not.toHaveBeenCalled();
  mending.setSignalling(true);
  expect(restart).toHaveBeenCalledOnce();
  mending.setSignalling(false);
  mending.setSignalling(true);
  expect([restart.mock.calls.length, repeat.mock.calls.length]).toEqual([1, 1]);
});

it('counts anew after each success', () => {
  const { connect, lose, onStuck, restart } = make(false);
  for (let time = 0; time < 5; time += 1) {
    connect();
    lose();
    vi.advanceTimersByTime(mendingTimes.restart_ms);
  }
  expect(restart).toHaveBeenCalledTimes(5);
  expect(onStuck).not.toHaveBeenCalled();
});

it('ends with its connection', () => {
  const { mending, restart } = make(false);
  mending.end();
  mending.schedule(0);
  mending.restart();
  vi.advanceTimersByTime(60_000);
  expect(restart).not.toHaveBeenCalled();
});
