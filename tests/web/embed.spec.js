/** One block in a frame of another site's page. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { TOP } from '../../app/tools/tools.js';
import { axe, expect, faults, fill, open, press, recorded, test } from './page.js';

/** @param {string} site @returns {Promise<{url: string, close: () => void}>} somebody's page, on a host of its own */
async function somebodysPage(site) {
  const html = (await readFile(join(TOP, 'tests/web/host.html'), 'utf8')).replaceAll('SITE/', site);
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

test('two blocks in somebody’s page: run, edit, stop, each as tall as its frame, light or dark as asked', {
  tag: '@engine',
}, async ({ page }) => {
  // Other sites' frames get no storage in some browsers, and never SharedArrayBuffer.
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  });
  const host = await somebodysPage(`${process.env.PAGE_URL}`);
  await page.goto(host.url);
  const [first, second] = ['Policy', 'Reward'].map((title) => page.frameLocator(`iframe[title="${title}"]`));
  const policy = first.locator('section#policy');
  await expect(first.locator('section.block')).toHaveCount(1);
  await expect(first.locator('html')).toHaveAttribute('data-python', 'ready', { timeout: 120_000 });
  await press(policy.getByRole('button', { name: 'Run' }));
  await expect(policy).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
  await expect(policy.getByRole('log')).toHaveText((await recorded(page, 'policy', process.env.PAGE_URL)).text);

  await fill(policy.getByRole('textbox'), 'print(6 * 7)\nwhile True: pass');
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(policy.getByRole('log')).toHaveText('42\n');
  await press(first.getByRole('button', { name: 'Stop' }));
  await expect(policy.locator('.messages')).toContainText('restarting Python');

  const reward = second.locator('section#train-reward');
  // A chart is drawn when it comes near the screen.
  await reward.locator('figure').first().scrollIntoViewIfNeeded();
  await expect(reward.locator('.main-svg').first()).toBeVisible();
  expect(await second.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor)).not.toBe(
    await first.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor),
  );
  await expect(second.locator('.brand')).toHaveAttribute('href', `${process.env.PAGE_URL}#train-reward`);
  // No frame has a bar of its own to scroll.
  for (const frame of [first, second])
    await expect
      .poll(() => frame.locator('html').evaluate((html) => html.scrollHeight - window.innerHeight))
      .toBeLessThanOrEqual(0);
  await page.evaluate(() => {
    for (const { contentWindow } of document.querySelectorAll('iframe'))
      contentWindow?.postMessage({ type: 'preference-lab/theme', theme: 'light' }, '*');
  });
  await expect(second.locator('html')).toHaveAttribute('data-theme', 'light');
  host.close();
});

test('alone in its window: axe finds nothing, and an address that names no block says which there are', async ({
  page,
}) => {
  await open(page, '/embed/?block=rloo');
  await expect(page.locator('section.block')).toHaveCount(1);
  await expect(page.locator('section#rloo')).toBeVisible();
  const { violations } = await axe(page).analyze();
  expect(faults(violations)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 600 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  for (const block of ['', 'no-such-block', '../index', '<b>x</b>']) {
    await page.goto(`/embed/?block=${encodeURIComponent(block)}`);
    await expect(page.locator('#blocks')).toContainText(
      block ? `There is no block called “${block}”` : 'names no block',
    );
    await expect(page.locator('#blocks li').first()).toBeVisible();
  }
});

test('Take along gives the line of HTML', async ({ page, context, baseURL }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/');
  await page.getByRole('button', { name: 'Take along' }).click();
  const panel = page.getByRole('dialog', { name: 'Take it along' });
  await panel.getByLabel('A block for a page of yours').selectOption({ label: 'Train DPO' });
  await panel.getByRole('button', { name: 'Copy its line of HTML' }).click();
  await expect(panel.getByRole('status')).toContainText('Copied');
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).toContain(`<iframe src="${baseURL}embed/?block=dpo-train" title="Train DPO"`);
});
