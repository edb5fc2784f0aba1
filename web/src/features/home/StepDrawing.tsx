// Three small drawings out of the two loops: alone, coming together, met and moving on.
import styles from './HomePage.module.css';

const drawings = [
  <g key="mirror">
    <circle className={styles.coolStroke} cx="42" cy="34" r="20" />
    <path className={styles.lineStroke} d="M4 10v48M80 10v48" />
  </g>,
  <g key="meet">
    <circle className={styles.warmStroke} cx="24" cy="34" r="20" />
    <circle className={styles.coolStroke} cx="80" cy="34" r="20" />
    <path className={styles.lineStroke} d="M49 34h6" />
  </g>,
  <g key="next">
    <circle className={styles.warmStroke} cx="24" cy="34" r="20" />
    <circle className={styles.coolStroke} cx="50" cy="34" r="20" />
    <path className={styles.lineStroke} d="M86 24l9 10-9 10" />
  </g>,
];

export function StepDrawing({ step }: { step: number }) {
  return (
    <svg className={styles.drawing} viewBox="0 0 120 68" aria-hidden="true">
      {drawings[step]}
    </svg>
  );
}
