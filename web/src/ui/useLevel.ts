// Writes the loudness of a track into the `--level` property of an element, frame by frame and past React,
// while the element is shown.
import { type RefObject, useEffect } from 'react';
import { measureLevel } from '../media/sound';

export function useLevel(
  track: MediaStreamTrack | undefined,
  element: RefObject<HTMLElement | null>,
): void {
  useEffect(() => {
    if (!track) return;
    return measureLevel(track, (level) =>
      element.current?.style.setProperty('--level', level.toFixed(3)),
    );
  }, [track, element]);
}
