import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { compressFolder } from '../../app/site/compress.js';
import { serve } from '../../app/tools/serve.js';

const TEXT = 'the same words again and again\n'.repeat(200);

/** @type {string} */
let top;
/** @type {string} */
let kept;
before(async () => {
  [top, kept] = await Promise.all([mkdtemp(join(tmpdir(), 'compress-')), mkdtemp(join(tmpdir(), 'kept-'))]);
  for (const [name, text] of Object.entries({ 'a.js': TEXT, 'a.wasm': TEXT, 'small.js': 'tiny', 'a.woff2': TEXT }))
    await writeFile(join(top, name), text);
  await compressFolder(top, { kept });
});
after(() => Promise.all([top, kept].map((folder) => rm(folder, { recursive: true }))));

test('what is worth it stands beside the file, twice, and is the same inside', async () => {
  const names = (await readdir(top)).filter((name) => /\.(br|gz)$/.test(name)).sort();
  assert.deepEqual(names, ['a.js.br', 'a.js.gz', 'a.wasm.br', 'a.wasm.gz']);
  assert.equal(brotliDecompressSync(await readFile(join(top, 'a.js.br'))).toString(), TEXT);
  assert.equal(gunzipSync(await readFile(join(top, 'a.js.gz'))).toString(), TEXT);
});

test('what was compressed once is taken from where it is kept', async () => {
  for (const name of await readdir(kept)) await writeFile(join(kept, name), 'kept');
  await compressFolder(top, { kept });
  assert.equal(String(await readFile(join(top, 'a.js.br'))), 'kept');
});

for (const [accepts, encoding] of /** @type {const} */ ([
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip', 'gzip'],
  ['identity', undefined],
])) {
  test(`who accepts "${accepts}" gets ${encoding ?? 'the file itself'}, of the file's own type`, async () => {
    const server = await serve(top, { port: 0 });
    /** @type {import('node:http').IncomingMessage} */
    const response = await new Promise((resolve) =>
      request(`${server.url}a.wasm`, { headers: { 'Accept-Encoding': accepts } }, resolve).end(),
    );
    response.resume();
    await server.close();
    assert.equal(response.headers['content-encoding'], encoding);
    assert.equal(response.headers['content-type'], 'application/wasm');
    assert.equal(response.headers.vary, 'Accept-Encoding');
  });
}
