/** What PyScript's worker imports as its interpreter: Pyodide from our own server, saying how far it is. */
import { unpack } from '../shared/file-pack.js';
import { askPage } from '../shared/prefetch.js';
import { compiledStart, install } from '../shared/pyodide-files.js';

/**
 * None where the folder app/snapshot was deleted.
 * @type {Record<string, typeof import('../snapshot/restore.js').restore>}
 */
const ways = import.meta.glob('../snapshot/restore.js', { eager: true, import: 'restore' });
const restore = Object.values(ways).at(0);

/** The build puts this module into a folder beside `runtime`. @param {string} path */
const address = (path) => new URL(/* @vite-ignore */ `../${path}`, import.meta.url).href;

const query = new URL(import.meta.url).searchParams;
const PYODIDE = address(`${__PYODIDE__}/`);
const LIBRARY = address(`${__PYTHON__}/python_stdlib.zip`);
const ASSEMBLY = address(`${__PYODIDE__}/pyodide.asm.wasm`);
const PACKAGES = address(`${__PYTHON__}/packages.pack`);
const LESSON = String(query.get('lesson'));

/** @param {'step' | 'failed'} type @param {string} text */
const say = (type, text) => self.postMessage(JSON.stringify({ type, text }));

/** Pyodide does not reject its promise when one of its files cannot be had. @param {PromiseRejectionEvent} event */
function onRejection(event) {
  event.preventDefault();
  say('failed', String(event.reason?.message ?? event.reason));
}
self.addEventListener('unhandledrejection', onRejection);

/**
 * Pyodide takes the address of a long ASCII string for a signed number: past 2 GB it would read it from somewhere else.
 */
const MOST_MEMORY = 2 ** 31;
const { grow } = WebAssembly.Memory.prototype;
WebAssembly.Memory.prototype.grow = function growWithin(/** @type {number} */ pages) {
  if (this.buffer.byteLength + pages * 2 ** 16 > MOST_MEMORY) throw new RangeError('2 GB are all that Python may have');
  return grow.call(this, pages);
};

// A worker that is killed says nothing, but its lock comes free. Browsers give locks to secure pages only.
const lock = crypto.randomUUID?.();
navigator.locks?.request(lock, () => {
  self.postMessage(JSON.stringify({ type: 'alive', lock }));
  return new Promise(() => {});
});

/** @param {string} url */
async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** For a Python that waits: only a worker may do this. @param {string} url */
function bytesAtOnce(url) {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.responseType = 'arraybuffer';
  request.send();
  if (request.status !== 200) throw new Error(`${url}: ${request.status}`);
  return new Uint8Array(request.response);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {string} digest */
async function check(bytes, digest) {
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  const got = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (got !== digest) throw new Error(`its SHA-256 is ${got}, not ${digest}`);
}

/** PyScript would tell the page of each of its steps, and wait for it. */
self.dispatchEvent = (event) => event.type === 'py:progress' || EventTarget.prototype.dispatchEvent.call(self, event);

say('step', 'Fetching Python');
const fromPage = askPage();

/** @type {any} Pyodide, once it has started */
let python;

/**
 * What the page wrote, and cleared in the same step. Python's own way reads first and clears then: what is written
 * between the two is lost (python/cpython#157548).
 */
function takeSignal() {
  const signals = python?._module.Py_EmscriptenSignalBuffer;
  return signals?.[0] ? Atomics.exchange(signals, 0, 0) : 0;
}

const assembly = fromPage.assembly.then((module) => module ?? WebAssembly.compileStreaming(fetch(ASSEMBLY)));
assembly.catch(() => {});
WebAssembly.instantiateStreaming = async (
  /** @type {Parameters<typeof WebAssembly.instantiateStreaming>} */ ...[, imports]
) => {
  try {
    const module = await assembly;
    Object.assign(/** @type {WebAssembly.ModuleImports} */ (imports?.env), {
      _Py_CheckEmscriptenSignals_Helper: takeSignal,
    });
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  } catch (error) {
    // Where its WebAssembly cannot be had or is refused, Pyodide only warns, and waits for ever.
    say('failed', error instanceof Error ? error.message : String(error));
    throw error;
  }
};
const { fetch: fetchAnything } = self;
self.fetch = async (...asked) => {
  const isAssembly = asked[0] instanceof URL && asked[0].href === ASSEMBLY;
  return isAssembly ? new Response() : fetchAnything(...asked);
};

const snapshot =
  restore && query.has('snapshot')
    ? fromPage.snapshot.then((bytes) => (bytes ? new Uint8Array(bytes) : bytesOf(String(query.get('snapshot')))))
    : undefined;
snapshot?.catch(() => {});
const fetchPacks = () => [PACKAGES, LESSON].map(bytesOf);
const packs = snapshot ? undefined : fetchPacks();
const asm = import(/* @vite-ignore */ `${PYODIDE}pyodide.asm.mjs`);
asm.catch(() => {});
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** What Pyodide would print by itself: blocks have their own. */
const STREAMS = { stdout: console.log, stderr: console.error };

/** @param {Uint8Array<ArrayBuffer>} bytes */
const startFromSnapshot = async (bytes) =>
  /** @type {NonNullable<typeof restore>} */ (restore)(
    { ...pyodide, create: (await asm).default },
    { ...STREAMS, indexURL: PYODIDE },
    bytes,
    { library: () => bytesAtOnce(LIBRARY), packages: () => bytesAtOnce(PACKAGES), lesson: () => bytesAtOnce(LESSON) },
    check(bytes, String(query.get('digest'))),
  );

const startCompiled = () =>
  pyodide.loadPyodide({
    ...STREAMS,
    ...compiledStart({ indexURL: PYODIDE, library: LIBRARY, packs: packs ?? fetchPacks(), info: __LOCK_INFO__ }),
  });

async function start() {
  try {
    if (snapshot) return await startFromSnapshot(await snapshot);
  } catch (error) {
    console.info(`Python starts without its snapshot: ${error instanceof Error ? error.message : error}`);
  }
  return startCompiled();
}

// Before PyScript asks for it: PyScript first opens a database that nothing here uses.
const started = start();
started.catch(() => {});

/**
 * PyScript begins by writing its Python module into files and importing it. The files are there, and the import asks
 * the page for a hundred things, one after the other, which nothing here uses.
 * @param {string} code
 */
const isPreparation = (code) => code.includes('_path.write_text(') && code.includes('import pyscript as _pyscript');

/**
 * How much of its stack Python may use, in bytes. It has 10 MB, but each call also takes of the browser's own, which
 * Python cannot see: past that one's end all values are gone. Up to here the calls of code that has never run before,
 * which take most, fit into Chromium's; what goes deeper gets Python's RecursionError.
 */
const STACK = 300_000;

/** @param {any} module Pyodide's */
function boundStack(module) {
  const base = module._emscripten_stack_get_base();
  module._PyUnstable_ThreadState_SetStackProtection(module._PyThreadState_Get(), base - STACK, STACK);
}

/** Options are PyScript's. */
export async function loadPyodide() {
  say('step', 'Starting Python and NumPy');
  python = await started;
  boundStack(python._module);
  self.removeEventListener('unhandledrejection', onRejection);
  // Python calls it where it first imports what is in this pack: runtime.in_a_worker.
  /** @param {string} name of a package */
  const installLater = (name) => install(python.FS, unpack(bytesAtOnce(String(query.get(`later-${name}`)))));
  Object.assign(self, { installLater });
  const { runPython } = python;
  python.runPython = (/** @type {[code: string, options?: object]} */ ...asked) =>
    isPreparation(asked[0]) ? undefined : runPython.apply(python, asked);
  // Pyodide's own last word, after which it answers to nothing.
  python._api.on_fatal = (/** @type {unknown} */ error) => {
    for (const kind of ['error', 'unhandledrejection']) self.addEventListener(kind, (event) => event.preventDefault());
    say('failed', String(error));
  };
  say('step', 'Loading the lesson');
  return python;
}
