// Three small drawings out of the two loops: alone, coming together, met and moving on.
import styles from './HomePage.module.css';

const drawings = [
  <g key="mirror">
    <circle className={styles.coolStroke} cx="60" cy="34" r="20" />
    <path className={styles.lineStroke} d="M24 10v48M96 10v48" />
  </g>,
  <g key="meet">
    <circle className={styles.warmStroke} cx="34" cy="34" r="20" />
    <circle className={styles.coolStroke} cx="86" cy="34" r="20" />
    <path className={styles.lineStroke} d="M57 34h6" />
  </g>,
  <g key="next">
    <circle className={styles.warmStroke} cx="47" cy="34" r="20" />
    <circle className={styles.coolStroke} cx="73" cy="34" r="20" />
    <path className={styles.lineStroke} d="M103 26l9 8-9 8" />
  </g>,
];

export function StepDrawing({ step }: { step: number }) {
  return (
    <svg className={styles.drawing} viewBox="0 0 120 68" aria-hidden="true">
      {drawings[step]}
    </svg>
  );
}
