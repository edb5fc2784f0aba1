import { afterEach, expect, it } from 'vitest';
import type { KeptCall } from './keptCall';
import { Windows } from './windows';

const call: KeptCall = {
  entry: 'e1',
  wish: { mode: 'text', name: 'Ada' },
  devices: { camera: false, microphone: false, isMuted: false },
  lost: { token: 't', thread: { resume: 'secret', after: 3 } },
};
const open: Windows[] = [];
function windowWith(socketId: string | undefined): Windows {
  const made = new Windows((asked) => (asked === socketId ? call : undefined));
  open.push(made);
  return made;
}
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

it('the window that has the call hands it over, others say nothing', async () => {
  windowWith('s1');
  windowWith('s2');
  expect(await windowWith(undefined).ask('s1')).toEqual(call);
});

it('where no window has it the answer is nothing', async () => {
  windowWith('s2');
  expect(await windowWith('s1').ask('s1')).toBeUndefined();
});
