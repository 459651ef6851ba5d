/**
 * `npm run bench:controls`: from a slider's input to the new picture, in Chromium, Firefox ESR and WebKitGTK, where
 * they are installed, as a multiple of what the block itself takes: ratios hold on other machines.
 * Single moves first, each after the one before has been drawn; then a hand that goes on moving, of which the time from
 * its last input counts. `-- firefox` measures one of them.
 */
import { chromium, firefox } from '@playwright/test';
import { DIST, ensureBuilt } from '../../app/site/build.js';
import { serve } from '../../app/tools/serve.js';
import { asProgram } from '../../app/tools/tools.js';
import { chromiumPath, FIREFOX, launchOptions, WEBKIT } from '../browsers.js';
import { openWebKit } from '../webkit/webdriver.js';
import { median } from './start.js';

/** @typedef {{picture: number, run: number, pictures: number}} Move milliseconds; how many pictures came on the way */
/** @typedef {(what: (argument: any) => any, argument?: any) => Promise<any>} Evaluate */
/** @typedef {{evaluate: Evaluate, close: () => Promise<unknown>}} Page */

const ROUNDS = 30;

/** Runs in the page: whether Python and all editors are there, so that nothing else is being done. */
const isFurnished = () =>
  document.documentElement.dataset.python === 'ready' && !document.querySelector('py-block:not(:has(.cm-editor))');

/**
 * Runs in the page: moves the slider by `inputs` steps, a frame apart, and leaves in `window.moved` when the picture of
 * the last was drawn.
 * @param {number} inputs
 */
function beginMove(inputs) {
  const host = /** @type {any} */ (window);
  host.moved = undefined;
  const section = /** @type {HTMLElement} */ (document.querySelector('#playground'));
  const slider = /** @type {HTMLInputElement} */ (section.querySelector('input[type="range"]'));
  const plot = /** @type {any} */ (section.querySelector('.plot'));
  let [last, drawnAt, pictures, left] = [0, 0, 0, inputs];
  const drawn = () => {
    pictures += 1;
    drawnAt = performance.now();
  };
  const look = () => {
    // When no other picture has come for a while, it was the last one.
    const isOver = section.dataset.state === 'done' && drawnAt > last && performance.now() - drawnAt > 300;
    if (left || !isOver) return void setTimeout(look, 20);
    plot.removeListener('plotly_afterplot', drawn);
    const said = section.querySelector('.block-state')?.textContent ?? '';
    const [, number, unit] = /([\d.]+) (ms|s)$/.exec(said) ?? [];
    host.moved = { picture: drawnAt - last, run: Number(number) * (unit === 's' ? 1000 : 1), pictures };
  };
  plot.on('plotly_afterplot', drawn);
  look();
  const step = () => {
    slider.value = String(slider.value === slider.max ? slider.min : Number(slider.value) + Number(slider.step));
    last = performance.now();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    left -= 1;
    if (left) requestAnimationFrame(step);
    else slider.dispatchEvent(new Event('change', { bubbles: true }));
  };
  step();
}

/** @param {Page} page @param {() => any} what @returns {Promise<any>} what it gives as soon as that is something */
async function until(page, what) {
  for (;;) {
    const found = await page.evaluate(what);
    if (found) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
  }
}

/** @param {Page} page @param {number} inputs @returns {Promise<Move>} */
async function move(page, inputs) {
  await page.evaluate(beginMove, inputs);
  return until(page, () => /** @type {any} */ (window).moved);
}

/** @param {import('@playwright/test').Browser} browser @param {string} url @returns {Promise<Page>} */
async function pageOf(browser, url) {
  const page = await browser.newPage();
  await page.goto(url);
  return { evaluate: (what, argument) => page.evaluate(what, argument), close: () => browser.close() };
}

/** How each engine opens the page; those that are here. */
const ENGINES = {
  chromium: {
    name: 'Chromium',
    missing: () => [],
    open: async (/** @type {string} */ url) => pageOf(await chromium.launch(launchOptions(await chromiumPath())), url),
  },
  firefox: {
    name: FIREFOX.name,
    missing: FIREFOX.missing,
    open: async (/** @type {string} */ url) =>
      pageOf(await firefox.launch({ channel: 'moz-firefox', executablePath: FIREFOX.path }), url),
  },
  webkit: {
    name: WEBKIT.name,
    missing: WEBKIT.missing,
    async open(/** @type {string} */ url) {
      const driver = await openWebKit(WEBKIT, true);
      await driver.resize(1280, 900);
      await driver.goto(url);
      return driver;
    },
  },
};

/** @param {number[]} values @param {number} digits */
const middleAndWorst = (values, digits) =>
  `median ${median(values).toFixed(digits)}, worst ${Math.max(...values).toFixed(digits)}`;

/** @param {Page} page */
async function measure(page) {
  await until(page, isFurnished);
  await page.evaluate(() => /** @type {HTMLElement} */ (document.querySelector('#playground .run')).click());
  await until(page, () => document.querySelector('#playground[data-state="done"] .main-svg') && true);
  await move(page, 1);
  for (const [label, inputs] of /** @type {const} */ ([
    ['one step', 1],
    ['a drag of 40 steps, from its last', 40],
  ])) {
    /** @type {Move[]} */
    const moves = [];
    for (let round = 0; round < (inputs === 1 ? ROUNDS : ROUNDS / 5); round += 1) moves.push(await move(page, inputs));
    const times = (/** @type {(move: Move) => number} */ of) => moves.map(of);
    const ratios = times(({ picture, run }) => picture / run);
    console.log(`  ${label}: input to picture, of the block's own time: ${middleAndWorst(ratios, 1)}`);
    const [pictures, runs] = [times(({ picture }) => picture), times(({ run }) => run)];
    console.log(`    in ms here: ${middleAndWorst(pictures, 0)}; the block: ${middleAndWorst(runs, 0)}`);
    if (inputs > 1) console.log(`    pictures on the way: ${times(({ pictures }) => pictures).join(', ')}`);
  }
}

await asProgram(import.meta.url, async () => {
  await ensureBuilt({ compress: false });
  const asked = process.argv.slice(2);
  const server = await serve(DIST, { port: 0 });
  try {
    for (const [key, { name, missing, open }] of Object.entries(ENGINES)) {
      if (asked.length && !asked.includes(key)) continue;
      console.log(missing().length ? `${name}: left out, it is not installed` : name);
      if (missing().length) continue;
      const page = await open(server.url);
      try {
        await measure(page);
      } finally {
        await page.close();
      }
    }
  } finally {
    await server.close();
  }
});
