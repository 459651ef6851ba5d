/** Pyodide, NumPy for it and PyScript, into static/runtime/: the page loads them from its own server. */
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unzipSync } from 'fflate';
import { ensureVenv } from './python.js';
import { asProgram, CACHE, Failure, readIfThere, reason, run, sha256, TOP, withTemporaryFolder, writeWhole } from './tools.js';

/** @typedef {{name: string, read: () => Promise<Uint8Array>}} Source Somewhere to get a file from */
/** @typedef {{file_name: string, sha256: string}} Wheel What Pyodide's lock file says of one */

const { pyodide, '@pyscript/core': pyscript } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')).dependencies;
const FOLDER = join(TOP, 'static/runtime');

/** Versions and folders; a folder's name holds its version, so that browsers may keep its files for ever. */
export const RUNTIME = {
  version: /** @type {string} */ (pyodide),
  folder: FOLDER,
  pyodideDir: `runtime/pyodide-${pyodide}`,
  pyscriptDir: `runtime/pyscript-${pyscript}`,
};

const PYODIDE_FILES = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip'];

/**
 * What PyScript loads for a worker whose configuration is JSON: its core, each of its plugins (it starts only
 * after all have loaded, used or not) and Pyodide's package list. Its editors and terminals come later, if at all.
 */
const PYSCRIPT_FILES = /^(core|deprecations-manager|donkey|error|py-editor|py-game|py-terminal|pyodide_graph)(-[\w-]{8})?\.js$/;

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

/** Pyodide's lock file with NumPy alone in it. @param {any} lock */
export const trimLock = ({ info, packages: { numpy } }) => ({ info, packages: { numpy } });

/** @param {Uint8Array} bytes @param {Wheel} wheel */
function check(bytes, wheel) {
  const got = sha256(bytes);
  if (got !== wheel.sha256) {
    throw new Failure(`wrong SHA-256 for ${wheel.file_name} (expected ${wheel.sha256}, got ${got}), nothing of it was kept`);
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
    throw error instanceof Failure ? error : new Failure(abort.signal.aborted ? 'did not answer in time' : 'cannot be reached');
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
    const { code, output } = await run(python, ['-m', 'pip', 'download', '--quiet', '--no-input', '--no-cache-dir', '--no-deps',
      '--only-binary=:all:', '--python-version', '3.12', '-d', folder, CARRIER.requirement], { env: { ...process.env, TMPDIR: folder } });
    if (code) throw new Failure(`pip: ${reason(output, /^ERROR: /)}`);
    const [carrier] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
    return member(await readFile(join(folder, carrier)), CARRIER.member + wheel.file_name);
  });
}

/** @param {Wheel} wheel @returns {Source[]} */
const sourcesOf = (wheel) => [
  { name: "Pyodide's CDN (2.9 MB)", read: () => download(`https://cdn.jsdelivr.net/pyodide/v${pyodide}/full/${wheel.file_name}`) },
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
    console.log(failures.length ? `${failures.at(-1)}. Trying ${name} ...` : `Fetching NumPy for the page from ${name} ...`);
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
  const bytes = cached ?? await firstGood(wheel, sources);
  await writeWhole(join(folder, wheel.file_name), bytes);
  // Without a cache the page works all the same.
  if (!cached) await writeWhole(join(cache, wheel.file_name), bytes).catch(() => {});
}

/** All runtime files, whole and checked, in static/runtime/. */
export async function ensureRuntime() {
  const pyodideFrom = join(TOP, 'node_modules/pyodide');
  const pyscriptFrom = join(TOP, 'node_modules/@pyscript/core/dist');
  const pyodideTo = join(FOLDER, basename(RUNTIME.pyodideDir));
  const lock = trimLock(JSON.parse(await readFile(join(pyodideFrom, 'pyodide-lock.json'), 'utf8')));
  const pyscriptNames = (await readdir(pyscriptFrom)).filter((name) => PYSCRIPT_FILES.test(name));

  await ensureWheel(lock.packages.numpy, { folder: pyodideTo });
  await place(await Promise.all(PYODIDE_FILES.map((name) => fileOf(name, pyodideFrom))), pyodideTo);
  await place([['pyodide-lock.json', JSON.stringify(lock)]], pyodideTo);
  await place(await Promise.all(pyscriptNames.map((name) => fileOf(name, pyscriptFrom))), join(FOLDER, basename(RUNTIME.pyscriptDir)));
}

await asProgram(import.meta.url, ensureRuntime);
