import { expect, it } from 'vitest';
import type { LocalView } from '../../media/local';
import { cutName, devicesFor, readMode, startWarning } from './wishes';

it('reads a kind of talk, video where there is none', () => {
  expect([readMode('text'), readMode('audio'), readMode('x'), readMode(null)]).toEqual([
    'text',
    'audio',
    'video',
    'video',
  ]);
  expect(devicesFor('text')).toEqual([]);
});

it('cuts a name by characters as people count them', () => {
  expect(cutName('  Ada  ')).toBe('Ada');
  expect([...cutName('😀'.repeat(60))]).toHaveLength(40);
});

it('says before the start what they will not see or hear', () => {
  const on = { state: 'on' };
  const off = { state: 'off' };
  const view = (camera: object, microphone: object) => ({ camera, microphone }) as LocalView;
  expect(startWarning('video', view(on, on))).toBeUndefined();
  expect(startWarning('text', view(off, off))).toBeUndefined();
  expect(startWarning('audio', view(off, on))).toBeUndefined();
  expect(startWarning('video', view(off, on))).toContain('hear you');
  expect(startWarning('video', view(off, off))).toContain('Neither');
});
