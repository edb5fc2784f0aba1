// A quiet line while the server cannot be reached, and how it goes on. It has a row of its own, so that it
// covers nothing: below the pictures, or above the one that fills a phone.
import { useEffect, useState } from 'react';
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import type { LinkState } from '../../signaling/linkState';
import styles from './LinkBar.module.css';
import type { CallSession } from './session';
import type { Stage } from './stage';

const shown_ms = 800;

export function LinkBar({ session, mode }: { session: CallSession; mode: Mode }) {
  const link = useStoreByFrame(session.link.state);
  const { stage } = useStore(session.call);
  const said = useLasting(sayLink(link, stage, mode), shown_ms);
  return (
    <div className={styles.place} role="status">
      {said && <p className={styles.bar}>{said}</p>}
    </div>
  );
}

/** What is over again at once is not worth a word, to the eye or to a screen reader. */
function useLasting(value: string | undefined, for_ms: number): string | undefined {
  const [lasting, setLasting] = useState<string>();
  useEffect(() => {
    const timer = setTimeout(() => setLasting(value), value === undefined ? 0 : for_ms);
    return () => clearTimeout(timer);
  }, [value, for_ms]);
  return value === undefined ? undefined : lasting;
}

/** So many times a server that has said goodbye is still thought to be on its way back. */
const restartAttempts = 5;

export function sayLink(link: LinkState, stage: Stage, mode: Mode): string | undefined {
  const words = text.call;
  if (link.isRestarting && link.attempt <= restartAttempts) return words.draining;
  switch (link.phase) {
    case 'offline':
      return words.offline;
    case 'resting':
      return sayLost(stage, mode);
    case 'connecting':
    case 'greeting':
      if (link.attempt === 0) return undefined;
      return sayLost(stage, mode);
    case 'up':
    case 'off':
    case 'taken-over':
      return undefined;
  }
}

function sayLost({ kind }: Stage, mode: Mode): string {
  if (kind !== 'talking') return text.call.linkLostLooking;
  return mode === 'text' ? text.call.linkLostText : text.call.linkLost;
}
