/**
 * Each block as the first one that a reader runs: with what it needs above and nothing else, on the page's own Python.
 * Where that begins with just what has run, it goes on from there.
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
  const inOrder = blocks.map((last) => {
    const above = needed(blocks, last.id, new Map(), new Map());
    return [...blocks.filter(({ id }) => above.includes(id)), last];
  });
  /** @param {typeof blocks} run */
  const places = (run) => run.map((block) => String(blocks.indexOf(block)).padStart(3, '0')).join();
  inOrder.sort((a, b) => (places(a) < places(b) ? -1 : 1));
  /** @type {typeof blocks} */
  let done = [];
  for (const run of inOrder) {
    const { id } = run[run.length - 1];
    await t.test(id, async () => {
      if (done.some((block, i) => block !== run[i])) done = [];
      if (!done.length) python.globals.get('begin')();
      const ahead = run.slice(done.length);
      done = run;
      let gave;
      for (const block of ahead) gave = await outcome(python, 'record', block.id, block.source);
      assert.deepEqual(gave?.items, items[id]);
    });
  }
});
