/**
 * <py-block>: one block's editor, its buttons, its output and its messages. Knows no other block and no worker:
 * it says what the reader wants by events (`block-run`, `block-edit`) and is told what to show.
 *
 * @typedef {'recorded' | 'queued' | 'running' | 'done' | 'error' | 'stale'} State
 * @typedef {import('../../shared/protocol.js').RunEvent} RunEvent
 * @typedef {import('../../shared/protocol.js').Names} Names
 */
import { errorBox, noteBox } from './error-box.js';
import { Output } from '../../output/output-view.js';
import { notice } from '../dom/notice.js';
import { follow, inWords } from '../lesson/pace.js';
import { KeptEdit } from '../edits/saved-edit.js';

const SAVE_AFTER_MS = 300;

export class PyBlock extends HTMLElement {
  /** @type {Names} */
  names = { defines: [], uses: [] };
  /** The names of the original. */
  publishedNames = this.names;
  original = '';
  /** What it may know of the other blocks; the lesson says it. @type {import('./hints.js').Definers} */
  definers = { find: () => undefined, writer: () => undefined, near: () => undefined, titleOf: () => undefined, all: () => [] };
  /** Completes and explains in the editor. @type {import('../editor/completion-answers.js').Assistant} */
  assistant = { complete: async () => undefined, help: async () => undefined, names: () => [], excuse: () => '' };

  #source = '';
  /** @type {HTMLElement} */
  #section = this;
  /** @type {Output | undefined} */
  #output;
  /** @type {ReturnType<typeof import('../editor/editor.js').createEditor> | undefined} */
  #editor;
  /** @type {Promise<void> | undefined} */
  #mounting;
  /** How fast the loop that runs goes. @type {import('../lesson/pace.js').Pace | undefined} */
  #pace;
  #errorLine = /** @type {number | null} */ (null);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saveTimer;
  /** @type {KeptEdit | undefined} */
  #kept;
  /** Says that another tab has edited this block. @type {HTMLElement | undefined} */
  #elsewhere;

  connectedCallback() {
    if (this.original) return;
    this.#section = /** @type {HTMLElement} */ (this.querySelector('section'));
    this.names = this.publishedNames = JSON.parse(this.#section.dataset.names ?? '');
    this.#source = this.original = this.#part('.code code').textContent ?? '';
    this.#output = new Output(this.#part('.output'), this.#part('.charts'));
    this.#button('.run').disabled = false;
    this.#button('.reset').hidden = false;
    this.#button('.reset').title = 'Back to the original code';
    this.#button('.run').addEventListener('click', () => this.#ask(false));
    this.#part('.code').addEventListener('pointerdown', (event) => this.#editor ?? this.#editAt(event));
    this.#button('.reset').addEventListener('click', () => this.reset());
    this.#restoreEdit();
    this.#showEdited();
  }

  get blockId() {
    return this.#section.id;
  }

  get blockTitle() {
    return this.#part('.block-title').textContent ?? '';
  }

  get source() {
    return this.#source;
  }

  /** What the block has put out, as text. */
  get outputText() {
    return this.#output?.text ?? '';
  }

  get edited() {
    return this.#source !== this.original;
  }

  /** @param {State} state @param {string} [said] the state in words */
  setState(state, said = state) {
    if (this.#section.dataset.state !== state) {
      this.#section.dataset.state = state;
      this.#button('.run').textContent = state === 'queued' ? 'Queued' : 'Run';
      this.dispatchEvent(new CustomEvent('block-state', { bubbles: true, detail: { id: this.blockId, state } }));
    }
    // All blocks are told at each change of one: what is shown already is not written again.
    const words = (state === 'running' && this.#pace && inWords(this.#pace)) || said;
    const place = this.#part('.block-state');
    if (place.textContent !== words) place.textContent = words;
  }

  /** Before a run: what the last one left makes room. */
  begin() {
    this.clearMessages();
    this.#output?.begin();
    this.#progress();
  }

  /** All but those that wait for a choice. */
  clearMessages() {
    for (const message of this.#part('.messages').querySelectorAll(':scope > :not([data-lasting])')) message.remove();
    this.#markError(null);
  }

  /** @param {RunEvent} event */
  receive(event) {
    if (event.type === 'progress') this.#progress(event);
    else if (event.type === 'error') this.#showError(event);
    else if (event.type === 'verdict') this.#markError(event.line ?? this.#errorLine);
    else if (event.type === 'warning') this.#part('.messages').append(noteBox(event, (line) => this.#goTo(line)));
    else this.#output?.add(event);
  }

  /** After a run, whatever its end. */
  finish() {
    this.#output?.settle();
    this.#progress();
  }

  /** @param {string} text @param {[string, () => void][]} [actions] labelled buttons */
  say(text, actions = []) {
    const message = notice(text, actions);
    this.#part('.messages').append(message);
    return message;
  }

  /** The editor replaces the static listing, at the same place and size. */
  mountEditor() {
    this.#mounting ??= import('../editor/editor.js').then(({ createEditor }) => {
      this.#editor = createEditor({
        source: this.#source,
        label: `Code: ${this.blockTitle}`,
        onChange: (source) => this.#edit(source),
        onRun: () => this.#ask(false),
        onRunAndNext: () => this.#ask(true),
        assistant: this.assistant,
      });
      this.#part('.code').replaceChildren(this.#editor.dom);
      this.#editor.layOut();
      this.#editor.markError(this.#errorLine);
    });
    return this.#mounting;
  }

  async focusEditor() {
    await this.mountEditor();
    this.#editor?.focus();
  }

  /** Whoever goes to the code before its editor has come needs it now, and where they went. @param {{x: number, y: number}} place */
  async #editAt(place) {
    await this.mountEditor();
    this.#editor?.focusAt(place);
  }

  /** Back to the original code and its recorded output. */
  async reset() {
    this.replaceSource(this.original);
    this.clearMessages();
    this.dispatchEvent(new CustomEvent('block-reset', { bubbles: true }));
    const recorded = await this.recorded();
    if (recorded && !this.edited) this.#output?.showRecorded(recorded);
  }

  /** What the build recorded of this block; undefined if it cannot be had. @returns {Promise<import('../../shared/protocol.js').Recorded | undefined>} */
  async recorded() {
    const { recorded } = this.#part('.charts').dataset;
    return fetch(recorded ?? '').then((answer) => (answer.ok ? answer.json() : undefined)).catch(() => undefined);
  }

  /** Draws the recorded charts, unless the block has run by now. */
  async showRecordedCharts() {
    const recorded = await this.recorded();
    if (recorded && this.#section.dataset.state === 'recorded') this.#output?.showRecordedCharts(recorded.charts);
  }

  get hasCharts() {
    return this.#part('.charts').childElementCount > 0;
  }

  /** @param {string} source as the reader typed it */
  #edit(source) {
    this.#source = source;
    this.#showEdited();
    // Counted from the first keystroke that is not saved: who types on and on loses no more than that.
    this.#saveTimer ??= setTimeout(() => this.#save(), SAVE_AFTER_MS);
    this.dispatchEvent(new CustomEvent('block-edit', { bubbles: true }));
  }

  #save() {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    this.#said(/** @type {KeptEdit} */ (this.#kept).keep(this.#source));
  }

  /** @param {import('../edits/saved-edit.js').Saved} saved */
  #said(saved) {
    if (saved === 'elsewhere') this.lookElsewhere();
    else this.dispatchEvent(new CustomEvent(saved === 'kept' ? 'block-saved' : 'block-unsaved', { bubbles: true }));
  }

  /** Saves what was typed last, before the page may go. */
  saveNow() {
    if (this.#saveTimer) this.#save();
  }

  /** Asks the reader whose text it shall be, if another tab has written to this block. */
  lookElsewhere() {
    const kept = this.#kept;
    if (!kept) return;
    if (kept.theirs === this.#source) this.#said(kept.choose(this.#source));
    if (!kept.changedElsewhere) {
      this.#elsewhere?.remove();
      this.#elsewhere = undefined;
    } else if (!this.#elsewhere) {
      this.saveNow();
      this.#elsewhere = this.say('This block was edited in another tab. Both versions stay until you choose.', [
        ['Take that one', () => {
          this.#elsewhere = undefined;
          const { theirs } = kept;
          kept.choose(theirs);
          this.replaceSource(theirs);
        }],
        ['Keep mine', () => {
          this.#elsewhere = undefined;
          this.#said(kept.choose(this.#source));
        }],
      ]);
      this.#elsewhere.dataset.lasting = '';
    }
  }

  /** Another text in place of this one; it does not run. @param {string} source */
  replaceSource(source) {
    if (source === this.#source) return;
    if (this.#editor) {
      this.#editor.setSource(source);
    } else {
      this.#part('.code code').textContent = source;
      this.#edit(source);
    }
    this.#save();
  }

  #restoreEdit() {
    this.#kept = new KeptEdit(this.blockId, this.original);
    this.#source = this.#kept.restore();
    if (this.edited) {
      this.#part('.code code').textContent = this.#source;
      this.say('This is your edited version from an earlier visit.');
    }
    for (const text of this.#kept.aside()) this.#offer(text);
  }

  /** What was set aside, until the reader has chosen. @param {import('../edits/saved-edit.js').Aside} text */
  #offer({ key, why, source }) {
    const drop = () => this.#kept?.drop(key);
    const use = () => {
      this.replaceSource(source);
      drop();
    };
    const message = why === 'damaged'
      ? notice('What the browser kept of this block could not be read. It is set aside, not thrown away.', [['Discard it', drop]], source)
      : why === 'older'
        ? notice('This block has changed since you edited it. You see the new version; yours is kept.', [['Use my edit', use], ['Discard my edit', drop]], source)
        : notice('Another version of this block is kept, from another tab.', [['Use that one', use], ['Discard it', drop]], source);
    message.dataset.lasting = '';
    this.#part('.messages').append(message);
  }

  #showEdited() {
    this.#section.toggleAttribute('data-edited', this.edited);
    this.#button('.reset').disabled = !this.edited;
  }

  /** @param {import('../../shared/protocol.js').ErrorEvent} event */
  #showError(event) {
    this.#part('.messages').append(errorBox(event, this.definers, (line) => this.#goTo(line)));
    this.#markError(event.line);
  }

  /** @param {number} line */
  async #goTo(line) {
    await this.mountEditor();
    this.#editor?.goTo(line);
  }

  /** @param {number | null} line */
  #markError(line) {
    this.#errorLine = line;
    this.#editor?.markError(line);
  }

  /** @param {{done: number, total: number, seconds: number}} [progress] none before and after a run */
  #progress(progress) {
    const bar = /** @type {HTMLProgressElement} */ (this.#part('.progress'));
    this.#pace = progress && follow(this.#pace, { at: 1000 * progress.seconds, done: progress.done, total: progress.total });
    const share = progress?.total ? progress.done / progress.total : 0;
    const said = this.#pace ? inWords(this.#pace) : '';
    bar.value = share;
    bar.toggleAttribute('data-shown', share > 0);
    if (said) {
      this.#part('.block-state').textContent = said;
      bar.setAttribute('aria-valuetext', said);
    } else bar.removeAttribute('aria-valuetext');
    this.dispatchEvent(new CustomEvent('block-progress', { bubbles: true, detail: { share: said ? share : undefined } }));
  }

  /** @param {boolean} next whether to move on to the next block */
  #ask(next) {
    this.dispatchEvent(new CustomEvent('block-run', { bubbles: true, detail: { next } }));
  }

  /** @param {string} selector @returns {HTMLElement} */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#section.querySelector(selector));
  }

  /** @param {string} selector */
  #button(selector) {
    return /** @type {HTMLButtonElement} */ (this.#part(selector));
  }
}
