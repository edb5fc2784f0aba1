// What is asked of the server without the link: making, finding and inviting. Every answer is checked for what the
// page relies upon; a refusal is the code of its problem document, and silence is `link-lost`.
export interface OwnRoom {
  id: string;
  kind: 'group' | 'direct';
  name?: string;
  createdAt: string;
  count: number;
  lastSeq: number;
  lastRead: number;
  isCreator: boolean;
  with?: { userId: string; name: string };
}

export interface PublicRoom {
  id: string;
  name: string;
  count: number;
}

export interface Member {
  userId: string;
  name: string;
  lastRead: number;
}

export interface Made {
  roomId: string;
  inviteUrl?: string;
}

export type Answer<T> = { ok: true; value: T } | { ok: false; code: string };

export interface Page<T> {
  items: T[];
  next?: string;
}

const pages_max = 5;
const page_items = 100;

export class Api {
  /** The token is that of the link, and waited for. */
  constructor(private readonly token: () => Promise<string | undefined>) {}

  makeGroup(name: string, isPublic: boolean): Promise<Answer<Made>> {
    return this.ask('POST', '/api/rooms', readMade, { kind: 'group', name, public: isPublic });
  }

  writeTo(userId: string): Promise<Answer<Made>> {
    return this.ask('POST', '/api/rooms', readMade, { kind: 'direct', userId });
  }

  invite(roomId: string): Promise<Answer<string>> {
    return this.ask('POST', `${roomPath(roomId)}/invite`, readInvite, {});
  }

  endInvite(roomId: string): Promise<Answer<true>> {
    return this.ask('DELETE', `${roomPath(roomId)}/invite`, () => true as const);
  }

  publicRooms(after?: string): Promise<Answer<Page<PublicRoom>>> {
    return this.ask('GET', `/api/rooms${query(after)}`, pageOf('rooms', readPublicRoom));
  }

  ownRooms(): Promise<Answer<{ items: OwnRoom[]; isWhole: boolean }>> {
    return this.all((after) =>
      this.ask('GET', `/api/users/me/rooms${query(after)}`, pageOf('rooms', readOwnRoom)),
    );
  }

  members(roomId: string): Promise<Answer<{ items: Member[]; isWhole: boolean }>> {
    return this.all((after) =>
      this.ask('GET', `${roomPath(roomId)}/members${query(after)}`, pageOf('members', readMember)),
    );
  }

  private async all<T>(ask: (after?: string) => Promise<Answer<Page<T>>>) {
    const items: T[] = [];
    let after: string | undefined;
    for (let page = 0; page < pages_max; page += 1) {
      const answer = await ask(after);
      if (!answer.ok) return answer;
      items.push(...answer.value.items);
      after = answer.value.next;
      if (after === undefined) return { ok: true as const, value: { items, isWhole: true } };
    }
    return { ok: true as const, value: { items, isWhole: false } };
  }

  private async ask<T>(
    method: string,
    path: string,
    read: (body: unknown) => T | undefined,
    body?: object,
  ): Promise<Answer<T>> {
    const token = await this.token();
    const headers = {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    };
    try {
      const sent = body ? { body: JSON.stringify(body) } : {};
      const answer = await fetch(path, { method, headers, ...sent });
      const said: unknown =
        answer.status === 204 ? undefined : await answer.json().catch(() => undefined);
      if (!answer.ok) return { ok: false, code: codeOf(said) };
      const value = read(said);
      return value === undefined ? { ok: false, code: 'internal' } : { ok: true, value };
    } catch {
      return { ok: false, code: 'link-lost' };
    }
  }
}

function roomPath(roomId: string): string {
  return `/api/rooms/${encodeURIComponent(roomId)}`;
}

function query(after: string | undefined): string {
  const from = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
  return `?limit=${page_items}${from}`;
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function codeOf(body: unknown): string {
  const { code } = fieldsOf(body);
  return typeof code === 'string' ? code : 'internal';
}

function readMade(body: unknown): Made | undefined {
  const { roomId, inviteUrl } = fieldsOf(body);
  if (typeof roomId !== 'string') return undefined;
  return { roomId, ...(typeof inviteUrl === 'string' && { inviteUrl }) };
}

function readInvite(body: unknown): string | undefined {
  const { inviteUrl } = fieldsOf(body);
  return typeof inviteUrl === 'string' ? inviteUrl : undefined;
}

export function readPublicRoom(body: unknown): PublicRoom | undefined {
  const { id, name, count } = fieldsOf(body);
  if (typeof id !== 'string' || typeof name !== 'string') return undefined;
  return { id, name, count: numberOf(count) };
}

export function readOwnRoom(body: unknown): OwnRoom | undefined {
  const { id, kind, name, createdAt, count, lastSeq, lastRead, isCreator, ...rest } =
    fieldsOf(body);
  if (typeof id !== 'string' || (kind !== 'group' && kind !== 'direct')) return undefined;
  const other = fieldsOf(rest.with);
  const { userId, name: otherName } = other;
  return {
    id,
    kind,
    ...(typeof name === 'string' && { name }),
    createdAt: typeof createdAt === 'string' ? createdAt : '',
    count: numberOf(count),
    lastSeq: numberOf(lastSeq),
    lastRead: numberOf(lastRead),
    isCreator: isCreator === true,
    ...(typeof userId === 'string' && {
      with: { userId, name: typeof otherName === 'string' ? otherName : '' },
    }),
  };
}

function readMember(body: unknown): Member | undefined {
  const { userId, name, lastRead } = fieldsOf(body);
  if (typeof userId !== 'string') return undefined;
  return { userId, name: typeof name === 'string' ? name : '', lastRead: numberOf(lastRead) };
}

/** What cannot be read of a page is left out. */
function pageOf<T>(field: string, read: (body: unknown) => T | undefined) {
  return (body: unknown): Page<T> | undefined => {
    const { [field]: items, nextAfter } = fieldsOf(body);
    if (!Array.isArray(items)) return undefined;
    const next = typeof nextAfter === 'number' ? String(nextAfter) : nextAfter;
    return {
      items: items.flatMap((item) => read(item) ?? []),
      ...(typeof next === 'string' && { next }),
    };
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
