/**
 * The three engines, each behind the same few words: see `Driver`. A missing one is installed where that can be done.
 */
import { existsSync } from 'node:fs';
import { chromium, firefox } from '@playwright/test';
import { Failure } from '../../app/tools/tools.js';
import { chromiumPath, installDebian, launchOptions, onDebianAsRoot } from '../browsers.js';
import { openSession, startScreen } from './webdriver.js';

/**
 * What a journey may ask of a browser with one page open.
 * @typedef {object} Driver
 * @property {(url: string) => Promise<unknown>} goto
 * @property {() => Promise<unknown>} reload
 * @property {(what: (...args: any[]) => unknown, ...args: unknown[]) => Promise<any>} evaluate
 * @property {(selector: string) => Promise<unknown>} click
 * @property {(selector: string) => Promise<unknown>} tap with a finger
 * @property {(keys: string) => Promise<unknown>} press one key, or several that are held together, as in Control+a
 * @property {(text: string) => Promise<unknown>} type
 * @property {(width: number, height: number) => Promise<unknown>} resize
 * @property {() => Promise<Buffer>} screenshot
 * @property {() => Promise<unknown>} close
 *
 * @typedef {{shared: boolean}} Options shared: whether SharedArrayBuffer is to be had
 * @typedef {{name: string, missing: () => string[], packages: string[], open: (options: Options) => Promise<Driver>}}
 *   Engine `missing`: the programs that are not here
 */

const FIREFOX = '/usr/bin/firefox-esr';
const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
const WEBKIT_BROWSERS = ['4.1', '4.0', '6.0'].map(
  (version) =>
    `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-${version}/MiniBrowser`,
);
const SCREEN = '/usr/bin/Xvfb';

/** @param {string[]} paths */
const missing = (...paths) => paths.filter((path) => !existsSync(path));

/** @param {import('@playwright/test').Browser} browser @param {{fingers?: boolean}} [has] @returns {Promise<Driver>} */
async function byPlaywright(browser, { fingers = true } = {}) {
  const page = await browser.newPage({ hasTouch: fingers });
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    evaluate: (what, ...args) => page.evaluate(`(${what}).apply(null, ${JSON.stringify(args)})`),
    click: (selector) => page.click(selector),
    tap: (selector) => (fingers ? page.tap(selector) : page.click(selector)),
    press: (keys) => page.keyboard.press(keys),
    type: (text) => page.keyboard.type(text),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: () => page.screenshot(),
    close: () => browser.close(),
  };
}

/** @type {Engine[]} */
export const ENGINES = [
  {
    name: 'Chromium',
    packages: ['chromium'],
    missing: () => [],
    open: async () =>
      byPlaywright(await chromium.launch(launchOptions(process.env.CHROMIUM_PATH ?? (await chromiumPath())))),
  },
  {
    name: 'Firefox ESR',
    packages: ['firefox-esr'],
    missing: () => missing(FIREFOX),
    // Playwright's way to drive it (WebDriver BiDi) has no fingers: there a tap does nothing.
    open: async () =>
      byPlaywright(await firefox.launch({ channel: 'moz-firefox', executablePath: FIREFOX }), { fingers: false }),
  },
  {
    name: 'WebKitGTK',
    packages: ['webkit2gtk-driver', 'xvfb'],
    missing: () => [...missing(WEBKIT_DRIVER, SCREEN), ...(WEBKIT_BROWSERS.some(existsSync) ? [] : ['MiniBrowser'])],
    async open({ shared }) {
      const screen = await startScreen();
      const session = await openSession({
        driver: WEBKIT_DRIVER,
        // Without a graphics card this way of painting takes a quarter less time to have the whole page there.
        env: {
          ...process.env,
          DISPLAY: screen.display,
          WEBKIT_DISABLE_DMABUF_RENDERER: '1',
          ...(shared && { JSC_useSharedArrayBuffer: '1' }),
        },
        capabilities: {
          'webkitgtk:browserOptions': { binary: WEBKIT_BROWSERS.find(existsSync), args: ['--automation'] },
        },
      });
      return {
        ...session,
        async close() {
          await session.close();
          await screen.stop();
        },
      };
    },
  },
];

/**
 * Installs what an engine lacks, if Debian's packages can be installed here.
 * @param {Engine} engine
 * @returns {Promise<string>} why it is still missing; '' if it is here
 */
export async function ensure(engine) {
  if (!engine.missing().length) return '';
  const advice = `${engine.name} is missing (Debian: apt-get install ${engine.packages.join(' ')})`;
  if (!process.env.CI || !(await onDebianAsRoot())) return advice;
  try {
    await installDebian(engine.packages);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `${advice}: ${error.message}`;
  }
  return engine.missing().length ? advice : '';
}
