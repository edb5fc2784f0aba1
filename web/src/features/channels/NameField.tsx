// What others are to call one, asked where it is needed and kept as the studio keeps it.
import { text } from '../../lib/text';
import { nameChars_max } from '../studio/wishes';
import styles from './Channels.module.css';

const words = text.channels;

interface NameFieldProps {
  value: string;
  onChange(name: string): void;
}

export function NameField({ value, onChange }: NameFieldProps) {
  return (
    <label className={styles.field}>
      <span>{words.nameLabel}</span>
      <input
        value={value}
        maxLength={nameChars_max * 2}
        autoComplete="nickname"
        dir="auto"
        onChange={(event) => onChange(event.target.value)}
      />
      <small>{words.nameHint}</small>
    </label>
  );
}
