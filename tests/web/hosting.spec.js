/**
 * The page from any static host: a folder somewhere below its top, no header but the type of a file. And without it,
 * later.
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { TOP } from '../../app/tools/tools.js';
import { block, expect, press, ready, test } from './page.js';

const DIST = join(TOP, 'dist');
const FOLDER = '/lessons/preference-lab/';

test.use({ serviceWorkers: 'allow' });

/**
 * @typedef {{url: string, next: () => Promise<void>, close: () => Promise<void>}} Host `next` puts a new version there
 */

/** @returns {Promise<Host>} */
async function bareHost() {
  const files = sirv(DIST, { etag: false });
  /** @type {Map<string, {type: string, text: string}>} */
  const changed = new Map();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (!path.startsWith(FOLDER)) return void response.writeHead(404).end();
    request.url = `/${path.slice(FOLDER.length)}`;
    const other = changed.get(request.url);
    if (other) response.writeHead(200, { 'Content-Type': other.type }).end(other.text);
    else files(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}${FOLDER}`,
    async next() {
      const page = (await readFile(join(DIST, 'index.html'), 'utf8')).replace('<title>', '<title>Second edition: ');
      const worker = (await readFile(join(DIST, 'sw.js'), 'utf8')).replace(
        /(url:[`"]index\.html[`"],revision:[`"])\w+/,
        '$1second',
      );
      for (const path of ['/', '/index.html']) changed.set(path, { type: 'text/html', text: page });
      changed.set('/sw.js', { type: 'text/javascript', text: worker });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param {import('@playwright/test').Page} page */
const kept = (page) => page.evaluate(async () => Boolean((await navigator.serviceWorker.ready).active));

/** @param {import('@playwright/test').Page} page */
const isolated = (page) => page.evaluate(() => crossOriginIsolated);

test('from a bare host under a sub-path: one visit with it, the next without, and everything runs', {
  tag: '@engine',
}, async ({ page }) => {
  const host = await bareHost();
  await page.goto(host.url);
  await ready(page);
  expect(await isolated(page)).toBe(false);
  await block(page, 'preferences').runToEnd();
  await expect(block(page, 'preferences').output).toContainText('pairs      200');
  expect(await kept(page)).toBe(true);
  await host.close();

  const later = await page.context().newPage();
  await page.close();
  await later.goto(`${host.url}?from=a-link`);
  await ready(later);
  // The host said nothing of it: what was kept does.
  expect(await isolated(later)).toBe(true);
  const train = block(later, 'train-reward');
  await train.runToEnd();
  await train.is('done');
  await expect(train.section.locator('.main-svg').first()).toBeVisible();
  const first = block(later, 'preferences');
  await first.write('import sqlite3, numpy.fft\nprint(numpy.fft.fft([1, 2]).real)');
  await first.runToEnd();
  await expect(first.output).toHaveText('[ 3. -1.]\n');
  await first.write('while True: pass');
  await first.run();
  await first.is('running');
  await press(later.getByRole('button', { name: 'Stop' }));
  await expect(first.section).toContainText('keep their values');
});

test('a new version waits until the reader takes it, and until no other tab holds the old one', async ({ page }) => {
  const host = await bareHost();
  await page.goto(host.url);
  await ready(page);
  expect(await kept(page)).toBe(true);
  await page.goto(host.url);
  const other = await page.context().newPage();
  await other.goto(host.url);
  await host.next();
  await page.reload();
  await expect(page).not.toHaveTitle(/Second edition/);
  const offer = page.locator('#next-version');
  await expect(offer).toHaveText(/There is a new version/);
  await offer.getByRole('button', { name: 'Reload' }).click();
  await expect(offer).toContainText('Close the other tab');
  await expect(page).not.toHaveTitle(/Second edition/);
  await other.close();
  // On a busy machine the browser counts the closed tab for a while.
  await expect(async () => {
    if (!/Second edition/.test(await page.title()))
      await offer.getByRole('button', { name: 'Reload' }).click({ timeout: 5000 });
    await expect(page).toHaveTitle(/Second edition/, { timeout: 5000 });
  }).toPass({ timeout: 120_000 });
  await ready(page);
  await expect(offer).toHaveCount(0);
  await host.close();
});

test('the page can be installed', async ({ page, baseURL }) => {
  await page.goto('/');
  const client = await page.context().newCDPSession(page);
  const { errors, data } = await client.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { name, start_url: start, display, icons } = JSON.parse(String(data));
  expect({ name, start, display }).toEqual({
    name: expect.stringContaining('Preference Lab'),
    start: './',
    display: 'standalone',
  });
  for (const { src, type } of icons) {
    const answer = await page.request.get(new URL(src, baseURL).href);
    expect([src, answer.status(), answer.headers()['content-type']]).toEqual([src, 200, type]);
  }
});
