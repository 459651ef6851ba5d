/** Builds dist/: index.html with the lesson in it, the scripts and styles, and Python's files as one archive. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { withPolicy } from './csp.js';
import { readLesson } from './lessons.js';
import { downloadable, renderLesson } from './page.js';
import { ensureRecorded } from './record.js';
import { RUNTIME } from './runtime.js';
import { TOP } from './tools.js';

/** The Python that the worker imports. Chapters are not among it: the page sends their blocks. */
const PYTHON = /^[a-z_]\w*\.py$/;

async function pythonArchive() {
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (const folder of ['runtime', 'preflab', 'lessons']) {
    for (const name of (await readdir(join(TOP, 'py', folder))).filter((name) => PYTHON.test(name)).sort()) {
      files[`${folder}/${name}`] = await readFile(join(TOP, 'py', folder, name));
    }
  }
  // A fixed date, so that the same sources give the same file, and the same name.
  return zipSync(files, { mtime: '2026-01-01' });
}

/** `import url from 'virtual:python'` gives the archive's address. @returns {import('vite').Plugin} */
const python = () => ({
  name: 'python-archive',
  resolveId: (id) => (id === 'virtual:python' ? '\0virtual:python' : undefined),
  async load(id) {
    if (id !== '\0virtual:python') return undefined;
    const file = this.emitFile({ type: 'asset', name: 'python.zip', source: await pythonArchive() });
    return `export default import.meta.ROLLUP_FILE_URL_${file};`;
  },
});

/** Writes the lesson into index.html, and its code into a file of its own. @returns {import('vite').Plugin} */
const lesson = () => ({
  name: 'lesson',
  async generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'rlhf-and-dpo.py', source: downloadable(await readLesson()) });
  },
  transformIndexHtml: {
    order: 'pre',
    async handler(html) {
      const rendered = renderLesson(await readLesson(), await ensureRecorded());
      return html.replace('<!-- lesson -->', () => rendered.lesson).replace('<!-- contents -->', () => rendered.contents);
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
  plugins: [lesson(), python(), contentSecurityPolicy()],
  define: {
    __PYODIDE__: JSON.stringify(RUNTIME.pyodideDir),
    __PYSCRIPT__: JSON.stringify(RUNTIME.pyscriptDir),
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
};
