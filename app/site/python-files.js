/** The Python that the page carries: py/runtime, py/preflab and py/lessons, chapters apart. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TOP } from '../tools/tools.js';

export const PACKAGES = ['runtime', 'preflab', 'lessons'];

/** Paths below py/, such as runtime/explain/hints.py, in order. @returns {Promise<string[]>} */
export async function pythonFiles() {
  const found = await Promise.all(
    PACKAGES.map(async (folder) =>
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
