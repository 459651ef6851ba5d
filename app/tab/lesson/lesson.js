/**
 * The lesson: the order and the freshness of its cells, the queue of what shall run, Run all and Stop. It needs no DOM:
 * the kernel that runs cells is handed to it, and what happens is told by events (events.js).
 *
 * @typedef {import('../kernel/kernel.js').Kernel} Kernel
 * @typedef {import('../kernel/kernel.js').Outcome} Outcome
 * @typedef {import('../../shared/protocol.js').RunEvent} RunEvent
 * @typedef {Pick<Kernel,
 *   'run' | 'check' | 'names' | 'stop' | 'interrupt' | 'forget' | 'status' | 'addEventListener'>} Runs
 *   what a lesson asks of a kernel
 */
import { addEvent } from '../../output/output-items.js';
import { stateOf } from './cell.js';
import { Emitter } from './events.js';
import { needed, signatures, withUses } from './graph.js';
import { definer, nearName } from './name-lookup.js';
import { follow, inWords } from './pace.js';

/** @typedef {import('./cell.js').Cell} Cell */

const ASK_NAMES_AFTER_MS = 250;

/**
 * How long a run may take though a control has moved on: short ones end by themselves and show what lies on the way,
 * longer ones are ended. If each were ended at once, a hand that moves all the time would see nothing.
 */
const OVERTAKEN_AFTER_MS = 250;

const RESTARTED =
  'was restarted. Your code is untouched; all values are gone, and blocks run again when they are needed.';
const OUTCOMES = {
  stopped: 'Stopped. Names that were assigned before keep their values.',
  lost:
    'Stopped by restarting Python. Your code is untouched; all values are gone, ' +
    'and blocks run again when they are needed.',
  died: `Python ended in the middle of this and ${RESTARTED}`,
  full: `Python’s memory was full, so it ${RESTARTED}`,
  deep:
    'This went deeper than the browser’s stack: a chain of thousands of objects, each holding the next, or code that ' +
    `calls itself. Python ${RESTARTED}`,
};

/** @extends {Emitter<import('./events.js').LessonEvents>} */
export class Lesson extends Emitter {
  #cells;
  #kernel;
  /** Signatures of the cells as published. */
  #published;
  /**
   * Cells whose exercise is to be checked once they have run, and the names that the check takes.
   * @type {Map<Cell, string[]>}
   */
  #toCheck = new Map();
  /** Which cell last assigned each name. @type {Map<string, string>} */
  #writers = new Map();
  /** Cells that the reader wants to run, the first one first. @type {Cell[]} */
  #wanted = [];
  /** Cells of the plan that is being carried out. @type {Cell[]} */
  #planned = [];
  /** @type {Cell | undefined} */
  #running;
  /** When the run that is under way has begun, unless it is an exercise's check. @type {number | undefined} */
  #begun;
  /** Whether the run that is under way is of a value that a control has left. */
  #overtaken = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #overtakenTimer;
  /** Cells that run because a control has moved. @type {Set<Cell>} */
  #following = new Set();
  #working = false;
  /** How many cells have run since there was last nothing to do. */
  #finished = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #namesTimer;

  /** @param {Cell[]} cells in the lesson's order, those of other pages among them @param {Runs} kernel */
  constructor(cells, kernel) {
    super();
    this.#cells = cells;
    this.#kernel = kernel;
    this.#published = signatures(cells.map(({ id, original, names }) => ({ id, source: original, names })));
    kernel.addEventListener('status', () => this.#show());
    kernel.addEventListener('loss', () => {
      for (const cell of this.#cells) cell.ran = undefined;
      this.#writers.clear();
    });
  }

  /** Shows how each cell stands, and asks for the names of those that are edited already. */
  start() {
    this.#codeHasChanged();
  }

  /** The cells of all pages, in their order. */
  get cells() {
    return this.#cells;
  }

  /** The cells of this page. */
  get shown() {
    return this.#cells.filter(({ shown }) => shown);
  }

  /** @param {string} id */
  cell(id) {
    return this.#cells.find((cell) => cell.id === id);
  }

  /**
   * Runs a cell, and before it what it needs.
   * @param {Cell} cell
   * @param {{next?: boolean}} [options] next: the reader moves on to the one below
   */
  run(cell, { next = false } = {}) {
    this.#following.delete(cell);
    this.#want([cell]);
    const { shown } = this;
    const below = shown[shown.indexOf(cell) + 1];
    if (next && below) this.emit('next', { cell: below });
  }

  /**
   * Runs a cell because a control has moved and changed its code: the latest value wins. One that runs meanwhile is
   * overtaken, and no more than one waits, before all others.
   * @param {Cell} cell
   */
  follow(cell) {
    if (this.#planned.includes(cell)) return; // it will run as it is then
    this.#following.add(cell);
    this.#wanted = [cell, ...this.#wanted.filter((other) => other !== cell)];
    if (cell === this.#running && this.#begun !== undefined) this.#overtake(this.#begun);
    this.#show();
    this.#work();
  }

  /** @param {number} begun when the run began */
  #overtake(begun) {
    if (this.#overtaken) return;
    this.#overtaken = true;
    const rest = this.#kernel.status.state === 'ready' ? begun + OVERTAKEN_AFTER_MS - Date.now() : 0;
    this.#overtakenTimer = setTimeout(() => this.#kernel.interrupt(), Math.max(0, rest));
  }

  /** Runs every cell of this page in order; one that fails ends it. */
  runAll() {
    this.#want(this.shown);
  }

  /** Runs every cell of all pages, in their order, those of other pages unseen; one that fails ends it. */
  runEvery() {
    this.#want(this.#cells);
  }

  /**
   * Runs a cell and has its exercise looked at.
   * @param {Cell} cell
   * @param {string[]} needs names that the check takes from earlier cells
   */
  check(cell, needs) {
    this.#toCheck.set(cell, needs);
    this.#want([cell]);
  }

  /** Ends the running cell and forgets what was to follow. */
  stop() {
    this.#drop([...this.#wanted, ...this.#planned]);
    this.#toCheck.clear();
    this.#following.clear();
    this.#kernel.stop();
    this.#show();
  }

  /** Takes cells that were to run from the queue. @param {Cell[]} cells */
  #drop(cells) {
    this.#wanted = this.#wanted.filter((cell) => !cells.includes(cell));
    this.#planned = this.#planned.filter((cell) => !cells.includes(cell));
    for (const cell of new Set(cells)) this.emit('dropped', { cell });
  }

  /**
   * Another code in a cell; it does not run by itself.
   * @param {Cell} cell
   * @param {string} source
   * @param {{typed?: boolean}} [options]
   */
  edit(cell, source, { typed = false } = {}) {
    if (source === cell.source) return;
    cell.source = source;
    this.emit('source', { cell, typed });
    this.#codeHasChanged();
  }

  /** Back to the code and the output as published, which is not what Python holds. @param {Cell} cell */
  reset(cell) {
    this.edit(cell, cell.original);
    this.#kernel.forget(cell.id);
    cell.ran = undefined;
    cell.outputs = [];
    this.emit('reset', { cell });
    this.#show();
  }

  get working() {
    return this.#working;
  }

  /** Which of the cells that are to run is running. */
  get plan() {
    const at = this.#finished + 1;
    return { at, of: at + new Set([...this.#wanted, ...this.#planned]).size };
  }

  /** Whether what is done follows a control: the reader looks at what comes of it, and need not be told. */
  get isFollowing() {
    const cell = this.#running ?? this.#planned[0];
    return Boolean(cell && this.#following.has(cell));
  }

  /** How far the work is, in words; '' if nothing runs, or only follows a control. */
  get progressText() {
    if (!this.#running || this.isFollowing) return '';
    const { at, of } = this.plan;
    return of > 1 ? `Running ${at} of ${of}: ${this.#running.title}` : `Running: ${this.#running.title}`;
  }

  /** The id of the cell that last assigned `name`. @param {string} name */
  writerOf(name) {
    return this.#writers.get(name);
  }

  /** What a cell may know of the others. @param {Cell} cell @returns {import('../block/hints.js').Definers} */
  definersFor(cell) {
    const all = () => this.#cells.map(({ id, title, names }) => ({ id, title, defines: names.defines }));
    const titleOf = (/** @type {string} */ id) => this.cell(id)?.title;
    return {
      find: (name) => definer(all(), this.#cells.indexOf(cell), name),
      writer: (name) => {
        const id = this.#writers.get(name);
        return id === undefined
          ? undefined
          : { id, title: titleOf(id) ?? '', where: id === cell.id ? 'here' : 'above' };
      },
      near: (name) => nearName(all(), name),
      titleOf,
      all: () => all().flatMap(({ title, defines }) => defines.map((name) => ({ name, title }))),
    };
  }

  #codeHasChanged() {
    this.#show();
    clearTimeout(this.#namesTimer);
    this.#namesTimer = setTimeout(() => this.#analyseAll(), ASK_NAMES_AFTER_MS);
  }

  /** @param {Cell[]} cells */
  #want(cells) {
    this.#wanted.push(...cells.filter((cell) => !this.#wanted.includes(cell)));
    this.#show();
    this.#work();
  }

  /** Carries out what is wanted, one cell at a time. */
  async #work() {
    if (this.#working) return;
    this.#working = true;
    this.#finished = 0;
    for (let cell = this.#wanted.shift(); cell; cell = this.#wanted.shift()) {
      const checked = this.#toCheck.get(cell);
      this.#toCheck.delete(cell);
      this.#planned = [cell];
      this.#show();
      await this.#analyseAll();
      if (!this.#planned.length) continue; // stopped meanwhile
      this.#planned = [...this.#neededBy(cell, checked), cell];
      await this.#carryOut(cell, Boolean(checked));
    }
    this.#working = false;
    this.#show();
  }

  /**
   * What must run before `cell`.
   * @param {Cell} cell
   * @param {string[]} [more] names that it takes besides those of its code
   */
  #neededBy(cell, more) {
    const ran = new Map(this.#cells.flatMap(({ id, ran }) => (ran?.outcome === 'ok' ? [[id, ran.signature]] : [])));
    const ids = needed(withUses(this.#cells, cell.id, more), cell.id, ran, this.#writers);
    return this.#cells.filter(({ id }) => ids.includes(id));
  }

  /** Runs the planned cells; the last of them is `target`. @param {Cell} target @param {boolean} checked */
  async #carryOut(target, checked) {
    const unseen = this.#planned.filter(({ shown }) => !shown);
    for (let cell = this.#planned.shift(); cell; cell = this.#planned.shift()) {
      const { source } = cell;
      const outcome = await this.#run(cell, cell === target ? unseen : []);
      if (checked && cell === target && (outcome === 'ok' || outcome === 'error')) await this.#check(cell, source);
      const overtaken = this.#overtaken && this.#wanted.includes(cell);
      this.#overtaken = false;
      if (outcome === 'ok') continue;
      const left = this.#planned;
      this.#planned = [];
      if (overtaken) {
        // What has failed, or was ended, is no longer wanted; what follows it still is.
        if (cell !== target && !this.#wanted.includes(target)) this.#wanted.splice(1, 0, target);
        return;
      }
      // A reader's hand on another block has nothing to do with what failed here.
      this.#drop([...left, ...this.#wanted.filter((other) => !this.#following.has(other))]);
      if (cell !== target && outcome !== 'stopped' && outcome !== 'lost') {
        this.emit('message', { cell: target, text: `Not run: it needs “${cell.title}”, which failed.`, failed: cell });
      }
    }
  }

  /** @param {Cell} cell @param {Cell[]} unseen cells of other pages that ran for it @returns {Promise<Outcome>} */
  async #run(cell, unseen) {
    const signature = signatures(this.#cells).get(cell.id) ?? '';
    let seconds = 0;
    /** @type {string[]} */
    let changed = [];
    const follows = this.#following.has(cell);
    this.#running = cell;
    this.#begun = Date.now();
    cell.outputs = [];
    cell.pace = undefined;
    this.emit('begin', { cell, follows });
    if (unseen.length)
      this.emit('message', { cell, text: `Ran before it, as published on other pages: ${titles(unseen)}.` });
    this.#show();
    const outcome = await this.#kernel.run(cell.id, cell.source, (event) => {
      if (event.type === 'done') ({ seconds, changed = [] } = event);
      else this.#receive(cell, event);
    });
    clearTimeout(this.#overtakenTimer);
    const cut = outcome === 'stopped' && this.#overtaken && this.#wanted.includes(cell);
    if (!this.#wanted.includes(cell)) this.#following.delete(cell);
    this.#running = this.#begun = undefined;
    this.#finished += 1;
    cell.pace = undefined;
    if (outcome === 'ok' || outcome === 'error' || outcome === 'stopped') {
      cell.ran = { signature, outcome, seconds };
      // What it changed in place is no longer what the cell that defines it gave: who needs it has that cell run again.
      for (const name of [...cell.names.defines, ...changed]) this.#writers.set(name, cell.id);
    }
    this.emit('end', { cell, outcome, cut });
    if (outcome !== 'ok' && outcome !== 'error' && !cut) this.emit('message', { cell, text: OUTCOMES[outcome] });
    this.#show();
    return outcome;
  }

  /** @param {Cell} cell @param {RunEvent} event */
  #receive(cell, event) {
    if (event.type === 'progress') {
      const { done, total, seconds } = event;
      cell.pace = follow(cell.pace, { at: 1000 * seconds, done, total });
      this.emit('progress', { cell, share: total ? done / total : 0, said: inWords(cell.pace) });
    } else {
      cell.outputs = addEvent(cell.outputs, event);
      this.emit('output', { cell, event });
    }
  }

  /** Has the exercise of a cell that has run looked at. @param {Cell} cell @param {string} source what ran */
  async #check(cell, source) {
    this.#running = cell;
    this.emit('check-begin', { cell });
    this.#show();
    const outcome = await this.#kernel.check(cell.id, (event) => {
      this.#receive(cell, event);
      if (event.type === 'verdict') this.emit('verdict', { cell, verdict: event, source });
    });
    this.#running = undefined;
    this.emit('check-end', { cell, outcome });
    if (outcome !== 'ok' && outcome !== 'error') this.emit('message', { cell, text: OUTCOMES[outcome] });
    this.#show();
  }

  /** Asks Python which names the edited cells define and use. */
  async #analyseAll() {
    await Promise.all(
      this.#cells.map(async (cell) => {
        const { source } = cell;
        if (cell.analysed === source) return;
        const known = cell.edited ? null : cell.publishedNames;
        const names = known ?? (await this.#kernel.names(source));
        if (names === undefined) return; // Python was restarted: ask again next time
        // Code that does not parse is taken to mean what it meant before.
        if (names) cell.names = names;
        cell.analysed = source;
      }),
    );
    this.#show();
  }

  /** Brings the state of each cell up to date, and tells of those that have changed. */
  #show() {
    const now = signatures(this.#cells);
    const ready = this.#kernel.status.state === 'ready';
    for (const cell of this.#cells) {
      // What follows a control does not wait as long as a word could be read.
      const isNext = !this.#running && cell === this.#planned[0] && this.#following.has(cell);
      const runs = (cell === this.#running || isNext) && ready;
      const waits = !runs && (cell === this.#running || this.#wanted.includes(cell) || this.#planned.includes(cell));
      const [state, said] = stateOf(cell, {
        signature: now.get(cell.id),
        published: this.#published.get(cell.id),
        waits,
        runs,
        ready,
      });
      if (cell.state === state && cell.said === said) continue;
      [cell.state, cell.said] = [state, said];
      this.emit('state', { cell });
    }
    this.emit('change', {});
  }
}

/** @param {Cell[]} cells */
const titles = (cells) => cells.map(({ title }) => `“${title}”`).join(', ');
