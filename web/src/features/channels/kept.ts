// What the channels keep in this browser: texts that are not sent yet, drafts, and links of invitation. Each under a
// name of its own, so that two windows do not undo each other's work. All of it is bounded.
import { keep, keepHere, keptNames, readKept, readKeptHere } from '../../lib/kept';
import { outboxLimits, type Unsent } from '../chat/outbox';

const unsent = 'unsent.';
const draft = 'draft.';
const invitation = 'invitation.';
const link = 'invite-link.';
const drafts_max = 30;
const links_max = 50;

export function keepUnsent(entry: Unsent): void {
  keep(unsent + entry.clientId, JSON.stringify(entry));
}

export function forgetUnsent(clientId: string): void {
  keep(unsent + clientId, undefined);
}

export function readUnsent(): Unsent[] {
  return keptNames(unsent)
    .flatMap((name) => parseUnsent(readKept(name)) ?? [])
    .sort((one, other) => one.at - other.at)
    .slice(0, outboxLimits.entries_max);
}

export function parseUnsent(text: string | undefined): Unsent | undefined {
  if (text === undefined) return undefined;
  try {
    const entry = JSON.parse(text) as Unsent;
    const isWhole =
      typeof entry.clientId === 'string' &&
      typeof entry.roomId === 'string' &&
      typeof entry.message === 'string' &&
      typeof entry.at === 'number' &&
      typeof entry.failures === 'number' &&
      ['waiting', 'sending', 'failed'].includes(entry.state);
    return isWhole ? entry : undefined;
  } catch {
    // Of an older page, or by another hand: as if there were nothing.
    return undefined;
  }
}

export function readDraft(roomId: string): string {
  return readKept(draft + roomId) ?? '';
}

export function keepDraft(roomId: string, text: string): void {
  const name = draft + roomId;
  if (text !== '') makeRoom(draft, name, drafts_max);
  keep(name, text === '' ? undefined : text);
}

/** The secret of an invitation that brought this window here, until it has been used. */
export function readInvitation(roomId: string): string | undefined {
  return readKeptHere(invitation + roomId);
}

export function keepInvitation(roomId: string, secret: string | undefined): void {
  keepHere(invitation + roomId, secret);
}

/** The link that the visitor has made: the server tells it once. */
export function readInviteLink(roomId: string): string | undefined {
  return readKept(link + roomId);
}

export function keepInviteLink(roomId: string, url: string | undefined): void {
  const name = link + roomId;
  if (url !== undefined) makeRoom(link, name, links_max);
  keep(name, url);
}

function makeRoom(begin: string, name: string, count_max: number): void {
  const others = keptNames(begin).filter((each) => each !== name);
  for (const each of others.slice(count_max - 1)) keep(each, undefined);
}
