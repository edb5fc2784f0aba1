import { describe, expect, it } from 'vitest';
import type { KeptMessage } from '../../protocol';
import { piecesOf, safeHref } from './links';
import type { Unsent } from './outbox';
import { rowsOf } from './rows';
import { nextEnd, stepTypists, type Typist, typistsLimits } from './typists';

describe('web addresses in a text', () => {
  it.each([
    ['see https://example.org/a?b=c#d.', 'https://example.org/a?b=c#d'],
    ['(https://example.org/x_(y))', 'https://example.org/x_(y)'],
    ['http://example.org', 'http://example.org/'],
    ['HTTPS://EXAMPLE.ORG/', 'https://example.org/'],
  ])('%s', (message, href) => {
    const pieces = piecesOf(message);
    expect(pieces.flatMap((piece) => piece.href ?? [])).toEqual([href]);
    expect(pieces.map(({ text }) => text).join('')).toBe(message);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'https://',
    'https://user@example.org/',
    'https://bank.example:pw@example.org/',
    '<img src=x onerror=alert(1)>',
    'vbscript:x http:x //example.org',
    '',
  ])('none in %s', (message) => {
    expect(piecesOf(message)).toEqual([{ text: message }]);
  });

  it('are bounded in number', () => {
    const links = piecesOf('https://a.example '.repeat(500)).filter(({ href }) => href);
    expect(links).toHaveLength(20);
  });

  it('are http and https alone', () => {
    expect(safeHref('ftp://example.org')).toBeUndefined();
    expect(safeHref('javascript://example.org/%0aalert(1)')).toBeUndefined();
  });
});

describe('rows', () => {
  const noon = Date.parse('2026-03-04T12:00:00Z');
  const said = (seq: number, userId: string, minutes: number): KeptMessage => ({
    messageId: `m${seq}`,
    seq,
    userId,
    name: userId,
    message: `text ${seq}`,
    timestamp: new Date(noon + minutes * 60_000).toISOString(),
  });
  const waiting = (clientId: string): Unsent => ({
    clientId,
    roomId: 'r',
    message: 'mine',
    at: noon,
    state: 'waiting',
    failures: 0,
  });

  it('of one writer stand together for a while', () => {
    const rows = rowsOf(
      [said(1, 'a', 0), said(2, 'a', 1), said(3, 'b', 2), said(4, 'b', 30)],
      [],
      'me',
    );
    expect(rows.map(({ isFirst }) => isFirst)).toEqual([true, false, true, true]);
  });

  it('begin anew with each day', () => {
    const rows = rowsOf([said(1, 'a', 0), said(2, 'a', 1), said(3, 'a', 48 * 60)], [], 'me');
    expect(rows.map(({ isNewDay }) => isNewDay)).toEqual([true, false, true]);
  });

  it('keep their key when they are kept, and are not doubled', () => {
    const mine = { ...said(1, 'me', 0), clientId: 'c1' };
    const before = rowsOf([], [waiting('c1')], 'me');
    const both = rowsOf([mine], [waiting('c1')], 'me');
    expect(both).toHaveLength(1);
    expect(both[0]?.key).toBe(before[0]?.key);
  });

  it('do not take the key of another from somebody who chose it', () => {
    const rows = rowsOf(
      [
        { ...said(1, 'me', 0), clientId: 'c1' },
        { ...said(2, 'eve', 0), clientId: 'c1' },
      ],
      [],
      'me',
    );
    expect(new Set(rows.map(({ key }) => key)).size).toBe(2);
  });

  it('say where the new begins, once', () => {
    const rows = rowsOf(
      [1, 2, 3, 4].map((seq) => said(seq, 'a', seq)),
      [],
      'me',
      2,
    );
    expect(rows.map(({ isNew }) => isNew)).toEqual([false, false, true, false]);
  });

  it('of a tombstone bear the name that its writer has elsewhere', () => {
    const { message: _, name: __, ...rest } = said(1, 'ada', 0);
    const tombstone = { ...rest, deleted: true as const };
    const rows = rowsOf([tombstone, said(2, 'ada', 1)], [], 'me');
    expect(rows.map(({ name, isFirst }) => [name, isFirst])).toEqual([
      [said(2, 'ada', 1).name, true],
      [said(2, 'ada', 1).name, false],
    ]);
    expect(rowsOf([tombstone], [], 'me')[0]?.name).toBeUndefined();
  });

  it('of a tombstone have no text', () => {
    const { message: _, ...rest } = said(1, 'me', 0);
    expect(rowsOf([{ ...rest, deleted: true }], [], 'me')[0]?.text).toBeUndefined();
  });
});

describe('who is writing', () => {
  const typing = (userId: string, now: number, isTyping = true) =>
    ({ type: 'typing', userId, now, typing: isTyping }) as const;
  const ids = (typists: readonly Typist[]) => typists.map(({ userId }) => userId);

  it('is known until they say otherwise, or say what they wrote', () => {
    let typists = stepTypists([], typing('a', 0));
    typists = stepTypists(typists, typing('b', 0));
    typists = stepTypists(typists, typing('a', 1));
    expect(ids(typists)).toEqual(['b', 'a']);
    typists = stepTypists(typists, { type: 'said', userId: 'a' });
    expect(ids(stepTypists(typists, typing('b', 2, false)))).toEqual([]);
  });

  it('is forgotten after a while without a word', () => {
    const typists = stepTypists(stepTypists([], typing('a', 0)), typing('b', 1_000));
    expect(nextEnd(typists)).toBe(typistsLimits.typing_ms);
    const rest = stepTypists(typists, { type: 'passed', now: typistsLimits.typing_ms });
    expect(ids(rest)).toEqual(['b']);
  });

  it('is bounded', () => {
    let typists: readonly Typist[] = [];
    for (let at = 0; at < 100; at += 1) typists = stepTypists(typists, typing(`u${at}`, 0));
    expect(typists).toHaveLength(typistsLimits.typists_max);
  });
});
