// What stands in the partner's place when nobody is looked for: stopped, refused, or gone on in another
// window. Each takes the focus, since what was focused has gone.
import { type ReactNode, useEffect, useRef } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { localMedia } from '../../media/local';
import type { Mode } from '../../protocol';
import { Button, ButtonLink } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import type { CallSession } from './session';
import styles from './tiles.module.css';

const words = text.call;

interface PanelProps {
  session: CallSession;
}

export function IdlePanel({ session, mode }: PanelProps & { mode: Mode }) {
  const isPictured = useStore(localMedia.view).camera.state === 'on';
  return (
    <Panel title={words.idleTitle} said={isPictured ? words.idlePictured : words.idleText[mode]}>
      <MainAction label={words.meetAgain} onPress={() => session.next()} />
      <ButtonLink to="/studio">{words.toStudio}</ButtonLink>
    </Panel>
  );
}

export function RefusedPanel({ session, code }: PanelProps & { code: string }) {
  return (
    <Panel title={words.refusedTitle} said={words.refused(code)}>
      <MainAction label={words.tryAgain} onPress={() => session.next()} />
      <ButtonLink to="/studio">{words.toStudio}</ButtonLink>
    </Panel>
  );
}

export function TakenOverPanel({ session }: PanelProps) {
  return (
    <Panel title={words.takenOver} said={words.takenOverText}>
      <MainAction label={words.useHere} onPress={() => void session.useHere()} />
    </Panel>
  );
}

function Panel({ title, said, children }: { title: string; said: string; children: ReactNode }) {
  return (
    <div className={styles.panel}>
      <Mark className={styles.loops} />
      <h2>{title}</h2>
      <p>{said}</p>
      <div className={styles.actions}>{children}</div>
    </div>
  );
}

function MainAction({ label, onPress }: { label: string; onPress(): void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <Button ref={button} tone="main" onClick={onPress}>
      {label}
    </Button>
  );
}
