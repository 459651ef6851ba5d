/**
 * The same journeys in Chromium, Firefox ESR and WebKitGTK, with and without SharedArrayBuffer, on a phone by touch,
 * with bad input, and offline where that takes no minutes.
 * An engine that is missing is skipped on a reader's machine, and an error in CI, which installs what it can.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { serve } from '../../app/tools/serve.js';
import { TOP } from '../../app/tools/tools.js';
import { ENGINES, ensure } from './engines.js';
import { BAD_INPUT, BY_TOUCH, JOURNEYS, offline, STARTS } from './journeys.js';

const DIST = join(TOP, 'dist');
const PICTURES = join(TOP, 'test-results/engines');

/** @param {import('./engines.js').Driver} driver @param {string} name */
async function keepPicture(driver, name) {
  await mkdir(PICTURES, { recursive: true });
  await writeFile(join(PICTURES, `${name.replace(/\W+/g, '-')}.png`), await driver.screenshot());
}

/** Runs in the page where a journey has failed: what a reader would tell us. */
const whatIsThere = () =>
  JSON.stringify({
    status: document.querySelector('#status')?.textContent,
    editors: document.querySelectorAll('.cm-content').length,
    focus: document.activeElement?.outerHTML.slice(0, 120),
    blocks: [...document.querySelectorAll('section.block:not([data-state=recorded])')].map((block) => ({
      id: block.id,
      state: block.querySelector('.block-state')?.textContent,
      code: block.querySelector('.code')?.textContent?.slice(0, 120),
      messages: block.querySelector('.messages')?.textContent?.slice(0, 240),
      output: block.querySelector('.output')?.textContent?.slice(0, 120),
    })),
  });

/**
 * @typedef {{shared: boolean, size: [width: number, height: number], query?: string, journeys: typeof JOURNEYS}} Way
 */

/** @type {Record<string, Way>} */
const WAYS = {
  'with SharedArrayBuffer': { shared: true, size: [1280, 900], journeys: JOURNEYS },
  'without SharedArrayBuffer': { shared: false, size: [1280, 900], journeys: JOURNEYS },
  'without the snapshot': { shared: true, size: [1280, 900], query: '?snapshot=off', journeys: STARTS },
  'bad input': { shared: true, size: [1280, 900], journeys: BAD_INPUT },
  'on a phone, by touch': { shared: true, size: [390, 844], journeys: BY_TOUCH },
};

/** Ways that Chromium is taken by tests/web. */
const IN_TESTS_WEB = ['bad input', 'without the snapshot'];

/**
 * @param {import('./engines.js').Engine} engine @param {boolean} shared
 * @param {(driver: import('./engines.js').Driver, server: Awaited<ReturnType<typeof serve>>) => Promise<unknown>} use
 */
async function withPage(engine, shared, use) {
  const server = await serve(DIST, { port: 0, isolate: shared });
  try {
    const driver = await engine.open({ shared });
    await use(driver, server).finally(driver.close);
  } finally {
    await server.close();
  }
}

/** @param {import('node:test').TestContext} t @param {import('./engines.js').Engine} engine @param {Way} way */
const takeJourneys = (t, engine, { shared, size, query = '', journeys }) =>
  withPage(engine, shared, async (driver, { url }) => {
    await driver.resize(...size);
    await driver.goto(url + query);
    const visitor = size[0] < 500 ? { ...driver, click: driver.tap } : driver;
    for (const [journey, take] of Object.entries(journeys)) {
      await t.test(journey, async () => {
        try {
          await take({ driver: visitor, shared });
        } catch (error) {
          await keepPicture(driver, `${t.name} ${journey}`).catch(() => {});
          t.diagnostic(await driver.evaluate(whatIsThere).catch(String));
          throw error;
        }
      });
    }
  });

// A browser waits much of the time: two at once leave neither core idle.
suite('engines', { concurrency: 2 }, async () => {
  for (const engine of ENGINES) {
    const missing = await ensure(engine);
    const skip = process.env.CI || !missing ? false : missing;
    /** @param {string} name @param {(t: import('node:test').TestContext) => Promise<unknown>} take */
    const journey = (name, take) =>
      test(`${engine.name}, ${name}`, { skip }, async (t) => {
        assert.equal(missing, '');
        assert.ok(existsSync(join(DIST, 'index.html')), 'There is no page yet: npm run build.');
        await take(t);
      });
    const ways = Object.entries(WAYS).filter(([name]) => engine.name !== 'Chromium' || !IN_TESTS_WEB.includes(name));
    for (const [name, way] of ways) journey(name, (t) => takeJourneys(t, engine, way));
    // WebKitGTK does it, too, but takes a minute and a half for it.
    if (engine.name !== 'WebKitGTK')
      journey('offline after one visit: every block runs', () =>
        withPage(engine, true, async (driver, { url, close }) => {
          await driver.goto(url);
          await offline(driver, close);
        }),
      );
  }
});
