// A quiet line over the call while the server cannot be reached, and how it goes on.
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import type { LinkState } from '../../signaling/link';
import styles from './LinkBar.module.css';
import type { CallSession } from './session';
import type { Stage } from './stage';

export function LinkBar({ session }: { session: CallSession }) {
  const link = useStore(session.link.state);
  const { stage } = useStore(session.call);
  const said = sayLink(link, stage);
  return (
    <div className={styles.place} role="status">
      {said && <p className={styles.bar}>{said}</p>}
    </div>
  );
}

export function sayLink(link: LinkState, stage: Stage): string | undefined {
  const words = text.call;
  if (link.isDraining) return words.draining;
  switch (link.phase) {
    case 'offline':
      return words.offline;
    case 'resting':
      return stage.kind === 'talking' ? words.linkLost : words.linkLostLooking;
    case 'connecting':
    case 'greeting':
      if (link.attempt === 0) return undefined;
      return stage.kind === 'talking' ? words.linkLost : words.linkLostLooking;
    case 'up':
    case 'off':
    case 'taken-over':
      return undefined;
  }
}
