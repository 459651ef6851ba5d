import { join } from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import { TOP } from '../app/tools/tools.js';
import { chromiumPath, FIREFOX, launchOptions } from './browsers.js';

// `npm test` has looked for a Chromium already, and every worker reads this file.
process.env.CHROMIUM_PATH ??= await chromiumPath();

const CHROMIUM = { ...devices['Desktop Chrome'], launchOptions: launchOptions(process.env.CHROMIUM_PATH) };

/**
 * Playwright stays at 1.59: from 1.60 on, each poll of `expect(locator)` describes the accessibility tree, which takes
 * 0.3 s of a page as long as this one, and made the whole suite slower by half.
 */
export default defineConfig({
  testDir: 'web',
  outputDir: join(TOP, 'test-results/web'),
  globalSetup: './global-setup.js',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // No test judges time: these are for machines that are busy with something else.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['junit', { outputFile: process.env.REPORT ?? join(TOP, 'test-results/web.xml') }]],
  // Chromium takes every test; tags say what depends on fingers, and what on the browser's engine.
  projects: [
    { name: 'Chromium', grepInvert: /@only-touch/, use: CHROMIUM },
    {
      name: 'Chromium, by touch',
      grep: /@touch|@only-touch/,
      use: { ...CHROMIUM, viewport: { width: 390, height: 844 }, hasTouch: true },
    },
    {
      name: FIREFOX.name,
      grep: /@engine/,
      // Playwright's way to drive it (WebDriver BiDi) has no fingers: there a tap does nothing.
      use: {
        ...devices['Desktop Firefox'],
        channel: 'moz-firefox',
        launchOptions: { executablePath: FIREFOX.path },
      },
    },
  ],
  use: {
    // Set by global-setup.js before any worker starts.
    baseURL: process.env.PAGE_URL,
    // Recording a trace makes each test about half as slow again: npm test -- web --trace on, when one is needed.
    trace: 'off',
    // What pulses takes time that the tests on the other core need.
    contextOptions: { reducedMotion: 'reduce' },
    // What a service worker hands out passes by page.route, and keeping all files takes time from what is measured:
    // only hosting.spec.js, which tests it, lets it in.
    serviceWorkers: 'block',
  },
});
