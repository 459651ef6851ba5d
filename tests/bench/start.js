/**
 * `npm run bench:start`: how long a first output takes, and how many bytes, beside a bare page that only loads
 * Pyodide in a worker and imports NumPy. Both in one run, in turns, on a fresh profile each; ratios of medians.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { ensureBuilt, DIST } from '../../app/build/build.js';
import { RUNTIME } from '../../app/build/runtime.js';
import { serve } from '../../app/build/serve.js';
import { asProgram, CACHE, withTemporaryFolder } from '../../app/build/tools.js';
import { chromiumPath, launchOptions } from '../browsers.js';

/** @typedef {{ms: number, bytes: number}} Visit */

const BARE = `<!doctype html><title>bare</title><p id="out"></p><script type="module">
new Worker('worker.js', { type: 'module' }).onmessage = ({ data }) => { document.querySelector('#out').textContent = data; };
</script>`;

const BARE_WORKER = `import { loadPyodide } from './${RUNTIME.pyodideDir}/pyodide.mjs';
const python = await loadPyodide({ packages: ['numpy'] });
postMessage(python.runPython('import numpy; numpy.__version__'));
`;

/** What each page does until its first output is there; runs in the page. @type {Record<string, () => Promise<number>>} */
const FIRST_OUTPUT = {
  bare: async () => {
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
  const ms = await page.evaluate(FIRST_OUTPUT[name]);
  page.off('requestfinished', count);
  const bytes = (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
  return { ms, bytes };
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** @param {string} label @param {Visit[]} lab @param {Visit[]} bare */
function report(label, lab, bare) {
  const ratios = lab.map(({ ms }, i) => ms / bare[i].ms);
  const megabytes = (/** @type {Visit[]} */ visits) => median(visits.map(({ bytes }) => bytes)) / 1e6;
  console.log(`${label}: time to first output ${(median(lab.map(({ ms }) => ms)) / median(bare.map(({ ms }) => ms))).toFixed(2)} of the bare page's `
    + `(pairs ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}); ${megabytes(lab).toFixed(1)} MB against ${megabytes(bare).toFixed(1)} MB; `
    + `medians ${median(lab.map(({ ms }) => ms)).toFixed(0)} and ${median(bare.map(({ ms }) => ms)).toFixed(0)} ms`);
}

await asProgram(import.meta.url, async () => {
  const { values: { rounds } } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  await ensureBuilt();
  const browser = await chromium.launch(launchOptions(await chromiumPath()));
  await withTemporaryFolder(CACHE, async (folder) => {
    await mkdir(join(folder, 'bare'));
    await writeFile(join(folder, 'bare/index.html'), BARE);
    await writeFile(join(folder, 'bare/worker.js'), BARE_WORKER);
    await symlink(join(DIST, 'runtime'), join(folder, 'bare/runtime'));
    /** @type {Record<string, Awaited<ReturnType<typeof serve>>>} */
    const servers = { lab: await serve(DIST, { port: 0 }), bare: await serve(join(folder, 'bare'), { port: 0 }) };
    /** @type {Record<string, Visit[]>} */
    const found = { 'lab cold': [], 'bare cold': [], 'lab warm': [], 'bare warm': [] };
    for (let round = 0; round < Number(rounds); round += 1) {
      for (const name of round % 2 ? ['lab', 'bare'] : ['bare', 'lab']) {
        const context = await browser.newContext();
        const page = await context.newPage();
        for (const when of ['cold', 'warm']) found[`${name} ${when}`].push(await visit(page, servers[name].url, name));
        await context.close();
      }
    }
    for (const when of ['cold', 'warm']) report(when, found[`lab ${when}`], found[`bare ${when}`]);
    await Promise.all(Object.values(servers).map(({ close }) => close()));
  });
  await browser.close();
});
