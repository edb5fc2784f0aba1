// The one bar of controls: your devices and the chat on one side, Stop and Next on the other.
import {
  MessageCircle,
  Mic,
  MicOff,
  Settings2,
  SkipForward,
  Square,
  Video,
  VideoOff,
} from 'lucide-react';
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { localMedia } from '../../media/local';
import type { Mode } from '../../protocol';
import { Button, IconButton } from '../../ui/Button';
import styles from './Controls.module.css';
import { GoBack } from './GoBack';
import type { CallSession } from './session';
import { toggleCamera, toggleMuted } from './switches';
import { hasKeys } from './useKeys';

const words = text.call;

interface ControlsProps {
  session: CallSession;
  mode: Mode;
  isChatOpen: boolean;
  onChat(): void;
  onSettings(): void;
}

export function Controls({ session, mode, isChatOpen, onChat, onSettings }: ControlsProps) {
  const { stage } = useStore(session.call);
  const isActive = stage.kind === 'looking' || stage.kind === 'talking';
  return (
    <div className={styles.controls} role="toolbar" aria-label={words.controls}>
      {mode !== 'text' && <Switches mode={mode} />}
      <IconButton
        label={words.settings(mode, hasKeys())}
        icon={<Settings2 />}
        onClick={onSettings}
      />
      {mode !== 'text' && <ChatButton session={session} isOpen={isChatOpen} onPress={onChat} />}
      {isActive && (
        <div className={styles.main}>
          {stage.kind === 'talking' && <GoBack session={session} className={styles.back} />}
          <Button
            tone="leave"
            size="large"
            className={styles.stop}
            icon={<Square />}
            onClick={() => session.stop()}
          >
            <span>{words.stop}</span>
          </Button>
          <Button
            tone="main"
            size="large"
            className={styles.next}
            icon={<SkipForward />}
            aria-disabled={stage.kind !== 'talking'}
            onClick={() => session.next()}
          >
            {words.next}
          </Button>
        </div>
      )}
    </div>
  );
}

function Switches({ mode }: { mode: Mode }) {
  const { camera, microphone, isMuted } = useStore(localMedia.view);
  const isHeard = microphone.state === 'on' && !isMuted;
  const isSeen = camera.state === 'on';
  return (
    <>
      <IconButton
        label={isHeard ? words.mute : words.unmute}
        icon={isHeard ? <Mic /> : <MicOff />}
        isOff={!isHeard}
        onClick={toggleMuted}
      />
      {mode === 'video' && (
        <IconButton
          label={isSeen ? words.cameraOff : words.cameraOn}
          icon={isSeen ? <Video /> : <VideoOff />}
          isOff={!isSeen}
          onClick={toggleCamera}
        />
      )}
    </>
  );
}

interface ChatButtonProps {
  session: CallSession;
  isOpen: boolean;
  onPress(): void;
}

function ChatButton({ session, isOpen, onPress }: ChatButtonProps) {
  const { unread } = useStoreByFrame(session.chat.state);
  const label = isOpen ? words.closeChat : words.openChat;
  return (
    <span className={styles.chat}>
      <IconButton
        label={label}
        icon={<MessageCircle />}
        aria-expanded={isOpen}
        aria-describedby="unread"
        onClick={onPress}
      />
      <span id="unread" className={styles.unread} data-count={unread}>
        {unread > 0 && (
          <>
            <span aria-hidden="true">{unread > 9 ? '9+' : unread}</span>
            <span className="unseen">{words.unread(unread)}</span>
          </>
        )}
      </span>
    </span>
  );
}
