// Single keys for the call. Silent while somebody writes, while a dialog is open, and for any combination
// that belongs to the browser.
import { useEffect, useRef } from 'react';

export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  const present = useRef(actions);
  present.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (isWriting(event.target) || document.querySelector('dialog[open]')) return;
      const act = present.current[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Whether keys are worth speaking of: not where there is nothing but a screen to touch. */
export function hasKeys(): boolean {
  return !matchMedia('(hover: none) and (pointer: coarse)').matches;
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
