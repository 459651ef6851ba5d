/** Defines the elements and connects them, the kernel and the page's own buttons. Renders nothing. */
import '../style/page.css';
import { redrawCharts } from '../output/chart.js';
import { connectDataTables } from '../output/data-table.js';
import { furnish } from './block/lazy-mount.js';
import { PyBlock } from './block/py-block.js';
import { showLesson } from './block/show-lesson.js';
import { whenIdle } from './dom/idle.js';
import { late, NOT_LOADED } from './dom/late.js';
import { notice } from './dom/notice.js';
import { createAssistant } from './editor/completion-answers.js';
import { keepEdits, restoreEdits } from './edits/autosave.js';
import { receiveLinks } from './edits/share-banner.js';
import { bringBlock, embedded, talkToHost } from './embed/embed.js';
import { PyExercise } from './exercise/py-exercise.js';
import { GuessFirst } from './guess/guess-first.js';
import { isPyScriptThere } from './kernel/spawn.js';
import { Cell } from './lesson/cell.js';
import { Lesson } from './lesson/lesson.js';
import { titleWith } from './lesson/pace.js';
import { fromRoot } from './root.js';
import { followAddresses } from './shell/addresses.js';
import { followLesson } from './shell/contents.js';
import { preparePaper } from './shell/paper.js';
import { followWork } from './shell/stop-button.js';
import { switchTheme } from './shell/theme.js';
import { site } from './site.js';
import { kernel } from './start-kernel.js';
import { connectPieces } from './take-along/copy-and-save.js';
import { connectPanel } from './take-along/take-along-panel.js';
import { showVariables } from './variables/variables-panel.js';

customElements.define('py-block', PyBlock);
customElements.define('py-exercise', PyExercise);
customElements.define('guess-first', GuessFirst);

/** @param {string} selector */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const place = find('#blocks');
if (embedded) await bringBlock(place);
const blocks = /** @type {PyBlock[]} */ ([...place.querySelectorAll('py-block')]);
const edits = restoreEdits(blocks);
/** Only the page of the language model has what a real trainer can go on with. */
const hasGraduate = blocks.some(({ cell }) => cell.id === 'words-dpo') && !embedded;
/** Asks Python for what goes into the graduate's zip; nobody sees it. */
const graduate = new Cell({
  id: 'graduate',
  title: 'The project for a real trainer',
  source: '',
  names: null,
  shown: false,
});
const lesson = new Lesson(cellsOfAllPages(), kernel);
const runAll = /** @type {HTMLButtonElement} */ (find('#run-all'));
const stop = /** @type {HTMLButtonElement} */ (find('#stop'));
const retry = /** @type {HTMLButtonElement} */ (find('#retry'));
const status = find('#status');

const keepingPart = late(() => import('./offline/register.js'));
const recomputePart = late(() => import('./recompute/recompute.js'));

/** @param {HTMLElement} box */
async function connectRecompute(box) {
  const part = await recomputePart();
  if (part) part.connectRecompute(box, lesson);
  else box.append(notice(`This button ${NOT_LOADED}`));
}

/** In the order of the pages, which is the order in which blocks find each other's names. */
function cellsOfAllPages() {
  const unseen = site.cells.map((published) => new Cell({ ...published, shown: false }));
  const cells = new Map([...unseen, ...blocks.map(({ cell }) => cell)].map((cell) => [cell.id, cell]));
  const all = site.order.flatMap((id) => cells.get(id) ?? []);
  return hasGraduate ? all.toSpliced(all.findLastIndex(({ shown }) => shown) + 1, 0, graduate) : all;
}

function showStatus() {
  const { state, text } = kernel.status;
  const { dataset } = document.documentElement;
  if (dataset.python !== state) dataset.python = state;
  if (retry.hidden !== (state !== 'failed')) retry.hidden = state !== 'failed';
  const said =
    state === 'failed'
      ? `Python could not start: ${text}`
      : (state === 'ready' && lesson.progressText) || (state === 'ready' ? text : `${text} …`);
  // It is asked for often, and screen readers read what is written.
  if (status.textContent !== said) status.textContent = said;
}

const { title } = document;
let titled = title;
/** How far the loop is that runs. @type {number | undefined} */
let share;

function showTitle() {
  const said = lesson.working ? titleWith(title, lesson.plan, share) : title;
  if (titled !== said) document.title = titled = said;
}

/** How long a start may stand still before the reader is told. */
const SLOW_MS = 30_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let slow;

function onStatus() {
  showStatus();
  clearTimeout(slow);
  if (kernel.status.state !== 'booting') return;
  slow = setTimeout(() => {
    status.textContent = `${kernel.status.text} takes long: the network is slow, or was cut.`;
    retry.hidden = false;
  }, SLOW_MS);
}

kernel.addEventListener('status', onStatus);
lesson.on('change', () => {
  showStatus();
  showTitle();
});
lesson.on('progress', (loop) => {
  share = (loop.said && loop.share) || undefined;
  showTitle();
});
lesson.on('end', () => {
  share = undefined;
});
runAll.addEventListener('click', () => lesson.runAll());
stop.addEventListener('click', () => lesson.stop());
retry.addEventListener('click', () => (isPyScriptThere() ? kernel.start() : window.location.reload()));

followAddresses();
followWork(stop, lesson);
followLesson(find('#contents'), lesson);
switchTheme(find('#theme'), redrawCharts);
if (embedded) talkToHost(redrawCharts);
showVariables({ button: find('#variables-toggle'), panel: find('#variables'), lesson, kernel });
onStatus(); // it has started before

for (const block of blocks) block.connect(lesson, createAssistant(kernel, lesson.definersFor(block.cell)));
showLesson(lesson, new Map(blocks.map((block) => [block.cell, block])));
for (const exercise of place.querySelectorAll('py-exercise')) /** @type {PyExercise} */ (exercise).connect(lesson);
keepEdits(edits, lesson, find('#storage'));
receiveLinks(lesson, find('#shared'));
/** Python that cannot be asked has nothing against it. @param {string} source */
const readable = async (source) => (kernel.status.state === 'ready' ? kernel.names(source) : undefined);
connectPanel(find('#take-panel'), lesson, readable, hasGraduate ? graduate : undefined);
connectPieces(place, find('#said'));
connectDataTables(place);
const recompute = find('#recompute');
if (recompute) connectRecompute(recompute);
lesson.start();
runAll.disabled = false;

furnish(place, lesson, kernel.settled);

preparePaper(blocks, kernel.settled);

/** Keeping the page for offline fetches it all: it begins when a first reader's first look is over. */
const KEEP_AFTER_MS = 2000;
kernel.settled.then(() =>
  setTimeout(whenIdle, KEEP_AFTER_MS, async () => {
    if (embedded || !navigator.serviceWorker || import.meta.env.DEV) return;
    const part = await keepingPart();
    part?.keepForOffline(fromRoot('sw.js'));
  }),
);
