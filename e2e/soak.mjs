// @ts-check
// Plays the meeting again and again, and stops at the first time it fails: what succeeds now and then is
// broken. `npm run soak -- 50` plays it 50 times instead of 20.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runs = Number(process.argv[2] ?? 20);
const test = fileURLToPath(new URL('meeting.test.mjs', import.meta.url));

for (let run = 1; run <= runs; run += 1) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--test', test], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    console.error(`${stdout}\n${stderr}\nrun ${run} of ${runs} failed; ${run - 1} were green`);
    process.exit(1);
  }
  console.log(
    `run ${run} of ${runs}: green in ${Math.round((performance.now() - began) / 1000)} s`,
  );
}
console.log(`${runs} of ${runs} runs in a row were green`);
