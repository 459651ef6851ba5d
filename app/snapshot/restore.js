/**
 * Starts Pyodide from a snapshot of its memory. Throws where anything is not as the snapshot has it: then start
 * without.
 */
import { unpack } from '../shared/file-pack.js';
import { createLinked } from './link.js';

/**
 * @typedef {import('./link.js').Layout} Layout
 * @typedef {{version: string, layout: Layout, runs: [page: number, count: number][], state: unknown, info:
 *   import('pyodide').LockfileInfo,
 *   library: number, packages: Place[], lesson: Place[]}} Plan
 *   runs: which pages of memory the snapshot holds, in order; state: Pyodide's own list of JavaScript objects that
 *   Python holds; library: the standard library's length; packages, lesson: where these packs have each file
 * @typedef {[path: string, at: number, length: number]} Place
 * @typedef {{library: () => Uint8Array, packages: () => Uint8Array, lesson: () => Uint8Array}} Rest What the snapshot
 *   leaves out, read when Python asks for it
 */

export const PAGE = 4096;

/** Names in a snapshot's pack; libraries are `lib/` and their path. */
export const PLAN = 'plan.json';
export const PAGES = 'pages';
export const LIB = 'lib';

/**
 * A file whose contents are read when they are first asked for.
 * @param {any} FS @param {string} path @param {number} length @param {() => Uint8Array} read
 */
function installLazily(FS, path, length, read) {
  const slash = path.lastIndexOf('/');
  FS.mkdirTree(path.slice(0, slash));
  const node = FS.createFile(path.slice(0, slash), path.slice(slash + 1), {}, true, true);
  /** @type {Uint8Array | undefined} */
  let contents;
  Object.defineProperties(node, {
    contents: {
      get: () => (contents ??= read()),
      set: (bytes) => {
        contents = bytes;
      },
    },
    usedBytes: { get: () => length, set: () => {} },
  });
}

/** @param {Uint8Array} memory @param {Plan['runs']} runs @param {Uint8Array} pages */
function copyPages(memory, runs, pages) {
  let at = 0;
  for (const [page, count] of runs) {
    memory.set(pages.subarray(at, (at += count * PAGE)), page * PAGE);
  }
}

/**
 * Where memory says how Python calls a function whose signature is another. It is the browser's own: the start has
 * written it, and Node, which made the snapshot, may have had another.
 * @param {any} M
 */
const trampoline = (M) => (M.__PyRuntime + M.HEAP32[M.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >> 2]) >> 2;

/**
 * The machine where the snapshot was made had another zone, language, clock and luck than the reader's.
 * @param {any} python
 */
function settleIn(python) {
  const M = python._module;
  const at = (/** @type {string} */ symbol) => M.GOT[symbol].value;
  const names = at('tzname') >> 2;
  // The C library asks for these once, and remembers that it has.
  M.__tzset_js(at('timezone'), at('daylight'), M.HEAPU32[names], M.HEAPU32[names + 1]);
  const module = python.pyimport('runtime.readers_machine');
  // As Emscripten has it.
  module.settle_in((globalThis.navigator?.language ?? 'C').replace('-', '_'));
  module.destroy();
}

/** @template T @param {() => T} make @returns {() => T} */
function once(make) {
  /** @type {T | undefined} */
  let made;
  return () => (made ??= make());
}

/**
 * @param {{loadPyodide: (options: any) => Promise<any>, version: string, create: (settings: object) => Promise<any>}}
 *   pyodide
 * @param {Record<string, any>} options for loadPyodide; its indexURL ends with a slash
 * @param {Uint8Array} snapshot
 * @param {Rest} rest
 * @param {Promise<unknown>} [checked] rejects if the snapshot is not what it should be: nothing of it runs before that
 *   is known
 * @param {(memory: Uint8Array) => void} [restored] told when memory is as it was
 */
export async function restore(pyodide, options, snapshot, rest, checked = Promise.resolve(), restored = () => {}) {
  const files = new Map(unpack(snapshot));
  const part = (/** @type {string} */ name) => /** @type {Uint8Array<ArrayBuffer>} */ (files.get(name));
  /** @type {Plan} */
  const plan = JSON.parse(new TextDecoder().decode(part(PLAN)));
  if (plan.version !== pyodide.version)
    throw new Error(`a snapshot of Pyodide ${plan.version}, not ${pyodide.version}`);
  const compiled = Promise.all(plan.layout.libraries.map(({ name }) => WebAssembly.compile(part(LIB + name))));
  compiled.catch(() => {});
  const codes = checked.then(() => compiled);
  codes.catch(() => {});
  const python = await pyodide.loadPyodide({
    ...options,
    lockFileContents: { info: plan.info, packages: {} },
    packages: [],
    // Stands in for the library, which is put in its place below; any small file that is there will do.
    stdLibURL: `${options.indexURL}pyodide.mjs`,
    // Its length is not looked at: this only says that there is a snapshot.
    _loadSnapshot: new Uint8Array(16),
    /** @param {any} settings */
    createPyodideModule: async (settings) => {
      const M = await createLinked(pyodide.create, settings, plan.layout, codes);
      settings.API.restoreSnapshot = () => {
        const own = M.HEAP32[trampoline(M)];
        copyPages(M.HEAPU8, plan.runs, part(PAGES));
        restored(M.HEAPU8);
        M.HEAP32[trampoline(M)] = own;
        return plan.state;
      };
      return M;
    },
  });
  const { FS } = python;
  const zip = '/lib/python314.zip';
  FS.unlink(zip);
  installLazily(FS, zip, plan.library, rest.library);
  for (const name of /** @type {const} */ (['packages', 'lesson'])) {
    const whole = once(rest[name]);
    for (const [path, at, length] of plan[name])
      installLazily(FS, path, length, () => whole().subarray(at, at + length));
  }
  settleIn(python);
  return python;
}
