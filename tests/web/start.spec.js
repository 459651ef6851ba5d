import { cp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from '../../app/tools/serve.js';
import { CACHE, run, TOP, withTemporaryFolder } from '../../app/tools/tools.js';
import { block, expect, gaveWhatWasRecorded, open, press, SNAPSHOT, test } from './page.js';

/** @typedef {import('@playwright/test').Page} Page */

test.skip(!SNAPSHOT, 'These are about the snapshot.');

/** What the workers say about how they start. @param {Page} page */
function starts(page) {
  /** @type {string[]} */
  const said = [];
  page.on('console', (message) => {
    if (message.text().startsWith('Python starts without')) said.push(message.text());
  });
  return said;
}

/** Which of the runtime's big files the browser asked for. @param {Page} page */
function fetched(page) {
  /** @type {Set<string>} */
  const names = new Set();
  page.context().on('request', (request) => {
    const name = /\/(?:assets|runtime)\/.*?((?:snapshot|python|packages|later)[^/]*\.(?:pack|zip))$/
      .exec(new URL(request.url()).pathname)?.[1]
      .replace(/-[\w-]{8}\./, '.');
    if (name) names.add(name);
  });
  return names;
}

const DRAWS = `import random
print(np.random.rand(), random.random())`;

const OUTSIDE = `import sqlite3, wave, numpy.fft, numpy.polynomial, preflab.losses, inspect
print(np.fft.fft([1, 2]).real, numpy.polynomial.Polynomial([1, 2])(3.0), wave.__name__)
print(inspect.getsource(preflab.losses).splitlines()[0][:3])`;

test('Python starts from its snapshot, has all modules, draws anew on each visit, also after a restart', {
  tag: '@engine',
}, async ({ page }) => {
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
  await press(page.getByRole('button', { name: 'Stop' }));
  await expect(page.locator('#status')).toHaveText(/is ready/);
  await first.write(DRAWS);
  await first.runToEnd();
  const again = await first.output.textContent();
  expect(drawn).toMatch(/^0\.\d+ 0\.\d+\n$/);
  expect(new Set([...String(drawn).trim().split(' '), ...String(again).trim().split(' ')]).size).toBe(4);
  expect(failures).toEqual([]);
});

test('Python knows the machine of the reader, not that of who built the page: with the snapshot as without', async ({
  browser,
  baseURL,
}) => {
  const asks = `import locale, logging, os, time
print(time.tzname, time.timezone, time.daylight, time.strftime("%Z %z", time.localtime(0)))
print(sorted(os.environ.items()), os.getcwd(), locale.getlocale())
print(abs(time.time_ns() - logging._startTime) < 600e9, time.localtime(0)[:5])`;
  for (const [timezoneId, zone] of [
    ['Asia/Kolkata', "('UTC+0530', 'UTC+0530') -19800 0 UTC+0530 +0530"],
    ['America/New_York', "('UTC-0500', 'UTC-0400') 18000 1 UTC-0500 -0500"],
  ]) {
    const context = await browser.newContext({ baseURL, timezoneId });
    const page = await context.newPage();
    /** @type {(string | null)[]} */
    const said = [];
    for (const address of ['/check/', '/check/?snapshot=off']) {
      await open(page, address);
      const { write, runToEnd, output } = block(page, 'check-loss');
      await write(asks);
      await runToEnd();
      said.push(await output.textContent());
    }
    expect(said[0]).toContain(zone);
    expect(said[0]).toContain('True');
    expect(said[0]).toBe(said[1]);
    await context.close();
  }
});

test('without its snapshot Python starts from compiled files: by the address, or if the snapshot is damaged', {
  tag: '@engine',
}, async ({ page }) => {
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

/** `npm run bench:start` measures what comes of it. */
test('Python’s largest files are asked for before the page’s own script; a click at once waits for no more', async ({
  page,
}) => {
  /** @type {string[]} */
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto('/');
  await block(page, 'preferences').run();
  await block(page, 'preferences').is('done');
  const at = (/** @type {RegExp} */ name) => asked.findIndex((url) => name.test(url));
  const [assembly, snapshot, main] = [/asm\.wasm$/, /snapshot-[^/]*\.pack$/, /assets\/(?:index|main)-[^/]*\.js$/].map(
    at,
  );
  expect(Math.min(assembly, snapshot, main)).toBeGreaterThanOrEqual(0);
  expect(Math.max(assembly, snapshot)).toBeLessThan(main);
  expect(asked.filter((url) => /asm\.wasm$|snapshot-[^/]*\.pack$/.test(url)).length).toBe(2);
});

test('with the folder of the snapshot deleted, the page builds, and Python starts from compiled files', async ({
  page,
}) => {
  test.setTimeout(1_800_000); // it builds
  await withTemporaryFolder(CACHE, async (folder) => {
    for (const name of ['app', 'py', 'static', 'index.html', 'package.json', 'package-lock.json']) {
      await cp(join(TOP, name), join(folder, name), { recursive: true });
    }
    await symlink(join(TOP, 'node_modules'), join(folder, 'node_modules'));
    await rm(join(folder, 'app/snapshot'), { recursive: true });
    const { code, output } = await run(
      process.execPath,
      ['-e', "import('./app/site/build.js').then(({ ensureBuilt }) => ensureBuilt({ compress: false }))"],
      { cwd: folder },
    );
    expect(code, output).toBe(0);
    const copy = await serve(join(folder, 'dist'), { port: 0 });
    try {
      const failures = starts(page);
      const names = fetched(page);
      await open(page, copy.url);
      await block(page, 'preferences').runToEnd();
      await block(page, 'preferences').is('done');
      expect([...names]).toEqual(expect.arrayContaining(['packages.pack', 'python.pack', 'python_stdlib.zip']));
      expect(names).not.toContain('snapshot.pack');
      expect(failures).toEqual([]);
    } finally {
      await copy.close();
    }
  });
});
