/**
 * What parts of the lesson get when Python has started, and the first block has run where a reader has asked for it at
 * once:
 * an editor, what is near first, and a layout. They would otherwise take time from it. Recorded charts come with the
 * reader.
 */
import { pause, whenIdle } from '../dom/idle.js';
import { PyBlock } from './py-block.js';

/** @typedef {import('../lesson/lesson.js').Lesson} Lesson */

/** How far below and above the screen is near. */
const MARGIN_PX = 600;

/** Where the start takes longer, what is near gets its editor meanwhile. */
const PATIENCE_MS = 1500;

/** How long a first block may keep the editors waiting. */
const FIRST_RUN_MS = 500;

/**
 * Parts that nobody sees yet come several in a turn, which is no longer than a reader's key may wait: each alone would
 * make WebKit style the whole page again (CodeMirror listens to the wheel, and there that is a matter of style).
 */
const TURN_MS = 50;

/** Between two turns the page has time for the reader. */
const PAUSE_MS = 40;

/** How many parts are laid out together: at each time, Firefox lays out all that were before. */
const TOGETHER = 25;

/** @returns {Promise<void>} */
const idle = () => new Promise((resolve) => whenIdle(resolve));

/** @param {Element} part */
function isNear(part) {
  const { top, bottom } = part.getBoundingClientRect();
  return bottom > -MARGIN_PX && top < window.innerHeight + MARGIN_PX;
}

/** @param {Element} part */
async function furnished(part) {
  if (part instanceof PyBlock) await part.mountEditor().catch(() => {});
}

/** @param {Lesson} lesson @param {Promise<unknown>} started */
async function firstRun(lesson, started) {
  await started;
  if (!lesson.working) return;
  /** @type {() => void} */
  let listening = () => {};
  const ran = new Promise((resolve) => {
    listening = lesson.on('end', resolve);
  });
  await Promise.race([ran, pause(FIRST_RUN_MS)]);
  listening();
}

/**
 * @param {HTMLElement} place that holds prose and blocks
 * @param {Lesson} lesson
 * @param {Promise<unknown>} started Python has started, or has failed to
 */
export function furnish(place, lesson, started) {
  const parts = /** @type {HTMLElement[]} */ ([...place.querySelectorAll('.prose, py-block')]);
  /** @type {Set<HTMLElement>} */
  const near = new Set();
  /** @type {Set<HTMLElement>} */
  const far = new Set();
  /** Far parts that have what they need: see app/style/prose.css. @type {HTMLElement[]} */
  const toLayOut = [];
  const ran = firstRun(lesson, started);
  const calm = Promise.race([ran, pause(PATIENCE_MS)]);
  let working = false;

  /** Of what is far, as much as one turn allows. */
  async function furnishFar() {
    const ends = performance.now() + TURN_MS;
    for (const part of far) {
      far.delete(part);
      await furnished(part);
      toLayOut.push(part);
      if (near.size || performance.now() > ends) return;
    }
  }

  function layOut() {
    // What is near has its layout, and by what is styled anew Firefox does not hold the text in place.
    const parts = toLayOut.splice(0, TOGETHER).filter((part) => !isNear(part));
    for (const { style } of parts) style.contentVisibility = 'visible';
  }

  /** What is near first, one at a time. */
  async function work() {
    if (working) return;
    working = true;
    await calm;
    while (near.size + far.size + toLayOut.length) {
      await idle();
      const [part] = near;
      if (part) {
        near.delete(part);
        far.delete(part);
        await furnished(part);
        continue;
      }
      if (far.size) await furnishFar();
      else layOut();
      await pause(PAUSE_MS);
    }
    working = false;
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        near.add(/** @type {HTMLElement} */ (target));
        if (target instanceof PyBlock && target.showsMore) target.mountRecorded();
      }
      work();
    },
    { rootMargin: `${MARGIN_PX}px 0px` },
  );
  for (const part of parts) watcher.observe(part);

  ran.then(() => {
    for (const part of parts) far.add(part);
    work();
  });
}
