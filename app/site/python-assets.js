/**
 * What the page's scripts import from the build: Python's own files, the worker's interpreter, the snapshot of its
 * memory.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { pack } from '../shared/file-pack.js';
import { sha256, TOP } from '../tools/tools.js';
import { cached, startCompiler } from './compile.js';
import { LATER, PACKAGES, pythonFiles } from './python-files.js';
import { lockInfo, RUNTIME, startOptions } from './runtime.js';

/** Where Pyodide starts: modules are found here without more ado. */
const HOME = '/home/pyodide';

/** @type {ReturnType<typeof startCompiler> | undefined} */
let compiler;

/**
 * Each module as its source, for error messages and the curious, and as compiled code, for Python.
 * @param {string[]} packages
 */
async function pythonPack(packages) {
  const compile = await (compiler ??= startCompiler(await startOptions()));
  /** @type {import('../shared/file-pack.js').Files} */
  const files = [];
  for (const name of await pythonFiles(packages)) {
    const source = await readFile(join(TOP, 'py', name));
    const path = `${HOME}/${name}`;
    files.push([path, source], [cached(path), compile(source, path)]);
  }
  return pack(files);
}

/** What the scripts call these. */
export const NAMES = {
  __PYODIDE__: JSON.stringify(RUNTIME.pyodideDir),
  __PYTHON__: JSON.stringify(RUNTIME.pythonDir),
  __PYSCRIPT__: JSON.stringify(RUNTIME.pyscriptDir),
  __LOCK_INFO__: JSON.stringify(await lockInfo()),
};

/**
 * The interpreter's module for a worker. A build of its own: in the page's, Vite puts in code that wants a document.
 */
async function interpreter() {
  const [{ output }] = /** @type {import('vite').Rolldown.RolldownOutput[]} */ (
    await build({
      root: TOP,
      configFile: false,
      publicDir: false,
      logLevel: 'warn',
      define: NAMES,
      build: {
        lib: { entry: join(TOP, 'app/worker/boot.js'), formats: ['es'] },
        write: false,
        target: 'es2022',
        minify: true,
      },
    })
  );
  return output[0].code;
}

/** Without this folder the page starts Python from compiled files. */
const SNAPSHOT = join(TOP, 'app/snapshot/build.js');

/** @param {() => Promise<Uint8Array>} python */
const snapshot = async (python) =>
  existsSync(SNAPSHOT) ? (await import(pathToFileURL(SNAPSHOT).href)).makeSnapshot(await python()) : '';

/** @typedef {{name: string, make: () => Promise<Uint8Array | string>}} Asset */

/** Each is made once: `forget` has it made again. */
function assets() {
  /** @type {Map<string, Promise<any>>} */
  const made = new Map();
  const once = (/** @type {string} */ name, /** @type {() => Promise<any>} */ make) => () => {
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known;
  };
  const python = once('python.pack', () => pythonPack(PACKAGES));
  /** @type {Record<string, Asset>} by what the scripts import */
  const files = {
    'virtual:python': { name: 'python.pack', make: python },
    'virtual:interpreter': { name: 'interpreter.js', make: once('interpreter.js', interpreter) },
    'virtual:snapshot': { name: 'snapshot.pack', make: once('snapshot.pack', () => snapshot(python)) },
  };
  for (const name of LATER) {
    const pack = `${name}.pack`;
    files[`virtual:later-${name}`] = { name: pack, make: once(pack, () => pythonPack([name])) };
  }
  return { files, forget: () => made.clear() };
}

export const SNAPSHOT_NAME = 'snapshot.pack';

const NONE = "export default ''; export const digest = '';";

/**
 * `import url, { digest } from 'virtual:...'` gives such a file's address and its SHA-256.
 * @returns {import('vite').Plugin}
 */
export function pythonAssets() {
  const { files, forget } = assets();
  let serves = false;
  return {
    name: 'python-assets',
    configResolved({ command }) {
      serves = command === 'serve';
    },
    resolveId: (id) => (id in files ? `\0${id}` : undefined),
    async load(id) {
      const file = files[id.slice(1)];
      if (!file) return undefined;
      // Who develops starts from compiled files: a snapshot would have to be made anew after each change.
      const source = serves && file.name === SNAPSHOT_NAME ? '' : await file.make();
      if (!source.length) return NONE;
      const address = serves
        ? `'/assets/${file.name}?${sha256(source).slice(0, 16)}'`
        : `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name: file.name, source })}`;
      return `export default ${address}; export const digest = '${sha256(source)}';`;
    },
    configureServer({ middlewares, config }) {
      middlewares.use(async ({ url = '' }, response, next) => {
        const file = Object.values(files).find(({ name }) => url.startsWith(`/assets/${name}`));
        if (!file) return next();
        response.setHeader('Content-Type', file.name.endsWith('.js') ? 'text/javascript' : 'application/octet-stream');
        for (const [name, value] of Object.entries(config.server.headers)) response.setHeader(name, value ?? '');
        response.end(await file.make());
      });
    },
    hotUpdate({ file }) {
      if (!/\/(py\/(runtime|preflab|lessons|words|judging)|app\/(worker|shared))\//.test(file)) return undefined;
      forget();
      for (const id of Object.keys(files)) {
        const module = this.environment.moduleGraph.getModuleById(`\0${id}`);
        if (module) this.environment.moduleGraph.invalidateModule(module);
      }
      this.environment.hot.send({ type: 'full-reload' });
      return [];
    },
  };
}
