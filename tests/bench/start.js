/**
 * `npm run bench:start`: how long a first output takes, and how many bytes, beside two pages that only import NumPy in
 * a worker: one through PyScript, one by Pyodide alone. All in one run, in turns, on a fresh profile each; ratios of medians.
 */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { ensureBuilt, DIST } from '../../app/build/build.js';
import { RUNTIME } from '../../app/build/runtime.js';
import { serve } from '../../app/build/serve.js';
import { asProgram, CACHE, TOP, withTemporaryFolder } from '../../app/build/tools.js';
import { chromiumPath, launchOptions } from '../browsers.js';

/** @typedef {{ms: number, bytes: number}} Visit */

const BARE = `<!doctype html><title>bare</title><p id="out"></p><script type="module">
new Worker('worker.js', { type: 'module' }).onmessage = ({ data }) => { document.querySelector('#out').textContent = data; };
</script>`;

const BARE_WORKER = `import { loadPyodide } from './pyodide/pyodide.mjs';
const python = await loadPyodide({ packages: ['numpy'] });
postMessage(python.runPython('import numpy; numpy.__version__'));
`;

const PYSCRIPT = `<!doctype html><title>plain PyScript</title><p id="out"></p><script type="module" src="./pyscript/core.js"></script>
<script type="py" worker src="./main.py" config='{"interpreter": "./pyodide/pyodide.mjs", "packages": ["numpy"], "packages_cache": "passthrough"}'></script>`;

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
    await symlink(join(TOP, 'node_modules/pyodide', name), join(folder, 'pyodide', name));
  }
  await symlink(join(RUNTIME.originals, numpy.file_name), join(folder, 'pyodide', numpy.file_name));
  await symlink(join(TOP, 'node_modules/@pyscript/core/dist'), join(folder, 'pyscript'));
  const files = {
    'pyodide/pyodide-lock.json': JSON.stringify({ info: lock.info, packages: { numpy } }),
    'bare.html': BARE, 'worker.js': BARE_WORKER, 'pyscript.html': PYSCRIPT, 'main.py': PYSCRIPT_MAIN,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

/** What each page does until its first output is there; runs in the page. @type {Record<string, () => Promise<number>>} */
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
    while (document.querySelector('#preferences')?.getAttribute('data-state') !== 'done') await new Promise(requestAnimationFrame);
    return performance.now();
  },
};

/** @param {import('@playwright/test').Page} page @param {string} url @param {string} name @returns {Promise<Visit>} */
async function visit(page, url, name) {
  /** @type {Promise<number>[]} */
  const sizes = [];
  /** @param {import('@playwright/test').Request} request */
  const count = (request) => sizes.push(request.sizes().then(({ responseBodySize }) => Math.max(0, responseBodySize), () => 0));
  page.on('requestfinished', count);
  await page.goto(url, { waitUntil: 'commit' });
  const ms = await page.evaluate(FIRST_OUTPUT[name === 'lab' ? 'lab' : 'plain']);
  page.off('requestfinished', count);
  const bytes = (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
  return { ms, bytes };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** @param {string} label @param {Visit[]} lab @param {Visit[]} other @param {string} name */
function report(label, lab, other, name) {
  const ratios = lab.map(({ ms }, i) => ms / other[i].ms);
  const middle = (/** @type {Visit[]} */ visits, /** @type {keyof Visit} */ key) => median(visits.map((visit) => visit[key]));
  console.log(`${label}: time to first output ${(middle(lab, 'ms') / middle(other, 'ms')).toFixed(2)} of ${name}'s `
    + `(pairs ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}); ${(middle(lab, 'bytes') / 1e6).toFixed(1)} MB against ${(middle(other, 'bytes') / 1e6).toFixed(1)} MB; `
    + `medians ${middle(lab, 'ms').toFixed(0)} and ${middle(other, 'ms').toFixed(0)} ms`);
}

await asProgram(import.meta.url, async () => {
  const { values: { rounds } } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  await ensureBuilt();
  const options = launchOptions(await chromiumPath());
  await withTemporaryFolder(CACHE, async (folder) => {
    await writePlainPages(folder);
    const servers = { lab: await serve(DIST, { port: 0 }), plain: await serve(folder, { port: 0 }) };
    /** @type {[name: string, url: string][]} */
    const pages = [['lab', servers.lab.url], ['PyScript', `${servers.plain.url}pyscript.html`], ['bare', `${servers.plain.url}bare.html`]];
    /** @type {Record<string, Visit[]>} */
    const found = Object.fromEntries(pages.flatMap(([name]) => [[`${name} cold`, []], [`${name} warm`, []]]));
    for (let round = 0; round < Number(rounds); round += 1) {
      for (const [name, url] of round % 2 ? pages : [...pages].reverse()) {
        // A profile on the disk: the cache of a window without one keeps no large files.
        await withTemporaryFolder(CACHE, async (profile) => {
          const context = await chromium.launchPersistentContext(profile, options);
          for (const when of ['cold', 'warm']) found[`${name} ${when}`].push(await visit(context.pages()[0], url, name));
          await context.close();
        });
      }
    }
    for (const when of ['cold', 'warm']) {
      report(when, found[`lab ${when}`], found[`PyScript ${when}`], 'plain PyScript + NumPy');
      report(when, found[`lab ${when}`], found[`bare ${when}`], 'bare Pyodide + NumPy');
    }
    await Promise.all(Object.values(servers).map(({ close }) => close()));
  });
});
