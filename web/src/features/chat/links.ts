// Finds web addresses in what somebody wrote. Only `http` and `https` become links; all else stays text, whatever
// it looks like. Plain functions; nothing is ever made into markup here.
export type Piece = { text: string; href?: string };

const address = /https?:\/\/[^\s<>"'`\\]+/giu;
/** What ends a sentence is rarely meant as part of an address. */
const trailing = /[.,:;!?)\]}…]+$/u;
const links_max = 20;

export function piecesOf(message: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let links = 0;
  for (const found of message.matchAll(address)) {
    if (links === links_max) break;
    const shown = withoutTrailing(found[0]);
    const href = safeHref(shown);
    if (href === undefined) continue;
    if (found.index > from) pieces.push({ text: message.slice(from, found.index) });
    pieces.push({ text: shown, href });
    from = found.index + shown.length;
    links += 1;
  }
  if (from < message.length || pieces.length === 0) pieces.push({ text: message.slice(from) });
  return pieces;
}

/** A closing bracket stays where the address opens one. */
function withoutTrailing(found: string): string {
  const cut = found.replace(trailing, '');
  return found[cut.length] === ')' && cut.includes('(') ? `${cut})` : cut;
}

export function safeHref(text: string): string | undefined {
  try {
    const { protocol, href, hostname, username, password } = new URL(text);
    const isWeb = protocol === 'http:' || protocol === 'https:';
    // A name before the host makes an address look like that of another site.
    return isWeb && hostname !== '' && username === '' && password === '' ? href : undefined;
  } catch {
    return undefined;
  }
}
