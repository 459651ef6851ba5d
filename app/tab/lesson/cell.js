/**
 * A cell of the lesson: its code, what Python has made of it, and how it stands. It knows no element: one may show it,
 * or none. What a cell that is shown needs runs all the same.
 *
 * @typedef {import('../../shared/protocol.js').Names} Names
 * @typedef {import('../kernel/kernel.js').Outcome} Outcome
 * @typedef {import('../../output/output-items.js').Item} Item
 * @typedef {'recorded' | 'queued' | 'running' | 'done' | 'error' | 'stale'} State
 * @typedef {{signature: string, outcome: Outcome, seconds: number}} Ran what the cell was when it ran, and how that
 *   ended
 * @typedef {{id: string, title: string, source: string, names: Names | null, shown?: boolean}} Published names: null
 *   if Python was not asked yet; shown: false if it is on another page
 */

/** @type {Names} */
const NO_NAMES = { defines: [], uses: [] };

export class Cell {
  id;
  title;
  /** Whether it is on this page. */
  shown;
  /** The code as it was published. */
  original;
  /** What the original defines and uses; null if Python was not asked yet. */
  publishedNames;

  /** The code as it is now. */
  source;
  /** What the code defines and uses, as far as Python was asked. */
  names;
  /** The code that `names` are of. @type {string | undefined} */
  analysed;
  /** @type {State} */
  state = 'recorded';
  /** The state in words. */
  said = 'recorded';
  /** @type {Ran | undefined} undefined as long as it has not run, or what it made is gone */
  ran;
  /** What the last run has put out. @type {Item[]} */
  outputs = [];
  /** How fast the loop goes that runs. @type {import('./pace.js').Pace | undefined} */
  pace;

  /** @param {Published} published */
  constructor({ id, title, source, names, shown = true }) {
    this.id = id;
    this.title = title;
    this.shown = shown;
    this.source = this.original = source;
    this.analysed = names ? source : undefined;
    this.publishedNames = names;
    this.names = names ?? NO_NAMES;
  }

  get edited() {
    return this.source !== this.original;
  }
}

/**
 * How a cell stands: it follows from what was run, what is wanted and what the code is now.
 * @param {Pick<Cell, 'ran' | 'edited'>} cell
 * @param {{signature: string | undefined, published: string | undefined, waits: boolean, runs: boolean, ready:
 *   boolean}} now signature: of the code as it is; published: of the code as it was; ready: whether Python is
 * @returns {[State, string]} the state, and the same in words
 */
export function stateOf({ ran, edited }, { signature, published, waits, runs, ready }) {
  if (waits) return ['queued', ready ? 'queued' : 'queued: runs when Python is ready'];
  if (runs) return ['running', 'running'];
  if (ran?.outcome === 'stopped') return ['stale', 'stopped'];
  if (ran && ran.signature !== signature)
    return ['stale', edited ? 'edited since it ran' : 'stale: its inputs or its code have changed'];
  if (ran) return ran.outcome === 'ok' ? ['done', `done in ${duration(ran.seconds)}`] : ['error', 'error'];
  if (signature === published) return ['recorded', 'recorded'];
  return ['stale', edited ? 'edited, not run yet' : 'stale: recorded before an edit above'];
}

/** @param {number} seconds */
const duration = (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`);
