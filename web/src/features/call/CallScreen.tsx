// The call as it is seen: two tiles, the bar of controls and the chat, arranged by the style sheet for
// desk, tablet and phone. Holds what is open on this screen; all else is in the session.
import { useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import { useTitle } from '../site/useTitle';
import { Announcer } from './Announcer';
import styles from './CallScreen.module.css';
import { ChatPanel } from './ChatPanel';
import { Controls } from './Controls';
import { LinkBar } from './LinkBar';
import { PartnerTile } from './PartnerTile';
import { SelfTile } from './SelfTile';
import { Settings } from './Settings';
import type { CallSession } from './session';
import { partnerOf } from './stage';
import { toggleCamera, toggleMuted } from './switches';
import { useKeys } from './useKeys';

interface CallScreenProps {
  session: CallSession;
  mode: Mode;
}

export function CallScreen({ session, mode }: CallScreenProps) {
  const call = useStore(session.call);
  const partner = partnerOf(call);
  const [isChatOpen, setChatOpen] = useState(() => mode === 'text' || !isPhone());
  const [isSettingsOpen, setSettingsOpen] = useState(false);
  const message = useRef<HTMLTextAreaElement>(null);
  const name = partner?.remoteUserDetails.userName;
  useTitle(titleOf(call.stage.kind, name));

  useEffect(() => session.chat.show(isChatOpen), [session, isChatOpen]);
  const roomId = partner?.roomId;
  useEffect(() => {
    if (roomId && mode === 'text') message.current?.focus();
  }, [roomId, mode]);

  const write = useCallback(() => {
    setChatOpen(true);
    requestAnimationFrame(() => message.current?.focus());
  }, []);
  const toggleChat = useCallback(() => mode !== 'text' && setChatOpen((isOpen) => !isOpen), [mode]);
  useKeys({
    n: () => session.next(),
    s: () => session.stop(),
    m: toggleMuted,
    v: () => mode === 'video' && toggleCamera(),
    b: () => session.goBack(),
    c: toggleChat,
    '/': write,
    '?': () => setSettingsOpen(true),
  });

  return (
    <div
      className={styles.screen}
      data-mode={mode}
      data-stage={call.stage.kind}
      data-chat={isChatOpen ? 'open' : 'closed'}
    >
      <h1 className="unseen">{text.call.heading}</h1>
      <Announcer session={session} />
      <div className={styles.stage}>
        <div className={styles.tiles}>
          <PartnerTile session={session} mode={mode} />
          {mode !== 'text' && <SelfTile mode={mode} />}
        </div>
        <LinkBar session={session} mode={mode} />
        <Controls
          session={session}
          mode={mode}
          isChatOpen={isChatOpen}
          onChat={toggleChat}
          onSettings={() => setSettingsOpen(true)}
        />
      </div>
      {isChatOpen && (
        <ChatPanel session={session} messageRef={message} onClose={toggleChat} mode={mode} />
      )}
      <Settings isOpen={isSettingsOpen} mode={mode} onClose={() => setSettingsOpen(false)} />
    </div>
  );
}

function isPhone(): boolean {
  return window.matchMedia('(max-width: 46rem), (max-height: 30rem)').matches;
}

function titleOf(kind: string, name: string | undefined): string {
  if (name) return text.call.titleWith(name);
  return kind === 'looking' ? text.call.titleLooking : text.call.title;
}
