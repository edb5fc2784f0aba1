// @ts-check
// A very long conversation: what comes in much at once harms no page, and it is read back to its very first line.
import assert from 'node:assert/strict';
import { makeChannel, sayMuch } from './support/channel.mjs';
import { scenario } from './support/scenario.mjs';
import { rowsSeen, scrollToBeginning, watchRows } from './support/scroll.mjs';

/** So much may be said at once. */
const unhurried = {
  LIVELOOP_LIMITS_MESSAGES_PER_SECOND: '0',
  LIVELOOP_LIMITS_EVENTS_PER_SECOND: '0',
};
const many = 10_000;
/** What stands in the document of them, however many there are. */
const drawn_max = 60;

scenario(
  `${many} messages are read back to the first, and few of them are in the document`,
  { settings: unhurried, isLong: true },
  async (world) => {
    const ada = await world.person('Ada', { context: { viewport: { width: 1280, height: 800 } } });
    await makeChannel(ada, 'Morning chess');
    // Her page hears all of it, as fast as the server keeps it.
    await sayMuch(ada, many);
    await ada.page.getByRole('log').getByText(`message ${many}`).waitFor();
    await ada.page.reload();
    await ada.page.getByRole('log').getByText(`message ${many}`).waitFor();
    await watchRows(ada);
    await scrollToBeginning(ada);
    const { seen, drawn, broken } = await rowsSeen(ada);
    assert.deepEqual(broken, [], 'each line stands below the one before it, once');
    assert.equal(seen, many, 'all came into the document in their turn');
    assert.ok(drawn <= drawn_max, `${drawn} lines were in the document`);
  },
);
