/** The reader's edits, kept in the browser. An edit remembers which original it was made on. */
import { hash } from './freshness.js';

const PREFIX = 'preference-lab/edit/';

/** @typedef {{original: string, source: string}} Edit `original` is the hash of the block's code as it was published */

/** @param {string} block @returns {Edit | undefined} undefined too where storage is blocked or damaged */
function read(block) {
  try {
    const edit = JSON.parse(localStorage.getItem(PREFIX + block) ?? 'null');
    return typeof edit?.source === 'string' && typeof edit.original === 'string' ? edit : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} block
 * @param {string} original the block's present original
 * @returns {{source: string, current: boolean} | undefined} `current`: it was made on this original, not on an older one
 */
export function readEdit(block, original) {
  const edit = read(block);
  return edit && { source: edit.source, current: edit.original === hash(original) };
}

/** @param {string} block @param {string} original @param {string} source @returns {boolean} whether it could be kept */
export function keepEdit(block, original, source) {
  try {
    if (source === original) localStorage.removeItem(PREFIX + block);
    else localStorage.setItem(PREFIX + block, JSON.stringify({ original: hash(original), source }));
    return true;
  } catch {
    return false;
  }
}
