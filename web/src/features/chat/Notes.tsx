// The quiet lines of a conversation: what stands in its place while nothing has been said, and who is writing.
import type { ReactNode } from 'react';
import { text } from '../../lib/text';
import styles from './Chat.module.css';

export function Hint({ children }: { children: ReactNode }) {
  return (
    <p className={styles.hint} data-part="hint">
      {children}
    </p>
  );
}

export function Typing({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p className={styles.typing} data-part="typing">
      {text.chat.typing(names)}
      <span aria-hidden="true" />
    </p>
  );
}
