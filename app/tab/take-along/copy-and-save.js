/**
 * Copies a block's code or output, and saves a chart as a picture or as its data. One listener for the whole lesson.
 */
import { chartPicture, figureOf } from '../../output/chart.js';
import { figureCsv } from '../../output/csv.js';
import { linesOf } from '../../output/kinds/choices.js';
import { copyText, saveFile, selectable } from './clipboard.js';

/** @typedef {import('../block/py-block.js').PyBlock} PyBlock */

/** @param {HTMLElement} lesson @param {HTMLElement} said tells screen readers what was done */
export function connectPieces(lesson, said) {
  lesson.addEventListener('click', ({ target }) => {
    const pressed = target instanceof Element ? target.closest('button') : null;
    if (pressed?.dataset.copy) copyPiece(pressed, said);
    if (pressed?.dataset.save) savePiece(pressed, said);
  });
  // A menu closes when the focus leaves it, or on Escape.
  lesson.addEventListener('focusout', ({ target, relatedTarget }) => {
    const menu = target instanceof Element ? target.closest('details.copy') : null;
    if (menu && !(relatedTarget instanceof Node && menu.contains(relatedTarget))) menu.removeAttribute('open');
  });
  lesson.addEventListener('keydown', ({ key, target }) => {
    const menu = target instanceof Element ? target.closest('details.copy') : null;
    if (key !== 'Escape' || !menu) return;
    menu.removeAttribute('open');
    menu.querySelector('summary')?.focus();
  });
}

/** @param {HTMLButtonElement} pressed @param {HTMLElement} said */
async function copyPiece(pressed, said) {
  const block = /** @type {PyBlock} */ (pressed.closest('py-block'));
  const menu = /** @type {HTMLDetailsElement} */ (pressed.closest('details'));
  const summary = /** @type {HTMLElement} */ (menu.querySelector('summary'));
  const what = pressed.dataset.copy === 'code' ? 'Code' : 'Output';
  const text = pressed.dataset.copy === 'code' ? block.source : block.outputText;
  const copied = await copyText(text);
  if (!copied) block.querySelector('.messages')?.append(selectable(text, `${what}: ${block.cell.title}`));
  else summary.focus();
  menu.open = false;
  said.textContent = copied ? `${what} copied: ${block.cell.title}` : '';
  if (!copied) return;
  summary.textContent = 'Copied';
  setTimeout(() => {
    summary.textContent = 'Copy';
  }, 1500);
}

/** @param {HTMLButtonElement} pressed @param {HTMLElement} said */
async function savePiece(pressed, said) {
  const figure = /** @type {HTMLElement} */ (pressed.closest('figure'));
  if (pressed.dataset.save === 'jsonl') {
    const name = `${figure.closest('section')?.id}.jsonl`;
    saveFile(name, linesOf(figure));
    said.textContent = `Saved: ${name}`;
    return;
  }
  const plot = /** @type {HTMLElement} */ (figure.querySelector('.plot'));
  const format = /** @type {'svg' | 'png' | 'csv'} */ (pressed.dataset.save);
  const shown = figureOf(plot);
  const name = `${figure.closest('section')?.id}-${(shown?.layout.meta?.title ?? 'chart')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')}.${format}`;
  const content =
    shown && (format === 'csv' ? new Blob([figureCsv(shown)], { type: 'text/csv' }) : await chartPicture(plot, format));
  if (content) saveFile(name, content);
  said.textContent = content ? `Saved: ${name}` : 'The chart is not loaded yet. Try again.';
  if (!content) pressed.title = said.textContent;
}
