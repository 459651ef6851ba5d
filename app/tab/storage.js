/**
 * What the browser keeps for this site, as far as it lets us: it may be blocked or full, and nothing here throws. Two
 * copies of the site on one host do not meet: keys go by the site's path.
 */

const NAME = 'preference-lab/';

/** Says, below a path, that what was kept before keys went by path has been taken over. */
const MOVED = 'moved';

export class Store {
  #prefix;
  #storage;

  /** @param {string} path of the site's root on its host @param {() => Storage} [storage] */
  constructor(path, storage = () => localStorage) {
    this.#prefix = NAME + path.replace(/^\//, '');
    this.#storage = storage;
    if (this.#prefix !== NAME && this.read(MOVED) === null) this.#takeOver();
  }

  /** @param {string} key @returns {string | null} null too where storage is blocked */
  read(key) {
    return this.#try((storage) => storage.getItem(this.#prefix + key)) || null;
  }

  /** @param {string} key @param {string} value @returns {boolean} whether it is kept */
  write(key, value) {
    return this.#try((storage) => {
      storage.setItem(this.#prefix + key, value);
      return true;
    });
  }

  /** @param {string} key @returns {boolean} whether it is gone */
  remove(key) {
    return this.#try((storage) => {
      storage.removeItem(this.#prefix + key);
      return true;
    });
  }

  /** All keys that begin so, in order. @param {string} start @returns {string[]} */
  keys(start) {
    return this.#all(this.#prefix + start).map((key) => key.slice(this.#prefix.length));
  }

  /** The key of a `storage` event, if it is one of ours. @param {string | null} key @returns {string | undefined} */
  own(key) {
    return key?.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }

  /** Copies, since another copy of the site may want them, too. */
  #takeOver() {
    for (const kind of ['edit/', 'aside/', 'passed/', 'before-link']) {
      for (const key of this.#all(NAME + kind)) {
        const own = key.slice(NAME.length);
        const value = this.#try((storage) => storage.getItem(key));
        if (value && this.read(own) === null) this.write(own, value);
      }
    }
    this.write(MOVED, 'yes');
  }

  /** @param {string} start @returns {string[]} */
  #all(start) {
    const keys = this.#try((storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? ''));
    return (keys || []).filter((key) => key.startsWith(start)).sort();
  }

  /** @template T @param {(storage: Storage) => T} action @returns {T | false} */
  #try(action) {
    try {
      return action(this.#storage());
    } catch {
      return false;
    }
  }
}
