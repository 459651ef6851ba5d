/** Blocks that are run first thing on a fresh page; tests/app/alone.test.js does so with each, without a page. */
import { block, blockIds, expect, gaveWhatWasRecorded, test } from './page.js';

const IDS = `preferences reward-model train-reward generalize policy ppo-step ppo-setup ppo-train dpo-loss dpo-train-def dpo-train
evaluate compare no-kl beta-dpo few-pairs stale-pairs exercise-rlhf exercise-dpo challenge-dims challenge-noise challenge-relu variant-trainer ipo kto simpo flipped-labels cdpo rdpo label-noise
finite-policy orpo reinforce rloo grpo variants-plane over-optimisation-run ledger-seeds ledger claims faq-ppo`.split(/\s+/);

test('the blocks of the page are these', async ({ page }) => {
  await page.goto('/');
  expect(await blockIds(page)).toEqual(IDS);
});

for (const id of ['preferences', 'dpo-train', 'faq-ppo']) {
  test(`${id} runs alone on a fresh page, as recorded`, async ({ page }) => {
    /** @type {(value?: unknown) => void} */
    let letStart = () => {};
    const mayStart = new Promise((resolve) => { letStart = resolve; });
    await page.route('**/*.wasm', async (route) => {
      await mayStart;
      await route.continue();
    });
    await page.goto('/');
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
