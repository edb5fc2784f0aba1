// Video, voice or text, as one group of radio buttons.
import { MessageCircle, Mic, Video } from 'lucide-react';
import { text } from '../../lib/text';
import type { Mode } from '../../protocol';
import styles from './StudioPage.module.css';

const words = text.studio;
const modes = [
  { mode: 'video', Icon: Video },
  { mode: 'audio', Icon: Mic },
  { mode: 'text', Icon: MessageCircle },
] as const satisfies readonly { mode: Mode; Icon: unknown }[];

interface ModeChoiceProps {
  mode: Mode;
  onChoose(mode: Mode): void;
}

export function ModeChoice({ mode: chosen, onChoose }: ModeChoiceProps) {
  return (
    <fieldset className={styles.modes}>
      <legend>{words.modeLabel}</legend>
      <div>
        {modes.map(({ mode, Icon }) => (
          <label key={mode}>
            <input
              type="radio"
              name="mode"
              className="unseen"
              checked={mode === chosen}
              onChange={() => onChoose(mode)}
            />
            <Icon aria-hidden="true" />
            {words.modes[mode]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
