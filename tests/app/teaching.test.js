import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { hintFor, partsOf } from '../../app/tab/block/hints.js';
import { Kernel } from '../../app/tab/kernel/kernel.js';
import { definer, distance, nearName } from '../../app/tab/lesson/name-lookup.js';
import { follow, inWords, titleWith } from '../../app/tab/lesson/pace.js';
import { typeAndShape } from '../../app/tab/variables/variables-table.js';

const BLOCKS = [
  { id: 'data', title: 'Pairs', defines: ['pairs', 'rng'] },
  { id: 'model', title: 'Model', defines: ['sigmoid', 'rng'] },
  { id: 'train', title: 'Training', defines: ['losses'] },
];

/** @param {number} index @returns {import('../../app/tab/block/hints.js').Definers} */
const definersOf = (index) => ({
  find: (name) => definer(BLOCKS, index, name),
  near: (name) => nearName(BLOCKS, name),
  writer: () => undefined,
  titleOf: () => undefined,
  all: () => [],
});

test('a name is taken from the block itself, else the latest above, else the first below', () => {
  assert.deepEqual(definer(BLOCKS, 1, 'rng'), { id: 'model', title: 'Model', where: 'here' });
  assert.deepEqual(definer(BLOCKS, 2, 'rng'), { id: 'model', title: 'Model', where: 'above' });
  assert.deepEqual(definer(BLOCKS, 0, 'losses'), { id: 'train', title: 'Training', where: 'below' });
  assert.equal(definer(BLOCKS, 0, 'nothing'), undefined);
});

test('a name is near if one letter is wrong, missing, too many or swapped', () => {
  for (const wrong of ['sigmod', 'sigmiod', 'sigmoidd', 'Sigmoid', 'sigmoit'])
    assert.equal(nearName(BLOCKS, wrong), 'sigmoid', wrong);
  for (const wrong of ['sigma', 'loss', 'x', 'parse']) assert.equal(nearName(BLOCKS, wrong), undefined, wrong);
  assert.equal(distance('kitten', 'sitting'), 3);
  assert.equal(distance('ab', 'ba'), 1);
});

test('a hint is text and code', () => {
  assert.deepEqual(partsOf('`b` is 0 here.'), [{ code: 'b' }, ' is 0 here.']);
  assert.deepEqual(partsOf(''), []);
});

test('a name that is defined further down is explained by its block, whatever Python guessed', () => {
  const parts = hintFor({ hint: 'Did you mean `lossy`?', about: 'losses' }, definersOf(0));
  assert.deepEqual(parts.slice(0, 3), [
    { code: 'losses' },
    ' is defined further down, in ',
    { id: 'train', title: 'Training' },
  ]);
});

test('a misspelt name is explained by Python, or else by the other blocks, with a link either way', () => {
  const end = [' It is defined in ', { id: 'model', title: 'Model' }, '.'];
  assert.deepEqual(hintFor({ hint: 'Did you mean `sigmoid`?', about: 'sigmod' }, definersOf(2)), [
    'Did you mean ',
    { code: 'sigmoid' },
    '?',
    ...end,
  ]);
  assert.deepEqual(hintFor({ hint: null, about: 'sigmod' }, definersOf(0)), [
    'Did you mean ',
    { code: 'sigmoid' },
    '?',
    ...end,
  ]);
  assert.deepEqual(hintFor({ hint: null, about: 'sigmod' }, definersOf(1)), [
    'Did you mean ',
    { code: 'sigmoid' },
    '?',
  ]);
  assert.deepEqual(hintFor({ hint: null, about: 'quux' }, definersOf(1)), []);
});

/** A loop that says where it is every 100 ms. @param {number} steps @param {number} total @param {number} perSecond */
function loop(steps, total, perSecond) {
  /** @type {import('../../app/tab/lesson/pace.js').Pace | undefined} */
  let pace;
  for (let i = 0; i <= steps; i += 1) pace = follow(pace, { at: 5000 + i * 100, done: (i * perSecond) / 10, total });
  return /** @type {import('../../app/tab/lesson/pace.js').Pace} */ (pace);
}

test('a loop is silent for a second, and then says its share, the time left and its rate', () => {
  assert.equal(inWords(loop(9, 1000, 50)), '');
  assert.equal(inWords(loop(20, 1000, 50)), '10 %, 18 s left, 50 steps/s');
  assert.equal(inWords(loop(40, 100, 2)), '8 %, 46 s left, 2.0 steps/s');
  assert.equal(inWords(loop(40, 10_000, 0.25)), '0 %, 11 h 7 min left, 4 s a step');
  assert.equal(inWords(loop(40, 200, 50)), '100 %');
  assert.equal(inWords(loop(20, 0, 0)), '');
  assert.match(inWords(loop(20, 0, 50)), /^\d+ done, 50 steps\/s$/);
});

test('the rate follows a loop that slows down, and few marks are kept', () => {
  let pace = loop(100, 10_000, 100);
  for (let i = 1; i <= 60; i += 1) pace = follow(pace, { at: 15_000 + i * 100, done: 1000 + i, total: 10_000 });
  assert.match(inWords(pace), /10 steps\/s$/);
  assert.ok(pace.recent.length < 40, String(pace.recent.length));
});

test('a second loop of the same run begins anew', () => {
  const pace = follow(loop(50, 1000, 50), { at: 10_100, done: 0, total: 1000 });
  assert.equal(inWords(pace), '');
});

test('the title tells of Run all and of a long loop', () => {
  assert.equal(titleWith('Lab', { at: 5, of: 41 }, 0.627), '5/41 · 62 % · Lab');
  assert.equal(titleWith('Lab', { at: 1, of: 1 }, 0.5), '50 % · Lab');
  assert.equal(titleWith('Lab', { at: 1, of: 1 }, undefined), 'Lab');
});

test('a value is told by type and shape, or by type and length', () => {
  const row = { name: 'x', kind: /** @type {const} */ ('value'), summary: '' };
  assert.equal(typeAndShape({ ...row, type: 'float64 array', shape: '(3, 4)' }), 'float64 array (3, 4)');
  assert.equal(typeAndShape({ ...row, type: 'list', shape: '3' }), 'list of 3');
  assert.equal(typeAndShape({ ...row, type: 'int', shape: '' }), 'int');
});

function kernelWithWorker() {
  /** @type {import('../../app/shared/protocol.js').Request[]} */
  const posted = [];
  /** @type {(response: import('../../app/shared/protocol.js').Response) => void} */
  let say = () => {};
  const kernel = new Kernel(
    (receive) => {
      say = receive;
      return { post: (request) => void posted.push(request), terminate() {} };
    },
    { shared: false },
  );
  kernel.start();
  return { kernel, posted, say: (/** @type {any} */ response) => say(response) };
}

test('a question gets its answer, none while Python starts or a block runs, and none after its time', async () => {
  const { kernel, posted, say } = kernelWithWorker();
  assert.equal(await kernel.ask({ kind: 'variables' }, 1000), undefined);
  assert.equal(posted.length, 0);
  say({ type: 'ready', python: '3', numpy: '2' });

  const answer = kernel.ask({ kind: 'variables' }, 1000);
  const { id } = /** @type {{id: number}} */ (posted[0]);
  say({ type: 'answer', id, answer: [1] });
  assert.deepEqual(await answer, [1]);

  mock.timers.enable({ apis: ['setTimeout'] });
  const late = kernel.ask({ kind: 'variables' }, 150);
  mock.timers.tick(150);
  assert.equal(await late, undefined);
  mock.timers.reset();

  kernel.run('b', 'source', () => {});
  assert.equal(await kernel.ask({ kind: 'variables' }, 1000), undefined);
  assert.deepEqual(posted.filter(({ type }) => type === 'ask').length, 2);
});
