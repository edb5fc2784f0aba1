// An address at which there is nothing.
import { text } from '../../lib/text';
import { ButtonLink } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import styles from './site.module.css';
import { useTitle } from './useTitle';

const words = text.common;

export function NotFoundPage() {
  useTitle(words.notFoundTitle);
  return (
    <article className={`${styles.sheet} ${styles.centred}`}>
      <Mark mood="apart" className={styles.apart} />
      <h1>{words.notFoundTitle}</h1>
      <p className={styles.soft}>{words.notFoundText}</p>
      <ButtonLink tone="main" to="/">
        {words.notFoundBack}
      </ButtonLink>
    </article>
  );
}
