/**
 * Two products that serve Python from static files, for `npm run bench:start` to compare with: JupyterLite and marimo's
 * WebAssembly export. Each gets a Pyodide and packages beside it, so that no request leaves this machine.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { ensureWheel } from '../../app/site/runtime.js';
import { findPython } from '../../app/tools/python.js';
import {
  CACHE,
  Failure,
  npm,
  readIfThere,
  reason,
  run,
  sha256,
  TOP,
  withTemporaryFolder,
  writeWhole,
} from '../../app/tools/tools.js';

/**
 * @typedef {{name: string, version: string, file_name: string, sha256: string, depends: string[]}} Package As Pyodide's
 *   lock file has it
 */
/** @typedef {{info: object, packages: Record<string, Package>}} Lock */

/**
 * What one product is made of.
 * @typedef {object} Product
 * @property {string} name its folder in the cache
 * @property {string[]} tools what builds the page
 * @property {string} [pyodide] the one release that it works with, where that is not ours
 * @property {string[]} listed what it loads from Pyodide's own packages, without what these need
 * @property {string[]} pinned what it loads besides
 * @property {string} [root] the one package that the page asks for and that brings the others
 */

/** Its kernel takes any Pyodide whose address it is given. @type {Product} */
const JUPYTERLITE = {
  name: 'jupyterlite-0.8.6',
  tools: ['jupyterlite-core==0.8.6', 'jupyterlite-pyodide-kernel==0.8.6'],
  listed: ['micropip', 'ipython', 'jedi'],
  pinned: ['comm==0.2.3'],
};

const MARIMO_VERSION = '0.25.2';

/** Its worker holds the JavaScript half of Pyodide and refuses any other release's WebAssembly. @type {Product} */
const MARIMO = {
  name: `marimo-${MARIMO_VERSION}`,
  tools: [`marimo==${MARIMO_VERSION}`],
  pyodide: '314.0.0',
  listed: ['micropip', 'packaging', 'narwhals', 'jedi', 'docutils', 'pygments', 'pyodide-http'],
  pinned: [
    `marimo-base==${MARIMO_VERSION}`,
    'msgspec==0.22.0',
    'markdown==3.11.3',
    'pymdown-extensions==11.0.2',
    'tomlkit==0.15.2',
    'itsdangerous==2.2.0',
    'python-multipart==0.0.34',
  ],
  root: 'marimo-base',
};

const PYODIDE_FILES = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip'];

/** Wheels for any platform, or for the one of Pyodide 314. */
const FOR_PYODIDE = [
  '--only-binary=:all:',
  '--no-deps',
  '--implementation',
  'cp',
  '--python-version',
  '3.14',
  '--abi',
  'cp314',
  '--platform',
  'pyemscripten_2026_0_wasm32',
];

const PIP = ['-m', 'pip', '--quiet', '--no-input', '--disable-pip-version-check'];

const BIN = process.platform === 'win32' ? 'Scripts' : 'bin';

/** @param {Product} product @param {string[]} inside */
const kept = (product, ...inside) => join(CACHE, product.name, ...inside);

/** @param {Product} product @param {string} name a program of its environment */
const tool = (product, name) => kept(product, 'venv', BIN, name);

/** @param {Product} product */
const pyodideOf = (product) =>
  product.pyodide ? kept(product, 'node_modules/pyodide') : join(TOP, 'node_modules/pyodide');

/** @param {string} folder @returns {Promise<Lock>} */
const readLock = async (folder) => JSON.parse(await readFile(join(folder, 'pyodide-lock.json'), 'utf8'));

/** @param {string} name as PyPI compares names */
const canonical = (name) => name.toLowerCase().replace(/[-_.]+/g, '-');

/** @param {Product} product @param {string} program @param {string[]} args @param {string} [cwd] */
async function must(product, program, args, cwd) {
  const { code, output } = await run(program, args, { cwd });
  if (code)
    throw new Failure(`${product.name} could not be had: ${reason(output, /^(ERROR|Error): |^ +(?=apt install)/)}`);
  return output;
}

/** These packages and all that they need. @param {Lock} lock @param {string[]} names */
function withNeeds({ packages }, names) {
  /** @type {Set<string>} */
  const found = new Set();
  const add = (/** @type {string} */ name) => {
    const key = canonical(name);
    if (found.has(key)) return;
    found.add(key);
    packages[key].depends.forEach(add);
  };
  names.forEach(add);
  return [...found].map((key) => packages[key]);
}

/** @param {Product} product */
async function fetchPyodide(product) {
  // A package.json makes this folder npm's own.
  await writeFile(kept(product, 'package.json'), '{}');
  await npm(['install', `pyodide@${product.pyodide}`], kept(product));
}

/** Its tools, its Pyodide and the wheels for it, from the cache or into it. @param {Product} product */
async function ensureProduct(product) {
  const stamp = kept(product, 'fetched');
  const wanted = sha256(JSON.stringify(product));
  if (String(await readIfThere(stamp)) === wanted) return;
  console.log(`Fetching ${product.name} ...`);
  await rm(kept(product), { recursive: true, force: true });
  await mkdir(kept(product, 'wheels'), { recursive: true });
  await must(product, await findPython(), ['-m', 'venv', kept(product, 'venv')]);
  if (product.pyodide) await fetchPyodide(product);
  const listed = withNeeds(await readLock(pyodideOf(product)), product.listed).map(
    ({ name, version }) => `${name}==${version}`,
  );
  const python = tool(product, 'python');
  await must(product, python, [...PIP, 'install', ...product.tools]);
  await must(product, python, [
    ...PIP,
    'download',
    ...FOR_PYODIDE,
    '-d',
    kept(product, 'wheels'),
    ...listed,
    ...product.pinned,
  ]);
  await writeWhole(stamp, wanted);
}

/**
 * @param {string} file_name
 * @param {Uint8Array} bytes
 * @param {Lock} lock
 * @returns {Package & Record<string, unknown>}
 */
function entryOf(file_name, bytes, lock) {
  const [name, version] = file_name.split('-');
  const own = {
    name: canonical(name),
    version,
    imports: [],
    depends: [],
    install_dir: 'site',
    package_type: 'package',
    unvendored_tests: false,
  };
  // The registry's wheel is another file than the one that Pyodide built of the same source.
  return { ...own, ...lock.packages[own.name], file_name, sha256: sha256(bytes) };
}

/**
 * The wheels into `folder`, as entries of a lock file.
 * @param {Record<string, Uint8Array>} wheels @param {string} folder @param {Lock} lock
 */
async function placeWheels(wheels, folder, lock) {
  const placed = Object.entries(wheels).map(async ([name, bytes]) => {
    await writeFile(join(folder, name), bytes);
    return entryOf(name, bytes, lock);
  });
  return Object.fromEntries((await Promise.all(placed)).map((entry) => [canonical(entry.name), entry]));
}

/** @param {Product} product @returns {Promise<Record<string, Uint8Array>>} */
async function fetchedWheels(product) {
  const names = await readdir(kept(product, 'wheels'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(kept(product, 'wheels', name))])),
  );
}

/**
 * Pyodide with NumPy and the product's wheels, laid out as its own host does.
 * @param {Product} product @param {string} folder @param {Record<string, Uint8Array>} [more] wheels that were made here
 */
async function writePyodide(product, folder, more = {}) {
  await mkdir(folder);
  for (const name of PYODIDE_FILES) await copyFile(join(pyodideOf(product), name), join(folder, name));
  const lock = await readLock(pyodideOf(product));
  // Ours for both: the two releases differ in the last number only, and share one binary interface.
  const { numpy } = (await readLock(join(TOP, 'node_modules/pyodide'))).packages;
  await ensureWheel(numpy, { folder });
  const packages = await placeWheels({ ...(await fetchedWheels(product)), ...more }, folder, lock);
  if (product.root) packages[product.root].depends = Object.keys(packages).filter((name) => name !== product.root);
  await writeFile(
    join(folder, 'pyodide-lock.json'),
    JSON.stringify({ info: lock.info, packages: { ...packages, numpy } }),
  );
}

/** @param {string} folder an empty one; gets JupyterLite's REPL */
export async function makeJupyterLite(folder) {
  await ensureProduct(JUPYTERLITE);
  const settings = {
    '@jupyterlite/pyodide-kernel-extension:kernel': { pyodideUrl: './pyodide/pyodide.mjs', disablePyPIFallback: true },
  };
  await withTemporaryFolder(CACHE, async (source) => {
    await writeFile(
      join(source, 'jupyter-lite.json'),
      JSON.stringify({ 'jupyter-lite-schema-version': 0, 'jupyter-config-data': { litePluginSettings: settings } }),
    );
    await must(
      JUPYTERLITE,
      tool(JUPYTERLITE, 'jupyter-lite'),
      ['build', '--apps', 'repl', '--no-sourcemaps', '--no-unused-shared-packages', '--output-dir', folder],
      source,
    );
  });
  await writePyodide(JUPYTERLITE, join(folder, 'pyodide'));
}

/** In Markdown: of a notebook in Python marimo would first trace the imports, with programs that it fetches. */
const NOTEBOOK = `---
title: NumPy
marimo-version: ${MARIMO_VERSION}
---

\`\`\`python {.marimo}
import numpy
numpy.__version__
\`\`\`
`;

/**
 * No registry has PyYAML for WebAssembly. It works without its extension module, too: this is what marimo's own
 * environment has, less that.
 */
async function pureYaml() {
  const script = 'import yaml; print(yaml.__version__, yaml.__path__[0], sep="\\n")';
  const [version, from] = (await must(MARIMO, tool(MARIMO, 'python'), ['-c', script])).trim().split(/\r?\n/);
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (const name of (await readdir(from)).filter((file) => file.endsWith('.py')))
    files[`yaml/${name}`] = await readFile(join(from, name));
  const about = `pyyaml-${version}.dist-info`;
  files[`${about}/METADATA`] = strToU8(`Metadata-Version: 2.1\nName: PyYAML\nVersion: ${version}\n`);
  files[`${about}/WHEEL`] = strToU8('Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n');
  return { [`pyyaml-${version}-py3-none-any.whl`]: zipSync(files) };
}

/**
 * Where the page looks for Pyodide and packages: what marimo itself writes for an export with all its files (--offline,
 * which needs a CDN).
 */
const MARIMO_SOURCES = [
  'pyodide-index-url="./pyodide/"',
  'pyodide-lockfile-url="./pyodide/pyodide-lock.json"',
  'pypi-index-url="./pyodide/index/"',
];

const MARIMO_ELEMENT = '<marimo-wasm hidden="">';

/** @param {string} page the exported index.html */
async function pointToOurFiles(page) {
  const html = await readFile(page, 'utf8');
  if (!html.includes(MARIMO_ELEMENT))
    throw new Failure(`${MARIMO.name} writes its page in another way than is known here: no ${MARIMO_ELEMENT}`);
  await writeFile(
    page,
    html.replace(
      MARIMO_ELEMENT,
      `<marimo-wasm hidden="" ${MARIMO_SOURCES.map((source) => `data-${source}`).join(' ')}>`,
    ),
  );
}

/** @param {string} folder an empty one; gets a marimo notebook of one cell, as an app */
export async function makeMarimo(folder) {
  await ensureProduct(MARIMO);
  await withTemporaryFolder(CACHE, async (source) => {
    await writeFile(join(source, 'notebook.md'), NOTEBOOK);
    await must(
      MARIMO,
      tool(MARIMO, 'marimo'),
      ['--yes', 'export', 'html-wasm', 'notebook.md', '--mode', 'run', '--no-sandbox', '--force', '-o', folder],
      source,
    );
  });
  await pointToOurFiles(join(folder, 'index.html'));
  await writePyodide(MARIMO, join(folder, 'pyodide'), await pureYaml());
}

/**
 * When its first output, NumPy's version, is to be seen; runs in the page. marimo's fades in, and does not count while
 * it is transparent.
 */
const SEEN = {
  jupyterLite: async () => {
    /** @type {Element | null} */
    let output = null;
    while (!/\d\.\d/.test(output?.textContent ?? '') || !output?.checkVisibility({ opacityProperty: true })) {
      output = document.querySelector('.jp-CodeConsole-content .jp-OutputArea-output');
      await new Promise(requestAnimationFrame);
    }
    return performance.now();
  },
  marimo: async () => {
    /** @type {Element | null} */
    let output = null;
    while (!/\d\.\d/.test(output?.textContent ?? '') || !output?.checkVisibility({ opacityProperty: true })) {
      output = document.querySelector('.output-area');
      await new Promise(requestAnimationFrame);
    }
    return performance.now();
  },
};

const CODE = encodeURIComponent('import numpy; print(numpy.__version__)');

/**
 * @typedef {{name: string, make: (folder: string) => Promise<void>, path: string, isolate: boolean, firstOutput: () =>
 *   Promise<number>}} Other
 */

/**
 * What makes each site, its page's address below the site's root, whether to serve it with the headers for
 * SharedArrayBuffer, and what to run in the page. JupyterLite goes without: where it has SharedArrayBuffer, a worker
 * that answers before the page waits (Atomics.waitAsync then gives no promise) now and then leaves the kernel hanging
 * for good.
 * @type {Other[]}
 */
export const OTHERS = [
  {
    name: 'JupyterLite',
    make: makeJupyterLite,
    path: `repl/index.html?kernel=python&code=${CODE}`,
    isolate: false,
    firstOutput: SEEN.jupyterLite,
  },
  { name: 'marimo', make: makeMarimo, path: '', isolate: true, firstOutput: SEEN.marimo },
];
