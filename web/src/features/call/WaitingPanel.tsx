// Waiting, and the truth about it: why, among how many, and what to do when nobody else is here.
import { Check, Share2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useHereNow } from '../../lib/hereNow';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import { Button } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import type { Because, Stage } from './stage';
import styles from './tiles.module.css';

const words = text.call;

interface WaitingPanelProps {
  stage: Extract<Stage, { kind: 'looking' }>;
  mode: Mode;
  isLinkUp: boolean;
}

export function WaitingPanel({ stage, mode, isLinkUp }: WaitingPanelProps) {
  const { because, waiting, held_ms } = stage;
  const isAlone = isLinkUp && waiting !== undefined && waiting <= 1;
  return (
    <div className={styles.panel}>
      <Mark mood="searching" className={styles.loops} />
      <h2>{words.looking}</h2>
      {!(isAlone && because.kind === 'start') && (
        <p>{held_ms === undefined ? sayBecause(because) : words.held}</p>
      )}
      <p className={styles.count} role="status">
        {isAlone && <Alone mode={mode} />}
        {isLinkUp && waiting !== undefined && !isAlone && words.others(waiting - 1)}
      </p>
      {isAlone && (
        <>
          <p>{words.aloneHint}</p>
          <ShareLink />
        </>
      )}
    </div>
  );
}

/** Nobody waits for the same; whether nobody is here at all only the site's figures know. */
function Alone({ mode }: { mode: Mode }) {
  const here = useHereNow();
  return here !== undefined && here <= 1 ? words.aloneHere : words.aloneWaiting[mode];
}

function sayBecause(because: Because): string {
  switch (because.kind) {
    case 'start':
      return words.lookingBecause.start;
    case 'next':
      return words.lookingBecause.next;
    case 'partner-left':
      return words.left(because.name, because.reason);
    case 'link-returned':
      return words.lookingBecause.linkReturned;
  }
}

function ShareLink() {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 3_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const url = `${window.location.origin}/`;
  const canShare = typeof navigator.share === 'function';
  const canCopy = navigator.clipboard !== undefined;
  if (!canShare && !canCopy) return <code className={styles.url}>{url}</code>;
  const share = () => {
    // Whoever closes the sheet without sharing has changed their mind: nothing to say.
    if (canShare) void navigator.share({ url }).catch(() => undefined);
    else void navigator.clipboard.writeText(url).then(() => setCopied(true));
  };
  return (
    <Button icon={isCopied ? <Check /> : <Share2 />} onClick={share} aria-live="polite">
      {isCopied ? words.copied : canShare ? words.share : words.copyLink}
    </Button>
  );
}
