/** The Python that the pages carry, chapters apart. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TOP } from '../tools/tools.js';

/** What Python starts with. */
export const PACKAGES = ['runtime', 'preflab', 'lessons'];

/** What is fetched when it is first imported: each is one page's, and no other gets heavier by it. */
export const LATER = ['words', 'judging'];

/**
 * Paths below py/, such as runtime/explain/hints.py, in order.
 * @param {string[]} [packages]
 * @returns {Promise<string[]>}
 */
export async function pythonFiles(packages = [...PACKAGES, ...LATER]) {
  const found = await Promise.all(
    packages.map(async (folder) =>
      (await readdir(join(TOP, 'py', folder), { recursive: true })).map((name) =>
        join(folder, name).replaceAll('\\', '/'),
      ),
    ),
  );
  return found
    .flat()
    .filter((path) => /\/[a-z_]\w*\.py$/.test(path) && !path.includes('__pycache__'))
    .sort();
}
