// What lies around a picture that does not fill its box: its own colours, blurred and dim. Drawn tiny and once
// a second, so that a phone pays next to nothing for it.
import { type RefObject, useEffect, useRef } from 'react';
import styles from './TrackVideo.module.css';

const redraw_ms = 1_000;
const side_px = 12;

interface PictureGroundProps {
  video: RefObject<HTMLVideoElement | null>;
  isMirrored?: boolean | undefined;
}

export function PictureGround({ video, isMirrored }: PictureGroundProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    const draw = () => video.current && pen?.drawImage(video.current, 0, 0, side_px, side_px);
    draw();
    const timer = setInterval(draw, redraw_ms);
    return () => clearInterval(timer);
  }, [video]);
  const classes = isMirrored ? `${styles.ground} ${styles.mirrored}` : styles.ground;
  return <canvas ref={canvas} className={classes} width={side_px} height={side_px} />;
}
