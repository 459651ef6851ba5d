/** The panel "Take along": a link with the edits, the code as files, and all blocks back to their originals. */

import { escapeHtml } from '../../output/html.js';
import { element } from '../dom/element.js';
import { late, NOT_LOADED } from '../dom/late.js';
import { button } from '../dom/notice.js';
import { CAREFUL, encodeEdits, ShareError } from '../edits/share-link.js';
import { hash } from '../lesson/graph.js';
import { fromRoot } from '../root.js';
import { copyText, saveFile, selectable } from './clipboard.js';
import { codeFile } from './code-files.js';

/**
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {import('../lesson/cell.js').Cell} Cell
 */

const graduatePart = late(() => import('./graduate.js'));

const NO_FILE = `The file could not be made: a part of the page ${NOT_LOADED}`;

/** @param {number} blocks */
const count = (blocks) => `${blocks} ${blocks === 1 ? 'block' : 'blocks'}`;

/** The line of HTML that shows a block in another page. @param {string} address @param {string} title */
const frameOf = (address, title) =>
  `<iframe src="${escapeHtml(address)}" title="${escapeHtml(title)}" loading="lazy" ` +
  'allow="clipboard-write" style="width: 100%; height: 40rem; border: 0"></iframe>';

const SAVED = { py: 'a Python file that needs NumPy', ipynb: 'a notebook that needs NumPy and Plotly' };

/**
 * @param {HTMLElement} panel
 * @param {Lesson} lesson
 * @param {(source: string) => Promise<unknown>} names what Python finds in a source: null if it cannot read it
 * @param {Cell} [graduate] asks Python for what the graduate's zip holds, where the page has that
 */
export function connectPanel(panel, lesson, names, graduate) {
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

  /** @param {import('./code-files.js').What} what @param {import('./code-files.js').Kind} kind */
  async function download(what, kind) {
    try {
      const { name, file, stops } = await codeFile(lesson, what, kind, names);
      const save = () => {
        saveFile(name, file);
        say(`Saved: ${SAVED[kind]}.`);
      };
      if (stops) say(stops, ' ', button('Save it all the same', save));
      else save();
    } catch {
      say(NO_FILE);
    }
  }

  /** @param {Cell} cell */
  async function saveGraduate(cell) {
    say('Python makes the pairs …');
    try {
      const part = await graduatePart();
      if (!part) throw new Error(NO_FILE);
      const { name, file } = await part.graduateFile(lesson, cell);
      saveFile(name, file);
      say(`Saved: ${name}. Its README says how to run it.`);
    } catch (error) {
      say(/** @type {Error} */ (error).message);
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

  const choice = /** @type {HTMLSelectElement} */ (part('embed-block'));
  choice.append(...lesson.shown.map(({ id, title }) => element('option', { value: id }, title)));

  async function embed() {
    const { value: id, selectedOptions } = choice;
    const line = frameOf(fromRoot(`embed/?block=${id}`), selectedOptions[0]?.text ?? '');
    if (await copyText(line)) say('Copied: a line that shows the block in a page of yours. README says what it needs.');
    else say('The line that shows the block in a page of yours:', selectable(line, 'HTML'));
  }

  part('embed').addEventListener('click', embed);
  part('share').addEventListener('click', share);
  for (const what of /** @type {const} */ (['page', 'all']))
    for (const kind of /** @type {const} */ (['py', 'ipynb']))
      panel.querySelector(`[data-save="${what}.${kind}"]`)?.addEventListener('click', () => download(what, kind));
  if (graduate) {
    part('graduate').hidden = false;
    panel.querySelector('[data-save="graduate"]')?.addEventListener('click', () => saveGraduate(graduate));
  }
  part('reset').addEventListener('click', askReset);
  panel.addEventListener('toggle', showEdited);
  lesson.on('source', showEdited);
  showEdited();
}
