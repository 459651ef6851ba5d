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

// A worker that is killed says nothing, but its lock comes free. Browsers give locks to secure pages only.
const lock = crypto.randomUUID?.();
navigator.locks?.request(lock, () => {
  self.postMessage(JSON.stringify({ type: 'alive', lock }));
  return new Promise(() => {});
});

say('step', 'Fetching Python');
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** @param {{packages?: string[]} & Record<string, unknown>} options as for Pyodide's own loadPyodide */
export async function loadPyodide(options) {
  say('step', 'Starting Python and NumPy');
  const python = await pyodide.loadPyodide({ ...options, indexURL: PYODIDE });
  // Pyodide only writes this to the console.
  const missing = options.packages?.filter((name) => !(name in python.loadedPackages)) ?? [];
  if (missing.length) throw new Error(`${missing} could not be fetched`);
  self.removeEventListener('unhandledrejection', onRejection);
  // Pyodide's own last word, after which it answers to nothing.
  python._api.on_fatal = (/** @type {unknown} */ error) => {
    for (const kind of ['error', 'unhandledrejection']) self.addEventListener(kind, (event) => event.preventDefault());
    say('failed', String(error));
  };
  say('step', 'Loading the lesson');
  return python;
}
