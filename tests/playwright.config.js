import { join } from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import { TOP } from '../app/tools/tools.js';
import { chromiumPath, launchOptions } from './browsers.js';

// `npm test` has looked for a Chromium already, and every worker reads this file.
process.env.CHROMIUM_PATH ??= await chromiumPath();

/**
 * Playwright stays at 1.59: from 1.60 on, each poll of `expect(locator)` describes the accessibility tree, which takes 0.3 s of
 * a page as long as this one, and made the whole suite slower by half.
 */
export default defineConfig({
  testDir: 'web',
  outputDir: join(TOP, 'test-results/web'),
  globalSetup: './global-setup.js',
  projects: [
    // What measures time has the machine for itself ...
    { name: 'timed', grep: /@timed/, workers: 1 },
    // ... and comes before the rest, of which two run at a time, without waiting for smooth scrolling.
    { name: 'untimed', grepInvert: /@timed/, fullyParallel: true, dependencies: ['timed'], use: { contextOptions: { reducedMotion: 'reduce' } } },
  ],
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['junit', { outputFile: join(TOP, 'test-results/web.xml') }]],
  use: {
    ...devices['Desktop Chrome'],
    launchOptions: launchOptions(process.env.CHROMIUM_PATH),
    // Set by global-setup.js before any worker starts.
    baseURL: process.env.PAGE_URL,
    // Recording a trace makes each test about half as slow again: npm test -- web --trace on, when one is needed.
    trace: 'off',
    // What a service worker hands out passes by page.route, and keeping all files takes time from what is measured:
    // only hosting.spec.js, which tests it, lets it in.
    serviceWorkers: 'block',
  },
});
