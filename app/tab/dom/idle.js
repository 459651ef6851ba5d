/** Short enough that who waits does not notice, long enough that a reader at work is not disturbed all the time. */
const TIMEOUT_MS = 200;

/** What waits while the page is kept still. @type {(() => void)[] | undefined} */
let held;

/**
 * Runs `work` when the page has nothing better to do, or after a moment: Chromium's idle callbacks now and then stop
 * coming.
 * @param {() => void} work
 */
export function whenIdle(work) {
  const begin = () => (held ? void held.push(work) : work());
  if (window.requestIdleCallback) window.requestIdleCallback(begin, { timeout: TIMEOUT_MS });
  else setTimeout(begin, 30);
}

/** @param {number} ms */
export const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Until `resume`, nothing begins that waits for an idle moment. */
export function keepStill() {
  held ??= [];
}

export function resume() {
  const waiting = held ?? [];
  held = undefined;
  for (const work of waiting) whenIdle(work);
}
