// The frame around every page: skip link, header with navigation, the page, footer. On the call page the
// footer gives way, so that the call has the whole window.
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
  const lastPath = useRef(pathname);
  useEffect(() => {
    if (lastPath.current === pathname) return;
    lastPath.current = pathname;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  const isCall = pathname === '/call';
  return (
    <div className={isCall ? `${styles.shell} ${styles.call}` : styles.shell}>
      <a className={styles.skip} href="#content">
        {words.skipToContent}
      </a>
      <Header />
      <main id="content" ref={main} tabIndex={-1} className={styles.main}>
        {/* One boundary for all pages: the present one stays (and its camera on) until the next is here. */}
        <Suspense fallback={<p className={styles.loading}>{words.loading}</p>}>
          <Problem key={pathname}>
            <Outlet />
          </Problem>
        </Suspense>
      </main>
      {!isCall && <Footer />}
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
          <Link to="/rules">{words.rules}</Link>
          {href && <a href={href}>{words.contact}</a>}
        </nav>
      </div>
    </footer>
  );
}
