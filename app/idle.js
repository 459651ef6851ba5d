/** Runs `work` when the page has nothing better to do. @param {() => void} work */
export function whenIdle(work) {
  if (window.requestIdleCallback) window.requestIdleCallback(work);
  else setTimeout(work, 30);
}
