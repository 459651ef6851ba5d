/** What PyScript's worker imports as its interpreter: Pyodide from our own server, saying how far it is. */
import { compiledStart } from './compiled.js';

/** The build puts this module into a folder beside `runtime`. @param {string} path */
const address = (path) => new URL(/* @vite-ignore */ `../${path}`, import.meta.url).href;

const PYODIDE = address(`${__PYODIDE__}/`);

/** @param {'step' | 'failed'} type @param {string} text */
const say = (type, text) => self.postMessage(JSON.stringify({ type, text }));

/** Pyodide does not reject its promise when one of its files cannot be had. @param {PromiseRejectionEvent} event */
function onRejection(event) {
  event.preventDefault();
  say('failed', String(event.reason?.message ?? event.reason));
}
self.addEventListener('unhandledrejection', onRejection);

/** @param {string} url */
async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

say('step', 'Fetching Python');
// All at once: what Pyodide would ask for one after the other is under way before it asks.
const packs = [address(`${__PYTHON__}/packages.pack`), String(new URL(import.meta.url).searchParams.get('lesson'))].map(bytesOf);
import(/* @vite-ignore */ `${PYODIDE}pyodide.asm.mjs`).catch(() => {});
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** @param {Record<string, unknown>} options as for Pyodide's own loadPyodide */
export async function loadPyodide(options) {
  say('step', 'Starting Python and NumPy');
  const compiled = compiledStart({ indexURL: PYODIDE, library: address(`${__PYTHON__}/python_stdlib.zip`), packs, info: __LOCK_INFO__ });
  const python = await pyodide.loadPyodide({ ...options, ...compiled });
  self.removeEventListener('unhandledrejection', onRejection);
  say('step', 'Loading the lesson');
  return python;
}
