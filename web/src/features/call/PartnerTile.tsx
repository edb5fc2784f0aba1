// The tile on the left: the partner while there is one, else what is going on instead.
import { type PointerEvent, useRef } from 'react';
import { useStore, useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import { PartnerView } from './PartnerView';
import { IdlePanel, RefusedPanel, TakenOverPanel } from './panels';
import type { CallSession } from './session';
import styles from './tiles.module.css';
import { WaitingPanel } from './WaitingPanel';

interface PartnerTileProps {
  session: CallSession;
  mode: Mode;
}

const swipe = { up_px: 90, aside_px: 60, within_ms: 700 } as const;

export function PartnerTile({ session, mode }: PartnerTileProps) {
  const { stage } = useStore(session.call);
  const { phase } = useStoreByFrame(session.link.state);
  const from = useRef<{ x: number; y: number; at: number } | undefined>(undefined);

  const onPointerDown = (event: PointerEvent) => {
    const isSwipe = event.pointerType === 'touch' && stage.kind === 'talking';
    from.current = isSwipe
      ? { x: event.clientX, y: event.clientY, at: event.timeStamp }
      : undefined;
  };
  const onPointerUp = (event: PointerEvent) => {
    const start = from.current;
    from.current = undefined;
    if (!start || event.timeStamp - start.at > swipe.within_ms) return;
    const isUp = start.y - event.clientY > swipe.up_px;
    if (isUp && Math.abs(event.clientX - start.x) < swipe.aside_px) session.next();
  };

  return (
    <section
      className={`${styles.tile} ${styles.them}`}
      data-stage={stage.kind}
      aria-label={nameOf(stage.kind === 'talking' ? stage.match.remoteUserDetails.userName : '')}
      onPointerDown={onPointerDown}
      onPointerUp={onPointerUp}
    >
      {phase === 'taken-over' ? (
        <TakenOverPanel session={session} />
      ) : stage.kind === 'talking' ? (
        <PartnerView session={session} stage={stage} mode={mode} />
      ) : stage.kind === 'looking' ? (
        <WaitingPanel session={session} stage={stage} mode={mode} isLinkUp={phase === 'up'} />
      ) : stage.kind === 'refused' ? (
        <RefusedPanel session={session} code={stage.code} />
      ) : (
        <IdlePanel session={session} mode={mode} />
      )}
    </section>
  );
}

function nameOf(name: string): string {
  return name || text.call.heading;
}
