/** Which code passed an exercise's check, kept in the browser. It holds for this code and this original alone. */
import { hash } from '../lesson/graph.js';

/** @typedef {import('../storage.js').Store} Store */

const PREFIX = 'passed/';

/** @param {string} original @param {string} source */
const mark = (original, source) => `${hash(original)} ${hash(source)}`;

/** @param {Store} store @param {string} block @param {string} original @param {string} source */
export const hasPassed = (store, block, original, source) => store.read(PREFIX + block) === mark(original, source);

/** @param {Store} store @param {string} block @param {string} original @param {string} source */
export const keepPassed = (store, block, original, source) => store.write(PREFIX + block, mark(original, source));
