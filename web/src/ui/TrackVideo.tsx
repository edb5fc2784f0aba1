// Shows a video track. Always silent (sound has its own element), always inline, fading in with the first
// frame so that nothing jumps. Knows nothing of whose track it is.
import { useEffect, useRef, useState } from 'react';
import styles from './TrackVideo.module.css';

interface TrackVideoProps {
  track: MediaStreamTrack;
  label: string;
  testId: string;
  isMirrored?: boolean;
  isHidden?: boolean;
}

export function TrackVideo({ track, label, testId, isMirrored, isHidden }: TrackVideoProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [isShowing, setShowing] = useState(false);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    setShowing(false);
    element.srcObject = new MediaStream([track]);
    element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  const classes = [
    styles.video,
    isMirrored && styles.mirrored,
    isShowing && !isHidden && styles.shown,
  ];
  return (
    <video
      ref={video}
      className={classes.filter(Boolean).join(' ')}
      aria-label={label}
      data-testid={testId}
      onPlaying={() => setShowing(true)}
      autoPlay
      playsInline
      muted
      disablePictureInPicture
    />
  );
}
