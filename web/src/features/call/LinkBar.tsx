// A quiet line while the server cannot be reached, and how it goes on. It has a row of its own, so that it
// covers nothing: below the pictures, or above the one that fills a phone.
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import type { LinkState } from '../../signaling/link';
import styles from './LinkBar.module.css';
import type { CallSession } from './session';
import type { Stage } from './stage';

export function LinkBar({ session, mode }: { session: CallSession; mode: Mode }) {
  const link = useStore(session.link.state);
  const { stage } = useStore(session.call);
  const said = sayLink(link, stage, mode);
  return (
    <div className={styles.place} role="status">
      {said && <p className={styles.bar}>{said}</p>}
    </div>
  );
}

export function sayLink(link: LinkState, stage: Stage, mode: Mode): string | undefined {
  const words = text.call;
  if (link.isDraining) return words.draining;
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
