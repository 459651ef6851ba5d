/**
 * A block and its exercise as the reader gets them before any script runs. app/tab/block and app/tab/exercise bring
 * them to life.
 */
import { readControls } from '../controls/controls.js';
import { controlsHtml } from '../controls/controls-html.js';
import { escapeHtml } from '../output/html.js';
import { figureHtml } from '../output/kinds.js';
import { isText, textOf } from '../output/output-items.js';
import { claimsHtml } from './claims.js';
import { blockHeight, tall } from './height.js';
import { highlight } from './markdown.js';

/**
 * @typedef {import('./cells.js').Cell} Cell
 * @typedef {import('./record.js').Recording} Recording
 * @typedef {import('../output/output-items.js').Item} Item
 * @typedef {{hints: string[], needs: string[], answer: Cell}} Exercise hints in HTML; needs: names that its checks take
 *   from earlier blocks; answer: the worked one
 */

/** @param {string} label @param {string} html */
const listing = (label, html) => `<pre class="listing" translate="no" tabindex="0" aria-label="${label}">${html}</pre>`;

/**
 * @param {Cell} answer
 * @param {Recording} recording
 * @param {string} [between] HTML between the code and what it prints
 */
const workedAnswer = ({ id, source }, { solutions }, between = '') =>
  `${listing('A worked answer', `<code>${highlight(source)}</code>`)}${between}
<p>It prints:</p>${listing('What it prints', escapeHtml(textOf(solutions[id])))}`;

/** A worked answer that no Check goes with. @param {Cell} answer @param {Recording} recording */
export const solutionHtml = (answer, recording) =>
  `<details class="check solution"><summary><span class="box-kind">Solution</span> Show a worked answer</summary>
${workedAnswer(answer, recording)}</details>`;

const COMPARE = `
<div class="answer-actions"><button type="button" class="compare" aria-expanded="false">Compare with mine</button>
<button type="button" class="use">Use it</button></div>
<div class="comparison" role="region" aria-label="Your code beside the worked answer" tabindex="0" hidden></div>`;

/** @param {string} hint HTML @param {number} index */
const hintHtml = (hint, index) => `<details class="hint"><summary>Hint ${index + 1}</summary><p>${hint}</p></details>`;

/** @param {Exercise} exercise @param {Recording} recording */
const exerciseHtml = ({ hints, needs, answer }, recording) => `
<py-exercise class="help" data-needs="${escapeHtml(JSON.stringify(needs))}">${hints.map(hintHtml).join('')}
<details class="answer"><summary>Worked answer</summary>
${workedAnswer(answer, recording, COMPARE)}</details></py-exercise>`;

/** @param {Item[]} items of one block @param {string} id @param {string} title */
function recordedOutput(items, id, title) {
  const figures = items.flatMap((item) => (isText(item) ? [] : [figureHtml(item, id)]));
  const text = textOf(items);
  return (
    `<div class="output" translate="no" role="log" aria-label="Output: ${escapeHtml(title)}" tabindex="0">` +
    `${text ? `<pre class="stdout">${escapeHtml(text)}</pre>` : ''}</div><div class="charts">${figures.join('')}</div>`
  );
}

const COPY_MENU =
  '<span class="menu"><button type="button" data-copy="code">Code</button>' +
  '<button type="button" data-copy="output">Output</button></span>';

/** @param {string} about */
const showCode = (about) =>
  `<button type="button" class="show-code" ${about} aria-expanded="false" disabled>Show code</button>`;

/**
 * Every button says whose it is.
 * @param {string} id
 * @param {boolean} checked whether there is an exercise
 * @param {boolean} folded
 */
function actions(id, checked, folded) {
  const about = `aria-describedby="${id}-title"`;
  return (
    `<span class="actions"><details class="copy"><summary ${about}>Copy</summary>${COPY_MENU}</details>` +
    `<button type="button" class="reset" ${about} hidden>Reset</button>` +
    `${folded ? showCode(about) : ''}` +
    `<button type="button" class="run" ${about} disabled>Run</button>` +
    `${checked ? `<button type="button" class="check-answer" ${about} disabled>Check</button>` : ''}</span>`
  );
}

/** An exercise's buttons are a line more. */
const EXERCISE_REM = 4;
const CLAIMS_REM = 2;

/** @param {string} source @param {string} id @param {string} name */
function controlsOf(source, id, name) {
  const controls = readControls(source);
  if (!controls.length) return '';
  const inputs = controlsHtml(controls, id, { disabled: true });
  return `<div class="controls" role="group" aria-label="Controls: ${name}">${inputs}</div>\n`;
}

/** @param {Cell} cell @param {Recording} recording @param {Exercise} [exercise] */
export function blockHtml({ id, title, source, folded = false }, recording, exercise) {
  const name = escapeHtml(title);
  // A chapter that is being written has blocks of which nothing is recorded.
  const items = recording.items[id] ?? [];
  const names = escapeHtml(JSON.stringify(recording.names[id] ?? null));
  const listed = `<pre tabindex="0" aria-label="Code: ${name}"><code>${highlight(source)}</code></pre>`;
  const code = `<div class="code" translate="no">${listed}</div>`;
  const claims = claimsHtml(id, recording.claims?.[id]);
  const height = blockHeight(folded ? '' : source, items) + (exercise ? EXERCISE_REM : 0) + (claims ? CLAIMS_REM : 0);
  return `<py-block ${tall(height)}><section class="block" id="${id}" role="group" aria-labelledby="${id}-title"
  data-state="recorded" data-names="${names}">
<div class="block-head"><span class="block-title" id="${id}-title">${name}</span>
<span class="block-state">recorded</span>
${exercise ? '<span class="passed" hidden>passed</span>' : ''}${actions(id, Boolean(exercise), folded)}</div>
${controlsOf(source, id, name)}${folded ? `<details class="fold"><summary>Show code</summary>${code}</details>` : code}
<progress class="progress" aria-label="Progress: ${name}" max="1" value="0"></progress>
<div class="messages"></div>
${recordedOutput(items, id, title)}${exercise ? exerciseHtml(exercise, recording) : ''}${claims}
</section></py-block>`;
}
