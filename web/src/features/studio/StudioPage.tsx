// The studio: see yourself, choose devices, name and kind of talk, then start. Devices are asked for here
// and kept on for the call; what fails is said with the way out, and text always works.
import { useEffect, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { keep, readKept } from '../../lib/kept';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { localMedia } from '../../media/local';
import type { Mode } from '../../protocol';
import { Button } from '../../ui/Button';
import { useTitle } from '../site/useTitle';
import { DeviceChoices } from './DeviceChoices';
import { ModeChoice } from './ModeChoice';
import { Preview } from './Preview';
import styles from './StudioPage.module.css';
import { canCall, cutName, devicesFor, readMode, startWarning } from './wishes';

const words = text.studio;

export default function StudioPage() {
  useTitle(words.title);
  const [asked] = useSearchParams();
  const [mode, setMode] = useState<Mode>(() =>
    canCall() ? readMode(asked.get('mode') ?? readKept('mode')) : 'text',
  );
  const [name, setName] = useState(() => readKept('name') ?? '');
  const navigate = useNavigate();

  useEffect(() => localMedia.hold(), []);
  // The call is likely to be next; its code should be here when Start is pressed.
  useEffect(() => void import('../call/CallPage'), []);
  useEffect(() => {
    const wanted = devicesFor(mode);
    if (!wanted.includes('camera')) localMedia.close('camera');
    if (!wanted.includes('microphone')) localMedia.close('microphone');
    void localMedia.open(wanted);
  }, [mode]);

  const choose = (chosen: Mode) => {
    keep('mode', chosen);
    setMode(chosen);
  };
  const start = () => {
    const called = cutName(name);
    keep('name', called || undefined);
    navigate('/call', { state: { mode, name: called } });
  };

  return (
    <form
      className={styles.studio}
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <h1>{words.heading}</h1>
      <div className={styles.card}>
        <Preview mode={mode} onMode={choose} />
        <div className={styles.choices}>
          {canCall() ? (
            <ModeChoice mode={mode} onChoose={choose} />
          ) : (
            <p className={styles.note}>{words.noCalls}</p>
          )}
          <label className={styles.field}>
            <span>{words.nameLabel}</span>
            <input
              value={name}
              onChange={(event) => setName(event.target.value)}
              placeholder={words.namePlaceholder}
              aria-describedby="name-hint"
              autoComplete="nickname"
              maxLength={80}
            />
            <small id="name-hint">{words.nameHint}</small>
          </label>
          {mode !== 'text' && <DeviceChoices mode={mode} />}
          <Start mode={mode} />
        </div>
      </div>
    </form>
  );
}

function Start({ mode }: { mode: Mode }) {
  const media = useStore(localMedia.view);
  return (
    <div className={styles.start}>
      <Button type="submit" tone="main" size="large" aria-describedby="start-hint">
        {words.start}
      </Button>
      <small id="start-hint">{startWarning(mode, media) ?? words.startHint[mode]}</small>
    </div>
  );
}
