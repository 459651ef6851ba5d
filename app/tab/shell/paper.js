/**
 * The browser's own print: every chart, dark on white, and all code. A browser prints what there is when its handlers
 * have run, so what a print needs is fetched before anyone asks, when the page has nothing else to do.
 */
import { chartsForPaper, chartsForScreen, loadPlotly } from '../../output/chart.js';
import { element } from '../dom/element.js';
import { whenIdle } from '../dom/idle.js';

/** @typedef {import('../block/py-block.js').PyBlock} PyBlock */

/** How long after Python's start: the reader has all else by then. */
const AFTER_MS = 4000;

/**
 * @param {PyBlock[]} blocks whose charts and code are printed
 * @param {Promise<unknown>} started Python has, or has failed to
 */
export function preparePaper(blocks, started) {
  /** @type {HTMLElement[]} */
  let listings = [];
  const waiting = blocks.filter((block) => block.showsMore);

  /** One block at a time; the library last, which takes the longest. */
  const prepare = () => {
    const block = waiting.shift();
    if (block) block.mountRecorded().finally(() => whenIdle(prepare));
    else loadPlotly();
  };
  started.then(() => setTimeout(whenIdle, AFTER_MS, prepare));

  const putAway = () => {
    for (const listing of listings.splice(0)) listing.remove();
  };
  addEventListener('beforeprint', () => {
    putAway(); // A browser may say it twice.
    // The editor draws what is on the screen, and no more of a long block.
    listings = blocks.map((block) => {
      const listing = element('pre', { className: 'on-paper' }, block.source);
      (block.querySelector('.fold') ?? block.querySelector('.code'))?.after(listing);
      return listing;
    });
    chartsForPaper();
  });
  addEventListener('afterprint', () => {
    putAway();
    chartsForScreen();
  });
}
