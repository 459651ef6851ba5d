/**
 * `npm run bench:start`: how long a first output takes, and how many bytes, beside two pages that only import NumPy in
 * a worker (one through PyScript, one by Pyodide alone), beside JupyterLite and beside marimo. On a first visit and on
 * a second, from this machine and over a slow
 * line. All in one run, in turns, on a fresh profile each; ratios of medians. With --others off the latter two are left
 * out.
 */
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { DIST, ensureBuilt } from '../../app/site/build.js';
import { compressFolder } from '../../app/site/compress.js';
import { RUNTIME } from '../../app/site/runtime.js';
import { serve } from '../../app/tools/serve.js';
import { asProgram, CACHE, Failure, TOP, withTemporaryFolder } from '../../app/tools/tools.js';
import { chromiumPath, launchOptions } from '../browsers.js';
import { slowLine } from './link.js';
import { OTHERS } from './others.js';

/** @typedef {{ms: number, bytes: number}} Visit */

const BARE = `<!doctype html><title>bare</title><p id="out"></p><script type="module">
const worker = new Worker('worker.js', { type: 'module' });
worker.onmessage = ({ data }) => { document.querySelector('#out').textContent = data; };
</script>`;

const BARE_WORKER = `import { loadPyodide } from './pyodide/pyodide.mjs';
const python = await loadPyodide({ packages: ['numpy'] });
postMessage(python.runPython('import numpy; numpy.__version__'));
`;

const PYSCRIPT = `<!doctype html><title>plain PyScript</title><p id="out"></p>
<script type="module" src="./pyscript/core.js"></script>
<script type="py" worker src="./main.py" config='${JSON.stringify({
  interpreter: './pyodide/pyodide.mjs',
  packages: ['numpy'],
  packages_cache: 'passthrough',
})}'></script>`;

const PYSCRIPT_MAIN = `import numpy
from pyscript import document
document.querySelector("#out").textContent = numpy.__version__
`;

/** @param {string} folder The pages to compare with: Pyodide, NumPy and PyScript as they come */
export async function writePlainPages(folder) {
  const lock = JSON.parse(await readFile(join(TOP, 'node_modules/pyodide/pyodide-lock.json'), 'utf8'));
  const { numpy } = lock.packages;
  await mkdir(join(folder, 'pyodide'));
  for (const name of ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip']) {
    await copyFile(join(TOP, 'node_modules/pyodide', name), join(folder, 'pyodide', name));
  }
  await copyFile(join(RUNTIME.originals, numpy.file_name), join(folder, 'pyodide', numpy.file_name));
  await cp(join(TOP, 'node_modules/@pyscript/core/dist'), join(folder, 'pyscript'), { recursive: true });
  const files = {
    'pyodide/pyodide-lock.json': JSON.stringify({ info: lock.info, packages: { numpy } }),
    'bare.html': BARE,
    'worker.js': BARE_WORKER,
    'pyscript.html': PYSCRIPT,
    'main.py': PYSCRIPT_MAIN,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

/**
 * What each page does until its first output is there; runs in the page.
 * @type {Record<string, () => Promise<number>>}
 */
export const FIRST_OUTPUT = {
  plain: async () => {
    while (!document.querySelector('#out')?.textContent) await new Promise(requestAnimationFrame);
    return performance.now();
  },
  lab: async () => {
    /** @type {any} */
    let run;
    while (!run || run.disabled) {
      run = document.querySelector('#preferences button.run');
      await new Promise(requestAnimationFrame);
    }
    run.click();
    while (document.querySelector('#preferences')?.getAttribute('data-state') !== 'done')
      await new Promise(requestAnimationFrame);
    return performance.now();
  },
};

/** Longer than any page should take. */
const PATIENCE_MS = 90_000;

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} url
 * @param {() => Promise<number>} firstOutput
 * @returns {Promise<Visit>}
 */
async function visit(page, url, firstOutput) {
  /** @type {Promise<number>[]} */
  const sizes = [];
  /** @param {import('@playwright/test').Request} request */
  const count = (request) =>
    sizes.push(
      request.sizes().then(
        ({ responseBodySize }) => Math.max(0, responseBodySize),
        () => 0,
      ),
    );
  page.context().on('requestfinished', count);
  await page.goto(url, { waitUntil: 'commit' });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, PATIENCE_MS, new Failure(`${url} has no output after ${PATIENCE_MS / 1000} s`));
  });
  const ms = /** @type {number} */ (
    await Promise.race([page.evaluate(firstOutput), late]).finally(() => clearTimeout(timer))
  );
  page.context().off('requestfinished', count);
  const bytes = (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
  return { ms, bytes };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** A browser that has just been started has work of its own, which no reader's browser has. */
const SETTLE_MS = 1000;

const SLOW = { mbit: 20, ms: 40 };

/**
 * @typedef {{name: string, path: string, firstOutput: () => Promise<number>, local: Server, slow: Server}} Contestant
 */
/** @typedef {{url: string, close: () => Promise<void>}} Server */

/**
 * From this machine a page comes as it was made, over the slow line compressed: each way is the faster one for it.
 * @param {string} folder
 * @returns {Promise<{local: Server, slow: Server}>}
 */
async function serveBoth(folder, { compressed = false, isolate = true } = {}) {
  const [local, whole] = [
    await serve(folder, { port: 0, compressed, isolate }),
    await serve(folder, { port: 0, isolate }),
  ];
  const line = await slowLine(whole.url, SLOW);
  return { local, slow: { url: line.url, close: async () => void (await Promise.all([line.close(), whole.close()])) } };
}

/**
 * @param {string} folder for the pages to compare with
 * @param {boolean} others
 * @returns {Promise<Contestant[]>} ours first
 */
async function contestants(folder, others) {
  const compress = (/** @type {string} */ place) =>
    compressFolder(place, { kept: join(CACHE, 'bench-compressed', basename(place)) });
  const plain = join(folder, 'plain');
  await mkdir(plain);
  await writePlainPages(plain);
  await compress(plain);
  const servers = await serveBoth(plain);
  const found = [
    {
      name: 'Preference Lab',
      path: '',
      firstOutput: FIRST_OUTPUT.lab,
      ...(await serveBoth(DIST, { compressed: true })),
    },
    { name: 'plain PyScript + NumPy', path: 'pyscript.html', firstOutput: FIRST_OUTPUT.plain, ...servers },
    { name: 'bare Pyodide + NumPy', path: 'bare.html', firstOutput: FIRST_OUTPUT.plain, ...servers },
  ];
  for (const { name, make, path, isolate, firstOutput } of others ? OTHERS : []) {
    const place = join(folder, name);
    await mkdir(place);
    await make(place);
    await compress(place);
    found.push({ name, path, firstOutput, ...(await serveBoth(place, { isolate })) });
  }
  return found;
}

/** What is measured of each page. */
const CONDITIONS = /** @type {const} */ (['first visit', 'second visit', 'first at 20 Mbit/s', 'second at 20 Mbit/s']);

/** @param {Contestant} contestant @returns {Promise<Visit[]>} by condition */
async function measure({ path, firstOutput, local, slow }) {
  /** @type {Visit[]} */
  const visits = [];
  for (const { url } of [local, slow]) {
    // A profile on the disk: the cache of a window without one keeps no large files.
    await withTemporaryFolder(CACHE, async (profile) => {
      const context = await chromium.launchPersistentContext(profile, launchOptions(await chromiumPath()));
      try {
        const [page] = context.pages();
        for (let i = 0; i < 2; i += 1) {
          await page.waitForTimeout(SETTLE_MS);
          visits.push(await visit(page, url + path, firstOutput));
        }
      } finally {
        await context.close();
      }
    });
  }
  return visits;
}

const TRIES = 3;

/**
 * JupyterLite's page sometimes waits for ever: such visits are told, and made anew.
 * @param {Contestant} contestant
 * @returns {Promise<Visit[]>}
 */
async function measureInTime(contestant, left = TRIES) {
  try {
    return await measure(contestant);
  } catch (error) {
    if (!(error instanceof Failure) || left === 1) throw error;
    console.log(`${contestant.name}: ${error.message}. Once more ...`);
    return measureInTime(contestant, left - 1);
  }
}

/**
 * Our time in theirs: of medians, and of the fastest and the slowest round.
 * @param {Visit[]} ours
 * @param {Visit[]} theirs
 */
function ratio(ours, theirs) {
  const middle = (/** @type {Visit[]} */ visits) => median(visits.map(({ ms }) => ms));
  const rounds = ours.map(({ ms }, i) => ms / theirs[i].ms);
  const [ratio, least, most] = [middle(ours) / middle(theirs), Math.min(...rounds), Math.max(...rounds)];
  return `${ratio.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

/** @param {Map<string, Visit[][]>} found by name: rounds of conditions */
function report(found) {
  const [[us, ours], ...theirs] = [...found];
  const of = (/** @type {Visit[][]} */ rounds, /** @type {number} */ condition) =>
    rounds.map((visits) => visits[condition]);
  const row = (/** @type {string[]} */ cells) => console.log(`| ${cells.join(' | ')} |`);
  const megabytes = (/** @type {Visit[][]} */ rounds) =>
    [0, 2].map((condition) => (median(of(rounds, condition).map(({ bytes }) => bytes)) / 1e6).toFixed(1)).join(' / ');
  row([`${us}'s time in that of`, ...CONDITIONS, 'MB, here / at 20 Mbit/s']);
  row(Array(CONDITIONS.length + 2).fill('---'));
  for (const [name, rounds] of theirs)
    row([name, ...CONDITIONS.map((_, i) => ratio(of(ours, i), of(rounds, i))), megabytes(rounds)]);
  const medians = [...found].map(([name, rounds]) => {
    const times = CONDITIONS.map((_, i) => Math.round(median(of(rounds, i).map(({ ms }) => ms))));
    return `${name} ${times.join(', ')}`;
  });
  console.log(`${us}: ${megabytes(ours)} MB; medians in ms: ${medians.join('; ')}`);
}

await asProgram(import.meta.url, async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, others: { type: 'string', default: 'on' } },
  });
  await ensureBuilt();
  await withTemporaryFolder(CACHE, async (folder) => {
    const all = await contestants(folder, values.others !== 'off');
    /** @type {Map<string, Visit[][]>} */
    const found = new Map(all.map(({ name }) => [name, []]));
    for (let round = 0; round < Number(values.rounds); round += 1) {
      console.log(`Round ${round + 1} of ${values.rounds} ...`);
      for (const contestant of round % 2 ? all : [...all].reverse())
        found.get(contestant.name)?.push(await measureInTime(contestant));
    }
    report(found);
    await Promise.all(all.flatMap(({ local, slow }) => [local.close(), slow.close()]));
  });
});
