// Small settings kept in this browser, and what one window keeps for itself through being loaded again.
// Storage may be refused (private windows, strict settings): then a value lives as long as the page. Knows
// no value by name.
const prefix = 'liveloop.';

class Shelf {
  private readonly memory = new Map<string, string>();

  constructor(private readonly storage: () => Storage) {}

  read(name: string): string | undefined {
    try {
      return this.storage().getItem(prefix + name) ?? this.memory.get(name);
    } catch {
      return this.memory.get(name);
    }
  }

  names(begin: string): string[] {
    const found = new Set(this.memory.keys());
    try {
      for (const key of Object.keys(this.storage())) {
        if (key.startsWith(prefix)) found.add(key.slice(prefix.length));
      }
    } catch {
      // What is in memory is all there is.
    }
    return [...found].filter((name) => name.startsWith(begin));
  }

  keep(name: string, value: string | undefined): void {
    if (value === undefined) this.memory.delete(name);
    else this.memory.set(name, value);
    try {
      if (value === undefined) this.storage().removeItem(prefix + name);
      else this.storage().setItem(prefix + name, value);
    } catch {
      // Kept in memory only.
    }
  }
}

/** All that is kept under our prefix, in the browser and in this window, is gone then. */
export function forgetAll(): void {
  for (const shelf of [browser, tab]) {
    for (const name of shelf.names('')) shelf.keep(name, undefined);
  }
}

const browser = new Shelf(() => localStorage);
const tab = new Shelf(() => sessionStorage);

export function readKept(name: string): string | undefined {
  return browser.read(name);
}

export function keep(name: string, value: string | undefined): void {
  browser.keep(name, value);
}

/** The names under which something is kept, of those that begin so. */
export function keptNames(begin: string): string[] {
  return browser.names(begin);
}

/** What this window alone keeps, until it is closed. */
export function readKeptHere(name: string): string | undefined {
  return tab.read(name);
}

export function keepHere(name: string, value: string | undefined): void {
  tab.keep(name, value);
}
