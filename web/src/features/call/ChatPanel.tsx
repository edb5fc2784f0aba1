// The conversation beside the call: its lines with their state, who is typing, and the box to write in.
import { Check, Clock3, RotateCcw, X } from 'lucide-react';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import { IconButton } from '../../ui/Button';
import styles from './ChatPanel.module.css';
import type { ChatState, Line } from './chat';
import { MessageBox } from './MessageBox';
import type { CallSession } from './session';

const words = text.call;
const idleAfter_ms = 7_000;

interface ChatPanelProps {
  session: CallSession;
  mode: Mode;
  messageRef: RefObject<HTMLTextAreaElement | null>;
  onClose(): void;
}

export function ChatPanel({ session, mode, messageRef, onClose }: ChatPanelProps) {
  const chat = useStore(session.chat.state);
  const isIdle = useIdle(chat);
  return (
    <aside
      className={styles.chat}
      data-idle={isIdle}
      data-empty={chat.lines.length === 0}
      aria-label={words.chat}
    >
      <header className={styles.header}>
        <h2>{words.chat}</h2>
        {mode !== 'text' && <IconButton label={words.closeChat} icon={<X />} onClick={onClose} />}
      </header>
      <Lines chat={chat} onRetry={(id) => session.chat.retry(id)} />
      <MessageBox session={session} messageRef={messageRef} />
    </aside>
  );
}

function Lines({ chat, onRetry }: { chat: ChatState; onRetry(id: string): void }) {
  const end = useRef<HTMLDivElement>(null);
  const { lines, isPartnerTyping, partnerName, roomId, isLater } = chat;
  // The newest line is brought into view when there is one.
  useLayoutEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [lines.length, isPartnerTyping, roomId]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <div className={styles.lines} role="log" aria-label={words.conversation} tabIndex={0}>
      <div className={styles.rest} />
      {lines.length === 0 && (
        <p className={styles.hint}>
          {!roomId || !partnerName
            ? words.chatIdle
            : isLater
              ? words.chatLater
              : words.chatEmpty(partnerName)}
        </p>
      )}
      {lines.map((line) => (
        <ChatLine key={line.id} line={line} canRetry={roomId !== undefined} onRetry={onRetry} />
      ))}
      {lines.length > 0 && !roomId && partnerName && (
        <p className={styles.hint}>{words.chatOver(partnerName)}</p>
      )}
      {isPartnerTyping && partnerName && (
        <p className={styles.typing}>
          {words.typing(partnerName)}
          <span aria-hidden="true" />
        </p>
      )}
      <div ref={end} />
    </div>
  );
}

interface ChatLineProps {
  line: Line;
  canRetry: boolean;
  onRetry(id: string): void;
}

function ChatLine({ line, canRetry, onRetry }: ChatLineProps) {
  if (line.whose === 'theirs') {
    return (
      <p className={`${styles.line} ${styles.theirs}`}>
        <span className="unseen">{line.name}: </span>
        <span dir="auto">{line.text}</span>
      </p>
    );
  }
  const problem = line.problem ? words.lineProblem(line.problem) : undefined;
  return (
    <div className={styles.own}>
      <p className={`${styles.line} ${styles.mine}`} data-state={line.state}>
        <span className="unseen">{words.you}: </span>
        <span dir="auto">{line.text}</span>
      </p>
      <p className={styles.lineState} data-state={line.state}>
        {line.state === 'sending' && <Clock3 aria-hidden="true" />}
        {line.state === 'sent' && <Check aria-hidden="true" />}
        {problem ?? words.lineState[line.state]}
        {line.state === 'failed' && canRetry && (
          <button type="button" onClick={() => onRetry(line.id)}>
            <RotateCcw aria-hidden="true" />
            {words.retry}
          </button>
        )}
      </p>
    </div>
  );
}

/** True when nothing has been said for a while: on a phone the lines then give way to the picture. */
function useIdle({ lines, isPartnerTyping }: ChatState): boolean {
  const [isIdle, setIdle] = useState(false);
  // Any of these changing is what breaks the silence.
  useEffect(() => {
    setIdle(false);
    const timer = setTimeout(() => setIdle(true), idleAfter_ms);
    return () => clearTimeout(timer);
  }, [lines, isPartnerTyping]);
  return isIdle;
}
