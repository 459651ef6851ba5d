/**
 * Each block as the first one that a reader runs: with what it needs above and nothing else, on the page's own Python.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLesson } from '../../app/site/cells.js';
import { ensureRecorded, outcome, startPython } from '../../app/site/record.js';
import { ensureRuntime } from '../../app/site/runtime.js';
import { needed } from '../../app/tab/lesson/graph.js';

test('each block gives alone what it gave in the whole lesson', async (t) => {
  await ensureRuntime();
  const { items, names } = await ensureRecorded();
  const python = await startPython();
  const blocks = (await readLesson())
    .filter(({ kind }) => kind === 'block')
    .map(({ id, source }) => ({ id, source, names: names[id] }));
  assert.ok(blocks.length > 40);
  for (const { id, source } of blocks) {
    await t.test(id, async () => {
      python.globals.get('begin')();
      const above = needed(blocks, id, new Map(), new Map());
      for (const block of blocks.filter((one) => above.includes(one.id)))
        await outcome(python, 'record', block.id, block.source);
      assert.deepEqual((await outcome(python, 'record', id, source)).items, items[id]);
    });
  }
});
