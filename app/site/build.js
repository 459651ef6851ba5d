/** The site in dist/, built again only when something that goes into it has changed. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, TOP, writeWhole } from '../tools/tools.js';
import { compressFolder } from './compress.js';
import { writeServiceWorker } from './precache.js';
import { ensureRecorded, knownRecording } from './record.js';
import { ensureRuntime } from './runtime.js';

export const DIST = join(TOP, 'dist');

/** In dist/, so that whatever empties dist/ also takes the stamps away. The server hides names with a dot. */
const STAMP = join(DIST, '.inputs');
const COMPRESSED = join(DIST, '.compressed');

const INPUTS = { files: ['index.html', 'package-lock.json'], folders: ['app', 'py', 'static'] };

/** What tools leave in those folders, and the runtime files, which package-lock.json pins. */
const NOT_INPUTS = /(^|[\\/])(__pycache__|\.\w+_cache|[^\\/]+\.egg-info)([\\/]|$)|^static[\\/]runtime[\\/]/;

/** @param {string} folder @returns {Promise<string[]>} paths from the top */
async function filesUnder(folder) {
  const entries = await readdir(join(TOP, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(TOP.length));
}

/** A hash of all that goes into the site. */
async function inputs() {
  const found = await Promise.all(INPUTS.folders.map(filesUnder));
  const hash = createHash('sha256');
  for (const path of [...INPUTS.files, ...found.flat()].filter((path) => !NOT_INPUTS.test(path)).sort()) {
    hash
      .update(path)
      .update('\0')
      .update(await readFile(join(TOP, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * Fetches, records and builds what is not there yet.
 * @param {{compress?: boolean}} [options] compress: for hosts; this machine's own server needs no small files
 */
export async function ensureBuilt({ compress = true } = {}) {
  await ensureRuntime();
  const isBuilt = Boolean(await knownRecording()) && String(await readIfThere(STAMP)) === (await inputs());
  if (!isBuilt) await buildSite();
  if (!compress || (await readIfThere(COMPRESSED))) return;
  console.log('Compressing the page for hosts ...');
  await compressFolder(DIST);
  await writeWhole(COMPRESSED, '');
}

async function buildSite() {
  console.log('Building the page ...');
  try {
    // Another process records, while this one makes what does not depend on it.
    ensureRecorded().catch(() => {});
    // Imported only now: a site that is built already is served without them.
    const [{ build }, { default: config }] = await Promise.all([import('vite'), import('./vite.config.js')]);
    // As an object: a configuration that Vite loads has modules of its own, and would record a second time.
    await build({ ...config, configFile: false, logLevel: 'warn' });
    await writeServiceWorker(DIST);
  } catch (error) {
    await rm(DIST, { recursive: true, force: true });
    throw error;
  }
  await writeWhole(STAMP, await inputs());
}
