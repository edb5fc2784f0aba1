// The partner: picture or, without one, their initial and the pulse of their voice; their name and state;
// and their sound, which a browser may refuse to play until it is asked by hand.
import { MicOff, Volume2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Store, useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { localMedia } from '../../media/local';
import type { PeerView } from '../../media/peer';
import type { Mode } from '../../protocol';
import { Button } from '../../ui/Button';
import { TrackVideo } from '../../ui/TrackVideo';
import { useLevel } from '../../ui/useLevel';
import type { CallSession } from './session';
import type { Talking } from './stage';
import styles from './tiles.module.css';

const words = text.call;
const noPeer = new Store<PeerView>({
  connection: 'connecting',
  audio: undefined,
  video: undefined,
  partner: { microphone: true, camera: true },
});

interface PartnerViewProps {
  session: CallSession;
  stage: Talking;
  mode: Mode;
}

export function PartnerView({ session, stage, mode }: PartnerViewProps) {
  const { match, away } = stage;
  const peer = useStore(session.seat.peer);
  const view = useStore(peer?.view ?? noPeer);
  const name = match.remoteUserDetails.userName || words.stranger;
  const video = view.video?.getVideoTracks()[0];
  const isPictured = mode === 'video' && view.connection !== 'connecting' && view.partner.camera;
  return (
    <>
      {!isPictured && (
        <Avatar name={name} track={mode === 'text' ? undefined : view.audio?.getAudioTracks()[0]} />
      )}
      {video && (
        <TrackVideo
          track={video}
          label={words.theirPicture(name)}
          testId="remote-video"
          isHidden={!view.partner.camera}
          isFrozen={view.connection === 'interrupted' || view.connection === 'failed'}
          hasGround
        />
      )}
      {view.audio && <Sound stream={view.audio} />}
      <p className={styles.name}>
        <span dir="auto">{name}</span>
        {mode !== 'text' && !view.partner.microphone && view.connection === 'connected' && (
          <span className={styles.flag}>
            <MicOff aria-hidden="true" />
            {words.theirMuted}
          </span>
        )}
      </p>
      <p className={styles.state}>
        {away?.isShown ? words.away(name, away.until_ms) : stateOf(view, name, mode)}
      </p>
    </>
  );
}

function stateOf(view: PeerView, name: string, mode: Mode): string | undefined {
  if (mode === 'text') return words.textCall;
  switch (view.connection) {
    case 'connecting':
      return words.connecting(name);
    case 'interrupted':
      return words.interrupted;
    case 'failed':
      return words.noMedia;
    case 'connected':
      if (mode === 'audio') return words.voiceCall;
      return view.partner.camera ? undefined : words.theirCameraOff(name);
  }
}

function Avatar({ name, track }: { name: string; track: MediaStreamTrack | undefined }) {
  const ring = useRef<HTMLDivElement>(null);
  useLevel(track, ring);
  return (
    <div ref={ring} className={styles.avatar} aria-hidden="true">
      {[...name][0]?.toUpperCase()}
    </div>
  );
}

function Sound({ stream }: { stream: MediaStream }) {
  const { speakerId } = useStore(localMedia.view);
  const audio = useRef<HTMLAudioElement>(null);
  const [isRefused, setRefused] = useState(false);

  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    element.srcObject = stream;
    play(element, setRefused);
    return () => {
      element.srcObject = null;
    };
  }, [stream]);

  useEffect(() => {
    const element = audio.current as (HTMLAudioElement & Partial<SinkChooser>) | null;
    element?.setSinkId?.(speakerId ?? '').catch(() => undefined);
  }, [speakerId]);

  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: a live voice has no captions to offer. */}
      <audio ref={audio} autoPlay />
      {isRefused && (
        <Button
          tone="main"
          className={styles.hear}
          icon={<Volume2 />}
          onClick={() => audio.current && play(audio.current, setRefused)}
        >
          {words.tapToHear}
        </Button>
      )}
    </>
  );
}

function play(element: HTMLAudioElement, onRefused: (isRefused: boolean) => void): void {
  element.play().then(
    () => onRefused(false),
    (error: unknown) =>
      onRefused(error instanceof DOMException && error.name === 'NotAllowedError'),
  );
}

interface SinkChooser {
  setSinkId(id: string): Promise<void>;
}
