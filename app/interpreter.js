/**
 * What PyScript's worker imports as its interpreter: Pyodide from our own server, saying how far it is.
 * It is served as it stands (pyscript.js imports its address alone), beside the folder `runtime`.
 */

const query = new URL(import.meta.url).searchParams;
const PYODIDE = new URL(`../${query.get('pyodide')}/`, import.meta.url).href;

/** @param {'step' | 'failed'} type @param {string} text */
const say = (type, text) => self.postMessage(JSON.stringify({ type, text }));

/** Pyodide does not reject its promise when one of its files cannot be had. @param {PromiseRejectionEvent} event */
function onRejection(event) {
  event.preventDefault();
  say('failed', String(event.reason?.message ?? event.reason));
}
self.addEventListener('unhandledrejection', onRejection);

say('step', 'Fetching Python');
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** @param {Record<string, unknown>} options as for Pyodide's own loadPyodide */
export async function loadPyodide(options) {
  say('step', 'Starting Python and NumPy');
  const python = await pyodide.loadPyodide({ ...options, indexURL: PYODIDE });
  self.removeEventListener('unhandledrejection', onRejection);
  say('step', 'Loading the lesson');
  return python;
}
