import { describe, expect, it } from 'vitest';
import { type OwnRoom, readOwnRoom, readPublicRoom } from './api';
import { invitationIn } from './invitation';
import { parseUnsent } from './kept';
import { parseChannels } from './keptList';
import { type ChannelList, type ListInput, listEmpty, stepList, unreadOf } from './list';
import { fit } from './name';

const room = (id: string, lastSeq = 0, lastRead = 0, createdAt = '2026-01-01'): OwnRoom => ({
  id,
  kind: 'group',
  name: id,
  createdAt,
  count: 1,
  lastSeq,
  lastRead,
  isCreator: false,
});
const asked: ListInput = { type: 'asked' };
const listed = (...rooms: OwnRoom[]): ListInput => ({ type: 'listed', rooms, isWhole: true });
const heard = (id: string, seq: number, isOwn = false): ListInput => ({
  type: 'heard',
  id,
  seq,
  at: `2026-02-0${seq}`,
  isOwn,
});
const joined = (roomId: string, lastSeq: number): ListInput => ({
  type: 'joined',
  joined: { roomId, kind: 'group', name: roomId, count: 2, lastSeq },
  now: '2026-01-02',
});
const run = (inputs: ListInput[], from: ChannelList = listEmpty) => inputs.reduce(stepList, from);
const unread = ({ channels }: ChannelList) =>
  Object.fromEntries(channels.map((each) => [each.id, unreadOf(each)]));

describe('what is new', () => {
  it('is what came after what was read', () => {
    const list = run([asked, listed(room('a', 5, 3), room('b', 2, 2)), heard('b', 3)]);
    expect(unread(list)).toEqual({ a: 2, b: 1 });
    expect(unread(run([{ type: 'read', id: 'a', seq: 5 }], list))).toEqual({ a: 0, b: 1 });
  });

  it('never rises again by a listing that is older than what was read or heard', () => {
    const before = run([
      asked,
      listed(room('a', 5, 3)),
      heard('a', 6),
      { type: 'read', id: 'a', seq: 6 },
    ]);
    expect(unread(run([asked, listed(room('a', 5, 3))], before))).toEqual({ a: 0 });
  });

  it('is not what one says oneself, nor what was said before one came', () => {
    const list = run([asked, listed(), joined('a', 7), heard('a', 8, true)]);
    expect(unread(list)).toEqual({ a: 0 });
  });

  it('is not less because a listing came twice or late', () => {
    const list = run([asked, listed(room('a', 9, 1)), heard('a', 2), heard('a', 2)]);
    expect(unread(list)).toEqual({ a: 8 });
  });
});

describe('the list', () => {
  it('keeps what was joined while a listing was under way, and loses what is left', () => {
    const list = run([asked, listed(room('a')), asked, joined('b', 0), listed(room('a'))]);
    expect(list.channels.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect(run([asked, listed(room('b'))], list).channels.map(({ id }) => id)).toEqual(['b']);
    expect(run([{ type: 'left', id: 'a' }], list).channels.map(({ id }) => id)).toEqual(['b']);
  });

  it('that is not whole takes nothing away', () => {
    const list = run([
      asked,
      listed(room('a')),
      asked,
      { type: 'listed', rooms: [], isWhole: false },
    ]);
    expect(list.channels).toHaveLength(1);
  });

  it('has on top where something was said last', () => {
    const list = run([asked, listed(room('a'), room('b')), heard('b', 1), heard('a', 2)]);
    expect(list.channels.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('has no calls', () => {
    const call = { roomId: 'c', kind: 'call', count: 2, lastSeq: 0 } as const;
    expect(run([{ type: 'joined', joined: call, now: '' }]).channels).toEqual([]);
  });
});

describe('what comes from outside', () => {
  it('is read where it is whole', () => {
    expect(readOwnRoom({ ...room('a'), with: { userId: 'u', name: 'Ada' } })).toMatchObject({
      id: 'a',
      with: { userId: 'u', name: 'Ada' },
    });
    for (const broken of [
      null,
      7,
      [],
      {},
      { id: 'a' },
      { id: 1, kind: 'group' },
      { id: 'a', kind: 'x' },
    ]) {
      expect(readOwnRoom(broken)).toBeUndefined();
      expect(readPublicRoom(broken)).toBeUndefined();
    }
    expect(readOwnRoom({ ...room('a'), lastSeq: 'many', count: Number.NaN })).toMatchObject({
      lastSeq: 0,
      count: 0,
    });
  });

  it('of an older page or another hand is as if there were nothing', () => {
    for (const broken of [undefined, '', '{', 'null', '7', '{}', '[1]', '[null]']) {
      expect(parseChannels(broken)).toEqual([]);
      expect(parseUnsent(broken)).toBeUndefined();
    }
  });

  it('is an invitation only in its own form', () => {
    expect(invitationIn('#invite=aB3_-.~x')).toBe('aB3_-.~x');
    for (const other of ['', '#invite=', '#invite=<a>', '#x', `#invite=${'a'.repeat(200)}`]) {
      expect(invitationIn(other)).toBeUndefined();
    }
  });
});

it('cuts a name to what the site takes', () => {
  expect(fit('Ada Lovelace', 3)).toBe('Ada');
  expect(fit('Ada', 0)).toBe('Ada');
  expect(fit('   ', 3)).toBeUndefined();
});
