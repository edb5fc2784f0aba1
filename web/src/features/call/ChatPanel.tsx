// The conversation beside the call: its lines with their state, who is typing, and the box to write in.
import { X } from 'lucide-react';
import { type RefObject, useEffect, useMemo, useState } from 'react';
import { useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import { IconButton } from '../../ui/Button';
import { Composer } from '../chat/Composer';
import { MessageList } from '../chat/MessageList';
import { Hint, Typing } from '../chat/Notes';
import styles from './ChatPanel.module.css';
import type { ChatState } from './chat';
import { rowsOfCall } from './chatRows';
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
  const chat = useStoreByFrame(session.chat.state);
  const { welcome } = useStoreByFrame(session.link.state);
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
      <Composer
        roomId={chat.roomId}
        to={chat.partnerName}
        chars_max={welcome?.limits.message_chars}
        messageRef={messageRef}
        onDraft={(draft) => session.chat.typed(draft.trim() === '')}
        onSend={(message) => {
          session.chat.say(message);
          return true;
        }}
      />
    </aside>
  );
}

function Lines({ chat, onRetry }: { chat: ChatState; onRetry(id: string): void }) {
  const { lines, isPartnerTyping, partnerName, roomId } = chat;
  const rows = useMemo(() => rowsOfCall(lines), [lines]);
  const isOpen = roomId !== undefined;
  const actions = useMemo(
    () => ({ onRetry: isOpen ? (row: { key: string }) => onRetry(row.key) : undefined }),
    [isOpen, onRetry],
  );
  return (
    <MessageList
      rows={rows}
      isNamed={false}
      isLive={isOpen}
      actions={actions}
      empty={<Hint>{sayEmpty(chat)}</Hint>}
      end={
        <>
          {lines.length > 0 && !roomId && partnerName && <Hint>{words.chatOver(partnerName)}</Hint>}
          <Typing names={isPartnerTyping && partnerName ? [partnerName] : []} />
        </>
      }
    />
  );
}

function sayEmpty({ roomId, partnerName, isLater }: ChatState): string {
  if (!roomId || !partnerName) return words.chatIdle;
  return isLater ? words.chatLater : words.chatEmpty(partnerName);
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
