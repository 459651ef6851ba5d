/** The formatter breaks code, not comments and not strings. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TOP } from '../../app/tools/tools.js';

const LONGEST = 120;

/** @param {string} folder @returns {Promise<string[]>} paths from the top */
const filesIn = async (folder) =>
  (await readdir(join(TOP, folder), { recursive: true })).map((name) => join(folder, name));

test(`no line is longer than ${LONGEST} characters`, async () => {
  const files = ['index.html', ...(await Promise.all(['app', 'tests', 'py'].map(filesIn))).flat()];
  const ours = files.filter((path) => /\.(js|d\.ts|css|html|py)$/.test(path));
  assert(ours.length > 150);
  const long = await Promise.all(
    ours.map(async (path) => {
      const lines = (await readFile(join(TOP, path), 'utf8')).split('\n');
      // Where Ruff is told so, a table has an entry a line.
      if (/noqa: E501/.test(lines[0])) return [];
      return lines.flatMap((line, index) =>
        line.length > LONGEST && !/^# \|/.test(line) ? `${path}:${index + 1}` : [],
      );
    }),
  );
  assert.deepEqual(long.flat(), []);
});
