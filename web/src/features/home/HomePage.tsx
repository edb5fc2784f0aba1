// The first page: what this is, who is here, and the way in. No media and no socket here.
import { ArrowRight, DoorOpen, Lock, TriangleAlert, UserRoundX } from 'lucide-react';
import { useHereNow } from '../../lib/hereNow';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { ButtonLink } from '../../ui/Button';
import { contactHref, site } from '../site/site';
import { useTitle } from '../site/useTitle';
import { CallPicture } from './CallPicture';
import styles from './HomePage.module.css';
import { StepDrawing } from './StepDrawing';

const words = text.home;
const safeIcons = [Lock, UserRoundX, DoorOpen, TriangleAlert];

export function HomePage() {
  useTitle(undefined);
  return (
    <>
      <Hero />
      <section className={styles.section} aria-labelledby="how">
        <h2 id="how">{words.howTitle}</h2>
        <ol className={styles.steps}>
          {words.steps.map((step, i) => (
            <li key={step.title}>
              <StepDrawing step={i} />
              <h3>{step.title}</h3>
              <p>{step.text}</p>
            </li>
          ))}
        </ol>
      </section>
      <section className={`${styles.section} ${styles.band}`} aria-labelledby="safe">
        <div className={styles.inner}>
          <h2 id="safe">{words.safeTitle}</h2>
          <ul className={styles.safe}>
            {words.safe.map((point, i) => {
              const Icon = safeIcons[i] ?? Lock;
              return (
                <li key={point.title}>
                  <Icon aria-hidden="true" />
                  <h3>{point.title}</h3>
                  <p>{point.text}</p>
                </li>
              );
            })}
          </ul>
        </div>
      </section>
      <Questions />
      <section className={`${styles.section} ${styles.end}`}>
        <h2>{words.endTitle}</h2>
        <ButtonLink
          tone="main"
          size="large"
          to="/studio"
          icon={<ArrowRight className={styles.go} />}
        >
          {words.endAction}
        </ButtonLink>
      </section>
    </>
  );
}

function Hero() {
  const here = useHereNow();
  return (
    <section className={styles.hero}>
      <div className={styles.pitch}>
        <h1>{words.promise}</h1>
        <p className={styles.more}>{words.promiseMore}</p>
        <Ways />
        <p className={styles.here} data-known={here !== undefined && here > 0}>
          {here !== undefined && here > 0 ? words.hereNow(here) : ' '}
        </p>
      </div>
      <CallPicture />
    </section>
  );
}

function Ways() {
  return (
    <div className={styles.ways}>
      <ButtonLink tone="main" size="large" to="/studio" icon={<ArrowRight className={styles.go} />}>
        {text.common.meetSomeone}
      </ButtonLink>
      <ButtonLink size="large" to="/studio?mode=text">
        {text.common.textOnly}
      </ButtonLink>
    </div>
  );
}

function Questions() {
  const { contact } = useStore(site);
  const href = contact ? contactHref(contact) : undefined;
  return (
    <section className={`${styles.section} ${styles.asked}`} aria-labelledby="questions">
      <h2 id="questions">{words.questionsTitle}</h2>
      <div className={styles.questions}>
        {words.questions.map(({ question, answer }) => (
          <details key={question}>
            <summary>{question}</summary>
            <p>{answer}</p>
          </details>
        ))}
        {href && (
          <p className={styles.contact}>
            <a href={href}>{text.common.contact}</a>
          </p>
        )}
      </div>
    </section>
  );
}
