/** The ledger: the article's figures and claims, measured again in the reader's browser. */
import { block, expect, onOnePage, open, test } from './page.js';

/** What the article's own code gives, to the last digit. */
const GIVEN = {
  'first preferred answer': '1.399 0.925 0.060 -0.647 0.698',
  'first rejected answer': '0.497 -0.138 0.648 1.523 -0.234',
  'learned weights': '0.298 0.322 0.040 -0.135 0.033',
  'reward-model loss, first and last': '0.6931 0.4776',
  'held-out accuracy': '96.0%',
  'mean held-out gap': '0.614',
  'PPO reward at steps 0, 50, 100, 149': '0.4539 0.4201 0.4157 0.3943',
  '“KL” at steps 0, 50, 100, 149': '0.0009 0.0008 0.0009 0.0009',
  'DPO loss at steps 0, 50, 100, 149': '0.6931 0.6931 0.6931 0.6934',
  'true score of the reference, mean and std': '0.0088 0.2515',
  'true score of RLHF, mean and std': '-0.0103 0.3238',
  'true score of DPO, mean and std': '-0.0053 0.2762',
  'drift of RLHF': '0.0000631',
  'drift of DPO': '0.0000023',
  'drift without KL': '0.0000611',
  'reward without KL': '0.4144',
  'drift without KL, as a multiple': '0.97x',
};

onOnePage('the ledger', () => {
  /** @param {import('@playwright/test').Locator} section */
  const rows = (section) =>
    section
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => Array.from(row.children, ({ textContent }) => textContent ?? '')));

  test('a click runs the published recipe here, and it gives what its code gives, to the last digit', async ({
    page,
  }) => {
    await open(page, '/ledger/');
    const seeds = block(page, 'ledger-seeds');
    await seeds.write((await seeds.code()).replace('SEEDS = 20 ', 'SEEDS = 3 '));
    const { runToEnd, section, output } = block(page, 'ledger');
    await runToEnd();
    await expect(output).toHaveText('2 of 42 printed figures are what the recipe gives');
    const table = await rows(section);
    expect(Object.fromEntries(table.map(([figure, , given]) => [figure, given.replaceAll('\n', ' ')]))).toEqual(GIVEN);
    expect(new Set(table.map(([, , , , verdict]) => verdict.split('\n')[0]))).toEqual(new Set(['does not hold']));
    await expect(section.getByRole('columnheader', { name: 'Repaired recipe, 3 seeds' })).toBeVisible();
  });

  test('the verdicts follow the seeds: more of them, narrower intervals', async ({ page }) => {
    await open(page, '/ledger/');
    const [seeds, claims] = [block(page, 'ledger-seeds'), block(page, 'claims')];
    const original = await seeds.code();
    /** @param {number} n @returns {Promise<number[]>} half-widths of the repaired recipe's intervals */
    const halves = async (n) => {
      await seeds.write(original.replace('SEEDS = 20 ', `SEEDS = ${n} `));
      await claims.runToEnd();
      await claims.is('done');
      await expect(claims.section.getByRole('columnheader', { name: `Repaired recipe, ${n} seeds` })).toBeVisible();
      return (await rows(claims.section)).map(([, , , estimate]) => Number(estimate.split('±')[1]));
    };
    const [few, more] = [await halves(3), await halves(12)];
    expect(more.filter((half, i) => half < few[i]).length).toBeGreaterThanOrEqual(few.length - 1);
  });

  test('the seeds train together, under one bar, and the chart tells of them all', async ({ page }) => {
    await open(page, '/ledger/');
    const { section, run, is } = block(page, 'ledger-seeds');
    const bar = section.locator('.progress');
    // It may be gone before a poll looks.
    const shown = bar.evaluate(
      (element) =>
        new Promise((resolve) => {
          const look = () => element.hasAttribute('data-shown') && resolve(true);
          new MutationObserver(look).observe(element, { attributeFilter: ['data-shown'] });
        }),
    );
    await run();
    await shown;
    await expect(bar).toHaveRole('progressbar');
    await is('done', 60_000);
    await expect(section.locator('.summary')).toContainText('After 20 seeds');
  });
});
