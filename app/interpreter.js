/** What PyScript's worker imports as its interpreter: Pyodide from our own server, saying how far it is. */
import { compiledStart } from './compiled.js';
import { restore } from './snapshot/restore.js';

/** The build puts this module into a folder beside `runtime`. @param {string} path */
const address = (path) => new URL(/* @vite-ignore */ `../${path}`, import.meta.url).href;

const query = new URL(import.meta.url).searchParams;
const PYODIDE = address(`${__PYODIDE__}/`);
const LIBRARY = address(`${__PYTHON__}/python_stdlib.zip`);
const ASSEMBLY = address(`${__PYODIDE__}/pyodide.asm.wasm`);
const PACKAGES = address(`${__PYTHON__}/packages.pack`);

/** @param {'step' | 'failed'} type @param {string} text */
const say = (type, text) => self.postMessage(JSON.stringify({ type, text }));

/** Pyodide does not reject its promise when one of its files cannot be had. @param {PromiseRejectionEvent} event */
function onRejection(event) {
  event.preventDefault();
  say('failed', String(event.reason?.message ?? event.reason));
}
self.addEventListener('unhandledrejection', onRejection);

/** Where its WebAssembly cannot be had or is refused, Pyodide only warns, and waits for ever. */
const instantiate = WebAssembly.instantiateStreaming;
WebAssembly.instantiateStreaming = (/** @type {Parameters<typeof instantiate>} */ ...[source, imports]) => instantiate(source, imports).catch((error) => {
  say('failed', String(error.message));
  throw error;
});

/** Pyodide takes the address of a long ASCII string for a signed number: past 2 GB it would read it from somewhere else. */
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

/** PyScript would tell the page of each of its steps, and wait for it. @param {Event} event */
const keepQuiet = (event) => event.stopImmediatePropagation();
self.addEventListener('py:progress', keepQuiet, { capture: true });

say('step', 'Fetching Python');
// All at once: what Pyodide would ask for one after the other is under way before it asks.
const assembly = fetch(ASSEMBLY);
assembly.catch(() => {});
const { fetch: fetchAnew } = self;
self.fetch = (...asked) => {
  if (asked[0] instanceof URL && asked[0].href === ASSEMBLY) {
    self.fetch = fetchAnew;
    return assembly;
  }
  return fetchAnew(...asked);
};
const snapshot = query.has('snapshot') ? bytesOf(String(query.get('snapshot'))) : undefined;
snapshot?.catch(() => {});
const fetchPacks = () => [PACKAGES, String(query.get('lesson'))].map(bytesOf);
const packs = snapshot ? undefined : fetchPacks();
const asm = import(/* @vite-ignore */ `${PYODIDE}pyodide.asm.mjs`);
asm.catch(() => {});
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** @param {Record<string, unknown>} options @param {Uint8Array<ArrayBuffer>} bytes */
const startFromSnapshot = async (options, bytes) => restore(
  { ...pyodide, create: (await asm).default },
  { ...options, indexURL: PYODIDE },
  bytes,
  { library: () => bytesAtOnce(LIBRARY), packages: () => bytesAtOnce(PACKAGES) },
  check(bytes, String(query.get('digest'))),
);

/** @param {Record<string, unknown>} options */
const startCompiled = (options) => pyodide.loadPyodide({
  ...options, ...compiledStart({ indexURL: PYODIDE, library: LIBRARY, packs: packs ?? fetchPacks(), info: __LOCK_INFO__ }),
});

/** @param {Record<string, unknown>} options */
async function start(options) {
  try {
    if (snapshot) return await startFromSnapshot(options, await snapshot);
  } catch (error) {
    console.info(`Python starts without its snapshot: ${error instanceof Error ? error.message : error}`);
  }
  return startCompiled(options);
}

/**
 * PyScript has its module imported before any code runs. That asks the page for a hundred things, one after the other,
 * which nothing here uses: so it is loaded when something of it is first used.
 */
const LATER = `
def later():
    import importlib.machinery
    import importlib.util
    import sys

    class Later:
        @staticmethod
        def find_spec(name, path=None, target=None):
            spec = importlib.machinery.PathFinder.find_spec(name, path) if name == "pyscript" else None
            if spec:
                spec.loader = importlib.util.LazyLoader(spec.loader)
            return spec

    sys.meta_path.insert(0, Later)

later()
del later
`;

/** @param {Record<string, unknown>} options as for Pyodide's own loadPyodide */
export async function loadPyodide(options) {
  say('step', 'Starting Python and NumPy');
  const python = await start(options);
  self.removeEventListener('unhandledrejection', onRejection);
  python.runPython(LATER);
  // Pyodide's own last word, after which it answers to nothing.
  python._api.on_fatal = (/** @type {unknown} */ error) => {
    for (const kind of ['error', 'unhandledrejection']) self.addEventListener(kind, (event) => event.preventDefault());
    say('failed', String(error));
  };
  say('step', 'Loading the lesson');
  return python;
}
