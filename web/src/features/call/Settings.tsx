// Devices, the chime and the keys, in a dialog over the call, which goes on behind it.
import { useState } from 'react';
import { keep, readKept } from '../../lib/kept';
import { text } from '../../lib/text';
import { playChime } from '../../media/sound';
import type { Mode } from '../../protocol';
import { Dialog } from '../../ui/Dialog';
import { DeviceChoices } from '../studio/DeviceChoices';
import styles from './Settings.module.css';
import { hasKeys } from './useKeys';

const words = text.call;

interface SettingsProps {
  isOpen: boolean;
  mode: Mode;
  onClose(): void;
}

export function Settings({ isOpen, mode, onClose }: SettingsProps) {
  return (
    <Dialog title={words.settings(mode, hasKeys())} isOpen={isOpen} onClose={onClose}>
      {mode !== 'text' && <DeviceChoices mode={mode} />}
      <Chime />
      {hasKeys() && <Keys />}
    </Dialog>
  );
}

function Chime() {
  const [isOn, setOn] = useState(() => readKept('chime') !== 'off');
  const turn = (on: boolean) => {
    keep('chime', on ? undefined : 'off');
    setOn(on);
    if (on) playChime();
  };
  return (
    <label className={styles.chime}>
      <span>{words.chime}</span>
      <input
        type="checkbox"
        role="switch"
        checked={isOn}
        aria-checked={isOn}
        onChange={(event) => turn(event.target.checked)}
      />
    </label>
  );
}

function Keys() {
  return (
    <div className={styles.keys}>
      <h3>{words.keys}</h3>
      <dl>
        {words.keysList.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
