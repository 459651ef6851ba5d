/**
 * What parts of the lesson get once a reader comes near: an editor, recorded charts. All others get their editors and their
 * layout after Python's start, from which they would otherwise take time.
 */
import { whenIdle } from './idle.js';
import { PyBlock } from './block.js';

/** How far below and above the screen is near. */
const MARGIN = '600px 0px';

/** Between two parts that nobody sees yet, the page has time for the reader. */
const PAUSE_MS = 40;

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** @param {Element} part @returns {Promise<void>} */
const furnished = (part) => new Promise((resolve) => whenIdle(() => {
  if (part instanceof PyBlock) part.mountEditor().then(resolve, () => resolve());
  else resolve();
}));

/** @param {HTMLElement} lesson @param {Promise<unknown>} started Python has started, or has failed to */
export function furnish(lesson, started) {
  const parts = /** @type {HTMLElement[]} */ ([...lesson.querySelectorAll('.prose, py-block')]);
  /** @type {Set<HTMLElement>} */
  const near = new Set();
  /** @type {Set<HTMLElement>} */
  const far = new Set();
  let working = false;

  /** One at a time, what is near first. */
  async function work() {
    if (working) return;
    working = true;
    for (let [part] = [...near, ...far]; part; [part] = [...near, ...far]) {
      const wasFar = !near.delete(part);
      far.delete(part);
      await furnished(part);
      if (!wasFar) continue;
      // See app/style/prose.css.
      part.style.contentVisibility = 'visible';
      await pause(PAUSE_MS);
    }
    working = false;
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      near.add(/** @type {HTMLElement} */ (target));
      if (target instanceof PyBlock && target.hasCharts) target.showRecordedCharts();
    }
    work();
  }, { rootMargin: MARGIN });
  for (const part of parts) watcher.observe(part);

  started.then(() => {
    for (const part of parts) far.add(part);
    work();
  });
}
