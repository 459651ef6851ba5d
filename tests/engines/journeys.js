/**
 * What a reader does, in every engine. A journey is told which browser it has and asks no more of it than `Driver` offers.
 *
 * @typedef {import('./engines.js').Driver} Driver
 * @typedef {{driver: Driver, shared: boolean}} Visit
 */
import assert from 'node:assert/strict';

const SECONDS_TO_START = 120;

/**
 * Waits until the page says something.
 * @param {Driver} driver
 * @param {string} what for the report
 * @param {(...args: any[]) => unknown} ask runs in the page
 * @param {unknown[]} args
 * @param {(answer: any) => unknown} [fits]
 */
async function until(driver, what, ask, args = [], fits = Boolean, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  let answer;
  do {
    answer = await driver.evaluate(ask, ...args);
    if (fits(answer)) return answer;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  } while (Date.now() < deadline);
  return assert.fail(`${what}: after ${seconds} s there is ${JSON.stringify(answer)}`);
}

/** @param {Driver} driver */
const ready = (driver) => until(driver, 'Python is ready', () => document.documentElement.dataset.python, [], (state) => state === 'ready', SECONDS_TO_START);

/** @param {Driver} driver @param {string} id */
function block(driver, id) {
  const text = (/** @type {string} */ part) => driver.evaluate((selector) => document.querySelector(selector)?.textContent, `#${id} ${part}`);
  return {
    run: () => driver.click(`#${id} .run`),
    tap: () => driver.tap(`#${id} .run`),
    output: () => text('.output'),
    messages: () => text('.messages'),
    source: () => driver.evaluate((name) => /** @type {any} */ (document.getElementById(name)?.closest('py-block')).source, id),
    /** @param {RegExp} states */
    is: (states, seconds = 60) => until(driver, `${id} is ${states}`, (name) => document.getElementById(name)?.dataset.state, [id], (state) => states.test(state), seconds),
    /** @param {RegExp} pattern @param {string} [part] */
    says: (pattern, part = '') => until(driver, `${id} says ${pattern}`, (selector) => document.querySelector(selector)?.textContent, [`#${id} ${part}`], (said) => pattern.test(said), 30),
    /** Types it, as a reader would. @param {string} code without newlines, which would be indented */
    async write(code) {
      await until(driver, `${id} has its editor`, (name) => document.querySelector(`#${name} .cm-content`) !== null, [id]);
      await driver.click(`#${id} .cm-content`);
      await driver.press('Control+a');
      await driver.type(code);
    },
  };
}

/** @type {Record<string, (visit: Visit) => Promise<unknown>>} in order, on one page */
export const JOURNEYS = {
  async 'the page opens, with SharedArrayBuffer or without'({ driver, shared }) {
    await driver.evaluate(() => {
      /** @type {string[]} */
      const refused = [];
      Object.assign(window, { refused });
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => refused.push(`${effectiveDirective} ${blockedURI}`));
    });
    await ready(driver);
    assert.equal(await driver.evaluate(() => typeof SharedArrayBuffer === 'function'), shared);
  },

  async 'a block runs with all it needs and gives what was recorded, chart and all'({ driver }) {
    const { run, is, output } = block(driver, 'train-reward');
    const recorded = await output();
    await run();
    await is(/running|queued|done/);
    await is(/done/);
    assert.equal(await output(), recorded);
    for (const id of ['preferences', 'reward-model']) await block(driver, id).is(/done/, 1);
    await driver.evaluate(() => document.querySelector('#train-reward figure')?.scrollIntoView({ behavior: 'instant' }));
    await until(driver, 'the chart is drawn', () => document.querySelectorAll('#train-reward .main-svg .trace').length);
  },

  async 'by keyboard alone: edit, run, leave the editor, run again'({ driver }) {
    const { write, says, is } = block(driver, 'ppo-setup');
    await write('print("typed", 6 * 7)');
    await driver.press('Control+Enter');
    await says(/^typed 42\s*$/, '.output');
    await driver.press('Escape');
    assert.equal(await driver.evaluate(() => document.activeElement?.className), 'run');
    await driver.press('Enter');
    await is(/done/);
  },

  async 'an error names its line and marks it'({ driver }) {
    const { write, run, is, messages } = block(driver, 'ppo-setup');
    await write('1 / 0');
    await run();
    await is(/error/);
    assert.match(await messages(), /ZeroDivisionError.*line 1/);
    assert.equal(await driver.evaluate(() => document.querySelectorAll('#ppo-setup .cm-error-line').length), 1);
  },

  async 'HTML that a block prints stays text, and nothing breaks the policy'({ driver }) {
    const { write, run, says } = block(driver, 'ppo-setup');
    await write('print("<img src=x onerror=alert(1)>")');
    await run();
    await says(/<img src=x onerror=alert\(1\)>/, '.output');
    assert.equal(await driver.evaluate(() => document.querySelectorAll('.output img').length), 0);
    assert.deepEqual(await driver.evaluate(() => /** @type {any} */ (window).refused), []);
  },

  async 'light and dark'({ driver }) {
    const seen = new Map();
    for (let i = 0; i < 3; i += 1) {
      await driver.click('#theme');
      const [theme, ...colours] = await driver.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
      seen.set(theme, colours.map((/** @type {string} */ colour) => Math.max(...(colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number))));
    }
    assert.ok(seen.get('light')[0] > 200 && seen.get('light')[1] < 100, `light: ${seen.get('light')}`);
    assert.ok(seen.get('dark')[0] < 100 && seen.get('dark')[1] > 200, `dark: ${seen.get('dark')}`);
  },

  async 'on a phone nothing is wider than the page, and a finger opens the contents and runs a block'({ driver }) {
    await driver.resize(390, 844);
    await until(driver, 'the page is narrow', () => window.innerWidth, [], (width) => width <= 500);
    assert.ok(await driver.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await driver.evaluate(() => window.scrollTo({ top: 0, behavior: 'instant' }));
    await driver.tap('#contents-toggle');
    await until(driver, 'the contents are open', () => document.querySelector('#contents-toggle')?.getAttribute('aria-expanded') === 'true');
    await driver.tap('#contents-toggle');
    const { tap, is } = block(driver, 'preferences');
    await driver.evaluate(() => document.querySelector('#preferences .run')?.scrollIntoView({ block: 'center', behavior: 'instant' }));
    await block(driver, 'preferences').is(/done/);
    await driver.evaluate(() => {
      document.querySelector('py-lesson')?.addEventListener('block-run', () => { /** @type {any} */ (window).ranAgain = true; });
    });
    await tap();
    await until(driver, 'the tap runs it', () => /** @type {any} */ (window).ranAgain);
    await is(/done/);
    await driver.resize(1280, 900);
    await until(driver, 'the page is wide', () => window.innerWidth, [], (width) => width > 1000);
  },

  async 'Stop ends an endless loop; with SharedArrayBuffer all values stay'({ driver, shared }) {
    const endless = block(driver, 'ppo-setup');
    await endless.write('while True: pass');
    await endless.run();
    await endless.is(/running/);
    await driver.click('#stop');
    await endless.says(shared ? /Stopped\. Names/ : /restarting Python/, '.messages');
    assert.equal(await endless.source(), 'while True: pass');
    await block(driver, 'preferences').is(shared ? /done/ : /recorded/);
    if (!shared) await ready(driver);
  },

  async 'an edit survives a reload'({ driver }) {
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    await driver.reload();
    const { source, says } = block(driver, 'ppo-setup');
    await until(driver, 'the page is there', () => Boolean(customElements.get('py-block')));
    assert.equal(await source(), 'while True: pass');
    await says(/your edited version/, '.messages');
    await ready(driver);
  },
};
