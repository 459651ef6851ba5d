import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptEdit } from '../../app/tab/edits/saved-edit.js';
import { hash } from '../../app/tab/lesson/graph.js';
import { Store } from '../../app/tab/storage.js';

const ORIGINAL = 'x = 1';

/** A browser's storage; `room` characters fit. */
function memory(room = Infinity) {
  /** @type {Map<string, string>} */
  const values = new Map();
  const storage = /** @type {any} */ ({
    values,
    get length() {
      return values.size;
    },
    key: (/** @type {number} */ index) => [...values.keys()][index] ?? null,
    getItem: (/** @type {string} */ key) => values.get(key) ?? null,
    removeItem: (/** @type {string} */ key) => void values.delete(key),
    setItem(/** @type {string} */ key, /** @type {string} */ value) {
      const used = [...values].reduce((sum, [k, v]) => sum + (k === key ? 0 : v.length), 0);
      if (used + value.length > room) throw new DOMException('full', 'QuotaExceededError');
      values.set(key, value);
    },
  });
  return storage;
}

/** @param {Storage} storage @param {string} [tab] */
function open(storage, tab = 'a', original = ORIGINAL) {
  const edit = new KeptEdit(new Store('/', () => storage), 'block', original, tab);
  return { edit, text: edit.restore() };
}

test('an edit comes back; the original leaves nothing behind', () => {
  const storage = memory();
  assert.equal(open(storage).edit.keep('mine'), 'kept');
  const { edit, text } = open(storage);
  assert.equal(text, 'mine');
  assert.equal(edit.keep(ORIGINAL), 'kept');
  assert.equal(storage.length, 0);
});

test('an edit of an older original is set aside, and stays until it is dropped', () => {
  const storage = memory();
  open(storage).edit.keep('mine');
  const { edit, text } = open(storage, 'a', 'x = 2');
  assert.equal(text, 'x = 2');
  assert.equal(edit.keep('newer'), 'kept');
  const again = open(storage, 'a', 'x = 2');
  assert.equal(again.text, 'newer');
  const [aside, ...more] = again.edit.aside();
  assert.deepEqual([aside.why, aside.source, more], ['older', 'mine', []]);
  again.edit.drop(aside.key);
  assert.deepEqual(open(storage, 'a', 'x = 2').edit.aside(), []);
});

test('a damaged value is set aside as it is', () => {
  const storage = memory();
  storage.setItem('preference-lab/edit/block', '{"original": 5');
  const { edit, text } = open(storage);
  assert.equal(text, ORIGINAL);
  assert.equal(edit.keep('mine'), 'kept');
  assert.deepEqual(
    edit.aside().map(({ why, source }) => [why, source]),
    [['damaged', '{"original": 5']],
  );
});

test('what another tab wrote is not written over; both texts stay until one is chosen', () => {
  const storage = memory();
  const [a, b] = [open(storage, 'a').edit, open(storage, 'b').edit];
  a.keep('of a');
  assert.equal(b.changedElsewhere, true);
  assert.equal(b.theirs, 'of a');
  assert.equal(b.keep('of b'), 'elsewhere');
  const later = open(storage, 'c');
  assert.equal(later.text, 'of a');
  assert.deepEqual(
    later.edit.aside().map(({ why, source }) => [why, source]),
    [['tab', 'of b']],
  );
  assert.equal(b.choose('of b'), 'kept');
  assert.equal(open(storage, 'c').text, 'of b');
  assert.deepEqual(open(storage, 'c').edit.aside(), []);
  assert.equal(a.theirs, 'of b');
});

test('a tab that has changed nothing leaves nothing aside', () => {
  const storage = memory();
  const [a, b] = [open(storage, 'a').edit, open(storage, 'b').edit];
  a.keep('of a');
  assert.equal(b.keep(ORIGINAL), 'elsewhere');
  assert.deepEqual(open(storage, 'c').edit.aside(), []);
});

test('a reset in another tab does not take this one’s text away', () => {
  const storage = memory();
  open(storage, 'a').edit.keep('mine');
  const [a, b] = [open(storage, 'a').edit, open(storage, 'b').edit];
  a.keep(ORIGINAL);
  assert.equal(b.theirs, ORIGINAL);
  assert.equal(b.keep('mine, and more'), 'elsewhere');
});

test('full storage refuses and keeps what was there', () => {
  const storage = memory(60);
  const { edit } = open(storage);
  assert.equal(edit.keep('short'), 'kept');
  assert.equal(edit.keep('long '.repeat(20)), 'refused');
  assert.equal(open(storage).text, 'short');
});

test('where there is no room to set an older edit aside, it is not written over either', () => {
  const storage = memory(70);
  storage.setItem('preference-lab/edit/block', JSON.stringify({ original: hash('old'), source: 'an older edit' }));
  const { edit } = open(storage);
  assert.notEqual(edit.keep('mine'), 'kept');
  assert.match(storage.getItem('preference-lab/edit/block'), /an older edit/);
});

test('blocked storage refuses and does not throw', () => {
  const blocked = new Store('/', () => {
    throw new DOMException('blocked', 'SecurityError');
  });
  const edit = new KeptEdit(blocked, 'block', ORIGINAL);
  assert.equal(edit.restore(), ORIGINAL);
  assert.equal(edit.keep('mine'), 'refused');
  assert.deepEqual(edit.aside(), []);
});

test('two copies of the site on one host keep their own edits, and find those from before they had own keys', () => {
  const storage = memory();
  new KeptEdit(new Store('/', () => storage), 'block', ORIGINAL).keep('before');
  const [a, b] = ['/a/', '/b/'].map((path) => new KeptEdit(new Store(path, () => storage), 'block', ORIGINAL));
  assert.deepEqual([a.restore(), b.restore()], ['before', 'before']);
  assert.equal(a.keep('mine'), 'kept');
  assert.equal(b.changedElsewhere, false);
  const again = (/** @type {string} */ path) =>
    new KeptEdit(new Store(path, () => storage), 'block', ORIGINAL).restore();
  assert.deepEqual(['/a/', '/b/', '/'].map(again), ['mine', 'before', 'before']);
  a.keep(ORIGINAL);
  assert.equal(again('/a/'), ORIGINAL, 'what was taken over once does not come back');
});

test('a store tells its own keys from those of others', () => {
  const storage = memory();
  const store = new Store('/a/', () => storage);
  store.write('edit/one', 'x');
  assert.deepEqual(store.keys('edit/'), ['edit/one']);
  assert.equal(store.own('preference-lab/a/edit/one'), 'edit/one');
  assert.equal(store.own('preference-lab/b/edit/one'), undefined);
  assert.equal(store.own(null), undefined);
});
