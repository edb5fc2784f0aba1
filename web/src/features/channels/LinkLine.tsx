// A quiet line while the server cannot be reached, and what becomes of what one writes meanwhile.
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import type { LinkState } from '../../signaling/linkState';
import styles from './Channels.module.css';
import type { ChannelHub } from './hub';

const words = text.channels;

export function LinkLine({ hub }: { hub: ChannelHub }) {
  const isBack = useStore(hub.isBack);
  const said = sayLink(useStoreByFrame(hub.link.state)) ?? (isBack ? words.back : undefined);
  return (
    <div role="status" className={styles.linkPlace}>
      {said !== undefined && <p className={styles.linkLine}>{said}</p>}
    </div>
  );
}

function sayLink({ phase, attempt, isRestarting }: LinkState): string | undefined {
  switch (phase) {
    case 'offline':
      return words.offline;
    case 'resting':
      return isRestarting ? words.draining : words.linkLost;
    case 'connecting':
    case 'greeting':
      return attempt > 0 ? words.linkLost : undefined;
    case 'up':
    case 'off':
    case 'taken-over':
      return undefined;
  }
}
