/**
 * All that a lesson tells of itself. Elements listen; what they want they ask by the lesson's methods.
 *
 * @typedef {import('./cell.js').Cell} Cell
 * @typedef {import('../../shared/protocol.js').RunEvent} RunEvent
 * @typedef {import('../kernel/kernel.js').Outcome} Outcome
 * @typedef {Extract<RunEvent, {type: 'verdict'}>} Verdict
 * @typedef {{
 *   change: {},
 *   state: {cell: Cell},
 *   source: {cell: Cell, typed: boolean},
 *   reset: {cell: Cell},
 *   next: {cell: Cell},
 *   begin: {cell: Cell, follows: boolean},
 *   output: {cell: Cell, event: RunEvent},
 *   progress: {cell: Cell, share: number, said: string},
 *   end: {cell: Cell, outcome: Outcome, cut: boolean},
 *   dropped: {cell: Cell},
 *   message: {cell: Cell, text: string, failed?: Cell},
 *   'check-begin': {cell: Cell},
 *   verdict: {cell: Cell, verdict: Verdict, source: string},
 *   'check-end': {cell: Cell, outcome: Outcome},
 *   passed: {cell: Cell, passed: boolean},
 *   saved: {cell: Cell, kept: boolean},
 * }} LessonEvents
 *
 * change: something about the queue. state: what a cell is now, or how it is said. source: its code has become another;
 * typed: key by key, in its editor. next: the reader moves on to this cell. begin, output, progress, end: of a run;
 * follows: a control has moved; cut: a control has moved on, and the next run follows at once. dropped: it was to run,
 * and will not. said is '' for a loop that needs no words. message: one line for the reader; failed: the cell that it
 * is about. check-begin, verdict, check-end: of an exercise; source is what was checked. saved: whether the browser
 * keeps the edit.
 */

/** Listeners by event. @template {Record<string, any>} Events */
export class Emitter {
  /** @type {Map<keyof Events, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(detail: Events[Name]) => void} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** @template {keyof Events} Name @param {Name} name @param {Events[Name]} detail */
  emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(detail);
  }
}
