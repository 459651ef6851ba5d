/**
 * <py-exercise>: what an exercise adds to its block: Check and its verdict, hints one at a time, the worked answer.
 * It sits in its block, and asks the lesson for a check.
 *
 * @typedef {import('../block/py-block.js').PyBlock} PyBlock
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {Extract<import('../../shared/protocol.js').RunEvent, {type: 'verdict'}>} Verdict
 */

import { element } from '../dom/element.js';
import { site, store } from '../site.js';
import { hasPassed, keepPassed } from './exercise-progress.js';
import { compare } from './line-diff.js';

const SAID = { passed: 'Passed, well done.', wrong: 'Not yet.', old: 'Passed, before this edit.' };

export class PyExercise extends HTMLElement {
  /** The code that passed in this visit. @type {string | undefined} */
  #passedSource;
  /** @type {HTMLElement | undefined} */
  #verdict;

  /** @type {Lesson | undefined} */
  #lesson;

  /** @param {Lesson} lesson */
  connect(lesson) {
    this.#lesson = lesson;
    const block = this.#block;
    const { cell } = block;
    const check = this.#button('.check-answer', block);
    check.disabled = false;
    const needs = JSON.parse(this.dataset.needs ?? '[]');
    check.addEventListener('click', () => lesson.check(cell, needs));
    lesson.on('check-begin', (about) => {
      if (about.cell === cell) this.#begin();
    });
    lesson.on('verdict', (about) => {
      if (about.cell === cell) this.#show(about.verdict, about.source);
    });
    lesson.on('check-end', (about) => {
      if (about.cell === cell && !this.#verdict?.dataset.verdict) this.#verdict?.remove();
    });
    lesson.on('source', (about) => {
      if (about.cell === cell) this.#onEdit();
    });

    const hints = [...this.querySelectorAll('.hint')];
    hints.forEach((hint, index) =>
      hint.addEventListener('toggle', () => hints[index + 1]?.setAttribute('data-reached', '')),
    );
    this.#button('.compare').addEventListener('click', () => this.#compare(Boolean(this.#comparison.hidden)));
    this.#button('.use').addEventListener('click', () => this.#use());
    this.#mark();
  }

  get #block() {
    return /** @type {PyBlock} */ (this.closest('py-block'));
  }

  get #comparison() {
    return /** @type {HTMLElement} */ (this.querySelector('.comparison'));
  }

  get #answer() {
    // Not out of the page, where a browser may have translated it.
    return site.answers[this.#block.cell.id];
  }

  get #passed() {
    const { id, original, source } = this.#block.cell;
    return source === this.#passedSource || hasPassed(store, id, original, source);
  }

  #begin() {
    // The region is there before it speaks, so that screen readers hear it.
    this.#verdict = element('div', { className: 'verdict' }, 'Checking …');
    this.#verdict.setAttribute('role', 'status');
    this.#block.addMessage(this.#verdict);
  }

  /** @param {Verdict} verdict @param {string} source the code that was checked */
  #show({ passed, message }, source) {
    const { id, original } = this.#block.cell;
    if (passed) {
      this.#passedSource = source;
      keepPassed(store, id, original, source);
    }
    if (this.#verdict) {
      this.#verdict.dataset.verdict = passed ? 'passed' : 'wrong';
      this.#verdict.replaceChildren(element('strong', {}, passed ? SAID.passed : SAID.wrong), ' ', ...inline(message));
    }
    this.#onEdit();
  }

  /** A pass holds for the code that passed. */
  #onEdit() {
    this.#mark();
    const said = this.#verdict?.querySelector('strong');
    if (said && this.#verdict?.dataset.verdict === 'passed') {
      const words = this.#passed ? SAID.passed : SAID.old;
      if (said.textContent !== words) said.textContent = words;
    }
    if (!this.#comparison.hidden) this.#compare(true);
  }

  #mark() {
    const passed = this.#passed;
    const sign = this.#block.querySelector('.passed');
    if (sign instanceof HTMLElement) sign.hidden = !passed;
    this.#lesson?.emit('passed', { cell: this.#block.cell, passed });
  }

  /** @param {boolean} open */
  #compare(open) {
    this.#comparison.hidden = !open;
    this.#button('.compare').setAttribute('aria-expanded', String(open));
    if (open) this.#comparison.replaceChildren(...comparisonOf(this.#block.source, this.#answer));
  }

  #use() {
    const { cell } = this.#block;
    const mine = cell.source;
    this.#lesson?.edit(cell, this.#answer);
    this.#block.clearMessages();
    this.#block.say('The worked answer is in the editor. Reset brings back the starter.', [
      ['Back to my code', () => this.#lesson?.edit(cell, mine)],
    ]);
    this.#block.focusEditor();
  }

  /** @param {string} selector @param {HTMLElement} [within] */
  #button(selector, within = this) {
    return /** @type {HTMLButtonElement} */ (within.querySelector(selector));
  }
}

const KINDS = /** @type {const} */ ({
  same: { sign: ' ', tag: 'span', said: '' },
  mine: { sign: '−', tag: 'del', said: 'Yours: ' },
  theirs: { sign: '+', tag: 'ins', said: 'Worked answer: ' },
});

/** @param {string} mine @param {string} theirs @returns {HTMLElement[]} */
function comparisonOf(mine, theirs) {
  const lines = compare(mine, theirs);
  if (!lines.length)
    return [element('p', { className: 'legend-line' }, 'Your code is the worked answer, line by line.')];
  const legend = element(
    'p',
    { className: 'legend-line' },
    element('del', {}, '− yours'),
    ' ',
    element('ins', {}, '+ worked answer'),
  );
  const code = element(
    'div',
    { className: 'lines' },
    ...lines.map((line) => {
      if (line.kind === 'gap') return element('span', { className: 'gap' }, `… ${line.lines} lines that are the same`);
      const { sign, tag, said } = KINDS[line.kind];
      const mark = element('span', { className: 'sign', ariaHidden: 'true' }, sign);
      return element(tag, { className: 'line' }, mark, element('span', { className: 'said' }, said), line.text || ' ');
    }),
  );
  return [legend, code];
}

/** `code` and *emphasis* of a message, as nodes. @param {string} text */
function inline(text) {
  return text.split(/(`[^`]+`|\*[^*\s][^*]*\*)/).map((part) => {
    if (/^`.+`$/.test(part)) return element('code', {}, part.slice(1, -1));
    return /^\*.+\*$/.test(part) ? element('em', {}, part.slice(1, -1)) : part;
  });
}
