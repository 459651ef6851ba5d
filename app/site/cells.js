/** Reads the lesson: percent-format Python files into cells. Knows neither HTML nor Python. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asProgram, TOP } from '../tools/tools.js';
import { PAGES } from './pages.js';

/**
 * @typedef {object} Cell
 * @property {'prose' | 'block' | 'solution' | 'evidence' | 'outside'} kind
 *   `evidence` runs when the page is built, so that its prose can cite figures; `outside` runs in plain Python only
 * @property {string} id the block's, or for a solution that of the block it answers; else ''
 * @property {string} title
 * @property {string} source Markdown or Python
 * @property {string} page the path of the page that shows it
 * @property {boolean} [folded] the code is shown when it is asked for
 */

const LESSONS = join(TOP, 'py/lessons/chapters');
const HEADER = /^# %%[ \t]*(.*)$/;
const ATTRIBUTE = /(\w+)="([^"]*)"/g;

/** @param {string} header what stands behind `# %%` @returns {Omit<Cell, 'source' | 'page'>} */
function describe(header) {
  const given = Object.fromEntries(Array.from(header.matchAll(ATTRIBUTE), ([, key, value]) => [key, value]));
  const title = header.replace(ATTRIBUTE, '').trim();
  if (title === '[markdown]') return { kind: 'prose', id: '', title: '' };
  if (given.only === 'python') return { kind: 'outside', id: '', title };
  if (given.only === 'build') return { kind: 'evidence', id: '', title };
  if (given.solution) return { kind: 'solution', id: given.solution, title };
  if (given.id) return { kind: 'block', id: given.id, title, ...(given.code === 'folded' && { folded: true }) };
  throw new Error(`A cell needs [markdown], id="...", solution="..." or only="...": # %% ${header}`);
}

/** @param {string} line of a Markdown cell */
const uncomment = (line) => line.replace(/^# ?/, '');

/** @param {string} text a percent-format file @param {string} [page] @returns {Cell[]} */
export function parseCells(text, page = '') {
  /** @type {{about: ReturnType<typeof describe>, lines: string[]}[]} */
  const cells = [];
  for (const line of text.split('\n')) {
    const header = line.match(HEADER);
    if (header) cells.push({ about: describe(header[1]), lines: [] });
    else if (cells.length) cells[cells.length - 1].lines.push(line);
    else if (line.trim()) throw new Error(`Text before the first cell: ${line}`);
  }
  return cells.map(({ about, lines }) => ({
    ...about,
    source: (about.kind === 'prose' ? lines.map(uncomment) : lines).join('\n').trim(),
    page,
  }));
}

/** @returns {Promise<Cell[]>} the cells of all chapters, in the order of the pages */
export async function readLesson(folder = LESSONS) {
  const chapters = PAGES.flatMap(({ path, chapters }) => chapters.map((name) => ({ name: `${name}.py`, path })));
  const lost = (await readdir(folder)).filter(
    (file) => /^\d/.test(file) && !chapters.some(({ name }) => name === file),
  );
  if (lost.length) throw new Error(`No page in app/site/pages.js shows ${lost.join(', ')}.`);
  const texts = await Promise.all(chapters.map(({ name }) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text, index) => parseCells(text, chapters[index].path));
}

const FIGURE = /\{\{(.+?)\}\}/gs;

/** The Python expressions whose values a Markdown cell cites as `{{ expression:format }}`. @param {string} markdown */
export const citations = (markdown) => Array.from(markdown.matchAll(FIGURE), ([, expression]) => expression.trim());

/** @param {string} markdown @param {Record<string, string>} values */
export const cite = (markdown, values) => markdown.replace(FIGURE, (_, expression) => values[expression.trim()]);

// The tests in Python read the cells by this parser, too.
await asProgram(import.meta.url, async () => console.log(JSON.stringify(await readLesson())));
