/**
 * What a reader does.
 *
 * @typedef {import('./webdriver.js').Driver} Driver
 * @typedef {{driver: Driver, shared: boolean}} Visit
 */
import assert from 'node:assert/strict';
import { OF_AN_ENGINE, ROUGH } from '../bad-inputs.js';

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
    await pause(50);
  } while (Date.now() < deadline);
  return assert.fail(`${what}: after ${seconds} s there is ${JSON.stringify(answer)}`);
}

/** @param {number} ms */
const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** @param {Driver} driver */
const started = (driver) =>
  until(
    driver,
    'Python is ready',
    () => document.documentElement.dataset.python,
    [],
    (state) => state === 'ready',
    SECONDS_TO_START,
  );

/**
 * Python is there, and so are all editors: until then an engine without a graphics card answers slowly.
 * @param {Driver} driver
 */
async function ready(driver) {
  await started(driver);
  await until(
    driver,
    'all editors are there',
    () => document.querySelectorAll('py-block:not(:has(.cm-content))').length,
    [],
    (count) => count === 0,
    SECONDS_TO_START,
  );
}

/** @param {Driver} driver @param {string} id */
function block(driver, id) {
  const text = (/** @type {string} */ part) =>
    driver.evaluate((selector) => document.querySelector(selector)?.textContent, `#${id} ${part}`);
  return {
    run: () => driver.click(`#${id} .run`),
    tap: () => driver.tap(`#${id} .run`),
    output: () => text('.output'),
    messages: () => text('.messages'),
    source: () =>
      driver.evaluate((name) => /** @type {any} */ (document.getElementById(name)).closest('py-block').source, id),
    /** @param {RegExp} states @param {string} [after] what was done */
    is: (states, seconds = 60, after = '') =>
      until(
        driver,
        `${after} ${id} is ${states}`,
        (name) => document.getElementById(name)?.dataset.state,
        [id],
        (state) => states.test(state),
        seconds,
      ),
    /** @param {RegExp} pattern @param {string} [part] */
    says: (pattern, part = '') =>
      until(
        driver,
        `${id} says ${pattern}`,
        (selector) => document.querySelector(selector)?.textContent,
        [`#${id} ${part}`],
        (said) => pattern.test(said),
        30,
      ),
    /** Types it, as a reader would. @param {string} code without newlines, which would be indented */
    async write(code) {
      await until(driver, `${id} has its editor`, (name) => document.querySelector(`#${name} .cm-content`) !== null, [
        id,
      ]);
      await driver.click(`#${id} .cm-scroller`);
      // Under a long line a finger may meet the bar that scrolls it.
      await driver.evaluate(
        (name) => /** @type {HTMLElement} */ (document.querySelector(`#${name} .cm-content`)).focus(),
        id,
      );
      await driver.press('Control+a');
      await driver.type(code);
    },
  };
}

/** What the page says of a block. @param {Driver} driver @param {string} id */
const saidOf = (driver, id) =>
  driver.evaluate(
    (name) =>
      ['.messages', '.output', '.charts']
        .map((part) =>
          [...document.querySelectorAll(`#${name} ${part} > *`)].map((child) => child.textContent).join(' '),
        )
        .join(' ')
        .trim(),
    id,
  );

/**
 * One block is given what goes wrong; then another must run.
 * @param {Driver} driver
 * @param {import('../bad-inputs.js').Input} input
 */
async function survives(driver, { name, code, stop, begun, ends, says }) {
  const [bad, probe] = [block(driver, 'ppo-setup'), block(driver, 'policy')];
  // Neither typed nor clicked: the longest has 300,000 characters, and where a thousand charts are being drawn a click
  // may miss.
  const run = (/** @type {string} */ id, /** @type {string} */ source) =>
    driver.evaluate(
      (...[id, source]) => {
        /** @type {any} */ (document.getElementById(id)).closest('py-block').replaceSource(source);
        /** @type {HTMLElement} */ (document.querySelector(`#${id} .run`)).click();
      },
      id,
      source,
    );
  await run('ppo-setup', code);
  if (stop) {
    await bad.is(/running/);
    if (begun) await bad.says(new RegExp(begun), '.output');
    await pause(200);
    await driver.click('#stop');
  }
  await bad.is(new RegExp(`^(${ends})$`), 90, name);
  let said = '';
  for (let tries = 0; tries < 100 && !says.test(said); tries += 1, await pause(50))
    said = await saidOf(driver, 'ppo-setup');
  // What it says may be long: the end of it is shown.
  assert.ok(says.test(said), `${name}: ${said.slice(-2000)}`);
  await run('policy', 'print("usable", np.sum([40, 2]))');
  await probe.is(/queued|running|done/);
  await probe.is(/done|error/, 90);
  assert.equal(String(await probe.output()).trim(), 'usable 42', name);
  assert.equal(await bad.source(), code, name);
  assert.equal(await driver.evaluate(() => 'ran' in window), false, name);
}

/** @type {Record<string, (visit: Visit) => Promise<unknown>>} in order, on one page */
export const JOURNEYS = {
  async 'the page opens, with SharedArrayBuffer or without'({ driver, shared }) {
    await driver.evaluate(() => {
      /** @type {string[]} */
      const refused = [];
      Object.assign(window, { refused });
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        refused.push(`${effectiveDirective} ${blockedURI}`),
      );
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
    await driver.evaluate(() =>
      document.querySelector('#train-reward figure')?.scrollIntoView({ behavior: 'instant' }),
    );
    await until(driver, 'the chart is drawn', () => document.querySelectorAll('#train-reward .main-svg .trace').length);
  },

  async 'by keyboard alone: edit, run, leave the editor, run again'({ driver }) {
    const { write, says, is } = block(driver, 'ppo-setup');
    await write('print("typed", 6 * 7)');
    await driver.press('Control+Enter');
    await says(/^typed 42\s*$/, '.output');
    await driver.press('Escape');
    // The pointer rests on the code: the first may have closed its help.
    if (await driver.evaluate(() => document.activeElement?.className !== 'run')) await driver.press('Escape');
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
      const [theme, ...colours] = await driver.evaluate(() => [
        document.documentElement.dataset.theme,
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.body).color,
      ]);
      seen.set(
        theme,
        colours.map((/** @type {string} */ colour) =>
          Math.max(...(colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)),
        ),
      );
    }
    assert.ok(seen.get('light')[0] > 200 && seen.get('light')[1] < 100, `light: ${seen.get('light')}`);
    assert.ok(seen.get('dark')[0] < 100 && seen.get('dark')[1] > 200, `dark: ${seen.get('dark')}`);
  },

  async 'nothing is wider than the page'({ driver }) {
    assert.ok(await driver.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  },

  async 'what is folded keeps its height when the page is styled anew'({ driver }) {
    const heights = await driver.evaluate(() => {
      const folded = [...document.querySelectorAll('main details:not([open])')].slice(0, 20);
      return [...Array(8)].map(() => {
        // Each listener to the wheel, such as a chart's, makes WebKit style the page again.
        document.querySelector('main')?.addEventListener('wheel', () => {}, { once: true });
        return folded.map((details) => Math.round(details.getBoundingClientRect().height)).join();
      });
    });
    assert.deepEqual([...new Set(heights)], [heights[0]]);
  },

  async 'an error teaches: the usual cause, a link to the block that defines the name, the variables'({ driver }) {
    const { write, run, is, says } = block(driver, 'ppo-setup');
    await write('gap = sigmod(3)');
    await run();
    await is(/error/);
    await says(/Did you mean sigmoid\? It is defined in Bradley-Terry training\./, '.messages');
    assert.equal(
      await driver.evaluate(() => document.querySelector('#ppo-setup .error-box a')?.getAttribute('href')),
      '#reward-model',
    );
    assert.ok(await driver.evaluate(() => document.querySelector('#ppo-setup .error-box a')?.getClientRects().length));
  },

  async 'completion and help come from the live names'({ driver }) {
    const { write, source } = block(driver, 'ppo-setup');
    await write('np.linalg.nor');
    await until(
      driver,
      'norm is offered',
      () => document.querySelector('.cm-tooltip-autocomplete li')?.textContent,
      [],
      (said) => /^norm/.test(said),
    );
    await driver.press('Tab');
    assert.equal(await source(), 'np.linalg.norm');
    // Enter is a new line, though a list is open: who types code has not read it.
    await write('np.linalg.nor');
    await until(
      driver,
      'norm is offered',
      () => document.querySelector('.cm-tooltip-autocomplete li')?.textContent,
      [],
      (said) => /^norm/.test(said),
    );
    await driver.press('Enter');
    assert.equal(await source(), 'np.linalg.nor\n');
    await write('sigmoid(');
    await driver.press('Control+i');
    await until(
      driver,
      'help comes',
      () => document.querySelector('.help-box')?.textContent,
      [],
      (said) => /sigmoid\(z\)/.test(said),
    );
    await pause(500);
    await driver.press('Escape');
    await until(
      driver,
      'help goes',
      () => document.querySelectorAll('.help-box').length,
      [],
      (count) => count === 0,
    );
  },

  async 'the variables follow a run, and a long loop says how far it is, in the title, too'({ driver }) {
    const { write, run, is } = block(driver, 'ppo-setup');
    // Heard and not asked for: between two questions a slow engine may take longer than the loop.
    const title = await driver.evaluate(() => {
      /** @type {string[]} */
      const titles = [];
      new MutationObserver(() => titles.push(document.title)).observe(document.head, {
        childList: true,
        characterData: true,
        subtree: true,
      });
      Object.assign(window, { titles });
      return document.title;
    });
    await driver.click('#variables-toggle');
    await write('lengths = np.ones((20, 4)); waits = [__import__("time").sleep(0.1) for step in progress(range(40))]');
    await run();
    await is(/done/);
    /** @type {string[]} */
    const titles = await driver.evaluate(() => /** @type {any} */ (window).titles);
    assert.ok(
      titles.some((said) => /^\d\d? % · /.test(said)),
      `the titles were ${titles.join(', ')}`,
    );
    assert.equal(await driver.evaluate(() => document.title), title);
    await until(
      driver,
      'the variables are there',
      () => document.querySelector('#variables')?.textContent,
      [],
      (said) => /lengths\s*float64 array \(20, 4\)/.test(said),
    );
    await driver.click('#variables-toggle');
  },

  async 'an exercise: a wrong answer is told so, hints come one at a time, the worked answer passes'({ driver }) {
    const { says } = block(driver, 'challenge-noise');
    await driver.click('#challenge-noise .check-answer');
    await until(
      driver,
      'the verdict',
      () => document.querySelector('#challenge-noise .verdict')?.textContent,
      [],
      (said) => /Nothing has been swapped yet/.test(said),
      60,
    );
    const shown = () =>
      driver.evaluate(
        () =>
          [...document.querySelectorAll('#challenge-noise .hint')].filter((hint) => hint.getClientRects().length)
            .length,
      );
    assert.equal(await shown(), 1);
    await driver.click('#challenge-noise .hint summary');
    await until(
      driver,
      'the second hint',
      () =>
        [...document.querySelectorAll('#challenge-noise .hint')].filter((hint) => hint.getClientRects().length).length,
      [],
      (count) => count === 2,
    );
    await driver.click('#challenge-noise .answer summary');
    await driver.click('#challenge-noise .use');
    await driver.click('#challenge-noise .check-answer');
    await says(/✓|passed|Passed/, '.verdict[data-verdict=passed]');
  },

  async 'a chart has its numbers in a table'({ driver }) {
    await driver.click('#train-reward .data summary');
    const rows = await until(
      driver,
      'the table is there',
      () => document.querySelectorAll('#train-reward .data tbody tr').length,
    );
    assert.ok(rows > 2);
    await driver.click('#train-reward .data summary');
  },

  async 'a link carries the edits, runs nothing, and asks'({ driver }) {
    const { write, source } = block(driver, 'ppo-setup');
    await write('print("sent")');
    await driver.evaluate(() => {
      navigator.clipboard.writeText = (text) => {
        /** @type {any} */ (window).copied = text;
        return Promise.resolve();
      };
    });
    await driver.click('#take');
    await driver.click('#take-panel [data-part=share]');
    const link = await until(driver, 'the link is copied', () => /** @type {any} */ (window).copied);
    await driver.click('#take');
    await until(
      driver,
      'the panel is closed',
      () => document.querySelectorAll('#take-panel:popover-open').length,
      [],
      (count) => count === 0,
    );
    await write('own = 1');
    await driver.evaluate((hash) => {
      window.location.hash = hash;
    }, new URL(link).hash);
    await until(
      driver,
      'the page asks',
      () => document.querySelector('#shared')?.textContent,
      [],
      (said) => /made by whoever sent it\. Nothing of it has run\./.test(said),
    );
    assert.equal(await source(), 'own = 1');
    await driver.click('#shared button');
    assert.equal(await source(), 'print("sent")');
    await driver.click('#shared button');
    assert.equal(await source(), 'own = 1');
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
    if (!shared) await started(driver);
  },

  async 'an edit survives a reload'({ driver }) {
    await pause(500);
    await driver.reload();
    const { source, says } = block(driver, 'ppo-setup');
    await until(driver, 'the page is there', () => Boolean(customElements.get('py-block')));
    assert.equal(await source(), 'while True: pass');
    await says(/your edited version/, '.messages');
    await started(driver);
  },
};

/** @param {RegExp} names */
const some = (names) => Object.fromEntries(Object.entries(JOURNEYS).filter(([name]) => names.test(name)));

/** What depends on how Python has started. */
export const STARTS = some(/opens|a block runs|^completion/);

/** What depends on the memory that the page and Python share. */
export const SHARES = some(/opens|a block runs|^completion|^Stop|reload/);

/** @type {Record<string, (visit: Visit) => Promise<unknown>>} */
export const BAD_INPUT = {
  async 'bad input is answered, the next block runs as ever, and no edit is lost'({ driver }) {
    await ready(driver);
    for (const input of OF_AN_ENGINE) await survives(driver, input);
  },

  async 'what takes Python down is answered, Python starts again by itself, and no edit is lost'({ driver }) {
    // Here a test cannot kill a worker.
    for (const input of ROUGH.filter(({ name }) => !name.includes('killed'))) await survives(driver, input);
  },
};

/**
 * On a phone, by touch: what fingers and a narrow page change.
 * @type {Record<string, (visit: Visit) => Promise<unknown>>}
 */
export const BY_TOUCH = {
  ...some(/opens|a block runs|wider|an error teaches|exercise|Stop/),
  async 'a finger opens the contents'({ driver }) {
    assert.ok(await driver.evaluate(() => window.innerWidth <= 500));
    await driver.evaluate(() => window.scrollTo({ top: 0, behavior: 'instant' }));
    await driver.click('#contents-toggle');
    await until(
      driver,
      'the contents are open',
      () => document.querySelector('#contents-toggle')?.getAttribute('aria-expanded') === 'true',
    );
    await driver.click('#contents-toggle');
    await until(
      driver,
      'the contents are closed',
      () => document.querySelector('#contents-toggle')?.getAttribute('aria-expanded') === 'false',
    );
  },
};
