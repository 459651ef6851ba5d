/**
 * <py-block>: one block's editor, its buttons, its output and its messages. Knows no other block and no worker:
 * it says what the reader wants by events (`block-run`, `block-edit`) and is told what to show.
 *
 * @typedef {'recorded' | 'queued' | 'running' | 'done' | 'error' | 'stale'} State
 * @typedef {import('./protocol.js').RunEvent} RunEvent
 * @typedef {import('./protocol.js').Names} Names
 */
import { Output } from './output.js';
import { keepEdit, readEdit } from './store.js';

const SAVE_AFTER_MS = 300;

export class PyBlock extends HTMLElement {
  /** @type {Names} */
  names = { defines: [], uses: [] };
  /** The names of the original. */
  publishedNames = this.names;
  original = '';

  #source = '';
  /** @type {HTMLElement} */
  #section = this;
  /** @type {Output | undefined} */
  #output;
  /** @type {ReturnType<typeof import('./editor.js').createEditor> | undefined} */
  #editor;
  /** @type {Promise<void> | undefined} */
  #mounting;
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
    this.#part('.block-state').textContent = said;
  }

  /** Before a run: what the last one left makes room. */
  begin() {
    this.clearMessages();
    this.#output?.begin();
    this.#progress(0);
  }

  clearMessages() {
    this.#part('.messages').replaceChildren();
    this.#markError(null);
  }

  /** @param {RunEvent} event */
  receive(event) {
    if (event.type === 'progress') this.#progress(event.done / event.total);
    else if (event.type === 'error') this.#showError(event);
    else if (event.type === 'verdict') this.#markError(event.line ?? this.#errorLine);
    else this.#output?.add(event);
  }

  /** After a run, whatever its end. */
  finish() {
    this.#output?.settle();
    this.#progress(0);
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

  /** Other code in the editor, as if the reader had typed it. @param {string} source */
  replace(source) {
    this.#setSource(source);
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

  /** @param {Extract<RunEvent, {type: 'error'}>} event */
  #showError({ name, message, text, line }) {
    const box = document.createElement('div');
    box.className = 'error-box';
    const said = document.createElement('p');
    const kind = document.createElement('strong');
    kind.textContent = name;
    said.append(kind, `: ${message}`, line ? ` (line ${line})` : '');
    const details = document.createElement('details');
    const summary = document.createElement('summary');
    summary.textContent = 'Traceback';
    const trace = document.createElement('pre');
    trace.tabIndex = 0;
    trace.textContent = text;
    details.append(summary, trace);
    box.append(said, details);
    this.#part('.messages').append(box);
    this.#markError(line);
  }

  /** @param {number | null} line */
  #markError(line) {
    this.#errorLine = line;
    this.#editor?.markError(line);
  }

  /** @param {number} share 0 to 1 */
  #progress(share) {
    const bar = /** @type {HTMLProgressElement} */ (this.#part('.progress'));
    bar.value = share;
    bar.toggleAttribute('data-shown', share > 0);
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
