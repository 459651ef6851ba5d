/**
 * `npm run bench:pace`: what running costs in the page, in Chromium. Each figure is a ratio to a calibration that is
 * measured in the same page just before it, a fixed piece of JavaScript: the ratio holds on other machines,
 * milliseconds do not.
 */
import { chromium } from '@playwright/test';
import { DIST, ensureBuilt } from '../../app/site/build.js';
import { serve } from '../../app/tools/serve.js';
import { asProgram } from '../../app/tools/tools.js';
import { chromiumPath, launchOptions } from '../browsers.js';
import { block, furnished, open, runs } from '../web/page.js';
import { median } from './start.js';

/** @typedef {import('@playwright/test').Page} Page */

const ROUNDS = 11;

/** Milliseconds of a fixed piece of work. @param {Page} page */
const calibrate = (page) =>
  page.evaluate(() => {
    const begun = performance.now();
    let sum = 0;
    for (let i = 0; i < 2e7; i += 1) sum = (sum + i * i) % 1000003;
    return performance.now() - begun + 0 * sum;
  });

/** What share the live chart has in its loop's own time. That both threads may share a core is the machine's affair. */
const COST = `import time

def share():
    spent = 0.0

    def watch(rewards, kls):
        nonlocal spent
        begun = time.perf_counter()
        draw_rlhf(rewards, kls)
        spent += time.perf_counter() - begun

    begun = time.perf_counter()
    train_ppo(rm_weights, steps=300, watch=watch)
    return spent / (time.perf_counter() - begun - spent)

print(f"{sorted(share() for _ in range(9))[4]:.3f}")`;

/** From a click to the next frame: what the reader waits for a sign. @param {Page} page */
const answer = (page) =>
  page.evaluate(async () => {
    const begun = performance.now();
    /** @type {HTMLElement} */ (document.querySelector('#preferences button.run')).click();
    await new Promise(requestAnimationFrame);
    return performance.now() - begun;
  });

/** From a click on Stop to what the block says of it. @param {Page} page */
const stop = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const messages = /** @type {HTMLElement} */ (document.querySelector('#ppo-setup .messages'));
        const begun = performance.now();
        new MutationObserver(
          () => messages.textContent?.includes('Stopped') && resolve(performance.now() - begun),
        ).observe(messages, { childList: true, subtree: true });
        /** @type {HTMLElement} */ (document.querySelector('#stop')).click();
      }),
  );

/**
 * How long the page was busy at once, at the most, while a block ran.
 * @param {Page} page
 * @param {() => Promise<void>} work
 */
async function busiest(page, work) {
  await page.evaluate(() => {
    const tasks = /** @type {number[]} */ ([0]);
    Object.assign(window, { tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
  });
  await work();
  return page.evaluate(() => Math.max(.../** @type {any} */ (window).tasks));
}

/**
 * @param {Page} page
 * @param {() => Promise<number>} figure
 * @param {number} [rounds]
 * @returns {Promise<number[]>} ratios to the calibration
 */
async function ratios(page, figure, rounds = ROUNDS) {
  const found = [];
  for (let round = 0; round < rounds; round += 1) {
    const unit = await calibrate(page);
    found.push((await figure()) / unit);
  }
  return found;
}

/** @param {string} name @param {number[]} values */
const report = (name, values) =>
  console.log(
    `${name}: ${median(values).toFixed(3)} (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)})`,
  );

await asProgram(import.meta.url, async () => {
  await ensureBuilt();
  const server = await serve(DIST, { port: 0 });
  const browser = await chromium.launch(launchOptions(await chromiumPath()));
  try {
    const page = await browser.newPage();
    await open(page, server.url);
    await furnished(page);
    console.log('In units of a fixed piece of JavaScript in the same page: median (least to most)');
    const first = block(page, 'preferences');
    await first.write('pass');
    await first.runToEnd();
    report(
      'a run of `pass`, from the click to its end',
      await ratios(page, async () => (await runs(page, ['preferences'], 1))[0]),
    );
    report(
      'from a click on Run to the next frame',
      await ratios(page, async () => {
        const ms = await answer(page);
        await first.is('done');
        return ms;
      }),
    );
    const endless = block(page, 'ppo-setup');
    report(
      'from a click on Stop to the end of `while True: pass`',
      await ratios(
        page,
        async () => {
          await endless.write('print("started")\nwhile True: pass');
          await endless.run();
          await endless.is('running');
          await endless.output.getByText('started').waitFor();
          return /** @type {Promise<number>} */ (stop(page));
        },
        5,
      ),
    );
    await endless.reset.click();
    await first.reset.click();
    const train = block(page, 'ppo-train');
    await train.runToEnd();
    const code = String(await train.code());
    await train.write(code.replace('watch=draw_rlhf)', 'passes=50, watch=draw_rlhf)'));
    report(
      'the longest time that the page is busy at once while a chart grows',
      await ratios(page, () => busiest(page, () => train.runToEnd()), 5),
    );
    await train.reset.click();
    await train.runToEnd();
    const evaluate = block(page, 'evaluate');
    await evaluate.write(COST);
    await evaluate.runToEnd();
    console.log(
      `a chart that grows, as a share of its loop's own time: ${(await evaluate.output.textContent())?.trim()}`,
    );
  } finally {
    await browser.close();
    await server.close();
  }
});
