/**
 * What parts of the lesson get once a reader comes near: an editor, recorded charts. All others get their editors and their
 * layout after Python's start, from which they would otherwise take time.
 */
import { whenIdle } from './idle.js';
import { PyBlock } from './block.js';

/** How far below and above the screen is near. */
const MARGIN = '600px 0px';

/** @param {Element} part @returns {Promise<void>} */
const furnished = (part) => new Promise((resolve) => whenIdle(() => {
  if (part instanceof PyBlock) part.mountEditor().then(resolve, () => resolve());
  else resolve();
}));

/** @param {HTMLElement} lesson @param {Promise<unknown>} started Python has started, or has failed to */
export function furnish(lesson, started) {
  const parts = /** @type {HTMLElement[]} */ ([...lesson.querySelectorAll('.prose, py-block')]);
  /** One at a time, when the page has nothing better to do. @type {Set<HTMLElement>} */
  const waiting = new Set();
  let working = false;
  let last = false;

  /** @param {HTMLElement[]} some */
  async function add(some) {
    for (const part of some) waiting.add(part);
    if (working) return;
    working = true;
    for (const part of waiting) {
      waiting.delete(part);
      await furnished(part);
      // See app/style/prose.css.
      if (last) part.style.contentVisibility = 'visible';
    }
    working = false;
  }

  const watcher = new IntersectionObserver((entries) => {
    const near = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => /** @type {HTMLElement} */ (target));
    for (const part of near) {
      watcher.unobserve(part);
      if (part instanceof PyBlock && part.hasCharts) part.showRecordedCharts();
    }
    add(near);
  }, { rootMargin: MARGIN });
  for (const part of parts) watcher.observe(part);

  started.then(() => {
    last = true;
    add(parts);
  });
}
