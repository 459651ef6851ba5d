/** Writes the service worker, which knows every file of the page by name and contents. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { build } from 'vite';
import { sha256, TOP, writeWhole } from '../tools/tools.js';

/** Its name stays the same for ever: browsers ask for it to learn of a new version. */
export const SERVICE_WORKER = 'sw.js';

/**
 * Other shapes of fonts that are there, what a server may hand out in place of a file, and what the pages do not show:
 * whose frame shows a block has a network.
 */
const NOT_KEPT = /\.(br|gz|ttf|woff)$|^(screenshot\.png|sw\.js|\..*|runtime\/.*\/made\.json)$|^embed\//;

/** Files whose address changes when they do need no revision: the browser's own cache may have them already. */
const FOR_EVER = /^(assets|runtime)\//;

/** @param {string} folder @returns {Promise<{url: string, revision: string | null}[]>} as Workbox has it */
export async function filesToKeep(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const urls = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  return Promise.all(
    urls
      .filter((url) => !NOT_KEPT.test(url))
      .sort()
      .map(async (url) => ({
        url,
        revision: FOR_EVER.test(url) ? null : sha256(await readFile(join(folder, url))).slice(0, 16),
      })),
  );
}

/** Last of all, when all other files are there. @param {string} folder */
export async function writeServiceWorker(folder) {
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
      define: { __FILES__: JSON.stringify(await filesToKeep(folder)), 'process.env.NODE_ENV': '"production"' },
      build: {
        lib: { entry: join(TOP, 'app/service-worker/service-worker.js'), formats: ['iife'], name: 'worker' },
        write: false,
        target: 'es2022',
        minify: true,
      },
    })
  );
  await writeWhole(join(folder, SERVICE_WORKER), code);
}
