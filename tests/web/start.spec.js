import { serve } from '../../app/tools/serve.js';
import { CACHE, withTemporaryFolder } from '../../app/tools/tools.js';
import { FIRST_OUTPUT, median, writePlainPages } from '../bench/start.js';
import { block, expect, gaveWhatWasRecorded, open, SNAPSHOT, test } from './page.js';

/** @typedef {import('@playwright/test').Page} Page */

test.skip(!SNAPSHOT, 'These are about the snapshot.');

/** What the workers say about how they start. @param {Page} page */
function starts(page) {
  /** @type {string[]} */
  const said = [];
  page.on('console', (message) => { if (message.text().startsWith('Python starts without')) said.push(message.text()); });
  return said;
}

/** Which of the runtime's big files the browser asked for. @param {Page} page */
function fetched(page) {
  /** @type {Set<string>} */
  const names = new Set();
  page.context().on('request', (request) => {
    const name = /\/(?:assets|runtime)\/.*?((?:snapshot|python|packages)[^/]*\.(?:pack|zip))$/.exec(request.url())?.[1].replace(/-[\w-]{8}\./, '.');
    if (name) names.add(name);
  });
  return names;
}

const DRAWS = `import random
print(np.random.rand(), random.random())`;

const OUTSIDE = `import sqlite3, wave, numpy.fft, numpy.polynomial, preflab.losses, inspect
print(np.fft.fft([1, 2]).real, numpy.polynomial.Polynomial([1, 2])(3.0), wave.__name__)
print(inspect.getsource(preflab.losses).splitlines()[0][:3])`;

test('Python starts from its snapshot, has all modules, draws anew on each visit, and starts so again after a restart', { tag: '@timed' }, async ({ page }) => {
  const failures = starts(page);
  const names = fetched(page);
  await open(page);
  expect([...names]).toEqual(['snapshot.pack']);
  const first = block(page, 'preferences');
  await first.runToEnd();
  await gaveWhatWasRecorded(page, 'preferences');

  await first.write(DRAWS);
  await first.runToEnd();
  const drawn = await first.output.textContent();
  await first.write(OUTSIDE);
  await first.runToEnd();
  await expect(first.output).toHaveText('[ 3. -1.] 7.0 wave\n"""\n');

  await first.write('while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass');
  await first.run();
  await first.is('running');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('#status')).toHaveText(/is ready/, { timeout: 30_000 });
  await first.write(DRAWS);
  await first.runToEnd();
  const again = await first.output.textContent();
  expect(drawn).toMatch(/^0\.\d+ 0\.\d+\n$/);
  expect(new Set([...String(drawn).trim().split(' '), ...String(again).trim().split(' ')]).size).toBe(4);
  expect(failures).toEqual([]);
});

test('without its snapshot Python starts from compiled files: by the address, or because the snapshot is damaged', { tag: '@timed' }, async ({ page }) => {
  const failures = starts(page);
  const names = fetched(page);
  await open(page, '/?snapshot=off');
  expect([...names].sort()).toEqual(['packages.pack', 'python.pack', 'python_stdlib.zip']);
  expect(failures).toEqual([]);
  await block(page, 'preferences').runToEnd();
  await gaveWhatWasRecorded(page, 'preferences');

  await page.context().route('**/snapshot-*.pack', async (route) => {
    const body = await (await route.fetch()).body();
    body[body.length >> 1] ^= 1;
    await route.fulfill({ body });
  });
  await open(page);
  expect(failures).toEqual([expect.stringContaining('SHA-256')]);
  await block(page, 'preferences').runToEnd();
  await gaveWhatWasRecorded(page, 'preferences');
});

/** `npm run bench:start` measures; this sees that nothing of it is lost. Without the snapshot, or without the early start, it fails. */
test('a click made at once gives its output sooner than bare Pyodide has imported NumPy', { tag: '@timed' }, async ({ browser, baseURL }) => {
  test.setTimeout(180_000);
  await withTemporaryFolder(CACHE, async (folder) => {
    await writePlainPages(folder);
    const plain = await serve(folder, { port: 0 });
    /** @param {string} url @param {() => Promise<number>} firstOutput */
    const visit = async (url, firstOutput) => {
      const context = await browser.newContext({ serviceWorkers: 'block' });
      const page = await context.newPage();
      await page.goto(url, { waitUntil: 'commit' });
      const ms = await page.evaluate(firstOutput);
      await context.close();
      return ms;
    };
    const ratios = [];
    for (let round = 0; round < 3; round += 1) {
      const bare = await visit(`${plain.url}bare.html`, FIRST_OUTPUT.plain);
      ratios.push(await visit(String(baseURL), FIRST_OUTPUT.lab) / bare);
    }
    await plain.close();
    test.info().annotations.push({ type: 'ratios', description: ratios.map((ratio) => ratio.toFixed(2)).join(' ') });
    expect(median(ratios)).toBeLessThan(0.5);
  });
});
