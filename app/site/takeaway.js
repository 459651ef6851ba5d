/**
 * What a reader takes along, for app/shared/export.js: the lesson's cells, the page's modules as text, and what the
 * page gives to a block.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, TOP } from '../tools/tools.js';
import { cite } from './cells.js';
import { pythonFiles } from './python-files.js';

/** @typedef {import('../shared/protocol.js').TakeAlong} TakeAlong */

const PY = join(TOP, 'py');

/** Modules by name, such as preflab.losses. The runner and the display are the page's own; chapters are cells. */
async function readModules() {
  /** @type {Record<string, string>} */
  const modules = {};
  // A package is made out of its modules: app/shared/export.js.
  const paths = (await pythonFiles()).filter((path) => !path.includes('__'));
  for (const path of paths) {
    const source = await readFile(join(PY, path), 'utf8');
    if (source.includes("'''")) throw new Failure(`py/${path}: write """ for ''', in which the downloads carry it`);
    modules[path.replace(/\.py$/, '').replaceAll('/', '.')] = source;
  }
  return modules;
}

/** The light colour of each role, from the style sheet. */
async function readColours() {
  const style = await readFile(join(TOP, 'app/style/theme.css'), 'utf8');
  const roles = Array.from(style.matchAll(/--role-([\w-]+): light-dark\((#\w{6}),/g), ([, role, colour]) => [
    role,
    colour,
  ]);
  return Object.fromEntries(roles);
}

/** @param {string} name */
const support = async (name) =>
  (await readFile(join(PY, 'takeaway', name), 'utf8')).replaceAll(/ +# noqa: \w+/g, '').trim();

/**
 * @param {import('./cells.js').Cell[]} cells
 * @param {Record<string, string>} figures that the prose cites
 * @returns {Promise<TakeAlong>}
 */
export async function takeAlong(cells, figures) {
  const [modules, colours, loader, jupyter, python] = await Promise.all([
    readModules(),
    readColours(),
    support('modules.py'),
    support('given_in_jupyter.py'),
    support('given_in_python.py'),
  ]);
  return {
    cells: cells.flatMap(({ kind, id, title, source, page }) =>
      kind === 'prose' || kind === 'block' || kind === 'solution'
        ? [{ kind, id, title, source: kind === 'prose' ? cite(source, figures) : source, page }]
        : [],
    ),
    modules,
    loader,
    given: { python, jupyter: jupyter.replace(/COLOURS = \{.*\}/, `COLOURS = ${JSON.stringify(colours, null, 4)}`) },
  };
}
