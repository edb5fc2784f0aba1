// What is wrong with the camera or microphone, each in one sentence with the way out.
import { CameraOff, MicOff } from 'lucide-react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { browserOf, type Device } from '../../media/errors';
import { localMedia, type Source } from '../../media/local';
import type { Mode } from '../../protocol';
import { Button } from '../../ui/Button';
import styles from './DeviceProblems.module.css';
import { devicesFor } from './wishes';

const words = text.studio;
const icons = { camera: CameraOff, microphone: MicOff } as const;

interface DeviceProblemsProps {
  mode: Mode;
  /** Absent where the kind of talk cannot be changed any more: there one goes on without the device. */
  onMode?(mode: Mode): void;
  /** What was wrong before, and need not be said again. */
  known?: readonly Source[];
}

export function DeviceProblems({ mode, onMode, known = [] }: DeviceProblemsProps) {
  const media = useStore(localMedia.view);
  const troubled = devicesFor(mode).filter(
    (device) => media[device].problem !== undefined && !known.includes(media[device]),
  );
  if (troubled.length === 0) return null;
  const isVoiceLeft = mode === 'video' && !troubled.includes('microphone');
  return (
    <div className={styles.problems} role="alert">
      {troubled.map((device) => (
        <Sentence key={device} device={device} />
      ))}
      <div className={styles.ways}>
        <Button onClick={() => void localMedia.open(troubled)}>{words.tryAgain}</Button>
        {onMode && isVoiceLeft && (
          <Button onClick={() => onMode('audio')}>{words.goOnWithVoice}</Button>
        )}
        {onMode && <Button onClick={() => onMode('text')}>{words.goOnWithText}</Button>}
        {!onMode && (
          <Button onClick={() => troubled.forEach((device) => void localMedia.close(device))}>
            {words.goOnWithout}
          </Button>
        )}
      </div>
    </div>
  );
}

function Sentence({ device }: { device: Device }) {
  const { problem } = useStore(localMedia.view)[device];
  const Icon = icons[device];
  if (!problem) return null;
  return (
    <p>
      <Icon aria-hidden="true" />
      {words.problem(problem, device, browserOf(navigator.userAgent))}
    </p>
  );
}
