/**
 * A few journeys in WebKitGTK, which Playwright cannot drive: with and without SharedArrayBuffer, from compiled files,
 * with bad input and on a phone by touch. Chromium and Firefox run the specs of tests/web.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { serve } from '../../app/tools/serve.js';
import { TOP } from '../../app/tools/tools.js';
import { WEBKIT } from '../browsers.js';
import { BAD_INPUT, BY_TOUCH, JOURNEYS, SHARES, STARTS } from './journeys.js';
import { openWebKit } from './webdriver.js';

const DIST = join(TOP, 'dist');
const PICTURES = join(TOP, 'test-results/webkit');

/** @param {import('./webdriver.js').Driver} driver @param {string} name */
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
  'with SharedArrayBuffer': { shared: true, size: [1280, 900], journeys: { ...JOURNEYS, ...BAD_INPUT } },
  'without SharedArrayBuffer': { shared: false, size: [1280, 900], journeys: SHARES },
  'without the snapshot': { shared: true, size: [1280, 900], query: '?snapshot=off', journeys: STARTS },
  'on a phone, by touch': { shared: true, size: [390, 844], journeys: BY_TOUCH },
};

/** @param {import('node:test').TestContext} t @param {Way} way */
async function takeJourneys(t, { shared, size, query = '', journeys }) {
  const server = await serve(DIST, { port: 0, isolate: shared });
  const driver = await openWebKit(WEBKIT, shared).catch(async (error) => {
    await server.close();
    throw error;
  });
  try {
    await driver.resize(...size);
    await driver.goto(server.url + query);
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
  } finally {
    await driver.close();
    await server.close();
  }
}

// A browser waits much of the time: two at once leave neither core idle.
suite('WebKitGTK', { concurrency: 2 }, () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(name, async (t) => {
      assert.ok(existsSync(join(DIST, 'index.html')), 'There is no page yet: npm run build.');
      await takeJourneys(t, way);
    });
  }
});
