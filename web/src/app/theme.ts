// Dark or light: the system's preference until the visitor chooses, then their choice, kept. The first
// paint is seen to by public/theme.js; this keeps it true afterwards.
import { keep, readKept } from '../lib/kept';
import { Store } from '../lib/store';

export type Theme = 'dark' | 'light';

const ground: Record<Theme, string> = { dark: '#131217', light: '#faf6f0' };

export const theme = new Store<Theme>(
  document.documentElement.dataset.theme === 'light' ? 'light' : 'dark',
);

export function startTheme(): void {
  show(theme.get());
  theme.watch(() => show(theme.get()));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
    if (readKept('theme') === undefined) theme.set(event.matches ? 'dark' : 'light');
  });
}

export function switchTheme(): void {
  const next: Theme = theme.get() === 'dark' ? 'light' : 'dark';
  keep('theme', next);
  theme.set(next);
}

function show(value: Theme): void {
  document.documentElement.dataset.theme = value;
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground[value]);
}
