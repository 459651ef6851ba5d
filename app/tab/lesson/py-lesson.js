/**
 * <py-lesson>: the order and the freshness of the blocks, the queue of what shall run, Run all and Stop.
 * It plans and tells blocks what to show; the kernel that runs them is handed to it.
 *
 * @typedef {import('../block/py-block.js').PyBlock} PyBlock
 * @typedef {import('../kernel/kernel.js').Kernel} Kernel
 * @typedef {import('../kernel/kernel.js').Outcome} Outcome
 */
import { createAssistant } from '../editor/completion-answers.js';
import { definer, nearName } from './name-lookup.js';
import { needed, signatures, withUses } from './graph.js';

const ASK_NAMES_AFTER_MS = 250;

const OUTCOMES = {
  stopped: 'Stopped. Names that were assigned before keep their values.',
  lost: 'Stopped by restarting Python. Your code is untouched; all values are gone, and blocks run again when they are needed.',
  died: 'Python ended in the middle of this and was restarted. Your code is untouched; all values are gone, and blocks run again when they are needed.',
  full: 'Python’s memory was full, so it was restarted. Your code is untouched; all values are gone, and blocks run again when they are needed.',
};

export class PyLesson extends HTMLElement {
  /** @type {PyBlock[]} */
  #blocks = [];
  /** @type {Kernel | undefined} */
  #kernel;
  /** Signatures of the blocks as published. @type {import('./graph.js').Signatures} */
  #published = new Map();
  /** Blocks whose exercise is to be checked once they have run, and the names that the check takes. @type {Map<PyBlock, string[]>} */
  #toCheck = new Map();
  /** What each block that has run was when it did, and how it ended. @type {Map<string, {signature: string, outcome: Outcome, seconds: number}>} */
  #ran = new Map();
  /** Which block last assigned each name. @type {Map<string, string>} */
  #writers = new Map();
  /** Blocks that the reader wants to run, the first one first. @type {PyBlock[]} */
  #wanted = [];
  /** Blocks of the plan that is being carried out. @type {PyBlock[]} */
  #planned = [];
  /** @type {PyBlock | undefined} */
  #running;
  #working = false;
  /** How many blocks have run since there was last nothing to do. */
  #finished = 0;
  /** The source that the names of a block were last asked for. @type {Map<PyBlock, string>} */
  #analysed = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #namesTimer;

  connectedCallback() {
    this.addEventListener('block-run', (event) => this.#onRun(event));
    this.addEventListener('block-check', (event) => this.#onCheck(event));
    this.addEventListener('block-edit', () => this.#onEdit());
    this.addEventListener('block-reset', (event) => this.#onReset(event));
  }

  /** @param {Kernel} kernel */
  start(kernel) {
    this.#kernel = kernel;
    this.#blocks = /** @type {PyBlock[]} */ ([...this.querySelectorAll('py-block')]);
    this.#published = signatures(this.#blocks.map(({ blockId, original, names }) => ({ id: blockId, source: original, names })));
    for (const block of this.#blocks) {
      this.#analysed.set(block, block.original);
      block.definers = this.#definersFor(block);
      block.assistant = createAssistant(kernel, block.definers);
    }
    this.#show();
    this.#onEdit();
    kernel.addEventListener('status', () => this.#show());
    kernel.addEventListener('loss', () => {
      this.#ran.clear();
      this.#writers.clear();
    });
  }

  /** Runs every block in order; a block that fails ends it. */
  runAll() {
    this.#want(this.#blocks);
  }

  /** Ends the running block and forgets what was to follow. */
  stop() {
    this.#wanted = [];
    this.#planned = [];
    this.#toCheck.clear();
    this.#kernel?.stop();
    this.#show();
  }

  get working() {
    return this.#working;
  }

  /** Which of the blocks that are to run is running. */
  get plan() {
    const at = this.#finished + 1;
    return { at, of: at + new Set([...this.#wanted, ...this.#planned]).size };
  }

  /** How far the work is, in words; '' if nothing runs. */
  get progressText() {
    if (!this.#running) return '';
    const { at, of } = this.plan;
    return of > 1 ? `Running ${at} of ${of}: ${this.#running.blockTitle}` : `Running: ${this.#running.blockTitle}`;
  }

  /** The id of the block that last assigned `name`. @param {string} name */
  writerOf(name) {
    return this.#writers.get(name);
  }

  /** @param {PyBlock} block @returns {import('../block/hints.js').Definers} */
  #definersFor(block) {
    const all = () => this.#blocks.map(({ blockId, blockTitle, names }) => ({ id: blockId, title: blockTitle, defines: names.defines }));
    const titleOf = (/** @type {string} */ id) => this.#blocks.find(({ blockId }) => blockId === id)?.blockTitle;
    return {
      find: (name) => definer(all(), this.#blocks.indexOf(block), name),
      writer: (name) => {
        const id = this.#writers.get(name);
        return id === undefined ? undefined : { id, title: titleOf(id) ?? '', where: id === block.blockId ? 'here' : 'above' };
      },
      near: (name) => nearName(all(), name),
      titleOf,
      all: () => all().flatMap(({ title, defines }) => defines.map((name) => ({ name, title }))),
    };
  }

  /** @param {Event} event */
  #onRun(event) {
    const block = /** @type {PyBlock} */ (event.target);
    this.#want([block]);
    if (/** @type {CustomEvent} */ (event).detail.next) this.#blocks[this.#blocks.indexOf(block) + 1]?.focusEditor();
  }

  /** @param {Event} event */
  #onCheck(event) {
    const block = /** @type {PyBlock} */ (event.target);
    this.#toCheck.set(block, /** @type {CustomEvent} */ (event).detail.needs);
    this.#want([block]);
  }

  #onEdit() {
    this.#show();
    clearTimeout(this.#namesTimer);
    this.#namesTimer = setTimeout(() => this.#analyseAll(), ASK_NAMES_AFTER_MS);
  }

  /** @param {Event} event */
  #onReset(event) {
    // Its old output is shown again, and that is not what Python holds.
    this.#ran.delete(/** @type {PyBlock} */ (event.target).blockId);
    this.#onEdit();
  }

  /** @param {PyBlock[]} blocks */
  #want(blocks) {
    this.#wanted.push(...blocks.filter((block) => !this.#wanted.includes(block)));
    this.#show();
    this.#work();
  }

  /** Carries out what is wanted, one block at a time. */
  async #work() {
    if (this.#working) return;
    this.#working = true;
    this.#finished = 0;
    for (let block = this.#wanted.shift(); block; block = this.#wanted.shift()) {
      const checked = this.#toCheck.get(block);
      this.#toCheck.delete(block);
      this.#planned = [block];
      this.#show();
      await this.#analyseAll();
      if (!this.#planned.length) continue; // stopped meanwhile
      const needs = needed(withUses(this.#sources(), block.blockId, checked), block.blockId, this.#signaturesOfRan(), this.#writers);
      this.#planned = [...this.#blocks.filter(({ blockId }) => needs.includes(blockId)), block];
      await this.#carryOut(block, Boolean(checked));
    }
    this.#working = false;
    this.#show();
  }

  /** Runs the planned blocks; the last of them is `target`. @param {PyBlock} target @param {boolean} checked */
  async #carryOut(target, checked) {
    for (let block = this.#planned.shift(); block; block = this.#planned.shift()) {
      const { source } = block;
      const outcome = await this.#run(block);
      if (checked && block === target && (outcome === 'ok' || outcome === 'error')) await this.#check(block, source);
      if (outcome === 'ok') continue;
      this.#planned = [];
      this.#wanted = [];
      if (block !== target && outcome !== 'stopped' && outcome !== 'lost') {
        target.clearMessages();
        target.say(`Not run: it needs “${block.blockTitle}”, which failed.`, [['Show it', () => block.scrollIntoView()]]);
      }
    }
  }

  /** @param {PyBlock} block @returns {Promise<Outcome>} */
  async #run(block) {
    const kernel = /** @type {Kernel} */ (this.#kernel);
    const signature = this.#signature(block);
    let seconds = 0;
    this.#running = block;
    block.begin();
    this.#show();
    const outcome = await kernel.run(block.blockId, block.source, (event) => {
      if (event.type === 'done') seconds = event.seconds;
      else block.receive(event);
    });
    this.#running = undefined;
    this.#finished += 1;
    block.finish();
    if (outcome === 'ok' || outcome === 'error' || outcome === 'stopped') {
      this.#ran.set(block.blockId, { signature, outcome, seconds });
      for (const name of block.names.defines) this.#writers.set(name, block.blockId);
    }
    if (outcome !== 'ok' && outcome !== 'error') block.say(OUTCOMES[outcome]);
    this.#show();
    this.dispatchEvent(new CustomEvent('lesson-ran', { detail: { id: block.blockId } }));
    return outcome;
  }

  /** Has the exercise of a block that has run looked at. @param {PyBlock} block @param {string} source what ran */
  async #check(block, source) {
    this.#running = block;
    block.dispatchEvent(new CustomEvent('check-begin'));
    this.#show();
    const outcome = await /** @type {Kernel} */ (this.#kernel).check(block.blockId, (event) => {
      block.receive(event);
      if (event.type === 'verdict') block.dispatchEvent(new CustomEvent('check-verdict', { detail: { ...event, source } }));
    });
    this.#running = undefined;
    block.dispatchEvent(new CustomEvent('check-end', { detail: { outcome } }));
    if (outcome !== 'ok' && outcome !== 'error') block.say(OUTCOMES[outcome]);
    this.#show();
  }

  /** Asks Python which names the edited blocks define and use. */
  async #analyseAll() {
    await Promise.all(this.#blocks.map(async (block) => {
      const { source } = block;
      if (this.#analysed.get(block) === source) return;
      const names = source === block.original ? block.publishedNames : await this.#kernel?.names(source);
      if (names === undefined) return; // Python was restarted: ask again next time
      // A block that does not parse is taken to mean what it meant before.
      if (names) block.names = names;
      this.#analysed.set(block, source);
    }));
    this.#show();
  }

  #sources() {
    return this.#blocks.map(({ blockId, source, names }) => ({ id: blockId, source, names }));
  }

  /** @param {PyBlock} block */
  #signature(block) {
    return signatures(this.#sources()).get(block.blockId) ?? '';
  }

  #signaturesOfRan() {
    return new Map([...this.#ran].filter(([, { outcome }]) => outcome === 'ok').map(([id, { signature }]) => [id, signature]));
  }

  /** Tells each block its state. All states follow from what was run, what is wanted and what the code is now. */
  #show() {
    const now = signatures(this.#sources());
    const ready = this.#kernel?.status.state === 'ready';
    for (const block of this.#blocks) {
      const id = block.blockId;
      const ran = this.#ran.get(id);
      const waits = block === this.#running ? !ready : this.#wanted.includes(block) || this.#planned.includes(block);
      if (waits) block.setState('queued', ready ? 'queued' : 'queued: runs when Python is ready');
      else if (block === this.#running) block.setState('running');
      else if (ran && ran.outcome === 'stopped') block.setState('stale', 'stopped');
      else if (ran && ran.signature !== now.get(id)) block.setState('stale', block.edited ? 'edited since it ran' : 'stale: its inputs or its code have changed');
      else if (ran) block.setState(ran.outcome === 'ok' ? 'done' : 'error', ran.outcome === 'ok' ? `done in ${duration(ran.seconds)}` : 'error');
      else if (now.get(id) === this.#published.get(id)) block.setState('recorded', 'recorded');
      else block.setState('stale', block.edited ? 'edited, not run yet' : 'stale: recorded before an edit above');
    }
    this.dispatchEvent(new Event('lesson-change'));
  }
}

/** @param {number} seconds */
const duration = (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`);
