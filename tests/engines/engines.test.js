/**
 * The same journeys in Chromium, Firefox ESR and WebKitGTK; without SharedArrayBuffer those that meet it.
 * An engine that is missing is skipped on a reader's machine, and an error in CI, which installs what it can.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { serve } from '../../app/build/serve.js';
import { TOP } from '../../app/build/tools.js';
import { ENGINES, ensure } from './engines.js';
import { JOURNEYS, WITHOUT_SHARED } from './journeys.js';

const DIST = join(TOP, 'dist');
const PICTURES = join(TOP, 'test-results/engines');

/** @param {import('./engines.js').Driver} driver @param {string} name */
async function keepPicture(driver, name) {
  await mkdir(PICTURES, { recursive: true });
  await writeFile(join(PICTURES, `${name.replace(/\W+/g, '-')}.png`), await driver.screenshot());
}

/** @param {import('node:test').TestContext} t @param {import('./engines.js').Engine} engine @param {boolean} shared */
async function takeJourneys(t, engine, shared) {
  const { url, close } = await serve(DIST, { port: 0, isolate: shared });
  const driver = await engine.open({ shared }).catch(async (error) => {
    await close();
    throw error;
  });
  try {
    await driver.resize(1280, 900);
    await driver.goto(url);
    for (const [journey, take] of Object.entries(shared ? JOURNEYS : WITHOUT_SHARED)) {
      await t.test(journey, async () => {
        try {
          await take({ driver, shared });
        } catch (error) {
          await keepPicture(driver, `${t.name} ${journey}`).catch(() => {});
          throw error;
        }
      });
    }
  } finally {
    await driver.close();
    await close();
  }
}

// A browser waits much of the time: two at once leave neither core idle.
suite('engines', { concurrency: 2 }, async () => {
  for (const engine of ENGINES) {
    const missing = await ensure(engine);
    for (const shared of [true, false]) {
      test(`${engine.name}, ${shared ? 'with' : 'without'} SharedArrayBuffer`, { skip: process.env.CI || !missing ? false : missing }, async (t) => {
        assert.equal(missing, '');
        assert.ok(existsSync(join(DIST, 'index.html')), 'There is no page yet: npm run build.');
        await takeJourneys(t, engine, shared);
      });
    }
  }
});
