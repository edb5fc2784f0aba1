// The frame around every page: skip link, header with navigation, the page, footer. On the call page
// and in the channels the footer gives way, so that they have the whole window.
import { Moon, Sun } from 'lucide-react';
import { Suspense, useEffect, useRef } from 'react';
import { Link, NavLink, Outlet, useLocation } from 'react-router';
import { contactHref, site } from '../features/site/site';
import { useStore } from '../lib/store';
import { text } from '../lib/text';
import { IconButton } from '../ui/Button';
import { Mark } from '../ui/Mark';
import { Problem } from './Problem';
import styles from './Shell.module.css';
import { switchTheme, theme } from './theme';

const words = text.common;

export function Shell() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  // Within a section its own page sees to the focus, and stays.
  const [, section = '', place] = pathname.split('/');
  const lastSection = useRef(section);
  useEffect(() => {
    if (lastSection.current === section) return;
    lastSection.current = section;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [section]);
  const isWhole = section === 'call' || section === 'channels';
  const isBare = section === 'call' || (section === 'channels' && place !== undefined);
  const look = [styles.shell, isWhole && styles.whole, isBare && styles.bare];
  return (
    <div className={look.filter(Boolean).join(' ')}>
      <a className={styles.skip} href="#content">
        {words.skipToContent}
      </a>
      <Header />
      <main id="content" ref={main} tabIndex={-1} className={styles.main}>
        {/* One boundary for all pages: the present one stays (and its camera on) until the next is here. */}
        <Suspense fallback={<p className={styles.loading}>{words.loading}</p>}>
          <Problem key={section}>
            <Outlet />
          </Problem>
        </Suspense>
      </main>
      {!isWhole && <Footer />}
    </div>
  );
}

function Header() {
  const { name } = useStore(site);
  const present = useStore(theme);
  return (
    <header className={styles.header}>
      <Link className={styles.brand} to="/">
        <Mark className={styles.mark} />
        <span>{name}</span>
      </Link>
      <nav aria-label={words.mainNavigation} className={styles.nav}>
        <NavLink to="/" end>
          {words.home}
        </NavLink>
        <NavLink to="/studio">{words.studio}</NavLink>
        <NavLink to="/channels">{words.channels}</NavLink>
        <NavLink to="/rules">{words.rules}</NavLink>
      </nav>
      <IconButton
        className={styles.theme}
        label={present === 'dark' ? words.toLight : words.toDark}
        icon={present === 'dark' ? <Sun /> : <Moon />}
        onClick={switchTheme}
      />
    </header>
  );
}

function Footer() {
  const { name, contact } = useStore(site);
  const href = contact ? contactHref(contact) : undefined;
  return (
    <footer className={styles.footer}>
      <div className={styles.footerInner}>
        <p>
          <strong>{name}</strong>
          <br />
          {words.footerLine}
        </p>
        <nav aria-label={words.footerNavigation}>
          <Link to="/your-data">{text.own.title}</Link>
          <Link to="/rules">{words.rules}</Link>
          {href && <a href={href}>{words.contact}</a>}
        </nav>
      </div>
    </footer>
  );
}
