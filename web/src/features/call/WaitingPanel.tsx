// Waiting, and the truth about it: why, among how many, for how long, what is no longer held to, and what to do
// when nobody else is here.
import { Check, RotateCcw, Share2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useHereNow } from '../../lib/hereNow';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import { Button } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import { GoBack } from './GoBack';
import type { CallSession } from './session';
import type { Because, Crowd, Looking } from './stage';
import styles from './tiles.module.css';

const words = text.call;

interface WaitingPanelProps {
  session: CallSession;
  stage: Looking;
  mode: Mode;
  isLinkUp: boolean;
}

export function WaitingPanel({ session, stage, mode, isLinkUp }: WaitingPanelProps) {
  const { because, held_ms, isAgain } = stage;
  const crowd = isLinkUp ? stage.crowd : undefined;
  const isAlone = crowd !== undefined && crowd.waiting <= 1;
  const hasMetAll = !isAlone && !isAgain && crowd?.relaxed.includes('met-everyone') === true;
  return (
    <div className={styles.panel}>
      <Mark mood="searching" className={styles.loops} />
      <h2>{words.looking}</h2>
      {!(isAlone && because.kind === 'start') && (
        <p>{held_ms === undefined ? sayBecause(because, crowd) : words.held}</p>
      )}
      <p className={styles.count} role="status">
        {isAlone && <Alone mode={mode} />}
        {crowd !== undefined && !isAlone && words.others(crowd.waiting - 1)}
      </p>
      {crowd && !isAlone && <Relaxed crowd={crowd} hasMetAll={hasMetAll} />}
      {hasMetAll && (
        <Button icon={<RotateCcw />} onClick={() => session.meetAgain()}>
          {words.meetThemAgain}
        </Button>
      )}
      {isAlone && <p>{words.aloneHint}</p>}
      <GoBack session={session} />
      {isAlone && <ShareLink />}
    </div>
  );
}

/** What the server no longer holds to; a word that is not known here is not spoken of. */
function Relaxed({ crowd, hasMetAll }: { crowd: Crowd; hasMetAll: boolean }) {
  const said = crowd.relaxed.flatMap((wish) =>
    wish === 'met-everyone' && !hasMetAll ? [] : (words.relaxed(wish) ?? []),
  );
  return said.map((each) => <p key={each}>{each}</p>);
}

/** Nobody waits for the same; whether nobody is here at all only the site's figures know. */
function Alone({ mode }: { mode: Mode }) {
  const here = useHereNow();
  return here !== undefined && here <= 1 ? words.aloneHere : words.aloneWaiting[mode];
}

function sayBecause(because: Because, crowd: Crowd | undefined): string {
  switch (because.kind) {
    case 'start':
      return crowd?.estimate_s === undefined
        ? words.lookingBecause.start
        : words.usually(crowd.estimate_s);
    case 'next':
      return words.lookingBecause.next;
    case 'partner-left':
      return words.left(because.name, because.reason);
    case 'link-returned':
      return because.name === undefined
        ? words.lookingBecause.linkReturned
        : words.callOver(because.name);
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
