/** Pyodide, NumPy for it and PyScript, into static/runtime/: the page loads them from its own server. */
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import { pack } from '../shared/file-pack.js';
import { compiledStart } from '../shared/pyodide-files.js';
import { ensureVenv } from '../tools/python.js';
import {
  asProgram,
  CACHE,
  Failure,
  readIfThere,
  reason,
  run,
  sha256,
  TOP,
  withTemporaryFolder,
  writeWhole,
} from '../tools/tools.js';
import { compileLibrary, compileNumpy, compileTree, FORMAT, startCompiler } from './compile.js';

/** @typedef {{name: string, read: () => Promise<Uint8Array>}} Source Somewhere to get a file from */
/** @typedef {{file_name: string, sha256: string}} Wheel What Pyodide's lock file says of one */

const { pyodide, '@pyscript/core': pyscript } = JSON.parse(
  readFileSync(join(TOP, 'package.json'), 'utf8'),
).dependencies;
const FOLDER = join(TOP, 'static/runtime');

/** What the page does not load as it came. */
const ORIGINALS = join(TOP, `node_modules/.cache/pyodide-${pyodide}`);

/** Versions and folders; a folder's name holds its version, so that browsers may keep its files for ever. */
export const RUNTIME = {
  version: /** @type {string} */ (pyodide),
  folder: FOLDER,
  pyodideDir: `runtime/pyodide-${pyodide}`,
  pyscriptDir: `runtime/pyscript-${pyscript}`,
  pythonDir: `runtime/python-${pyodide}-${pyscript}-${FORMAT}`,
  originals: ORIGINALS,
};

const PYODIDE_FILES = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm'];

/** In the folder of compiled files, written last: what they were made from, and what they should be. */
const MADE = 'made.json';

/**
 * What PyScript loads for a worker whose configuration is JSON: its core, each of its plugins (it starts only
 * after all have loaded, used or not). Its editors and terminals come later, if at all.
 */
const PYSCRIPT_FILES = /^(core|deprecations-manager|donkey|error|py-editor|py-game|py-terminal)(-[\w-]{8})?\.js$/;

/** Pyodide's own NumPy wheel also travels inside this package, for those who reach PyPI but not the CDN. */
const CARRIER = { requirement: 'open-webui==0.12.4', member: 'open_webui/frontend/pyodide/', megabytes: 106 };

const SECONDS_TO_ANSWER = 5;
const SECONDS_TO_DOWNLOAD = 120;

/** @param {string} name @param {string} from a folder @returns {Promise<[string, Buffer]>} */
const fileOf = async (name, from) => [name, await readFile(join(from, name))];

/** @param {Iterable<readonly [string, string | Uint8Array]>} files @param {string} folder */
async function place(files, folder) {
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    if (!(await readIfThere(path))?.equals(Buffer.from(bytes))) await writeWhole(path, bytes);
  }
}

/** @param {Uint8Array} bytes @param {Wheel} wheel */
function check(bytes, wheel) {
  const got = sha256(bytes);
  if (got !== wheel.sha256) {
    throw new Failure(
      `wrong SHA-256 for ${wheel.file_name} (expected ${wheel.sha256}, got ${got}), nothing of it was kept`,
    );
  }
}

/** @param {string} url @returns {Promise<Uint8Array>} */
async function download(url) {
  const abort = new AbortController();
  const giveUpAfter = (/** @type {number} */ seconds) => setTimeout(() => abort.abort(), seconds * 1000);
  let timer = giveUpAfter(SECONDS_TO_ANSWER);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(timer);
    if (!response.ok) throw new Failure(`answered ${response.status}`);
    timer = giveUpAfter(SECONDS_TO_DOWNLOAD);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw error instanceof Failure
      ? error
      : new Failure(abort.signal.aborted ? 'did not answer in time' : 'cannot be reached');
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Uint8Array} zip @param {string} name */
export function member(zip, name) {
  const bytes = unzipSync(zip, { filter: (file) => file.name === name })[name];
  if (!bytes) throw new Failure(`holds no ${name}`);
  return bytes;
}

/** @param {Wheel} wheel @returns {Promise<Uint8Array>} */
async function fromCarrier(wheel) {
  const python = await ensureVenv();
  return withTemporaryFolder(join(TOP, 'node_modules/.cache'), async (folder) => {
    // TMPDIR: what pip leaves when it is killed goes with our folder.
    const { code, output } = await run(
      python,
      [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--no-input',
        '--no-cache-dir',
        '--no-deps',
        '--only-binary=:all:',
        '--python-version',
        '3.12',
        '-d',
        folder,
        CARRIER.requirement,
      ],
      { env: { ...process.env, TMPDIR: folder } },
    );
    if (code) throw new Failure(`pip: ${reason(output, /^ERROR: /)}`);
    const [carrier] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
    return member(await readFile(join(folder, carrier)), CARRIER.member + wheel.file_name);
  });
}

/** @param {Wheel} wheel @returns {Source[]} */
const sourcesOf = (wheel) => [
  {
    name: "Pyodide's CDN (2.9 MB)",
    read: () => download(`https://cdn.jsdelivr.net/pyodide/v${pyodide}/full/${wheel.file_name}`),
  },
  { name: `PyPI (${CARRIER.requirement}, which carries it, ${CARRIER.megabytes} MB)`, read: () => fromCarrier(wheel) },
];

/**
 * The wheel's bytes, checked, from the first source that has them.
 * @param {Wheel} wheel
 * @param {Source[]} sources
 */
async function firstGood(wheel, sources) {
  const failures = [];
  for (const { name, read } of sources) {
    console.log(
      failures.length ? `${failures.at(-1)}. Trying ${name} ...` : `Fetching NumPy for the page from ${name} ...`,
    );
    try {
      const bytes = await read();
      check(bytes, wheel);
      return bytes;
    } catch (error) {
      // What is not expected, or a full disk, is the same for every source.
      if (!(error instanceof Failure)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  }
  throw new Failure(`NumPy for the page could not be had. Not in the cache. ${failures.join('. ')}.`);
}

/** @param {string} place @param {Wheel} wheel @returns {Promise<Uint8Array | undefined>} */
async function kept(place, wheel) {
  const path = join(place, wheel.file_name);
  const bytes = await readIfThere(path);
  if (!bytes || sha256(bytes) === wheel.sha256) return bytes;
  console.log(`${path} is damaged: its SHA-256 is not ${wheel.sha256}. Fetching it again.`);
  await rm(path, { force: true });
}

/**
 * NumPy's wheel in `folder`: what is there already, else the cache's, else fetched and cached.
 * @param {Wheel} wheel
 * @param {{folder: string, cache?: string, sources?: Source[]}} places
 */
export async function ensureWheel(wheel, { folder, cache = CACHE, sources = sourcesOf(wheel) }) {
  if (await kept(folder, wheel)) return;
  const cached = await kept(cache, wheel);
  const bytes = cached ?? (await firstGood(wheel, sources));
  await writeWhole(join(folder, wheel.file_name), bytes);
  // Without a cache the page works all the same.
  if (!cached) await writeWhole(join(cache, wheel.file_name), bytes).catch(() => {});
}

/**
 * @param {string} folder
 * @param {string} from hash of the sources
 * @returns {Promise<boolean>} whether it holds what was made from them
 */
async function isMade(folder, from) {
  const made = JSON.parse(String((await readIfThere(join(folder, MADE))) ?? '{}'));
  if (made.from !== from) return false;
  const hashes = await Promise.all(
    Object.keys(made.files).map(async (name) => sha256((await readIfThere(join(folder, name))) ?? '')),
  );
  return Object.values(made.files).every((hash, i) => hash === hashes[i]);
}

/**
 * Compiled files in `folder`: what is there already, else made from these sources.
 * @param {string} folder
 * @param {{library: Uint8Array, wheel: Uint8Array, pyscript: import('./compile.js').Tree}} sources
 * @param {{start?: typeof startCompiler}} [how]
 */
export async function ensureCompiled(folder, { library, wheel, pyscript }, { start = startCompiler } = {}) {
  const from = sha256([library, wheel, JSON.stringify(pyscript)].map(sha256).join());
  if (await isMade(folder, from)) return;
  console.log("Compiling Python's library and NumPy for the page ...");
  const compile = await start();
  /** @type {[string, Uint8Array][]} */
  const files = [
    ['python_stdlib.zip', compileLibrary(library, compile)],
    ['packages.pack', pack([...compileNumpy(wheel, compile), ...compileTree(pyscript, '/home/pyodide', compile)])],
  ];
  await place(files, folder);
  await writeWhole(
    join(folder, MADE),
    JSON.stringify({ from, files: Object.fromEntries(files.map(([name, bytes]) => [name, sha256(bytes)])) }),
  );
}

/** The part of Pyodide's lock file that is not about packages. */
export const lockInfo = async () =>
  JSON.parse(await readFile(join(TOP, 'node_modules/pyodide/pyodide-lock.json'), 'utf8')).info;

/** Options with which Node's loadPyodide starts as the page does, from the same files. */
export async function startOptions() {
  const python = join(TOP, 'static', RUNTIME.pythonDir);
  return compiledStart({
    indexURL: join(TOP, 'static', RUNTIME.pyodideDir, '/'),
    library: join(python, 'python_stdlib.zip'),
    packs: [readFile(join(python, 'packages.pack'))],
    info: await lockInfo(),
  });
}

/** All runtime files, whole and checked, in static/runtime/. */
export async function ensureRuntime() {
  const pyodideFrom = join(TOP, 'node_modules/pyodide');
  const pyscriptFrom = join(TOP, 'node_modules/@pyscript/core');
  const {
    packages: { numpy },
  } = JSON.parse(await readFile(join(pyodideFrom, 'pyodide-lock.json'), 'utf8'));
  const pyscriptNames = (await readdir(join(pyscriptFrom, 'dist'))).filter((name) => PYSCRIPT_FILES.test(name));

  await ensureWheel(numpy, { folder: ORIGINALS });
  await ensureCompiled(join(FOLDER, basename(RUNTIME.pythonDir)), {
    library: await readFile(join(pyodideFrom, 'python_stdlib.zip')),
    wheel: await readFile(join(ORIGINALS, numpy.file_name)),
    pyscript: (await import(pathToFileURL(join(pyscriptFrom, 'src/stdlib/pyscript.js')).href)).default,
  });
  await place(
    await Promise.all(PYODIDE_FILES.map((name) => fileOf(name, pyodideFrom))),
    join(FOLDER, basename(RUNTIME.pyodideDir)),
  );
  await place(
    await Promise.all(pyscriptNames.map((name) => fileOf(name, join(pyscriptFrom, 'dist')))),
    join(FOLDER, basename(RUNTIME.pyscriptDir)),
  );
}

await asProgram(import.meta.url, ensureRuntime);
