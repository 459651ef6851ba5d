import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { strToU8, zipSync } from 'fflate';
import { ensureCompiled, ensureWheel, member } from '../../app/site/runtime.js';
import { Failure, sha256 } from '../../app/tools/tools.js';

const GOOD = strToU8('the wheel');
const WHEEL = { file_name: 'numpy.whl', sha256: sha256(GOOD) };

const gives = (/** @type {Uint8Array} */ bytes) => ({ name: 'a source', read: async () => bytes });
const fails = (/** @type {Error} */ error) => ({ name: 'a source', read: () => Promise.reject(error) });

/** @type {{folder: string, cache: string}} */
let places;
beforeEach(async () => {
  places = { folder: await mkdtemp(join(tmpdir(), 'runtime-')), cache: await mkdtemp(join(tmpdir(), 'cache-')) };
});
afterEach(() => Promise.all(Object.values(places).map((place) => rm(place, { recursive: true }))));

const content = (/** @type {string} */ place) => readFile(join(place, WHEEL.file_name), 'utf8');

test('a wheel is fetched once, and kept for other clones', async () => {
  await ensureWheel(WHEEL, { ...places, sources: [gives(GOOD)] });
  assert.equal(await content(places.folder), 'the wheel');
  assert.equal(await content(places.cache), 'the wheel');
  await ensureWheel(WHEEL, { ...places, sources: [] });
  await rm(join(places.folder, WHEEL.file_name));
  await ensureWheel(WHEEL, { ...places, sources: [] });
  assert.equal(await content(places.folder), 'the wheel');
});

test('a wrong hash says what was expected and keeps nothing', async () => {
  const wrong = strToU8('another');
  await assert.rejects(
    ensureWheel(WHEEL, { ...places, sources: [gives(wrong)] }),
    (error) =>
      error instanceof Failure &&
      [WHEEL.file_name, WHEEL.sha256, sha256(wrong), 'nothing'].every((word) => error.message.includes(word)),
  );
  assert.deepEqual([await readdir(places.folder), await readdir(places.cache)], [[], []]);
});

test('the next source is tried where one fails or lies', async () => {
  await ensureWheel(WHEEL, {
    ...places,
    sources: [fails(new Failure('no network')), gives(strToU8('a login page')), gives(GOOD)],
  });
  assert.equal(await content(places.folder), 'the wheel');
});

test('a damaged copy is replaced, in the cache as in the folder', async () => {
  for (const place of Object.values(places)) await writeFile(join(place, WHEEL.file_name), 'half the wh');
  await ensureWheel(WHEEL, { ...places, sources: [gives(GOOD)] });
  assert.equal(await content(places.folder), 'the wheel');
  assert.equal(await content(places.cache), 'the wheel');
});

test('a full disk is reported at once, not tried again from another source', async () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  await assert.rejects(ensureWheel(WHEEL, { ...places, sources: [fails(full), gives(GOOD)] }), { code: 'ENOSPC' });
});

test('one file is taken out of an archive', () => {
  const zip = zipSync({ 'a/one.txt': strToU8('1'), 'a/two.txt': strToU8('2') });
  assert.deepEqual(member(zip, 'a/two.txt'), strToU8('2'));
  assert.throws(() => member(zip, 'a/three.txt'), Failure);
});

const SOURCES = {
  library: zipSync({ 'os.py': strToU8('a') }),
  wheel: zipSync({ 'numpy/__init__.py': strToU8('b') }),
  pyscript: { pyscript: { 'web.py': 'c' } },
};
const MADE = ['made.json', 'packages.pack', 'python_stdlib.zip'];

test('compiled files are made once, and again when one is damaged or a source is another', async () => {
  let starts = 0;
  const start = async () => {
    starts += 1;
    return (/** @type {Uint8Array} */ source) => source;
  };
  await ensureCompiled(places.folder, SOURCES, { start });
  assert.deepEqual((await readdir(places.folder)).sort(), MADE);
  await ensureCompiled(places.folder, SOURCES, { start });
  assert.equal(starts, 1);
  const good = await readFile(join(places.folder, 'packages.pack'));
  await writeFile(join(places.folder, 'packages.pack'), 'half');
  await ensureCompiled(places.folder, SOURCES, { start });
  assert.equal(starts, 2);
  assert.deepEqual(await readFile(join(places.folder, 'packages.pack')), good);
  await ensureCompiled(places.folder, { ...SOURCES, library: zipSync({ 'os.py': strToU8('another') }) }, { start });
  assert.equal(starts, 3);
});

test('a source that does not compile leaves nothing that looks made', async () => {
  const start = async () => () => {
    throw new Error('no');
  };
  await assert.rejects(ensureCompiled(places.folder, SOURCES, { start }), /no/);
  assert.deepEqual(await readdir(places.folder), []);
});
