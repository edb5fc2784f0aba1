// The rules of the site, as its operator wrote them.
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { contactHref, site } from './site';
import styles from './site.module.css';
import { useTitle } from './useTitle';

const words = text.common;

export function RulesPage() {
  const { name, rules, contact, isKnown } = useStore(site);
  useTitle(words.rulesTitle);
  const href = contact ? contactHref(contact) : undefined;
  return (
    <article className={styles.sheet}>
      <h1>{words.rulesTitle}</h1>
      {!isKnown && <p className={styles.soft}>{words.rulesLoading}</p>}
      {isKnown && rules.length === 0 && <p className={styles.soft}>{words.rulesNone}</p>}
      {rules.length > 0 && (
        <>
          <p className={styles.soft}>{words.rulesIntro(name)}</p>
          <ol className={styles.rules}>
            {rules.map((rule) => (
              <li key={rule}>{rule}</li>
            ))}
          </ol>
        </>
      )}
      {href && (
        <p className={styles.soft}>
          {words.rulesContact} <a href={href}>{contact}</a>
        </p>
      )}
    </article>
  );
}
