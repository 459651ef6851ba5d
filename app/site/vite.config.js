/** Builds dist/: index.html with the lesson in it, the scripts and styles, and Python's files as one pack. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { notebookFile, pythonFile } from '../shared/export.js';
import { pack } from '../shared/file-pack.js';
import { ask } from '../shared/prefetch.js';
import { sha256, TOP } from '../tools/tools.js';
import { readLesson } from './cells.js';
import { cached, startCompiler } from './compile.js';
import { withPolicy } from './csp.js';
import { renderLesson } from './page.js';
import { pythonFiles } from './python-files.js';
import { ensureRecorded } from './record.js';
import { lockInfo, RUNTIME, startOptions } from './runtime.js';
import { takeAlong } from './takeaway.js';

/** The Python that the worker imports. Chapters are not among it: the page sends their blocks. */

/** Where Pyodide starts: modules are found here without more ado. */
const HOME = '/home/pyodide';

/** Each module as its source, for error messages and the curious, and as compiled code, for Python. */
async function pythonPack() {
  const compile = await startCompiler(await startOptions());
  /** @type {import('../shared/file-pack.js').Files} */
  const files = [];
  for (const name of await pythonFiles()) {
    const source = await readFile(join(TOP, 'py', name));
    const path = `${HOME}/${name}`;
    files.push([path, source], [cached(path), compile(source, path)]);
  }
  return pack(files);
}

/** What the scripts call these. */
const NAMES = {
  __PYODIDE__: JSON.stringify(RUNTIME.pyodideDir),
  __PYTHON__: JSON.stringify(RUNTIME.pythonDir),
  __PYSCRIPT__: JSON.stringify(RUNTIME.pyscriptDir),
  __LOCK_INFO__: JSON.stringify(await lockInfo()),
};

/**
 * The interpreter's module for a worker. A build of its own: in the page's, Vite puts in code that wants a document.
 */
async function interpreter() {
  const [
    {
      output: [{ code }],
    },
  ] = /** @type {import('vite').Rolldown.RolldownOutput[]} */ (
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
  return code;
}

/** Without this folder the page starts Python from compiled files. */
const SNAPSHOT = join(TOP, 'app/snapshot/build.js');

/** Made once, for the page and for the snapshot. @type {Promise<Uint8Array> | undefined} */
let packed;

/** @type {Record<string, {name: string, make: () => Promise<Uint8Array | string>}>} */
const FILES = {
  'virtual:python': { name: 'python.pack', make: () => (packed ??= pythonPack()) },
  'virtual:interpreter': { name: 'interpreter.js', make: interpreter },
  'virtual:snapshot': {
    name: 'snapshot.pack',
    make: async () =>
      existsSync(SNAPSHOT)
        ? (await import(pathToFileURL(SNAPSHOT).href)).makeSnapshot(await (packed ??= pythonPack()))
        : '',
  },
};

/**
 * `import url, { digest } from 'virtual:...'` gives such a file's address and its SHA-256.
 * @returns {import('vite').Plugin}
 */
const python = () => ({
  name: 'python',
  resolveId: (id) => (id in FILES ? `\0${id}` : undefined),
  async load(id) {
    const file = FILES[id.slice(1)];
    if (!file) return undefined;
    const source = await file.make();
    if (!source.length) return "export default ''; export const digest = '';";
    return `export default import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name: file.name, source })};
      export const digest = '${sha256(source)}';`;
  },
});

/** Writes the lesson into index.html, and its code into a file of its own. @returns {import('vite').Plugin} */
const lesson = () => ({
  name: 'lesson',
  buildStart() {
    // Another process records, while this one makes what does not depend on it.
    ensureRecorded().catch(() => {});
  },
  async generateBundle() {
    const lesson = await takeAlong(await readLesson(), (await ensureRecorded()).figures);
    this.emitFile({ type: 'asset', fileName: 'rlhf-and-dpo.py', source: pythonFile(lesson) });
    this.emitFile({ type: 'asset', fileName: 'rlhf-and-dpo.ipynb', source: notebookFile(lesson) });
    this.emitFile({ type: 'asset', fileName: 'lesson.json', source: JSON.stringify(lesson) });
  },
  transformIndexHtml: {
    order: 'pre',
    async handler(html) {
      const rendered = renderLesson(await readLesson(), await ensureRecorded());
      return html
        .replace('<!-- lesson -->', () => rendered.lesson)
        .replace('<!-- contents -->', () => rendered.contents);
    },
  },
});

const FIRST = join(TOP, 'app/tab/start-kernel.js');

/** What PyScript's core imports before it starts a worker; `await import` in a chain finds out one after the other. */
const pyscriptModules = async () =>
  (await readdir(join(TOP, 'static', RUNTIME.pyscriptDir))).filter(
    (name) => name.endsWith('.js') && !name.startsWith('pyodide_graph'),
  );

/**
 * Starts app/tab/start-kernel.js as early as HTML can say it. By hand: of several scripts in index.html Vite makes one,
 * which
 * waits for the whole page.
 * @returns {import('vite').Plugin}
 */
const startFirst = () => ({
  name: 'start-first',
  buildStart() {
    this.emitFile({ type: 'chunk', id: FIRST, name: 'first' });
  },
  transformIndexHtml: {
    order: 'post',
    async handler(html, { bundle = {} }) {
      const files = Object.values(bundle);
      const first = files.find((file) => file.type === 'chunk' && file.facadeModuleId === FIRST)?.fileName;
      const snapshot = files.find(
        (file) => file.type === 'asset' && file.names.includes(FILES['virtual:snapshot'].name),
      )?.fileName;
      const addresses = [`./${RUNTIME.pyodideDir}/pyodide.asm.wasm`, snapshot ? `./${snapshot}` : ''];
      const early = [
        `<script>(${ask})(${addresses.map((address) => JSON.stringify(address)).join(', ')});</script>`,
        `<script type="module" async crossorigin src="./${first}"></script>`,
        ...(await pyscriptModules()).map(
          (name) => `<link rel="modulepreload" crossorigin href="./${RUNTIME.pyscriptDir}/${name}">`,
        ),
      ];
      return html.replace('<title>', `${early.join('\n  ')}\n  <title>`);
    },
  },
});

/** Last of all, when what runs inline is known to the letter. @returns {import('vite').Plugin} */
const contentSecurityPolicy = () => ({
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: { order: 'post', handler: withPolicy },
});

/** @type {import('vite').UserConfig} */
export default {
  root: TOP,
  base: './',
  publicDir: 'static',
  plugins: [lesson(), python(), startFirst(), contentSecurityPolicy()],
  define: NAMES,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    // Compiling takes its time; a build that goes well says nothing.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
};
