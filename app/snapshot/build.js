/**
 * Makes the snapshot, in Node: starts Python as the page does, imports what the page will need, and keeps its memory.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pack, unpack } from '../shared/file-pack.js';
import { install } from '../shared/pyodide-files.js';
import { RUNTIME, startOptions } from '../site/runtime.js';
import { sha256, TOP } from '../tools/tools.js';
import { createLinked, growTable, librariesOf, SPARE, symbolsOf } from './link.js';
import { LIB, PAGE, PAGES, PLAN, restore } from './restore.js';

/** @typedef {import('../shared/file-pack.js').Files} Files */

/** What a reader is likely to import, and what PyScript does: in memory already, these cost no fetching. */
const MODULES =
  `abc ast asyncio base64 bisect builtins collections contextlib copy csv dataclasses datetime decimal enum fractions
  functools heapq html importlib.machinery importlib.util inspect io itertools json math numbers operator pathlib pprint
  random re statistics string struct textwrap threading time traceback types typing unicodedata warnings numpy.linalg
  numpy.random pyodide.code lessons.block_globals runtime.dependencies runtime.in_a_worker runtime.readers_machine
  runtime.runner runtime.stopping`.split(/\s+/);

/**
 * Nothing that can be found again is kept, but for the list of the library's modules: to make it anew, all of it would
 * be fetched.
 */
const PREPARE = `
def prepare(names):
    import gc
    import importlib
    import linecache
    import re
    import sys

    for name in names:
        importlib.import_module(name)
    for path in list(sys.path_importer_cache):
        if not path.endswith(".zip"):
            del sys.path_importer_cache[path]
    linecache.clearcache()
    re.purge()
    gc.collect()

prepare(names)
del prepare, names
`;

/** Zeros in all memory that is free: it holds what is left of the start, which nobody needs. @param {any} M */
function clearFree(M) {
  const end = () => M.HEAPU32[M._emscripten_get_sbrk_ptr() >> 2];
  /** @type {number[]} */
  const taken = [];
  for (let size = 1 << 20; size >= 16; size >>= 1) {
    const before = end();
    while (end() === before) {
      const place = M._malloc(size);
      M.HEAPU8.fill(0, place, place + size);
      taken.push(place);
    }
  }
  for (const place of taken) M._free(place);
}

/**
 * The pages of `memory` that differ from `base`, neighbours joined.
 * @param {Uint8Array} memory
 * @param {Uint8Array} base
 */
export function changedPages(memory, base) {
  /** @type {[page: number, count: number][]} */
  const runs = [];
  for (let page = 0; page * PAGE < memory.length; page += 1) {
    const here = Buffer.from(memory.buffer, memory.byteOffset + page * PAGE, PAGE);
    if (here.equals(base.subarray(page * PAGE, (page + 1) * PAGE))) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === page) last[1] += 1;
    else runs.push([page, 1]);
  }
  return runs;
}

/** Where each file of a pack is in it. @param {Uint8Array} whole @returns {[string, number, number][]} */
const placesIn = (whole) =>
  unpack(whole).map(([path, bytes]) => [path, bytes.byteOffset - whole.byteOffset, bytes.length]);

/** Pyodide as the page has it. */
async function pyodideOfPage() {
  const { loadPyodide, version } = await import('pyodide');
  const asm = join(TOP, 'static', RUNTIME.pyodideDir, 'pyodide.asm.mjs');
  return { loadPyodide, version, create: (await import(pathToFileURL(asm).href)).default };
}

/**
 * Memory of a module that was linked, and nothing more.
 * @param {any} pyodide
 * @param {any} options
 * @param {import('./link.js').Layout} layout
 * @param {WebAssembly.Module[]} codes
 */
async function bareMemory(pyodide, options, layout, codes) {
  /** @type {any} */
  let bare;
  const enough = new Error('enough');
  await pyodide
    .loadPyodide({
      ...options,
      _loadSnapshot: new Uint8Array(16),
      createPyodideModule: async (/** @type {any} */ settings) => {
        bare = await createLinked(pyodide.create, settings, layout, codes);
        throw enough;
      },
    })
    .catch((/** @type {unknown} */ error) => {
      if (error !== enough) throw error;
    });
  return bare.HEAPU8;
}

/**
 * @param {Uint8Array} lesson the pack of the lesson's own Python
 * @returns {Promise<Uint8Array>} the snapshot, of which it was seen that it starts
 */
export async function makeSnapshot(lesson) {
  const pyodide = await pyodideOfPage();
  // No files yet: of packages that Pyodide finds when it starts it keeps a list, and then makes no snapshot.
  const options = { ...(await startOptions()), fsInit: undefined, stdout: () => {}, stderr: () => {} };
  const folder = join(TOP, 'static', RUNTIME.pythonDir);
  const [library, packages] = await Promise.all(
    ['python_stdlib.zip', 'packages.pack'].map(async (name) => new Uint8Array(await readFile(join(folder, name)))),
  );

  const python = await pyodide.loadPyodide({ ...options, _makeSnapshot: true });
  const M = /** @type {any} */ (python)._module;
  const tableStart = M.wasmTable.length + SPARE;
  growTable(M, tableStart);
  install(
    python.FS,
    [...unpack(packages), ...unpack(lesson)].map(([path, bytes]) => [path, bytes.slice()]),
  );
  python.globals.set('names', python.toPy(MODULES));
  python.runPython(PREPARE);
  clearFree(M);
  const whole = python.makeMemorySnapshot();
  // Pyodide's own format: magic number, offset of memory, length of the state, five words; then the state, then memory.
  const [, memoryAt, stateLength] = new Uint32Array(whole.buffer, whole.byteOffset, 3);
  const state = JSON.parse(new TextDecoder().decode(whole.subarray(48, 48 + stateLength)));
  const memory = whole.subarray(memoryAt);

  const layout = {
    heap: memory.length,
    tableStart,
    tableEnd: M.wasmTable.length,
    symbols: symbolsOf(M),
    libraries: librariesOf(M),
  };
  const codes = layout.libraries.map(({ name }) => python.FS.readFile(name));
  const modules = await Promise.all(codes.map((code) => WebAssembly.compile(code)));
  const runs = changedPages(memory, await bareMemory(pyodide, options, layout, modules));
  /** @type {import('./restore.js').Plan} */
  const plan = {
    version: pyodide.version,
    layout,
    runs,
    state,
    info: options.lockFileContents.info,
    library: library.length,
    packages: placesIn(packages),
    lesson: placesIn(lesson),
  };
  const snapshot = pack([
    [PLAN, new TextEncoder().encode(JSON.stringify(plan))],
    ...codes.map((code, i) => /** @type {Files[0]} */ ([LIB + layout.libraries[i].name, code])),
    [PAGES, Buffer.concat(runs.map(([page, count]) => memory.subarray(page * PAGE, (page + count) * PAGE)))],
  ]);
  await check(pyodide, options, snapshot, sha256(memory), {
    library: () => library,
    packages: () => packages,
    lesson: () => lesson,
  });
  return snapshot;
}

/**
 * A snapshot that does not bring back the very same memory, or a Python that works, ends the build.
 * @type {(...args: any[]) => Promise<void>}
 */
async function check(pyodide, options, snapshot, digest, rest) {
  let got = '';
  const python = await restore(pyodide, options, snapshot, rest, undefined, (memory) => {
    got = sha256(memory);
  });
  if (got !== digest) throw new Error('the snapshot does not bring back the same memory');
  const said = python.runPython(
    `import numpy.fft, sqlite3, lessons.block_globals
float(numpy.fft.fft([1, 2]).real.sum() + numpy.linalg.inv([[2.0]])[0, 0])`,
  );
  if (said !== 2.5) throw new Error(`Python from the snapshot is wrong: ${said}`);
}
