/**
 * <py-block>: one block's editor, its buttons, its output and its messages. Knows no other block and no worker:
 * it says what the reader wants by events (`block-run`, `block-edit`) and is told what to show.
 *
 * @typedef {'recorded' | 'queued' | 'running' | 'done' | 'error' | 'stale'} State
 * @typedef {import('./protocol.js').RunEvent} RunEvent
 * @typedef {import('./protocol.js').Names} Names
 */
import { errorBox, noteBox } from './error-box.js';
import { Output } from './output.js';
import { follow, inWords } from './pace.js';
import { keepEdit, readEdit } from './store.js';

const SAVE_AFTER_MS = 300;

export class PyBlock extends HTMLElement {
  /** @type {Names} */
  names = { defines: [], uses: [] };
  /** The names of the original. */
  publishedNames = this.names;
  original = '';
  /** What it may know of the other blocks; the lesson says it. @type {import('./hints.js').Definers} */
  definers = { find: () => undefined, writer: () => undefined, near: () => undefined, titleOf: () => undefined, all: () => [] };
  /** Completes and explains in the editor. @type {import('./assistant.js').Assistant} */
  assistant = { complete: async () => undefined, help: async () => undefined, names: () => [], excuse: () => '' };

  #source = '';
  /** @type {HTMLElement} */
  #section = this;
  /** @type {Output | undefined} */
  #output;
  /** @type {ReturnType<typeof import('./editor.js').createEditor> | undefined} */
  #editor;
  /** @type {Promise<void> | undefined} */
  #mounting;
  /** How fast the loop that runs goes. @type {import('./pace.js').Pace | undefined} */
  #pace;
  #errorLine = /** @type {number | null} */ (null);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saveTimer;

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
    this.#part('.block-state').textContent = (state === 'running' && this.#pace && inWords(this.#pace)) || said;
  }

  /** Before a run: what the last one left makes room. */
  begin() {
    this.clearMessages();
    this.#output?.begin();
    this.#progress();
  }

  clearMessages() {
    this.#part('.messages').replaceChildren();
    this.#markError(null);
  }

  /** @param {RunEvent} event */
  receive(event) {
    if (event.type === 'progress') this.#progress(event);
    else if (event.type === 'error') this.#showError(event);
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
    const message = document.createElement('p');
    message.className = 'message';
    message.append(text);
    for (const [label, action] of actions) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = label;
      button.addEventListener('click', () => {
        message.remove();
        action();
      });
      message.append(' ', button);
    }
    this.#part('.messages').append(message);
  }

  /** The editor replaces the static listing, at the same place and size. */
  mountEditor() {
    this.#mounting ??= import('./editor.js').then(({ createEditor }) => {
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

  /** Back to the original code and its recorded output. */
  async reset() {
    this.#setSource(this.original);
    this.clearMessages();
    this.dispatchEvent(new CustomEvent('block-reset', { bubbles: true }));
    const recorded = await this.recorded();
    if (recorded && !this.edited) this.#output?.showRecorded(recorded);
  }

  /** What the build recorded of this block; undefined if it cannot be had. @returns {Promise<import('./protocol.js').Recorded | undefined>} */
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
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => this.#save(), SAVE_AFTER_MS);
    this.dispatchEvent(new CustomEvent('block-edit', { bubbles: true }));
  }

  #save() {
    if (!keepEdit(this.blockId, this.original, this.#source)) {
      this.dispatchEvent(new CustomEvent('block-unsaved', { bubbles: true }));
    }
  }

  /** @param {string} source */
  #setSource(source) {
    if (this.#editor) {
      this.#editor.setSource(source);
    } else {
      this.#part('.code code').textContent = source;
      this.#edit(source);
    }
    this.#save();
  }

  #restoreEdit() {
    const edit = readEdit(this.blockId, this.original);
    if (!edit || edit.source === this.original) return;
    if (edit.current) {
      this.#source = edit.source;
      this.#part('.code code').textContent = edit.source;
      this.say('This is your edited version from an earlier visit.');
    } else {
      this.say('This block has changed since you edited it. You see the new version; yours is kept.', [
        ['Use my edit', () => this.#setSource(edit.source)],
        ['Discard my edit', () => this.#save()],
      ]);
    }
  }

  #showEdited() {
    this.#section.toggleAttribute('data-edited', this.edited);
    this.#button('.reset').disabled = !this.edited;
  }

  /** @param {import('./protocol.js').ErrorEvent} event */
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

  /** @param {{done: number, total: number}} [progress] none before and after a run */
  #progress(progress) {
    const bar = /** @type {HTMLProgressElement} */ (this.#part('.progress'));
    this.#pace = progress && follow(this.#pace, { at: performance.now(), ...progress });
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
