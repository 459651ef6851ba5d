import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../app/tools/serve.js';

/** @type {string} */
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-'));
  for (const name of [
    'index.html',
    '.inputs',
    'assets/main-1a2b.js',
    'runtime/v1/pyodide.mjs',
    'runtime/v1/pyodide.asm.wasm',
    'runtime/v1/numpy.whl',
  ]) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), name);
  }
});
after(() => rm(folder, { recursive: true }));

/** @param {string} path @param {Parameters<typeof serve>[1]} [options] */
async function get(path, options) {
  const server = await serve(folder, { port: 0, ...options });
  const response = await fetch(server.url + path);
  await response.arrayBuffer();
  await server.close();
  return response;
}

test('the page is isolated, or not', async () => {
  const [isolated, plain] = [await get(''), await get('', { isolate: false })];
  assert.equal(isolated.headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(isolated.headers.get('cross-origin-embedder-policy'), 'require-corp');
  assert.equal(plain.headers.get('cross-origin-opener-policy'), null);
  assert.equal(plain.headers.get('cross-origin-embedder-policy'), null);
});

for (const [path, type, cache] of /** @type {const} */ ([
  ['', 'text/html;charset=utf-8', 'no-cache'],
  ['assets/main-1a2b.js', 'text/javascript', 'public, max-age=31536000, immutable'],
  ['runtime/v1/pyodide.mjs', 'text/javascript', 'public, max-age=31536000, immutable'],
  ['runtime/v1/pyodide.asm.wasm', 'application/wasm', 'public, max-age=31536000, immutable'],
  ['runtime/v1/numpy.whl', 'application/zip', 'public, max-age=31536000, immutable'],
])) {
  test(`/${path} is ${type}, ${cache}`, async () => {
    const { status, headers } = await get(path);
    assert.deepEqual([status, headers.get('content-type'), headers.get('cache-control')], [200, type, cache]);
  });
}

test('what is not there, or hidden, is not found', async () => {
  for (const path of ['none.js', '.inputs', '..%2f..%2fetc/passwd']) assert.equal((await get(path)).status, 404);
});

test('a taken port moves on to the next free one', async () => {
  const first = await serve(folder, { port: 0 });
  const port = Number(new URL(first.url).port);
  const second = await serve(folder, { port });
  assert.ok(Number(new URL(second.url).port) > port);
  await Promise.all([first.close(), second.close()]);
});
