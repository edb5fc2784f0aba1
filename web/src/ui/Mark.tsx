// The mark: two loops that meet, the warm one theirs, the cool one yours. Decoration: whoever shows it
// says in words what it stands for.
import styles from './Mark.module.css';

interface MarkProps {
  /** `searching`: the warm loop goes around, looking for the other. `apart`: each whole, by itself. */
  mood?: 'still' | 'searching' | 'apart';
  className?: string | undefined;
}

export function Mark({ mood = 'still', className }: MarkProps) {
  const classes = [styles.mark, styles[mood], className].filter(Boolean).join(' ');
  return (
    <svg className={classes} viewBox="0 0 48 32" aria-hidden="true" focusable="false">
      {mood === 'apart' ? (
        <>
          <circle className={styles.warm} cx="8" cy="16" r="11" />
          <circle className={styles.cool} cx="40" cy="16" r="11" />
        </>
      ) : (
        <>
          <path className={styles.warm} d="M26.84 20.91A11 11 0 1 0 19.94 26.6" />
          <path className={styles.cool} d="M28.06 5.4A11 11 0 1 1 21.16 11.09" />
        </>
      )}
    </svg>
  );
}
