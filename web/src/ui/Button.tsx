// A button, or a link that looks like one. Four tones: the one main action, a quiet one, a bare one for
// toolbars, and red for leaving.
import type { ComponentProps, ReactNode } from 'react';
import { Link } from 'react-router';
import styles from './Button.module.css';

export type Tone = 'main' | 'quiet' | 'bare' | 'leave';
export type Size = 'usual' | 'large';

interface Look {
  tone?: Tone;
  size?: Size;
  icon?: ReactNode;
}

export function Button({
  tone = 'quiet',
  size = 'usual',
  icon,
  className,
  children,
  ...rest
}: Look & ComponentProps<'button'>) {
  return (
    <button type="button" {...rest} className={classes(tone, size, className)}>
      {icon}
      {children}
    </button>
  );
}

export function ButtonLink({
  tone = 'quiet',
  size = 'usual',
  icon,
  className,
  children,
  ...rest
}: Look & ComponentProps<typeof Link>) {
  return (
    <Link {...rest} className={classes(tone, size, className)}>
      {icon}
      {children}
    </Link>
  );
}

interface IconButtonProps extends ComponentProps<'button'> {
  /** The button's name, also shown as its tooltip. */
  label: string;
  icon: ReactNode;
  /** Shown as switched off: a muted microphone, a dark camera. */
  isOff?: boolean;
}

export function IconButton({ label, icon, isOff = false, className, ...rest }: IconButtonProps) {
  const own = [styles.icon, isOff && styles.off, className].filter(Boolean).join(' ');
  return (
    <button type="button" {...rest} className={own} aria-label={label} title={label}>
      {icon}
    </button>
  );
}

function classes(tone: Tone, size: Size, more: string | undefined): string {
  return [styles.button, styles[tone], styles[size], more].filter(Boolean).join(' ');
}
