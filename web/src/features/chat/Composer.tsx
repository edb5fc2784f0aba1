// Where a message is written. Enter sends, Shift+Enter begins a line, Escape lets go, and Arrow Up in an empty box
// goes to what one said last. While there is nobody to write to it keeps the focus but takes no text, so that what
// was meant as writing is not taken for anything else.
import { Check, SendHorizontal, X } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useId, useLayoutEffect, useState } from 'react';
import { text } from '../../lib/text';
import { IconButton } from '../../ui/Button';
import styles from './Chat.module.css';

const words = text.chat;
const messageChars_default = 1_000;
const warnBelow = 100;

interface ComposerProps {
  /** What is written to one is never sent to another. */
  roomId: string | undefined;
  /** To whom it goes; undefined while there is nobody. */
  to: string | undefined;
  /** Zero turns the limit off. */
  chars_max: number | undefined;
  messageRef: RefObject<HTMLTextAreaElement | null>;
  draft?: string;
  /** The message that is being changed. */
  editing?: { id: string; text: string } | undefined;
  /** False where it cannot be taken: what was written stays. */
  onSend(message: string): boolean;
  onDraft(draft: string): void;
  onEditLast?: (() => void) | undefined;
  onEditStop?: (() => void) | undefined;
}

export function Composer(props: ComposerProps) {
  const { roomId, to, chars_max, messageRef, editing, onEditStop } = props;
  const [draft, setDraft] = useState(props.draft ?? '');
  const [isRefused, setRefused] = useState(false);
  const id = useId();
  const limit = (chars_max ?? messageChars_default) || Number.POSITIVE_INFINITY;
  const message = draft.trim();
  const left = limit - [...message].length;
  const canSend = roomId !== undefined && message !== '' && left >= 0;

  // A change of the room, or of what is being changed, is the very occasion; what is kept meanwhile is not put back in.
  // Before the next key is taken, or it would take the place of what is put in.
  const begin = editing?.text ?? props.draft ?? '';
  useLayoutEffect(() => {
    setDraft(begin);
    setRefused(false);
    if (editing) messageRef.current?.focus();
  }, [roomId, editing?.id]);

  const send = () => {
    if (!canSend) return;
    const isTaken = props.onSend(message);
    setRefused(!isTaken);
    if (isTaken && !editing) setDraft('');
    messageRef.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      if (editing) onEditStop?.();
      else messageRef.current?.blur();
    }
    if (event.key === 'ArrowUp' && draft === '' && !editing && props.onEditLast) {
      // Or the key would move what it brings: to before the first letter.
      event.preventDefault();
      props.onEditLast();
    }
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className={styles.write}
      data-part="write"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {editing && (
        <p className={styles.editing}>
          <span>{words.editing}</span>
          <IconButton label={words.editStop} icon={<X />} onClick={onEditStop} />
        </p>
      )}
      <textarea
        ref={messageRef}
        rows={1}
        value={draft}
        readOnly={roomId === undefined}
        aria-label={words.message}
        aria-describedby={id}
        placeholder={roomId && to ? words.placeholder(to) : words.message}
        dir="auto"
        enterKeyHint="send"
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setDraft(event.target.value);
          if (!editing) props.onDraft(event.target.value);
        }}
      />
      <IconButton
        type="submit"
        className={styles.send}
        label={editing ? words.save : words.send}
        icon={editing ? <Check /> : <SendHorizontal />}
        disabled={!canSend}
      />
      <p id={id} className={styles.left} data-over={left < 0}>
        {sayLeft(left)}
      </p>
      {isRefused && (
        <p role="alert" className={styles.left} data-over="true">
          {words.full}
        </p>
      )}
    </form>
  );
}

function sayLeft(left: number): string {
  if (left < 0) return words.charactersOver(-left);
  return left < warnBelow ? words.charactersLeft(left) : '';
}
