/** That the page answers at once and stays small. How long things take is measured by `npm run bench:pace`. */
import { block, blockIds, expect, furnished, open, runs, test } from './page.js';

/** @typedef {import('@playwright/test').Page} Page */

test('text is painted before Python is there, no script holds it up, and nothing moves while the rest comes', async ({
  page,
}) => {
  await page.addInitScript(() => {
    /** @type {number[]} */
    const shifts = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries())) if (!entry.hadRecentInput) shifts.push(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto('/');
  const [painted, status] = await page.evaluate(
    () =>
      new Promise((resolve) => {
        new PerformanceObserver((list, observer) => {
          if (!list.getEntriesByName('first-contentful-paint').length) return;
          observer.disconnect();
          resolve([document.querySelectorAll('section.block .stdout').length, document.documentElement.dataset.python]);
        }).observe({ type: 'paint', buffered: true });
      }),
  );
  expect(status).toBe('booting');
  expect(painted).toBeGreaterThan(20);
  expect(
    await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter((entry) => /** @type {any} */ (entry).renderBlockingStatus === 'blocking')
        .map(({ name }) => name.replace(/.*\./, '')),
    ),
  ).toEqual(['css']);
  await page.waitForFunction(() => document.documentElement.dataset.python === 'ready');
  await furnished(page);
  await block(page, 'ppo-train').runToEnd();
  const shifts = await page.evaluate(() => /** @type {number[]} */ (/** @type {any} */ (window).shifts));
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.02);
});

test('a click shows before anything else is done, while Python starts and when it is there', async ({ page }) => {
  await page.goto('/');
  const first = block(page, 'preferences');
  await page.waitForFunction(
    () => !(/** @type {HTMLButtonElement} */ (document.querySelector('#preferences button.run')).disabled),
  );
  const state = () =>
    page.evaluate(() => {
      const section = /** @type {HTMLElement} */ (document.querySelector('#preferences'));
      /** @type {HTMLElement} */ (section.querySelector('button.run')).click();
      return section.dataset.state;
    });
  expect(await state()).toBe('queued');
  await first.is('done');
  expect(await state()).toMatch(/queued|running/);
  await first.is('done');
});

/**
 * Bytes that the page keeps: all but the engine's compiled code, which comes and goes as functions get hot or cold.
 * @param {Page} page
 */
async function kept(page) {
  const client = await page.context().newCDPSession(page);
  let text = '';
  client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    text += chunk;
  });
  await client.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await client.detach();
  const {
    snapshot: { meta },
    nodes,
  } = JSON.parse(text);
  const [type, size] = ['type', 'self_size'].map((field) => meta.node_fields.indexOf(field));
  const code = meta.node_types[type].indexOf('code');
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += meta.node_fields.length)
    if (nodes[at + type] !== code) bytes += nodes[at + size];
  return bytes;
}

/**
 * What the page and Python keep, in bytes; how many objects Python does; and its whole memory, which grows by fifths,
 * for good.
 * @param {Page} page
 */
async function memory(page) {
  const last = block(page, 'faq-ppo');
  await last.write(
    'import gc, tracemalloc, pyodide_js\ngc.collect()\n' +
      'print(tracemalloc.get_traced_memory()[0], len(gc.get_objects()), pyodide_js._module.HEAPU8.length)',
  );
  await last.runToEnd();
  const [python, objects, wasm] = String(await last.output.textContent())
    .trim()
    .split(' ')
    .map(Number);
  return { page: await kept(page), python, objects, wasm };
}

/** `RUNS=500 npm test -- web -g memory` looks longer. */
const RUNS = Number(process.env.RUNS ?? 200);
const WARM = 50;

/** These take most of the time that all blocks take: `BLOCKS=all npm test -- web -g memory` runs them, too. */
const SLOW = `no-clip same-class beta-dpo few-pairs stale-pairs over-optimisation-run exercise-rlhf exercise-repair
  train-reward compare`.split(/\s+/);

test(`after ${RUNS} runs of the blocks memory is what it was after ${WARM}`, async ({ page }) => {
  const all = process.env.BLOCKS === 'all';
  test.setTimeout(all ? 1_800_000 : 600_000);
  await open(page);
  await furnished(page);
  const ids = (await blockIds(page)).filter((id) => all || !SLOW.includes(id));
  const first = block(page, 'preferences');
  await first.write('import tracemalloc\ntracemalloc.start()');
  await first.runToEnd();
  await first.reset.click();
  const rounds = (/** @type {number} */ count) => Math.ceil(count / ids.length);
  await runs(page, ids, rounds(WARM));
  const before = await memory(page);
  await runs(page, ids, rounds(RUNS) - rounds(WARM));
  const after = await memory(page);
  // One step of growth is a run's most that came late; what is kept is in the bytes and objects.
  expect(after.wasm / before.wasm).toBeLessThan(1.25);
  // What a run may leave: objects and bytes of Python's, bytes of the page's.
  const left = RUNS - WARM;
  expect((after.objects - before.objects) / left).toBeLessThan(4);
  expect((after.python - before.python) / left).toBeLessThan(450);
  expect((after.page - before.page) / left).toBeLessThan(4500);
});
