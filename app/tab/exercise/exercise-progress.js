/** Which code passed an exercise's check, kept in the browser. It holds for this code and this original alone. */
import { hash } from '../lesson/graph.js';

const PREFIX = 'preference-lab/passed/';

/** @param {string} original @param {string} source */
const mark = (original, source) => `${hash(original)} ${hash(source)}`;

/**
 * @param {string} block
 * @param {string} original
 * @param {string} source
 * @returns {boolean} false too where storage is blocked
 */
export function hasPassed(block, original, source) {
  try {
    return localStorage.getItem(PREFIX + block) === mark(original, source);
  } catch {
    return false;
  }
}

/** @param {string} block @param {string} original @param {string} source */
export function keepPassed(block, original, source) {
  try {
    localStorage.setItem(PREFIX + block, mark(original, source));
  } catch {
    // The mark lasts until the page is closed.
  }
}
