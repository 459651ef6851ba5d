import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash, needed, signatures, withUses } from '../../app/tab/lesson/graph.js';

/** @param {string} id @param {string} defines @param {string} uses @param {string} [source] */
const block = (id, defines, uses, source = `${id} as published`) => ({
  id,
  source,
  names: { defines: defines.split(' ').filter(Boolean), uses: uses.split(' ').filter(Boolean) },
});

const LESSON = [
  block('data', 'pairs', ''),
  block('train', 'fit', 'helper'),
  block('helpers', 'helper2', ''),
  block('model', 'w', 'fit pairs'),
  block('aside', 'z', ''),
  block('score', 'accuracy', 'w pairs'),
];

/** As if the given blocks had just run. @param {typeof LESSON} blocks @param {string[]} ids */
function after(blocks, ids) {
  const now = signatures(blocks);
  const ran = new Map(ids.map((id) => [id, now.get(id) ?? '']));
  const writers = new Map(
    blocks.filter(({ id }) => ids.includes(id)).flatMap(({ id, names }) => names.defines.map((name) => [name, id])),
  );
  return { ran, writers };
}

/** @param {typeof LESSON} blocks @param {string} id @param {ReturnType<typeof after>} state */
const plan = (blocks, id, { ran, writers }) => needed(blocks, id, ran, writers);

/** @param {string} id @param {string} source */
const edited = (id, source) => LESSON.map((b) => (b.id === id ? { ...b, source } : b));

test('on a fresh page a block needs all that it uses, directly or not, in page order', () => {
  assert.deepEqual(plan(LESSON, 'score', after(LESSON, [])), ['data', 'train', 'model']);
});

test('a block that uses nothing needs nothing', () => {
  assert.deepEqual(plan(LESSON, 'aside', after(LESSON, [])), []);
});

test('what has run is not run again', () => {
  assert.deepEqual(plan(LESSON, 'score', after(LESSON, ['data', 'train', 'model'])), []);
});

test('an edit above makes all that follows from it run again, and nothing else', () => {
  const state = after(LESSON, ['data', 'train', 'model', 'aside', 'score']);
  assert.deepEqual(plan(edited('train', 'better'), 'score', state), ['train', 'model']);
});

test('taking the edit back makes it fresh again', () => {
  const state = after(LESSON, ['data', 'train', 'model']);
  assert.deepEqual(plan(edited('train', 'train as published'), 'score', state), []);
});

test('the latest earlier definition counts, and later ones do not', () => {
  const blocks = [block('a', 'x', ''), block('b', 'x', ''), block('c', 'y', 'x'), block('d', 'x', '')];
  assert.deepEqual(plan(blocks, 'c', after(blocks, [])), ['b']);
});

test('a block whose name was overwritten by a later one runs again', () => {
  const blocks = [block('a', 'x', ''), block('b', 'y', 'x'), block('c', 'x', '')];
  assert.deepEqual(plan(blocks, 'b', after(blocks, ['a', 'c'])), ['a']);
  assert.deepEqual(plan(blocks, 'b', after(blocks, ['a'])), []);
});

test('a block that reads and rebinds a name takes it from above, not from itself', () => {
  const blocks = [block('a', 'x', ''), block('b', 'x', 'x'), block('c', '', 'x')];
  assert.deepEqual(plan(blocks, 'c', after(blocks, [])), ['a', 'b']);
});

test('signatures change with the source and with every source above that is used', () => {
  const before = signatures(LESSON);
  const now = signatures(edited('data', 'other'));
  const changed = LESSON.map(({ id }) => id).filter((id) => before.get(id) !== now.get(id));
  assert.deepEqual(changed, ['data', 'model', 'score']);
});

test('the hash is FNV-1a with 64 bits', () => {
  assert.equal(hash(''), 0xcbf29ce484222325n.toString(36));
  assert.equal(hash('a'), 0xaf63dc4c8601ec8cn.toString(36));
  assert.equal(hash('foobar'), 0x85944171f73967e8n.toString(36));
});

test('a check that takes more names than its block has those run, too', () => {
  const before = after(LESSON, []);
  assert.deepEqual(plan(LESSON, 'aside', before), []);
  assert.deepEqual(plan(withUses(LESSON, 'aside', ['pairs']), 'aside', before), ['data']);
  assert.deepEqual(plan(withUses(LESSON, 'aside'), 'aside', before), []);
});
