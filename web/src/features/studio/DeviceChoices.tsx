// Camera, microphone and speaker, each chosen from what the browser lists. Also used during a call.
import { Volume2 } from 'lucide-react';
import { useState } from 'react';
import type { Device } from '../../lib/devices';
import { readKept } from '../../lib/kept';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { type Choice, localMedia } from '../../media/local';
import { playSpeakerTest } from '../../media/sound';
import type { Mode } from '../../protocol';
import { IconButton } from '../../ui/Button';
import styles from './DeviceChoices.module.css';

const words = text.studio;

export function DeviceChoices({ mode }: { mode: Mode }) {
  const { cameras, microphones, speakers, speakerId } = useStore(localMedia.view);
  const isSpeakerChosen = 'setSinkId' in HTMLMediaElement.prototype;
  return (
    <div className={styles.devices}>
      {mode === 'video' && <DeviceChoice device="camera" label={words.camera} choices={cameras} />}
      <DeviceChoice device="microphone" label={words.microphone} choices={microphones} />
      <div className={styles.speaker}>
        {isSpeakerChosen ? (
          <DeviceChoice device="speaker" label={words.speaker} choices={speakers} />
        ) : (
          <span className={styles.label}>{words.speaker}</span>
        )}
        <IconButton
          label={words.speakerTest}
          icon={<Volume2 />}
          onClick={() => playSpeakerTest(speakerId)}
        />
      </div>
    </div>
  );
}

interface DeviceChoiceProps {
  device: Device | 'speaker';
  label: string;
  choices: readonly Choice[];
}

function DeviceChoice({ device, label, choices }: DeviceChoiceProps) {
  const [chosen, setChosen] = useState(() => readKept(device));
  const media = useStore(localMedia.view);
  const source = device === 'speaker' ? undefined : media[device];
  // What is in use says more than what was wished for: the system may have lent another.
  const inUse = source?.track?.getSettings().deviceId;
  const isListed = (id: string | undefined) => choices.some((choice) => choice.id === id);
  const present = [inUse, chosen, 'default'].find(isListed);
  // Which speaker is in use no browser tells.
  const isUnnamed = present === undefined || (device === 'speaker' && !isListed('default'));
  const isNone = choices.length === 0 && source?.problem === 'missing';
  return (
    <label className={styles.choice}>
      <span className={styles.label}>{label}</span>
      <select
        value={present ?? ''}
        disabled={isNone}
        onChange={(event) => {
          setChosen(event.target.value);
          void localMedia.choose(device, event.target.value);
        }}
      >
        {isUnnamed && (
          <option value="">
            {isNone && device !== 'speaker' ? words.noDevice[device] : words.systemDevice}
          </option>
        )}
        {choices.map((choice, i) => (
          <option key={choice.id} value={choice.id}>
            {choice.label || words.deviceNumber(label, i + 1)}
          </option>
        ))}
      </select>
    </label>
  );
}
