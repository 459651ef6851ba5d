/**
 * "Recomputed here": one button runs every block of the site as it was published, and says how many give what was
 * recorded, to the last character, and what differs where one does not.
 */
import './recompute.css';
import { element } from '../dom/element.js';
import { fromRoot } from '../root.js';
import { otherPageOf, site } from '../site.js';
import { difference } from './differences.js';

/**
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {import('../lesson/lesson.js').Cell} Cell
 * @typedef {import('../../output/output-items.js').Item} Item
 */

/** @param {string} id @returns {Promise<Item[] | undefined>} */
const recordedOf = (id) =>
  fetch(fromRoot(`recorded/${id}.json`))
    .then((response) => (response.ok ? response.json() : undefined))
    .catch(() => undefined);

/** @param {Cell} cell */
function linkTo({ id, title }) {
  const page = otherPageOf(id);
  return element('a', { href: page ? fromRoot(`${page.path}#${id}`) : `#${id}` }, title);
}

/** @param {number} n @param {string} one */
const count = (n, one) => `${n} ${one}${n === 1 ? '' : 's'}`;

/** @param {HTMLElement} box @param {Lesson} lesson */
export function connectRecompute(box, lesson) {
  const button = /** @type {HTMLButtonElement} */ (box.querySelector('button'));
  const said = element('p', { role: 'status' });
  const list = element('ul', {});
  box.append(said, list);

  let [running, begun, equal, done, edited] = [false, false, 0, 0, 0];
  /** Blocks that are still to come. @type {Set<Cell>} */
  const left = new Set();
  let total = 0;
  /** Comparisons that wait for what was recorded. @type {Promise<void>[]} */
  let waiting = [];

  /** @param {Cell} cell @param {string} how */
  const report = (cell, how) => list.append(element('li', {}, linkTo(cell), `: ${how}`));

  /** @param {Cell} cell @param {Item[]} items */
  async function compare(cell, items) {
    const recorded = await recordedOf(cell.id);
    const how = recorded ? difference(recorded, items) : 'what was recorded cannot be had';
    if (how) report(cell, how);
    else equal += 1;
  }

  async function finish() {
    running = false;
    button.disabled = false;
    await Promise.all(waiting);
    const all = equal === total;
    const have = edited === 1 ? 'has' : 'have';
    said.textContent = [
      `${equal} of ${total} blocks equal what was recorded${all ? ', to the last character' : ''}.`,
      done < total && `Ended after ${done}.`,
      edited && `${count(edited, 'block')} of this page ${have} your edits and ran without being compared.`,
    ]
      .filter(Boolean)
      .join(' ');
    box.dataset.state = all ? 'equal' : 'differs';
  }

  button.addEventListener('click', () => {
    if (lesson.working) {
      said.textContent = 'Something runs already. Stop it, or wait for its end.';
      return;
    }
    [running, begun, equal, done, waiting] = [true, false, 0, 0, []];
    list.replaceChildren();
    left.clear();
    for (const cell of lesson.cells) if (!cell.edited) left.add(cell);
    total = left.size;
    edited = lesson.cells.length - total;
    button.disabled = true;
    box.dataset.state = 'running';
    said.textContent = `0 of ${total}`;
    lesson.runEvery();
  });

  lesson.on('end', ({ cell, outcome }) => {
    if (!running || !left.delete(cell)) return;
    if (outcome === 'ok') waiting.push(compare(cell, cell.outputs));
    else report(cell, outcome === 'error' ? 'ends in an error' : 'was stopped');
    done += 1;
  });
  lesson.on('change', () => {
    if (!running) return;
    begun ||= lesson.working; // what is wanted is told before the work begins
    if (begun && !lesson.working) finish();
    else {
      const block = lesson.progressText?.replace(/^Running.*?: /, '');
      said.textContent = `${done} of ${total}${block ? `: ${block}` : ''}`;
    }
  });
  button.textContent = `Recompute all ${site.order.length} blocks`;
  button.disabled = false;
}
