// Small settings kept in this browser. Storage may be refused (private windows, strict settings): then
// a setting lives as long as the page. Knows no setting by name.
const memory = new Map<string, string>();
const prefix = 'liveloop.';

export function readKept(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? memory.get(name);
  } catch {
    return memory.get(name);
  }
}

export function keep(name: string, value: string | undefined): void {
  if (value === undefined) memory.delete(name);
  else memory.set(name, value);
  try {
    if (value === undefined) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, value);
  } catch {
    // Kept in memory only.
  }
}
