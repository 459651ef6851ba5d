/** The code as it is now, as a file: of this page, or of all pages with the edits that this browser keeps of them. */
import { keptSource } from '../edits/saved-edit.js';
import { withAllNeeded } from '../lesson/graph.js';
import { fromRoot } from '../root.js';
import { site, store } from '../site.js';

/**
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {import('../../shared/protocol.js').TakeAlong} TakeAlong
 * @typedef {'page' | 'all'} What
 * @typedef {'py' | 'ipynb'} Kind
 * @typedef {{name: string, file: Blob, stops: string}} CodeFile stops: a sentence if Python will not read all of it
 */

const TYPES = { py: 'text/x-python', ipynb: 'application/x-ipynb+json' };

/**
 * The code of each block, by id.
 * @param {Lesson} lesson @param {What} what @param {TakeAlong} all @returns {Map<string, string>}
 */
function sourcesOf(lesson, what, all) {
  const here = lesson.shown.map(({ id, source }) => /** @type {const} */ ([id, source]));
  const elsewhere = all.cells
    .filter(({ kind, page }) => kind === 'block' && page !== site.page)
    .map(({ id, source }) => /** @type {const} */ ([id, keptSource(store, id, source)]));
  return new Map(what === 'all' ? [...elsewhere, ...here] : here);
}

/**
 * @param {Lesson} lesson
 * @param {What} what
 * @param {Kind} kind
 * @param {(source: string) => Promise<unknown>} names what Python finds in a source: null if it cannot read it
 * @returns {Promise<CodeFile>} rejects where a part of the site cannot be had
 */
export async function codeFile(lesson, what, kind, names) {
  const [{ notebookFile, onePage, pythonFile, saidOfUnreadable, unreadable }, all] = await Promise.all([
    import('../../shared/export.js'),
    readTakeAlong(),
  ]);
  const ids = lesson.shown.map(({ id }) => id);
  const published = what === 'page' ? onePage(all, site.page, withAllNeeded(lesson.cells, ids)) : all;
  const sources = sourcesOf(lesson, what, all);
  const unread = await unreadable(published, sources, names);
  const text = kind === 'py' ? pythonFile(published, sources, unread) : notebookFile(published, sources);
  const mine = published.cells.some(({ id, source }) => sources.has(id) && sources.get(id) !== source);
  const of = what === 'all' ? site.all : site.pages.find(({ path }) => path === site.page)?.file;
  return {
    name: `${of}-${mine ? 'mine' : 'as-published'}.${kind}`,
    file: new Blob([text], { type: TYPES[kind] }),
    stops: saidOfUnreadable(unread),
  };
}

/** @returns {Promise<TakeAlong>} */
async function readTakeAlong() {
  const answer = await fetch(fromRoot('lesson.json'));
  if (!answer.ok) throw new Error(`lesson.json: ${answer.status}`);
  return answer.json();
}
