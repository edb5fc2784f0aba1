// What is wrong with the camera or microphone, each in one sentence with the way out.
import { CameraOff, MicOff } from 'lucide-react';
import type { Device, MediaProblem } from '../../lib/devices';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { browserOf } from '../../media/errors';
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
  const problems = troubled.flatMap((device) => media[device].problem ?? []);
  const browser = browserOf(navigator.userAgent);
  const [first, second] = problems;
  const forBoth = first && first === second ? words.problemOfBoth(first, browser) : undefined;
  return (
    <div className={styles.problems} role="alert">
      {forBoth ? (
        <Sentence device="camera" said={forBoth} />
      ) : (
        troubled.map((device, i) => (
          <Sentence
            key={device}
            device={device}
            said={words.problem(problems[i] ?? 'unknown', device, browser)}
          />
        ))
      )}
      <div className={styles.ways}>
        {!problems.every(isStanding) && (
          <Button onClick={() => void localMedia.open(troubled)}>{words.tryAgain}</Button>
        )}
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

function Sentence({ device, said }: { device: Device; said: string }) {
  const Icon = icons[device];
  return (
    <p>
      <Icon aria-hidden="true" />
      {said}
    </p>
  );
}

/** No second attempt on the same page can end differently. */
function isStanding(problem: MediaProblem): boolean {
  return problem === 'insecure' || problem === 'unsupported';
}
