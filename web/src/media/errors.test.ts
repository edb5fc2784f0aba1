import { describe, expect, it } from 'vitest';
import type { Browser, MediaProblem } from '../lib/devices';
import { text } from '../lib/text';
import { browserOf, problemOf, standingProblem } from './errors';

const named = (name: string) => Object.assign(new Error('as the browser says'), { name });

describe('what a browser rejects with', () => {
  it.each<[string, MediaProblem]>([
    ['NotAllowedError', 'blocked'],
    ['SecurityError', 'blocked'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'taken'],
    ['AbortError', 'taken'],
    ['OverconstrainedError', 'unfit'],
    ['SomethingNewError', 'unknown'],
  ])('%s is %s', (name, problem) => {
    expect(problemOf(named(name))).toBe(problem);
    expect(problemOf({ name })).toBe(problem);
  });

  it('anything else is unknown', () => {
    expect(problemOf(undefined)).toBe('unknown');
    expect(problemOf('no')).toBe('unknown');
  });
});

it('a page without media devices is insecure, or its browser too old', () => {
  expect(standingProblem(true, true)).toBeUndefined();
  expect(standingProblem(false, false)).toBe('insecure');
  expect(standingProblem(true, false)).toBe('unsupported');
});

it.each<[Browser, string]>([
  ['firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['chrome', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36'],
  ['edge', 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'],
  ['safari', 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15'],
  [
    'ios',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1',
  ],
  [
    'android',
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
  ],
  ['other', 'Lynx/2.9'],
])('%s is known by its name', (browser, userAgent) => {
  expect(browserOf(userAgent)).toBe(browser);
});

it('every problem is one or two plain sentences that name the device', () => {
  const problems: MediaProblem[] = [
    'blocked',
    'missing',
    'taken',
    'unfit',
    'insecure',
    'unsupported',
    'unplugged',
    'unknown',
  ];
  for (const problem of problems) {
    const said = text.studio.problem(problem, 'camera', 'firefox');
    expect(said).toContain('camera');
    expect(said).not.toMatch(/!|Error/);
  }
});
