/** Defines the elements, makes one kernel and connects the page's own buttons. Renders nothing. */
import './style/page.css';
import { PyBlock } from './block.js';
import { redrawCharts } from './chart.js';
import { followLesson } from './contents.js';
import { whenIdle } from './idle.js';
import { Kernel } from './kernel.js';
import { PyLesson } from './lesson.js';
import { spawn } from './pyscript.js';
import { switchTheme } from './theme.js';

customElements.define('py-block', PyBlock);
customElements.define('py-lesson', PyLesson);

/** @param {string} selector */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const lesson = /** @type {PyLesson} */ (find('py-lesson'));
const runAll = /** @type {HTMLButtonElement} */ (find('#run-all'));
const stop = /** @type {HTMLButtonElement} */ (find('#stop'));
const retry = /** @type {HTMLButtonElement} */ (find('#retry'));
const status = find('#status');

const kernel = new Kernel(spawn);

function showStatus() {
  const { state, text } = kernel.status;
  document.documentElement.dataset.python = state;
  retry.hidden = state !== 'failed';
  if (state === 'failed') status.textContent = `Python could not start: ${text}`;
  else if (state === 'ready' && lesson.progressText) status.textContent = `Running: ${lesson.progressText}`;
  else status.textContent = state === 'ready' ? text : `${text} …`;
}

/** How long a start may stand still before the reader is told. */
const SLOW_MS = 30_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let slow;

kernel.addEventListener('status', () => {
  showStatus();
  clearTimeout(slow);
  if (kernel.status.state !== 'booting') return;
  slow = setTimeout(() => {
    status.textContent = `${kernel.status.text} takes long: the network is slow, or was cut.`;
    retry.hidden = false;
  }, SLOW_MS);
});
lesson.addEventListener('lesson-change', () => {
  stop.disabled = !lesson.working;
  showStatus();
});
runAll.addEventListener('click', () => lesson.runAll());
stop.addEventListener('click', () => lesson.stop());
retry.addEventListener('click', () => kernel.start());
lesson.addEventListener('block-unsaved', () => { find('#storage').hidden = false; });

followLesson(find('#contents'), lesson);
switchTheme(find('#theme'), redrawCharts);
kernel.start();
lesson.start(kernel);
runAll.disabled = false;

const blocks = /** @type {PyBlock[]} */ ([...document.querySelectorAll('py-block')]);

/** Editors come one at a time, when the page has nothing better to do. @param {number} index */
function mountFrom(index) {
  if (index < blocks.length) whenIdle(() => blocks[index].mountEditor().then(() => mountFrom(index + 1)));
}
mountFrom(0);
for (const block of blocks) if (block.hasCharts) block.showRecordedCharts();
