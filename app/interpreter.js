/**
 * What PyScript's worker imports as its interpreter: Pyodide from our own server, saying how far it is.
 * It is served as it stands (pyscript.js imports its address alone), beside the folder `runtime`.
 */

const query = new URL(import.meta.url).searchParams;
const PYODIDE = new URL(`../${query.get('pyodide')}/`, import.meta.url).href;

/** @param {string} text */
const step = (text) => self.postMessage(JSON.stringify({ type: 'step', text }));

step('Fetching Python');
const pyodide = await import(/* @vite-ignore */ `${PYODIDE}pyodide.mjs`);

export const { version } = pyodide;

/** @param {Record<string, unknown>} options as for Pyodide's own loadPyodide */
export async function loadPyodide(options) {
  step('Starting Python and NumPy');
  const python = await pyodide.loadPyodide({ ...options, indexURL: PYODIDE });
  step('Loading the lesson');
  return python;
}
