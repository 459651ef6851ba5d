/**
 * The panel of variables: every name that Python holds, brought up to date after each run. It asks only while it is
 * open.
 */
import { element } from '../dom/element.js';
import { valuesTable } from './variables-table.js';

/** @typedef {import('../../shared/protocol.js').Row} Row */

/** A summary of many arrays takes a moment; a run that begins meanwhile is waited for by the next answer. */
const PATIENCE_MS = 3000;

/**
 * @param {object} parts
 * @param {HTMLElement} parts.button opens and closes it
 * @param {HTMLElement} parts.panel
 * @param {import('../lesson/lesson.js').Lesson} parts.lesson
 * @param {import('../kernel/kernel.js').Kernel} parts.kernel
 */
export function showVariables({ button, panel, lesson, kernel }) {
  const list = /** @type {HTMLElement} */ (panel.querySelector('.variables-list'));
  let asked = 0;
  /** The block that ran last. */
  let latest = '';

  /** @param {string} text */
  const say = (text) => list.replaceChildren(element('p', {}, text));

  async function update() {
    if (panel.hidden) return;
    const question = (asked += 1);
    /** @type {Row[] | undefined} */
    const rows = await kernel.ask({ kind: 'variables' }, PATIENCE_MS);
    if (question !== asked) return;
    if (rows?.length) list.replaceChildren(valuesTable(newestFirst(rows), (name) => lesson.writerOf(name)));
    else if (rows || kernel.status.state !== 'ready') say('None yet: run a block, and what it assigns stands here.');
    else if (!list.querySelector('table')) say('Python is busy: the list comes when the block has run.');
  }

  /** @param {Row[]} rows */
  const newestFirst = (rows) => {
    const isNew = (/** @type {Row} */ { name }) => lesson.writerOf(name) === latest;
    return [...rows.filter(isNew), ...rows.filter((row) => !isNew(row))];
  };

  /** @param {boolean} open */
  function show(open) {
    panel.hidden = !open;
    document.documentElement.toggleAttribute('data-variables', open);
    button.setAttribute('aria-expanded', String(open));
    if (open) update();
  }

  button.addEventListener('click', () => show(Boolean(panel.hidden)));
  panel.querySelector('button')?.addEventListener('click', () => {
    show(false);
    button.focus();
  });
  panel.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    show(false);
    button.focus();
  });
  lesson.on('end', ({ cell }) => {
    latest = cell.id;
    update();
  });
  kernel.addEventListener('status', update);
}
