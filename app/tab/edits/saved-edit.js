/**
 * The reader's edits, kept in the browser. An edit remembers which original it was made on.
 *
 * What this tab did not write itself it never writes over: another tab's edit, an edit of an older version of the
 * block, a value that cannot be read. Such a text is set aside under a key of its own, until the reader has chosen.
 */
import { hash } from '../lesson/graph.js';

const PREFIX = 'edit/';
const ASIDE = 'aside/';

/** @typedef {import('../storage.js').Store} Store */
/** @typedef {{original: string, source: string}} Edit `original` is the hash of the block's code as it was published */
/**
 * @typedef {'older' | 'tab' | 'damaged'} Why `older`: made on an older original; `tab`: from another tab; `damaged`:
 *   cannot be read
 */
/** @typedef {{key: string, why: Why, source: string}} Aside */
/**
 * @typedef {'kept' | 'refused' | 'elsewhere'} Saved `elsewhere`: another tab has written meanwhile, so this text was
 *   set aside
 */

/** Tells this tab's texts from those of others. */
const TAB = Math.random().toString(36).slice(2, 10);

/** @param {string | null} raw @returns {Edit | undefined} undefined too where it is damaged */
function parse(raw) {
  try {
    const edit = JSON.parse(raw ?? 'null');
    return typeof edit?.source === 'string' && typeof edit.original === 'string' ? edit : undefined;
  } catch {
    return undefined;
  }
}

/** The block that a key of the store is about, if it is the key of an edit. @param {string | undefined} key */
export const blockOfKey = (key) => (key?.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined);

/** One block's edit in the browser's storage, as this tab knows it. No method throws. */
export class KeptEdit {
  #block;
  #original;
  #store;
  #asideKey;
  /** What this tab last read or wrote. @type {string | null} */
  #seen = null;

  /** @param {Store} store @param {string} block @param {string} original @param {string} [tab] */
  constructor(store, block, original, tab = TAB) {
    this.#block = block;
    this.#original = original;
    this.#store = store;
    this.#asideKey = `${ASIDE}${block}/${tab}`;
  }

  get #key() {
    return PREFIX + this.#block;
  }

  /**
   * The text to begin with: the kept edit if it was made on this very original. What else is found there is set aside.
   */
  restore() {
    const raw = this.#read();
    this.#seen = raw;
    if (raw === null) return this.#original;
    const edit = parse(raw);
    if (edit?.original === hash(this.#original)) return edit.source;
    if (!edit) this.#moveAside('damaged', raw);
    else if (edit.source !== this.#original) this.#moveAside('older', edit.source);
    else this.#write(this.#original);
    return this.#original;
  }

  /** Whether another tab has written since this one last read or wrote. */
  get changedElsewhere() {
    return this.#read() !== this.#seen;
  }

  /** What another tab has left there: its text, or the original if it went back to that. */
  get theirs() {
    return parse(this.#read())?.source ?? this.#original;
  }

  /** @param {string} source @returns {Saved} */
  keep(source) {
    if (!this.changedElsewhere || source === this.theirs) return this.#write(source) ? 'kept' : 'refused';
    // A text that this tab only read, or the original, is no work of this tab's.
    const nothingNew = source === this.#original || source === parse(this.#seen)?.source;
    return nothingNew || this.#setAside(source) ? 'elsewhere' : 'refused';
  }

  /**
   * The reader has chosen: `source` takes the place of what another tab wrote.
   * @param {string} source
   * @returns {Saved}
   */
  choose(source) {
    const done = this.#write(source);
    if (done) this.drop(this.#asideKey);
    return done ? 'kept' : 'refused';
  }

  /** All that was set aside for this block, but for this tab's own text. @returns {Aside[]} */
  aside() {
    const keys = this.#store.keys(`${ASIDE}${this.#block}/`).filter((key) => key !== this.#asideKey);
    return keys.map((key) => {
      const raw = this.#store.read(key);
      const found = parse(raw);
      const why = /** @type {any} */ (found)?.why;
      return { key, why: why === 'older' || why === 'tab' ? why : 'damaged', source: found?.source ?? raw ?? '' };
    });
  }

  /** @param {string} key of what was set aside */
  drop(key) {
    this.#store.remove(key);
  }

  #read() {
    return this.#store.read(this.#key);
  }

  /** @param {string} source @returns {boolean} */
  #write(source) {
    const raw = source === this.#original ? null : JSON.stringify({ original: hash(this.#original), source });
    const done = raw === null ? this.#store.remove(this.#key) : this.#store.write(this.#key, raw);
    if (done) this.#seen = raw;
    return done;
  }

  /** This tab's own text, while another tab's holds the place. @param {string} source @returns {boolean} */
  #setAside(source) {
    return this.#store.write(this.#asideKey, JSON.stringify({ why: 'tab', original: hash(this.#original), source }));
  }

  /**
   * Moves what is kept to a key of its own. Where there is no room for both it stays, and counts as another tab's.
   * @param {Why} why
   * @param {string} source
   */
  #moveAside(why, source) {
    const key = `${ASIDE}${this.#block}/${why}-${hash(source)}`;
    this.#seen = null;
    if (this.#store.write(key, JSON.stringify({ why, original: '', source }))) this.#store.remove(this.#key);
  }
}

/**
 * The code of a block that this page does not show, as the reader has left it on its own page.
 * @param {Store} store @param {string} block @param {string} original
 */
export function keptSource(store, block, original) {
  const edit = parse(store.read(PREFIX + block));
  return edit?.original === hash(original) ? edit.source : original;
}
