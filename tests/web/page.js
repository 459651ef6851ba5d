/** What a reader does on the page, in words. */
import { test as base, expect } from '@playwright/test';

export { expect };

/** Every test fails on an error that nobody caught, and on a request to another host. */
export const test = base.extend({
  page: async ({ page }, use) => {
    /** @type {string[]} */
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(`uncaught: ${error}`));
    page.context().on('request', (request) => {
      if (!/^(http:\/\/127\.0\.0\.1:\d+\/|blob:http:\/\/127\.0\.0\.1:\d+\/|data:)/.test(request.url())) wrong.push(`left the host: ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) wrong.push(`${response.status()}: ${response.url()}`);
    });
    await use(page);
    expect(wrong).toEqual([]);
  },
});

/** @typedef {import('@playwright/test').Page} Page */

/** @param {Page} page */
export const ready = (page) => expect(page.locator('html')).toHaveAttribute('data-python', 'ready', { timeout: 60_000 });

/** @param {Page} page @param {string} [address] */
export async function open(page, address = '/') {
  await page.goto(address);
  await ready(page);
}

/** @param {Page} page @param {string} id */
export function block(page, id) {
  const section = page.locator(`section#${id}`);
  const editor = section.getByRole('textbox');
  const run = () => section.getByRole('button', { name: 'Run' }).click();
  return {
    section,
    editor,
    run,
    output: section.getByRole('log'),
    messages: section.locator('.messages'),
    reset: section.getByRole('button', { name: 'Reset' }),
    /** @param {string} state */
    is: (state, timeout = 30_000) => expect(section).toHaveAttribute('data-state', state, { timeout }),
    /** Replaces the code. @param {string} code */
    write: (code) => editor.fill(code),
    /** All its code, also what the editor has not drawn. */
    code: () => section.evaluate((element) => /** @type {any} */ (element.closest('py-block')).source),
    /** Runs it and waits for its end. */
    async runToEnd() {
      await run();
      await expect(section).toHaveAttribute('data-state', /done|error/, { timeout: 60_000 });
    },
  };
}

/** The ids of all blocks, in order. @param {Page} page */
export const blockIds = (page) => page.locator('section.block').evaluateAll((sections) => sections.map(({ id }) => id));

/** What the build recorded of a block. @param {Page} page @param {string} id */
export const recorded = async (page, id) => (await page.request.get(`/recorded/${id}.json`)).json();

/** @param {Page} page @param {string} id */
export async function gaveWhatWasRecorded(page, id) {
  const { text, charts, tables } = await recorded(page, id);
  const { section, output } = block(page, id);
  expect(await output.evaluate((log) => log.textContent)).toBe(text);
  await expect(section.locator('figure.chart')).toHaveCount(charts.length);
  for (const { slot, figure } of charts) {
    await expect(section.locator(`figure[data-slot="${slot}"] .summary`)).toHaveText(figure.layout.meta.summary);
  }
  await expect(section.locator('figure.table-figure')).toHaveCount(tables.length);
  for (const { slot, table } of tables) {
    const cells = await section.locator(`figure[data-slot="${slot}"] tbody :is(th, td)`).evaluateAll((all) => all.map(({ textContent }) => textContent));
    expect(cells).toEqual(table.rows.flat().map((/** @type {any} */ cell) => cell.text ?? cell));
  }
}
