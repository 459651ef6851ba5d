/** Blocks that are run first thing on a fresh page; tests/app/alone.test.js runs each alone, without a page. */
import { readLesson } from '../../app/site/cells.js';
import { PAGES } from '../../app/site/pages.js';
import { block, blockIds, expect, gaveWhatWasRecorded, test } from './page.js';

test('the blocks of each page are those of its chapters', async ({ page }) => {
  const cells = await readLesson();
  for (const { path } of PAGES) {
    await page.goto(`/${path}`);
    const ids = cells.filter((cell) => cell.kind === 'block' && cell.page === path).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(await blockIds(page)).toEqual(ids);
  }
});

const FIRST = { preferences: '/', rloo: '/relatives/' };

for (const [id, address] of Object.entries(FIRST)) {
  test(`${id} runs alone on a fresh page, as recorded`, async ({ page }) => {
    /** @type {(value?: unknown) => void} */
    let letStart = () => {};
    const mayStart = new Promise((resolve) => {
      letStart = resolve;
    });
    await page.route('**/*.wasm', async (route) => {
      await mayStart;
      await route.continue();
    });
    await page.goto(address);
    const { run, is, section } = block(page, id);
    await run();
    // At once there is an answer, though Python is still starting.
    await is('queued', 1000);
    await expect(section.locator('.block-state')).toHaveText('queued: runs when Python is ready');
    letStart();
    await is('done', 60_000);
    await gaveWhatWasRecorded(page, id);
  });
}
