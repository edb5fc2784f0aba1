// Shows a video track. Always silent (sound has its own element), always inline, fading in with the first
// frame so that nothing jumps. Knows nothing of whose track it is.
import { type SyntheticEvent, useEffect, useRef, useState } from 'react';
import { PictureGround } from './PictureGround';
import styles from './TrackVideo.module.css';

interface TrackVideoProps {
  track: MediaStreamTrack;
  label: string;
  testId: string;
  isMirrored?: boolean;
  isHidden?: boolean;
  /** The last picture stands still, and should not pass for a live one. */
  isFrozen?: boolean;
  /** Where the picture may leave part of its box free, its own colours fill that. */
  hasGround?: boolean;
}

export function TrackVideo({
  track,
  label,
  testId,
  isMirrored,
  isHidden,
  isFrozen,
  hasGround,
}: TrackVideoProps) {
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
  const isSeen = isShowing && !isHidden;
  const classes = [
    styles.video,
    isMirrored && styles.mirrored,
    isSeen && styles.shown,
    isFrozen && styles.frozen,
  ];
  return (
    <>
      {hasGround && isSeen && <PictureGround video={video} isMirrored={isMirrored} />}
      <video
        ref={video}
        className={classes.filter(Boolean).join(' ')}
        aria-label={label}
        data-testid={testId}
        onLoadedMetadata={keepAspect}
        onResize={keepAspect}
        onPlaying={() => setShowing(true)}
        autoPlay
        playsInline
        muted
        disablePictureInPicture
      />
    </>
  );
}

function keepAspect({ currentTarget }: SyntheticEvent<HTMLVideoElement>): void {
  const { style, videoWidth, videoHeight } = currentTarget;
  if (videoHeight > 0) style.setProperty('--aspect', String(videoWidth / videoHeight));
}
