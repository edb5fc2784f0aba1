// The first letter of a name on a colour of its own, so that one finds somebody again at a glance.
import styles from './Avatar.module.css';

const hues = 8;

export function Avatar({ name, seed, isLarge }: { name: string; seed: string; isLarge?: boolean }) {
  const [first = '?'] = name.trim();
  return (
    <span className={styles.avatar} data-hue={hueOf(seed)} data-large={isLarge} aria-hidden="true">
      {first.toUpperCase()}
    </span>
  );
}

function hueOf(seed: string): number {
  let sum = 0;
  for (const char of seed) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return sum % hues;
}
