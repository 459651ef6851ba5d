/** What PyScript's worker imports as its interpreter: Pyodide from our own server, saying how far it is. */
import { compiledStart } from './compiled.js';
import { restore } from './snapshot/restore.js';

/** The build puts this module into a folder beside `runtime`. @param {string} path */
const address = (path) => new URL(/* @vite-ignore */ `../${path}`, import.meta.url).href;

const query = new URL(import.meta.url).searchParams;
const PYODIDE = address(`${__PYODIDE__}/`);
const LIBRARY = address(`${__PYTHON__}/python_stdlib.zip`);
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

/** @param {string} url @param {string} digest */
async function checkedBytesOf(url, digest) {
  const bytes = await bytesOf(url);
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  const got = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (got !== digest) throw new Error(`its SHA-256 is ${got}, not ${digest}`);
  return bytes;
}

say('step', 'Fetching Python');
// All at once: what Pyodide would ask for one after the other is under way before it asks.
const snapshot = query.has('snapshot') ? checkedBytesOf(String(query.get('snapshot')), String(query.get('digest'))) : undefined;
snapshot?.catch(() => {});
const fetchPacks = () => [PACKAGES, String(query.get('lesson'))].map(bytesOf);
const packs = snapshot ? undefined : fetchPacks();
const asm = import(/* @vite-ignore */ `${PYODIDE}pyodide.asm.mjs`);
asm.catch(() => {});
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** @param {Record<string, unknown>} options @param {Promise<Uint8Array>} bytes */
const startFromSnapshot = async (options, bytes) => restore(
  { ...pyodide, create: (await asm).default },
  { ...options, indexURL: PYODIDE },
  await bytes,
  { library: () => bytesAtOnce(LIBRARY), packages: () => bytesAtOnce(PACKAGES) },
);

/** @param {Record<string, unknown>} options */
const startCompiled = (options) => pyodide.loadPyodide({
  ...options, ...compiledStart({ indexURL: PYODIDE, library: LIBRARY, packs: packs ?? fetchPacks(), info: __LOCK_INFO__ }),
});

/** @param {Record<string, unknown>} options */
async function start(options) {
  try {
    if (snapshot) return await startFromSnapshot(options, snapshot);
  } catch (error) {
    console.info(`Python starts without its snapshot: ${error instanceof Error ? error.message : error}`);
  }
  return startCompiled(options);
}

/** @param {Record<string, unknown>} options as for Pyodide's own loadPyodide */
export async function loadPyodide(options) {
  say('step', 'Starting Python and NumPy');
  const python = await start(options);
  self.removeEventListener('unhandledrejection', onRejection);
  // Pyodide's own last word, after which it answers to nothing.
  python._api.on_fatal = (/** @type {unknown} */ error) => {
    for (const kind of ['error', 'unhandledrejection']) self.addEventListener(kind, (event) => event.preventDefault());
    say('failed', String(error));
  };
  say('step', 'Loading the lesson');
  return python;
}
