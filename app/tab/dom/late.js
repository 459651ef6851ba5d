/** What the reader is told of a part that did not come. */
export const NOT_LOADED = 'did not load. Is the network there? Reload the page to try again: edits are kept.';

/**
 * A part of the page that comes after the rest, asked for once. The network can be gone by then, and Firefox says the
 * same of what was on its way when the reader left: neither is an error of the page. Nor can it be asked for again,
 * as browsers remember what a module's address gave, be it nothing (whatwg/html#6768).
 * @template T
 * @param {() => Promise<T>} load such as `() => import('./part.js')`
 * @returns {() => Promise<T | undefined>} undefined where it cannot be had
 */
export function late(load) {
  /** @type {Promise<T | undefined> | undefined} */
  let loading;
  return () => (loading ??= load().catch(() => undefined));
}
