import { expect, it } from 'vitest';
import { readHereNow } from '../../lib/hereNow';
import { contactHref, readSite } from './site';

const usual = { name: 'Live Loop', contact: undefined, rules: [], isKnown: false };

it('takes what the site says of itself, and nothing that it does not', () => {
  const said = { name: 'Campus', contact: 'hello@example.org', rules: ['Be kind.', 7] };
  expect(readSite(said, usual)).toMatchObject({
    name: 'Campus',
    contact: 'hello@example.org',
    rules: ['Be kind.'],
  });
  for (const odd of [null, 'x', {}, { name: '  ' }]) {
    expect(readSite(odd, usual)).toEqual(usual);
  }
});

it('a contact is a mail or web address, never a script', () => {
  expect(contactHref('hello@example.org')).toBe('mailto:hello@example.org');
  expect(contactHref('https://example.org/contact')).toBe('https://example.org/contact');
  expect(contactHref('javascript:alert(1)')).toBeUndefined();
  expect(contactHref('call me')).toBeUndefined();
});

it('how many are here is a number or nothing', () => {
  expect(readHereNow({ cluster: { activeConnections: 42 } })).toBe(42);
  expect(readHereNow({ cluster: { activeConnections: '42' } })).toBeUndefined();
  expect(readHereNow({})).toBeUndefined();
  expect(readHereNow(null)).toBeUndefined();
});
