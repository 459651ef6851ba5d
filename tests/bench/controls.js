/**
 * `npm run bench:controls`: from a slider's input to the new picture, in Chromium, as a multiple of what the block
 * itself
 * takes: the ratio holds on other machines, milliseconds do not. Single moves first, each after the one before has been
 * drawn; then a hand that goes on moving, of which the time from its last input counts.
 */
import { chromium } from '@playwright/test';
import { DIST, ensureBuilt } from '../../app/site/build.js';
import { serve } from '../../app/tools/serve.js';
import { asProgram } from '../../app/tools/tools.js';
import { chromiumPath, launchOptions } from '../browsers.js';
import { block, furnished, open } from '../web/page.js';
import { median } from './start.js';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {{picture: number, run: number, pictures: number}} Move milliseconds; how many pictures came on the way */

const ROUNDS = 30;

/**
 * Moves the slider by `inputs` steps, a frame apart, and waits for the picture of the last.
 * @param {Page} page @param {number} inputs @returns {Promise<Move>}
 */
const move = (page, inputs) =>
  page.evaluate(
    (inputs) =>
      new Promise((resolve) => {
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
          resolve({ picture: drawnAt - last, run: Number(number) * (unit === 's' ? 1000 : 1), pictures });
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
      }),
    inputs,
  );

/** @param {number[]} values @param {number} digits */
const middleAndWorst = (values, digits) =>
  `median ${median(values).toFixed(digits)}, worst ${Math.max(...values).toFixed(digits)}`;

await asProgram(import.meta.url, async () => {
  await ensureBuilt({ compress: false });
  const server = await serve(DIST, { port: 0 });
  const browser = await chromium.launch(launchOptions(await chromiumPath()));
  try {
    const page = await browser.newPage({ baseURL: server.url });
    await open(page);
    await furnished(page);
    await block(page, 'playground').runToEnd();
    await move(page, 1);
    for (const [label, inputs] of /** @type {const} */ ([
      ['one step', 1],
      ['a drag of 40 steps, from its last', 40],
    ])) {
      /** @type {Move[]} */
      const moves = [];
      for (let round = 0; round < (inputs === 1 ? ROUNDS : ROUNDS / 5); round += 1)
        moves.push(await move(page, inputs));
      const times = (/** @type {(move: Move) => number} */ of) => moves.map(of);
      console.log(
        `${label}: input to picture, of the block's own time: ${middleAndWorst(
          times(({ picture, run }) => picture / run),
          1,
        )}`,
      );
      console.log(
        `  in ms here: ${middleAndWorst(
          times(({ picture }) => picture),
          0,
        )}; the block: ${middleAndWorst(
          times(({ run }) => run),
          0,
        )}`,
      );
      if (inputs > 1) console.log(`  pictures on the way: ${times(({ pictures }) => pictures).join(', ')}`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
});
