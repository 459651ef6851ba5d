/**
 * A module of Pyodide with NumPy's libraries linked where they were when the snapshot was made, and nothing
 * initialised: memory comes afterwards. The build and the page do this alike, so that pointers in memory stay true.
 *
 * @typedef {{name: string, handle: number, memoryBase: number, tableBase: number, tableSize: number, global: boolean,
 *   pinned: boolean}} Library
 * @typedef {{heap: number, tableStart: number, tableEnd: number, symbols: number, libraries: Library[]}} Layout what
 *   must be the same again
 */

/**
 * Places for functions between Pyodide's own and the libraries': one browser needs a few more than another, or than
 * Node.
 */
export const SPARE = 16;

/** @param {any} M @param {number} length */
export const growTable = ({ wasmTable }, length) => {
  if (wasmTable.length > length) throw new Error(`the table has ${wasmTable.length} places, the snapshot ${length}`);
  wasmTable.grow(length - wasmTable.length);
};

/** @param {any} M Pyodide's Emscripten module @returns {Library[]} in the order in which they were linked */
export function librariesOf({ LDSO, HEAPU32, HEAP32 }) {
  return Object.entries(LDSO.loadedLibsByHandle)
    .filter(([, { name }]) => name !== '__main__')
    .map(([key, { name, global, refcount }]) => {
      const handle = Number(key);
      // Emscripten's struct dso: memory_addr, memory_size, table_addr and table_size stand behind three other words.
      return {
        name,
        handle,
        global,
        pinned: refcount === Infinity,
        memoryBase: HEAPU32[(handle + 12) >> 2],
        tableBase: HEAPU32[(handle + 20) >> 2],
        tableSize: HEAP32[(handle + 24) >> 2],
      };
    })
    .sort((a, b) => a.tableBase - b.tableBase);
}

/**
 * A number that is another if any symbol has another address. There are many, and every start adds them up.
 * @param {any} M
 */
export function symbolsOf({ GOT }) {
  let sum = 0;
  for (const name in GOT) sum = (Math.imul(sum, 31) + name.length + GOT[name].value) | 0;
  return sum;
}

/**
 * What Emscripten's loadWebAssemblyModule does, but at given bases and without initialising.
 * @param {any} M
 * @param {Library} library
 * @param {WebAssembly.Module} code
 */
async function link(M, library, code) {
  const { memoryBase, tableBase, tableSize, name, handle } = library;
  const { wasmTable } = M;
  const { weakImports } = M.getDylinkMetadata(code);
  if (wasmTable.length > tableBase) throw new Error(`${name}: the table ends at ${wasmTable.length}, not ${tableBase}`);
  // A place in between was in use for a while, and free for the next symbol by then.
  while (wasmTable.length < tableBase) M.freeTableIndexes.push(wasmTable.grow(1));
  wasmTable.grow(tableSize);
  /** @type {any} */
  let exports;
  /**
   * @type {Record<string, (...args: any[]) => any>} Symbols of libraries that come later, looked up when they are
   *   called
   */
  const later = {};
  const env = new Proxy(
    {},
    {
      get(_, symbol) {
        if (symbol === '__memory_base') return memoryBase;
        if (symbol === '__table_base') return tableBase;
        const found = M.resolveGlobalSymbol(symbol).sym;
        const key = String(symbol);
        return found ?? (later[key] ??= (...args) => (M.resolveGlobalSymbol(symbol).sym ?? exports[key])(...args));
      },
    },
  );
  /** @type {string[]} Symbols that no library has named before */
  const fresh = [];
  const got = new Proxy(weakImports, {
    get(weak, symbol) {
      if (!(symbol in M.GOT)) fresh.push(String(symbol));
      return M.GOTHandler.get(weak, symbol);
    },
  });
  const instance = await WebAssembly.instantiate(code, {
    'GOT.mem': got,
    'GOT.func': got,
    env,
    wasi_snapshot_preview1: env,
  });
  M.updateTableMap(tableBase, tableSize);
  exports = M.relocateExports(instance.exports, memoryBase);
  M.updateGOT(exports);
  // It looks at all symbols that there are; all older ones are resolved.
  if (fresh.some((symbol) => M.GOT[symbol].value === -1)) M.reportUndefinedSymbols();
  Object.assign(M.newDSO(name, handle, exports), { global: library.global, refcount: library.pinned ? Infinity : 1 });
}

/**
 * @param {(settings: object) => Promise<any>} create Pyodide's own, from pyodide.asm.mjs
 * @param {any} settings as loadPyodide hands them to createPyodideModule
 * @param {Layout} layout
 * @param {WebAssembly.Module[] | Promise<WebAssembly.Module[]>} codes of layout.libraries
 */
export async function createLinked(create, settings, layout, codes) {
  const M = await create({ ...settings, noInitialRun: true });
  if (M.HEAPU8.length < layout.heap) M._emscripten_resize_heap(layout.heap);
  growTable(M, layout.tableStart);
  const modules = await codes;
  for (const [i, library] of layout.libraries.entries()) await link(M, library, modules[i]);
  const is = { heap: M.HEAPU8.length, tableEnd: M.wasmTable.length, symbols: symbolsOf(M) };
  for (const key of /** @type {const} */ (['heap', 'tableEnd', 'symbols'])) {
    if (is[key] !== layout[key]) throw new Error(`the snapshot's ${key} is ${layout[key]}, here it is ${is[key]}`);
  }
  return M;
}
