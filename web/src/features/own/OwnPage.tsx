// What the visitor has here: to take along, and to have removed.
import { Download, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import site from '../site/site.module.css';
import { useTitle } from '../site/useTitle';
import { EraseDialog } from './EraseDialog';
import styles from './OwnPage.module.css';
import { download, erase, isKnownHere, type Outcome } from './own';

const words = text.own;

type Busy = 'downloading' | 'erasing' | undefined;

export default function OwnPage() {
  useTitle(words.title);
  const [busy, setBusy] = useState<Busy>();
  const [said, setSaid] = useState('');
  const [asks, setAsks] = useState(false);
  const [isKnown] = useState(isKnownHere);

  const during = async (what: Busy, wish: Promise<Outcome>, done: () => void) => {
    setBusy(what);
    setSaid('');
    const outcome = await wish;
    setBusy(undefined);
    if (outcome.ok) done();
    else setSaid(failure(outcome.code));
  };
  const onDownload = () =>
    during('downloading', download(saveFile), () => setSaid(words.downloaded));
  // Loaded again, nothing of the page remembers anybody.
  const onErase = () => during('erasing', erase(), () => window.location.assign('/'));

  return (
    <article className={site.sheet}>
      <h1>{words.title}</h1>
      <p className={site.soft}>{isKnown ? words.intro : words.nothing}</p>
      {isKnown && (
        <>
          <section className={styles.part}>
            <h2>{words.downloadTitle}</h2>
            <p>{words.downloadText}</p>
            <Button icon={<Download />} disabled={busy !== undefined} onClick={onDownload}>
              {busy === 'downloading' ? words.downloading : words.download}
            </Button>
          </section>
          <section className={styles.part}>
            <h2>{words.eraseTitle}</h2>
            <p>{words.eraseText}</p>
            <Button
              tone="leave"
              icon={<Trash2 />}
              disabled={busy !== undefined}
              onClick={() => setAsks(true)}
            >
              {busy === 'erasing' ? words.erasing : words.erase}
            </Button>
          </section>
        </>
      )}
      <p role="status">{said}</p>
      <EraseDialog isOpen={asks} onClose={() => setAsks(false)} onYes={onErase} />
    </article>
  );
}

function failure(code: string): string {
  const { failed } = words;
  return code in failed ? failed[code as keyof typeof failed] : failed.other;
}

function saveFile(file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = 'live-loop.json';
  link.click();
  URL.revokeObjectURL(url);
}
