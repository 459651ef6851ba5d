/** What a run gave beside what was recorded. */
import { isText } from '../../output/output-items.js';

/** @typedef {import('../../output/output-items.js').Item} Item */

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isTree = (value) => typeof value === 'object' && value !== null;

/**
 * Where two pieces of plain data first differ: [path, there, here]; undefined if they are the same to the last digit.
 * @param {unknown} there @param {unknown} here @param {string} [path]
 * @returns {[path: string, there: unknown, here: unknown] | undefined}
 */
export function firstDifference(there, here, path = '') {
  if (Object.is(there, here)) return undefined;
  if (!isTree(there) || !isTree(here) || Array.isArray(there) !== Array.isArray(here)) return [path, there, here];
  for (const key of new Set([...Object.keys(there), ...Object.keys(here)])) {
    const found = firstDifference(there[key], here[key], path ? `${path}.${key}` : key);
    if (found) return found;
  }
  return undefined;
}

/** The first line in which two texts differ. @param {string} there @param {string} here */
function firstLine(there, here) {
  const [lines, own] = [there.split('\n'), here.split('\n')];
  const at = lines.findIndex((line, index) => line !== own[index]);
  return `line ${at + 1}: recorded “${lines[at] ?? ''}”, here “${own[at] ?? ''}”`;
}

/**
 * How what a block has put out differs from what was recorded of it, in words; '' if it does not.
 * @param {Item[]} recorded @param {Item[]} here
 */
export function difference(recorded, here) {
  for (let at = 0; at < Math.max(recorded.length, here.length); at += 1) {
    const [a, b] = [recorded[at], here[at]];
    if (!a || !b || a.kind !== b.kind)
      return `output ${at + 1}: recorded ${a?.kind ?? 'none'}, here ${b?.kind ?? 'none'}`;
    if (isText(a) && isText(b)) {
      if (a.text !== b.text) return firstLine(a.text, b.text);
    } else {
      const found = firstDifference(a, b);
      if (found) return `${a.kind} ${found[0]}: recorded ${short(found[1])}, here ${short(found[2])}`;
    }
  }
  return '';
}

/** @param {unknown} value */
const short = (value) => String(JSON.stringify(value) ?? 'nothing').slice(0, 60);
