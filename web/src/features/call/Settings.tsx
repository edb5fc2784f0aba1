// Devices, the chime and the keys, in a dialog over the call, which goes on behind it.
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { keep, readKept } from '../../lib/kept';
import { text } from '../../lib/text';
import { playChime } from '../../media/sound';
import type { Mode } from '../../protocol';
import { IconButton } from '../../ui/Button';
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
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (isOpen && !element?.open) element?.showModal();
    if (!isOpen && element?.open) element.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className={styles.dialog} onClose={onClose} aria-labelledby="settings">
      {isOpen && (
        <>
          <header className={styles.header}>
            <h2 id="settings">{words.settings(mode, hasKeys())}</h2>
            <IconButton label={text.common.close} icon={<X />} onClick={onClose} />
          </header>
          {mode !== 'text' && <DeviceChoices mode={mode} />}
          <Chime />
          {hasKeys() && <Keys />}
        </>
      )}
    </dialog>
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
