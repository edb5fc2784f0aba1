// What this site calls itself, whom to write to and what its rules are, asked of the server once. Until it
// answers, and if it does not, the product's own name stands.
import { Store } from '../../lib/store';

export interface Site {
  name: string;
  contact: string | undefined;
  rules: readonly string[];
  isKnown: boolean;
}

export const site = new Store<Site>({
  name: 'Live Loop',
  contact: undefined,
  rules: [],
  isKnown: false,
});

export async function fetchSite(): Promise<void> {
  try {
    const answer = await fetch('/api/site');
    if (answer.ok) site.set(readSite(await answer.json(), site.get()));
  } catch {
    // The page works without it.
  }
  site.set({ ...site.get(), isKnown: true });
}

/** The address that a contact stands for: web addresses and mail, nothing else. */
export function contactHref(contact: string): string | undefined {
  if (/^https?:\/\//i.test(contact)) return contact;
  if (/^[^\s@:/]+@[^\s@:/]+$/.test(contact)) return `mailto:${contact}`;
  return undefined;
}

export function readSite(answer: unknown, otherwise: Site): Site {
  if (typeof answer !== 'object' || answer === null) return otherwise;
  const { name, contact, rules } = answer as Record<string, unknown>;
  return {
    ...otherwise,
    name: typeof name === 'string' && name.trim() !== '' ? name : otherwise.name,
    contact: typeof contact === 'string' && contact !== '' ? contact : undefined,
    rules: Array.isArray(rules) ? rules.filter((rule) => typeof rule === 'string') : [],
  };
}
