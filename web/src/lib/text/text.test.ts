import { expect, it } from 'vitest';
import { text } from '.';
import { number, plural } from './plural';

it('counts as the language does', () => {
  const forms = { one: '# person', other: '# people' };
  expect([0, 1, 2, 1_234].map((count) => plural(count, forms))).toEqual([
    '0 people',
    '1 person',
    '2 people',
    '1,234 people',
  ]);
  expect(number(1_000_000)).toBe('1,000,000');
});

it('says how many are waiting besides you', () => {
  expect(text.call.others(1)).toBe('1 other person is waiting too.');
  expect(text.call.others(5)).toBe('5 other people are waiting too.');
});

it('says how long it usually takes, as one would', () => {
  expect([0.2, 3.4, 89, 120].map(text.call.usually)).toEqual([
    'This usually takes a second.',
    'This usually takes about 3 seconds.',
    'This usually takes about 89 seconds.',
    'This usually takes about 2 minutes.',
  ]);
});

it('says how long a partner is waited for, where it is known', () => {
  expect(text.call.away('Ada', 29_700)).toBe('Ada is reconnecting. Waiting up to 30 seconds.');
  expect(text.call.away('Ada', undefined)).toBe(
    'Ada is reconnecting. You can wait, or press Next.',
  );
});

/** Every sentence of the catalogue; functions are asked with a name and a number. */
function sentences(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') return sentences(value('Ada', 'Ada', 'other'));
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(sentences);
  return [];
}

it('speaks calmly and without jargon', () => {
  for (const sentence of sentences(text)) {
    expect(sentence).not.toMatch(/!|\bICE\b|\bSDP\b|WebRTC|signalling|socket|undefined/);
  }
});
