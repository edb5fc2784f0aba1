// A value that can be watched, and the hook that reads it. Knows nothing of what the value means.
// Invariant: a listener hears of a change only after the new value can be read.
import { useCallback, useSyncExternalStore } from 'react';
import { nextFrame } from './nextFrame';

export interface Watchable<T> {
  get(): T;
  watch(listener: () => void): () => void;
}

export class Store<T> implements Watchable<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  get = (): T => this.value;

  set = (value: T): void => {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  };

  watch = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function useStore<T>(store: Watchable<T>): T {
  return useSyncExternalStore(store.watch, store.get, store.get);
}

/** The same for what may change many times before a picture is drawn: it is drawn once then. */
export function useStoreByFrame<T>(store: Watchable<T>): T {
  const watch = useCallback(
    (listener: () => void) => {
      const unwatch = store.watch(() => nextFrame.add(listener));
      return () => {
        unwatch();
        nextFrame.remove(listener);
      };
    },
    [store],
  );
  return useSyncExternalStore(watch, store.get, store.get);
}
