/** Beside each file that is worth it, what it is compressed: .br and .gz, for servers that hand out such files. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { readIfThere, sha256, TOP, writeWhole } from '../tools/tools.js';

const COMPRESSIBLE = new Set([
  '.css',
  '.html',
  '.ipynb',
  '.js',
  '.json',
  '.mjs',
  '.pack',
  '.py',
  '.svg',
  '.wasm',
  '.webmanifest',
  '.zip',
]);
const SMALLEST = 1024;

/**
 * Brotli's, up to 11: what every first visit waits for is worth half a minute once, all else is not.
 * @param {string} path
 */
const qualityOf = (path) => (path.endsWith('.wasm') ? 11 : /\bsnapshot-[\w-]+\.pack$/.test(path) ? 10 : 9);

/** By hash of the contents: of 50 MB nearly all is the same the next time. */
const KEPT = join(TOP, 'node_modules/.cache/compressed');

/** @type {Record<string, (bytes: Uint8Array, quality: number) => Promise<Buffer>>} */
const WAYS = {
  gz: (bytes) => promisify(gzip)(bytes, { level: 9 }),
  br: (bytes, quality) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: quality,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
};

/** @param {string} path @param {string} kept @returns {Promise<string>} the hash */
async function compressFile(path, kept) {
  const bytes = await readFile(path);
  const hash = sha256(bytes);
  const quality = qualityOf(path);
  await Promise.all(
    Object.entries(WAYS).map(async ([ending, compress]) => {
      const place = join(kept, `${hash}-${quality}.${ending}`);
      const known = await readIfThere(place);
      const made = known ?? (await compress(bytes, quality));
      // Two files may hold the same, and one will do.
      if (!known) await writeWhole(place, made).catch(() => {});
      if (made.length < bytes.length) await writeWhole(`${path}.${ending}`, made);
    }),
  );
  return hash;
}

/** @param {string} folder @param {{kept?: string}} [places] */
export async function compressFolder(folder, { kept = KEPT } = {}) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && COMPRESSIBLE.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  const sized = await Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })));
  // The largest first: they take longest, and two are compressed at a time.
  const worth = sized.filter(({ size }) => size >= SMALLEST).sort((a, b) => b.size - a.size);
  /** @type {Set<string>} */
  const used = new Set();
  const next = async () => {
    for (let file = worth.shift(); file; file = worth.shift()) used.add(await compressFile(file.path, kept));
  };
  await Promise.all([next(), next()]);
  for (const name of await readdir(kept))
    if (!used.has(name.split('-')[0])) await rm(join(kept, name), { force: true });
}
