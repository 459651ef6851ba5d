/** The panel "Take along": a link with the edits, the code as files, and all blocks back to their originals. */

import { button } from '../dom/notice.js';
import { keptSource } from '../edits/saved-edit.js';
import { CAREFUL, encodeEdits, ShareError } from '../edits/share-link.js';
import { hash, withAllNeeded } from '../lesson/graph.js';
import { fromRoot } from '../root.js';
import { site, store } from '../site.js';
import { copyText, saveFile, selectable } from './clipboard.js';

/**
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {import('../lesson/cell.js').Cell} Cell
 * @typedef {import('../../shared/protocol.js').TakeAlong} TakeAlong
 */

/** @param {number} blocks */
const count = (blocks) => `${blocks} ${blocks === 1 ? 'block' : 'blocks'}`;

const thisPage = /** @type {import('../../shared/protocol.js').Site['pages'][number]} */ (
  site.pages.find(({ path }) => path === site.page)
);

/**
 * @param {HTMLElement} panel
 * @param {Lesson} lesson
 * @param {(source: string) => Promise<unknown>} names what Python finds in a source: null if it cannot read it
 */
export function connectPanel(panel, lesson, names) {
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (panel.querySelector(`[data-part="${name}"]`));
  const said = part('said');
  const say = (/** @type {(string | Node)[]} */ ...what) => said.replaceChildren(...what);
  const edited = () => lesson.shown.filter((cell) => cell.edited);
  /** @type {{cell: Cell, source: string}[]} */
  let undo = [];

  const showEdited = () => {
    const number = edited().length;
    part('edited').textContent = number
      ? `You have edited ${count(number)} of this page.`
      : 'No block of this page is edited.';
    /** @type {HTMLButtonElement} */ (part('reset')).disabled = number === 0;
  };

  async function share() {
    try {
      const fragment = await encodeEdits(
        edited().map(({ id, original, source }) => ({ block: id, original: hash(original), source })),
      );
      const link = location.origin + location.pathname + fragment;
      const what = fragment
        ? `the edits of ${count(edited().length)}, in ${link.length.toLocaleString('en')} characters`
        : 'this page as it was published';
      const careful =
        link.length > CAREFUL ? ' Some mail and chat programs cut links of that length; a file is safer.' : '';
      if (await copyText(link)) say(`Copied: a link to ${what}.${careful}`);
      else say(`A link to ${what}.${careful}`, selectable(link, 'Link'));
    } catch (error) {
      say(
        error instanceof ShareError ? error.message : 'This browser cannot make such a link. Download a file instead.',
      );
    }
  }

  const sourcesHere = () => new Map(lesson.shown.map(({ id, source }) => [id, source]));
  /** As the reader has left them there. */
  const sourcesElsewhere = () =>
    site.cells.map(({ id, source }) => /** @type {const} */ ([id, keptSource(store, id, source)]));
  const neededHere = () =>
    withAllNeeded(
      lesson.cells,
      lesson.shown.map(({ id }) => id),
    );

  /** @param {'page' | 'all'} what @param {'py' | 'ipynb'} kind */
  async function download(what, kind) {
    try {
      const [{ notebookFile, onePage, pythonFile, saidOfUnreadable, unreadable }, all] = await Promise.all([
        import('../../shared/export.js'),
        readTakeAlong(),
      ]);
      const published = what === 'page' ? onePage(all, site.page, neededHere()) : all;
      const sources = what === 'page' ? sourcesHere() : new Map([...sourcesElsewhere(), ...sourcesHere()]);
      const text = kind === 'py' ? pythonFile(published, sources) : notebookFile(published, sources);
      const mine = published.cells.some(({ id, source }) => sources.has(id) && sources.get(id) !== source);
      const name = `${what === 'page' ? thisPage.file : 'rlhf-and-dpo'}-${mine ? 'mine' : 'as-published'}.${kind}`;
      const file = new Blob([text], { type: kind === 'py' ? 'text/x-python' : 'application/x-ipynb+json' });
      const save = () => {
        saveFile(name, file);
        say(
          kind === 'py' ? 'Saved: a Python file that needs NumPy.' : 'Saved: a notebook that needs NumPy and Plotly.',
        );
      };
      const stops = saidOfUnreadable(await unreadable(published, sources, names));
      if (stops) say(stops, ' ', button('Save it all the same', save));
      else save();
    } catch {
      say('The file could not be made: a part of the page did not load. Is the network there? Try again.');
    }
  }

  function askReset() {
    const some = edited();
    const question = `Put ${count(some.length)} back to the original?`;
    say(
      question,
      ' ',
      button('Reset them', () => {
        undo = some.map((cell) => ({ cell, source: cell.source }));
        for (const cell of some) lesson.reset(cell);
        say(
          `${count(undo.length)} back to the original. Until you leave the page: `,
          button('Undo', () => {
            for (const { cell, source } of undo) lesson.edit(cell, source);
            say('Your edits are back.');
          }),
        );
        said.querySelector('button')?.focus();
      }),
      ' ',
      button('Keep them', () => say()),
    );
    said.querySelector('button')?.focus();
  }

  part('share').addEventListener('click', share);
  for (const what of /** @type {const} */ (['page', 'all']))
    for (const kind of /** @type {const} */ (['py', 'ipynb']))
      panel.querySelector(`[data-save="${what}.${kind}"]`)?.addEventListener('click', () => download(what, kind));
  part('reset').addEventListener('click', askReset);
  panel.addEventListener('toggle', showEdited);
  lesson.on('source', showEdited);
  showEdited();
}

/** @returns {Promise<TakeAlong>} */
async function readTakeAlong() {
  const answer = await fetch(fromRoot('lesson.json'));
  if (!answer.ok) throw new Error(`lesson.json: ${answer.status}`);
  return answer.json();
}
