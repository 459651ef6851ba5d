/** How Pyodide starts from compiled files, by its public options. The page and the recording start it so. */
import { unpack } from './file-pack.js';

/**
 * @typedef {{mkdirTree: (path: string) => void, writeFile: (path: string, bytes: Uint8Array, options: {canOwn:
 *   boolean}) => void}} FS
 *   what is used of Emscripten's
 */

/** @param {FS} FS @param {import('./file-pack.js').Files} files by absolute path */
export function install(FS, files) {
  for (const folder of new Set(files.map(([path]) => path.slice(0, path.lastIndexOf('/'))))) FS.mkdirTree(folder);
  for (const [path, bytes] of files) FS.writeFile(path, bytes, { canOwn: true });
}

/**
 * Options for loadPyodide. NumPy is among the packs: nothing is loaded as a package, so the lock file names none.
 * @param {{indexURL: string, library: string, packs: Promise<Uint8Array>[], info: import('pyodide').LockfileInfo}} from
 *   library: the compiled standard library's address; packs: files for Python, by absolute path; info: of Pyodide's
 *   lock file
 */
export const compiledStart = ({ indexURL, library, packs, info }) => ({
  indexURL,
  stdLibURL: library,
  lockFileContents: { info, packages: {} },
  packages: [],
  /** @param {FS} FS */
  fsInit: async (FS) => {
    for (const whole of await Promise.all(packs)) install(FS, unpack(whole));
  },
});
