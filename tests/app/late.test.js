/** Parts of the page that come later, and may not come at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { late } from '../../app/tab/dom/late.js';

test('a part is asked for once, by however many it is needed', async () => {
  let asked = 0;
  const part = late(async () => ++asked);
  assert.deepEqual(await Promise.all([part(), part()]), [1, 1]);
  assert.equal(await part(), 1);
});

test('one that cannot be had is no error', async () => {
  const part = late(async () => {
    throw new TypeError('error loading dynamically imported module');
  });
  assert.deepEqual(await Promise.all([part(), part()]), [undefined, undefined]);
});
