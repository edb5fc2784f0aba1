// Your own picture as others will see it, with what is wrong with your devices, the two switches and the
// level of your voice.
import { MessageCircle, Mic, MicOff, Video, VideoOff } from 'lucide-react';
import { useRef } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { localMedia } from '../../media/local';
import type { Mode } from '../../protocol';
import { IconButton } from '../../ui/Button';
import { TrackVideo } from '../../ui/TrackVideo';
import { useLevel } from '../../ui/useLevel';
import { DeviceProblems } from './DeviceProblems';
import styles from './Preview.module.css';

const words = text.studio;

interface PreviewProps {
  mode: Mode;
  onMode(mode: Mode): void;
}

export function Preview({ mode, onMode }: PreviewProps) {
  const { camera } = useStore(localMedia.view);
  return (
    <div className={styles.preview}>
      <div className={styles.picture} data-mode={mode}>
        {mode === 'video' && camera.track ? (
          <TrackVideo
            track={camera.track}
            label={words.preview}
            testId="local-video"
            isMirrored
            hasGround
          />
        ) : (
          <Blank mode={mode} isAsking={camera.state === 'asking'} />
        )}
      </div>
      {mode !== 'text' && (
        <div className={styles.below}>
          <Switches mode={mode} />
          <Level />
        </div>
      )}
      {mode !== 'text' && <DeviceProblems mode={mode} onMode={onMode} />}
    </div>
  );
}

function Blank({ mode, isAsking }: { mode: Mode; isAsking: boolean }) {
  const said = {
    video: isAsking ? words.previewAsking : words.previewOff,
    audio: words.previewVoice,
    text: words.previewText,
  }[mode];
  const Icon = { video: VideoOff, audio: Mic, text: MessageCircle }[mode];
  return (
    <p className={styles.blank}>
      {!(mode === 'video' && isAsking) && <Icon aria-hidden="true" />}
      {said}
    </p>
  );
}

function Switches({ mode }: { mode: Mode }) {
  const { camera, microphone, isMuted } = useStore(localMedia.view);
  const isCameraOn = camera.state === 'on';
  return (
    <>
      <IconButton
        label={isMuted ? text.call.unmute : text.call.mute}
        icon={isMuted ? <MicOff /> : <Mic />}
        isOff={isMuted}
        disabled={microphone.state !== 'on'}
        onClick={() => localMedia.setMuted(!isMuted)}
      />
      {mode === 'video' && (
        <IconButton
          label={isCameraOn ? text.call.cameraOff : text.call.cameraOn}
          icon={isCameraOn ? <Video /> : <VideoOff />}
          isOff={!isCameraOn}
          disabled={camera.state === 'asking'}
          onClick={() =>
            isCameraOn ? localMedia.close('camera') : void localMedia.open(['camera'])
          }
        />
      )}
    </>
  );
}

function Level() {
  const { microphone, isMuted } = useStore(localMedia.view);
  const bar = useRef<HTMLDivElement>(null);
  useLevel(isMuted ? undefined : microphone.track, bar);
  if (microphone.state === 'off' || microphone.state === 'problem') return null;
  // It keeps its place while the browser asks, so that nothing moves when the answer comes.
  return (
    <div className={styles.level} data-on={microphone.track !== undefined}>
      <div ref={bar} className={styles.bar} role="img" aria-label={words.level} />
      <small>{isMuted ? words.levelMuted : words.levelHint}</small>
    </div>
  );
}
