import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import { TOP } from '../app/build/tools.js';
import { chromiumPath, launchOptions } from './browsers.js';

// `npm test` has looked for a Chromium already, and every worker reads this file.
process.env.CHROMIUM_PATH ??= await chromiumPath();

const FIREFOX = '/usr/bin/firefox-esr';

/** @type {Record<string, {browser: import('@playwright/test').Project['use'], here: () => boolean}>} */
const ENGINES = {
  chromium: {
    browser: { ...devices['Desktop Chrome'], launchOptions: launchOptions(process.env.CHROMIUM_PATH) },
    here: () => true,
  },
  firefox: {
    browser: { ...devices['Desktop Firefox'], channel: 'moz-firefox', launchOptions: { executablePath: FIREFOX } },
    here: () => existsSync(FIREFOX),
  },
};

const TIMED = /(running|start|pace|hosting)\.spec\.js$/;

// ENGINES=chromium,firefox npm test
const chosen = (process.env.ENGINES ?? 'chromium').split(',');

export default defineConfig({
  testDir: 'web',
  outputDir: join(TOP, 'test-results/web'),
  globalSetup: './global-setup.js',
  projects: chosen.filter((name) => ENGINES[name]?.here()).flatMap((name) => [
    // These measure time, so they have the machine for themselves ...
    { name, use: ENGINES[name].browser, testMatch: TIMED, workers: 1 },
    // ... and these do not: they run after them, two at a time.
    { name: `${name}-untimed`, use: ENGINES[name].browser, testIgnore: TIMED, fullyParallel: true, dependencies: [name] },
  ]),
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['junit', { outputFile: join(TOP, 'test-results/web.xml') }]],
  use: {
    // Set by global-setup.js before any worker starts.
    baseURL: process.env.PAGE_URL,
    // Recording a trace makes each test about half as slow again: npm test -- web --trace on, when one is needed.
    trace: 'off',
    // What a service worker hands out passes by page.route, and keeping all files takes time from what is measured:
    // only hosting.spec.js, which tests it, lets it in.
    serviceWorkers: 'block',
  },
});
