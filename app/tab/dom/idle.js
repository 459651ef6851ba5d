/** Short enough that who waits does not notice, long enough that a reader at work is not disturbed all the time. */
const TIMEOUT_MS = 200;

/**
 * Runs `work` when the page has nothing better to do, or after a moment: Chromium's idle callbacks now and then stop
 * coming.
 * @param {() => void} work
 */
export function whenIdle(work) {
  if (window.requestIdleCallback) window.requestIdleCallback(work, { timeout: TIMEOUT_MS });
  else setTimeout(work, 30);
}
