// What the visitor wants to be called, and whether this site is known to take it: a name that is too long would cost
// the greeting, and with it the visitor's identity.
import { keep, readKept } from '../../lib/kept';
import { cutName } from '../studio/wishes';

export function knownName(): string | undefined {
  return readKept('name');
}

/** As the studio keeps it, too. */
export function chooseName(name: string): void {
  keep('name', cutName(name) || undefined);
}

/** Undefined until the site has said how long a name may be. */
export function nameToTell(): string | undefined {
  const limit = readKept('name-limit');
  const name = knownName();
  if (limit === undefined || name === undefined) return undefined;
  return fit(name, Number(limit));
}

export function rememberNameLimit(chars_max: number): void {
  keep('name-limit', String(chars_max));
}

/** Zero stands for no limit. */
export function fit(name: string, chars_max: number): string | undefined {
  const cut = chars_max > 0 ? [...name].slice(0, chars_max).join('').trim() : name;
  return cut || undefined;
}
