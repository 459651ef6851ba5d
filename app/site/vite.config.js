/** Builds dist/: the pages, the scripts and styles, Python's files; and serves the same while it is being worked on. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { notebookFile, onePage, pythonFile } from '../shared/export.js';
import { ask } from '../shared/prefetch.js';
import { withAllNeeded } from '../tab/lesson/graph.js';
import { ISOLATION } from '../tools/serve.js';
import { TOP } from '../tools/tools.js';
import { citations, readLesson } from './cells.js';
import { withPolicy } from './csp.js';
import { fillPage, renderEmbed, renderPages } from './page.js';
import { ALL, EMBED, PAGES } from './pages.js';
import { NAMES, pythonAssets, SNAPSHOT_NAME } from './python-assets.js';
import { ensureRecorded, lastRecording } from './record.js';
import { RUNTIME } from './runtime.js';
import { takeAlong } from './takeaway.js';

/** @typedef {import('./cells.js').Cell} Cell @typedef {import('./record.js').Recording} Recording */

/**
 * What readers take along: all pages in one file, and each page with what it needs of the others.
 * @param {Cell[]} cells
 * @param {Recording} recording
 */
async function downloads(cells, { figures, names }) {
  const all = await takeAlong(cells, figures);
  const blocks = cells.filter(({ kind }) => kind === 'block').map((cell) => ({ ...cell, names: names[cell.id] }));
  const parts = PAGES.map(({ path, file }) => {
    const own = blocks.filter(({ page }) => page === path).map(({ id }) => id);
    return { file, lesson: onePage(all, path, withAllNeeded(blocks, own)) };
  });
  return [
    { fileName: 'lesson.json', source: JSON.stringify(all) },
    ...[{ file: ALL, lesson: all }, ...parts].flatMap(({ file, lesson }) => [
      { fileName: `${file}.py`, source: pythonFile(lesson) },
      { fileName: `${file}.ipynb`, source: notebookFile(lesson) },
    ]),
  ];
}

/**
 * Of index.html, which is the shell, makes every page. Last of all, when what runs inline is known to the letter.
 * @returns {import('vite').Plugin}
 */
const pages = () => ({
  name: 'pages',
  apply: 'build',
  enforce: 'post',
  async generateBundle(_, bundle) {
    const [cells, recording] = [await readLesson(), await ensureRecorded()];
    const shell = /** @type {import('vite').Rolldown.OutputAsset} */ (bundle['index.html']);
    const template = String(shell.source);
    const embed = renderEmbed(EMBED, PAGES, cells, recording);
    for (const { id, html } of embed.blocks)
      this.emitFile({ type: 'asset', fileName: `${EMBED.path}${id}.html`, source: html });
    for (const rendered of [...renderPages(PAGES, cells, recording), embed.rendered]) {
      const source = withPolicy(fillPage(template, rendered));
      if (rendered.page.path === '') shell.source = source;
      else this.emitFile({ type: 'asset', fileName: `${rendered.page.path}index.html`, source });
    }
    // Vite has copied static/ by now, perhaps before the recording was there.
    for (const [id, items] of Object.entries(recording.items))
      this.emitFile({ type: 'asset', fileName: `recorded/${id}.json`, source: JSON.stringify(items) });
    for (const file of await downloads(cells, recording)) this.emitFile({ type: 'asset', ...file });
  },
});

/**
 * What was recorded of blocks that are still the same. A chapter that is being written need not wait for a recording:
 * what is new in it has no output yet, and figures that nobody has computed are dots.
 * @param {Cell[]} cells @param {Recording} recording @returns {Recording}
 */
function stillTrue(cells, recording) {
  const expressions = cells.filter(({ kind }) => kind === 'prose').flatMap(({ source }) => citations(source));
  const same = new Set(cells.filter(({ id, source }) => recording.sources[id] === source).map(({ id }) => id));
  const keep = (/** @type {Record<string, any>} */ by) =>
    Object.fromEntries(Object.entries(by).filter(([id]) => same.has(id)));
  return {
    ...recording,
    items: keep(recording.items),
    names: keep(recording.names),
    solutions: Object.fromEntries(cells.map(({ id }) => [id, recording.solutions[id] ?? []])),
    figures: { ...Object.fromEntries(expressions.map((e) => [e, '…'])), ...recording.figures },
  };
}

/** `npm run dev`: each page as its chapters are at this moment. @returns {import('vite').Plugin} */
const pagesInDevelopment = () => ({
  name: 'pages-in-development',
  apply: 'serve',
  configureServer(server) {
    server.middlewares.use(async (request, response, next) => {
      const path = (request.url ?? '').replace(/[?#].*$/, '').replace(/^\/|index\.html$/g, '');
      if (!PAGES.some((page) => page.path === path)) return next();
      try {
        const [cells, recording] = [await readLesson(), (await lastRecording()) ?? (await ensureRecorded())];
        const rendered = renderPages(PAGES, cells, stillTrue(cells, recording)).find(({ page }) => page.path === path);
        const shell = await readFile(join(TOP, 'index.html'), 'utf8');
        const html = await server.transformIndexHtml(
          `/${path}index.html`,
          fillPage(shell, /** @type {import('./page.js').Rendered} */ (rendered), '/'),
        );
        response.setHeader('Content-Type', 'text/html');
        for (const [name, value] of Object.entries(server.config.server.headers)) response.setHeader(name, value ?? '');
        response.end(html);
      } catch (error) {
        next(error);
      }
    });
  },
  hotUpdate({ file }) {
    if (!/\/py\/lessons\/chapters\/|\/index\.html$/.test(file)) return undefined;
    this.environment.hot.send({ type: 'full-reload' });
    return [];
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
 * which waits for the whole page.
 * @returns {import('vite').Plugin}
 */
const startFirst = () => ({
  name: 'start-first',
  apply: 'build',
  buildStart() {
    this.emitFile({ type: 'chunk', id: FIRST, name: 'first' });
  },
  transformIndexHtml: {
    order: 'post',
    async handler(html, { bundle = {} }) {
      const files = Object.values(bundle);
      const first = files.find((file) => file.type === 'chunk' && file.facadeModuleId === FIRST)?.fileName;
      const snapshot = files.find((file) => file.type === 'asset' && file.names.includes(SNAPSHOT_NAME))?.fileName;
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

/** What changes without being the work of who develops. */
const UNWATCHED = ['dist', '.venv', '.venv-graduate', 'static/runtime', 'static/recorded', 'test-results'].map(
  (folder) => `${TOP}${folder}/**`,
);

/** @type {import('vite').UserConfig} */
export default {
  root: TOP,
  base: './',
  appType: 'custom',
  publicDir: 'static',
  plugins: [pages(), pagesInDevelopment(), pythonAssets(), startFirst()],
  define: NAMES,
  server: { headers: ISOLATION, watch: { ignored: UNWATCHED } },
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
