// Where a message is written. Enter sends, Shift+Enter begins a line. While there is nobody to write to it
// keeps the focus but takes no text, so that what was meant as writing is not taken as keys of the call.
import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useEffect, useState } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { IconButton } from '../../ui/Button';
import styles from './ChatPanel.module.css';
import type { CallSession } from './session';

const words = text.call;
const messageChars_default = 1_000;
const warnBelow = 100;

interface MessageBoxProps {
  session: CallSession;
  messageRef: RefObject<HTMLTextAreaElement | null>;
}

export function MessageBox({ session, messageRef }: MessageBoxProps) {
  const { roomId, partnerName } = useStore(session.chat.state);
  const { welcome } = useStore(session.link.state);
  const [draft, setDraft] = useState('');
  // Zero turns the limit off.
  const limit = (welcome?.limits.message_chars ?? messageChars_default) || Number.POSITIVE_INFINITY;
  const message = draft.trim();
  const left = limit - [...message].length;
  const canSend = roomId !== undefined && message !== '' && left >= 0;

  // What was written to one is never sent to another.
  // A change of the room is the very occasion.
  useEffect(() => setDraft(''), [roomId]);

  const send = () => {
    if (!canSend) return;
    session.chat.say(message);
    setDraft('');
    messageRef.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') messageRef.current?.blur();
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className={styles.write}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={messageRef}
        rows={1}
        value={draft}
        readOnly={roomId === undefined}
        aria-label={words.message}
        aria-describedby="characters"
        placeholder={roomId && partnerName ? words.messagePlaceholder(partnerName) : words.message}
        dir="auto"
        enterKeyHint="send"
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setDraft(event.target.value);
          session.chat.typed(event.target.value.trim() === '');
        }}
      />
      <IconButton
        type="submit"
        className={styles.send}
        label={words.send}
        icon={<SendHorizontal />}
        disabled={!canSend}
      />
      <p id="characters" className={styles.left} data-over={left < 0}>
        {left < 0
          ? words.charactersOver(-left)
          : left < warnBelow
            ? words.charactersLeft(left)
            : ''}
      </p>
    </form>
  );
}
