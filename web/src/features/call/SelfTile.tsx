// Your own tile. Beside the partner's on a wide screen; on a phone a small one that is dragged to any
// corner, or sent to the next by its button.
import { Move, VideoOff } from 'lucide-react';
import { type PointerEvent, useRef, useState } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { localMedia } from '../../media/local';
import type { Mode } from '../../protocol';
import { TrackVideo } from '../../ui/TrackVideo';
import { useLevel } from '../../ui/useLevel';
import { DeviceProblems } from '../studio/DeviceProblems';
import { type Corner, nearestCorner, nextCorner } from './corners';
import styles from './tiles.module.css';

const words = text.call;

export function SelfTile({ mode }: { mode: Mode }) {
  const { camera, microphone, isMuted } = useStore(localMedia.view);
  const [corner, setCorner] = useState<Corner>('top-end');
  // What failed in the studio was said there.
  const [known] = useState(() => [camera, microphone]);
  const tile = useRef<HTMLElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const isPictured = mode === 'video' && camera.track !== undefined;
  useLevel(isPictured || isMuted ? undefined : microphone.track, ring);
  const drag = useDrag(tile, setCorner);
  const state = mode === 'video' && camera.state !== 'on' ? words.yourCameraOff : undefined;
  return (
    <section
      ref={tile}
      className={`${styles.tile} ${styles.you}`}
      data-corner={corner}
      aria-label={words.you}
    >
      {mode === 'video' && camera.track ? (
        <TrackVideo
          track={camera.track}
          label={words.yourPicture}
          testId="local-video"
          isMirrored
        />
      ) : (
        <div ref={ring} className={`${styles.avatar} ${styles.cool}`} aria-hidden="true">
          {mode === 'video' ? <VideoOff /> : words.you[0]}
        </div>
      )}
      <p className={styles.name}>{words.you}</p>
      {state && <p className={styles.state}>{state}</p>}
      <div className={styles.trouble}>
        <DeviceProblems mode={mode} known={known} />
      </div>
      <button
        type="button"
        className={styles.move}
        aria-label={words.moveTile}
        onClick={(event) => {
          // A key press has no detail; the click that ends a drag is none.
          if (event.detail === 0 || !drag.wasDragged()) setCorner(nextCorner(corner));
        }}
        {...drag.handlers}
      >
        <Move aria-hidden="true" />
      </button>
    </section>
  );
}

/** Lets the tile follow the finger and drop into the nearest corner. */
function useDrag(tile: { current: HTMLElement | null }, onDrop: (corner: Corner) => void) {
  const from = useRef<{ x: number; y: number } | undefined>(undefined);
  const isDragged = useRef(false);
  const end = (event: PointerEvent) => {
    const element = tile.current;
    if (!from.current || !element) return;
    from.current = undefined;
    const box = element.getBoundingClientRect();
    element.style.translate = '';
    if (!isDragged.current || event.type === 'pointercancel') return;
    const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const isRtl = getComputedStyle(element).direction === 'rtl';
    onDrop(nearestCorner(centre, { x: window.innerWidth, y: window.innerHeight }, isRtl));
  };
  return {
    wasDragged: () => isDragged.current,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, y: event.clientY };
        isDragged.current = false;
      },
      onPointerMove: (event: PointerEvent) => {
        if (!from.current || !tile.current) return;
        const x = event.clientX - from.current.x;
        const y = event.clientY - from.current.y;
        if (Math.hypot(x, y) > 8) isDragged.current = true;
        if (isDragged.current) tile.current.style.translate = `${x}px ${y}px`;
      },
      onPointerUp: end,
      onPointerCancel: end,
    },
  };
}
