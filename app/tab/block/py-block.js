/**
 * <py-block>: one cell's editor, buttons, output and messages. It shows what its cell is, and asks the lesson for what
 * the reader wants. It knows no other block and no worker.
 *
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {import('../../shared/protocol.js').RunEvent} RunEvent
 * @typedef {ReturnType<typeof import('../editor/editor.js').createEditor>} Editor
 */

import { changed } from '../../controls/controls.js';
import { Output } from '../../output/output-view.js';
import { pause } from '../dom/idle.js';
import { late, NOT_LOADED } from '../dom/late.js';
import { notice } from '../dom/notice.js';
import { Cell } from '../lesson/cell.js';
import { inWords } from '../lesson/pace.js';
import { fromRoot } from '../root.js';
import { BlockControls } from './block-controls.js';
import { errorBox, noteBox } from './error-box.js';

const editorPart = late(() => import('../editor/editor.js'));

const NO_EDITOR = `The editor ${NOT_LOADED} The block runs all the same.`;

export class PyBlock extends HTMLElement {
  /** What it shows; read from the page. @type {Cell} */
  cell = /** @type {any} */ (undefined);

  /** @type {Lesson | undefined} */
  #lesson;
  /** @type {import('../editor/completion-answers.js').Assistant | undefined} */
  #assistant;
  /** @type {HTMLElement} */
  #section = this;
  /** @type {Output | undefined} */
  #output;
  /** @type {Editor | undefined} */
  #editor;
  /** What says that there is none. @type {Element | undefined} */
  #noEditor;
  /** @type {Promise<void> | undefined} */
  #mounting;
  /** @type {BlockControls | undefined} */
  #controls;
  #errorLine = /** @type {number | null} */ (null);
  /** @type {Promise<void> | undefined} */
  #recordedMount;
  /** Whether what it shows is a run's, and no longer what was recorded. */
  #begun = false;
  /** Messages of the run before, which stay until there is something new to show. @type {Element[]} */
  #left = [];

  connectedCallback() {
    if (this.cell) return;
    this.#section = /** @type {HTMLElement} */ (this.querySelector('section'));
    this.cell = new Cell({
      id: this.#section.id,
      title: this.#part('.block-title').textContent ?? '',
      source: this.#part('.code code').textContent ?? '',
      names: JSON.parse(this.#section.dataset.names ?? 'null'),
    });
    this.#output = new Output(this.#part('.output'), this.#part('.charts'));
  }

  /**
   * @param {Lesson} lesson
   * @param {import('../editor/completion-answers.js').Assistant} assistant completes and explains in the editor
   */
  connect(lesson, assistant) {
    this.#lesson = lesson;
    this.#assistant = assistant;
    const [run, reset] = [this.#button('.run'), this.#button('.reset')];
    run.disabled = false;
    run.addEventListener('click', () => lesson.run(this.cell));
    reset.hidden = false;
    reset.title = 'Back to the original code';
    reset.addEventListener('click', () => lesson.reset(this.cell));
    this.#part('.code').addEventListener('pointerdown', (event) => this.#editor ?? this.#editAt(event));
    this.#showCode?.addEventListener('click', () => this.#unfold(!this.#fold?.open));
    if (this.#showCode) this.#showCode.disabled = false;
    this.#controls = new BlockControls(this.#section, {
      source: this.cell.original,
      title: this.cell.title,
      move: (change, goesOn) => this.#move(change, goesOn),
      undo: () => this.#undo(),
    });
    this.showSource();
  }

  /** The code as it is now. */
  get source() {
    return this.cell.source;
  }

  /** Another code in place of this one; it does not run. @param {string} source */
  replaceSource(source) {
    this.#lesson?.edit(this.cell, source);
  }

  /** What the block has put out, as text. */
  get outputText() {
    return this.#output?.text ?? '';
  }

  showState() {
    const { state, said, pace } = this.cell;
    if (this.#section.dataset.state !== state) {
      this.#section.dataset.state = state;
      this.#button('.run').textContent = state === 'queued' ? 'Queued' : 'Run';
    }
    this.#sayState((state === 'running' && pace && inWords(pace)) || said);
  }

  /** Screen readers read what is written, so what stands there already is not written again. @param {string} words */
  #sayState(words) {
    const place = this.#part('.block-state');
    if (place.textContent !== words) place.textContent = words;
  }

  /** The cell's code in the editor, or in the listing that is there before it, and whether it is the original. */
  showSource() {
    const { source, edited } = this.cell;
    if (this.#editor) {
      if (this.#editor.source !== source) this.#editor.setSource(source);
    } else {
      const listing = this.#part('.code code');
      if (listing.textContent !== source) listing.textContent = source;
    }
    this.#controls?.show(source);
    this.#section.toggleAttribute('data-edited', edited);
    this.#button('.reset').disabled = !edited;
  }

  /**
   * A control has moved: its value is written into the code, and the block runs.
   * @param {import('../../controls/controls.js').Change} change
   * @param {boolean} goesOn the same gesture as the last change
   */
  #move(change, goesOn) {
    const lesson = /** @type {Lesson} */ (this.#lesson);
    if (this.#editor) this.#editor.replace(change, goesOn);
    else {
      lesson.edit(this.cell, changed(this.cell.source, change), { typed: true });
      this.mountEditor();
    }
    lesson.follow(this.cell);
  }

  /** Takes back what a control has done last. */
  #undo() {
    if (!this.#editor?.undo()) return false;
    this.#lesson?.follow(this.cell);
    return true;
  }

  /** Around the code, where that is folded. @returns {HTMLDetailsElement | null} */
  get #fold() {
    return this.#section.querySelector('.fold');
  }

  /** @returns {HTMLButtonElement | null} */
  get #showCode() {
    return this.#section.querySelector('.show-code');
  }

  /** Shows code that is folded, or folds it. @param {boolean} [open] */
  async #unfold(open = true) {
    const [fold, button] = [this.#fold, this.#showCode];
    if (!fold || !button || fold.open === open) return;
    fold.open = open;
    button.ariaExpanded = String(open);
    button.textContent = open ? 'Hide code' : 'Show code';
    await this.mountEditor();
    this.#editor?.layOut();
  }

  /**
   * Before a run: what the last one left makes room; where a control is moved, only when there is something new.
   * @param {boolean} [follows]
   */
  begin(follows = false) {
    this.#begun = true;
    if (follows) this.#left = this.#passing();
    else this.clearMessages();
    this.#output?.begin();
    this.showProgress(0, '');
  }

  /** All but those that wait for a choice. */
  clearMessages() {
    this.#left = this.#passing();
    this.#clearLeft();
  }

  /** @returns {Element[]} */
  #passing() {
    return [...this.#part('.messages').querySelectorAll(':scope > :not([data-lasting])')];
  }

  #clearLeft() {
    if (!this.#left.length) return;
    for (const message of this.#left.splice(0)) message.remove();
    this.#markError(null);
  }

  /** @param {RunEvent} event */
  receive(event) {
    if (event.type === 'error' || event.type === 'warning') this.#clearLeft();
    if (event.type === 'error') this.#showError(event);
    else if (event.type === 'verdict') this.#markError(event.line ?? this.#errorLine);
    else if (event.type === 'warning') this.#part('.messages').append(noteBox(event, (line) => this.#goTo(line)));
    else this.#output?.add(event);
  }

  /** After a run, whatever its end. @param {boolean} [cut] the next one follows at once, and will show more */
  finish(cut = false) {
    this.showProgress(0, '');
    if (cut) return;
    this.#clearLeft();
    this.#output?.settle();
  }

  /** What was to run will not. */
  rest() {
    this.#output?.rest();
  }

  /**
   * How far a loop is.
   * @param {number} share from 0 to 1
   * @param {string} said '' before and after a run, and for a short loop
   */
  showProgress(share, said) {
    const bar = /** @type {HTMLProgressElement} */ (this.#part('.progress'));
    bar.value = share;
    bar.toggleAttribute('data-shown', share > 0);
    if (said) {
      this.#sayState(said);
      bar.setAttribute('aria-valuetext', said);
    } else bar.removeAttribute('aria-valuetext');
  }

  /** @param {string} text @param {[string, () => void][]} [actions] labelled buttons */
  say(text, actions = []) {
    return this.addMessage(notice(text, actions));
  }

  /** @template {Element} T @param {T} message */
  addMessage(message) {
    this.#part('.messages').append(message);
    return message;
  }

  /** The editor replaces the static listing, at the same place and size. */
  mountEditor() {
    this.#mounting ??= editorPart().then((part) => {
      if (!part) return;
      const { cell } = this;
      const lesson = /** @type {Lesson} */ (this.#lesson);
      this.#editor = part.createEditor({
        source: cell.source,
        label: `Code: ${cell.title}`,
        onChange: (source) => lesson.edit(cell, source, { typed: true }),
        onRun: () => lesson.run(cell),
        onRunAndNext: () => lesson.run(cell, { next: true }),
        assistant: /** @type {import('../editor/completion-answers.js').Assistant} */ (this.#assistant),
      });
      this.#part('.code').replaceChildren(this.#editor.dom);
      this.#editor.layOut();
      this.#editor.markError(this.#errorLine);
    });
    return this.#mounting;
  }

  /**
   * The editor for a reader who goes to the code, and who is told where there is none.
   * @returns {Promise<Editor | undefined>}
   */
  async #editorAskedFor() {
    await this.mountEditor();
    this.#noEditor?.remove();
    this.#noEditor = this.#editor ? undefined : this.say(NO_EDITOR);
    return this.#editor;
  }

  async focusEditor() {
    this.#unfold();
    (await this.#editorAskedFor())?.focus();
  }

  /**
   * Whoever goes to the code before its editor has come needs it now, and where they went.
   * @param {{x: number, y: number}} place
   */
  async #editAt(place) {
    // A press goes on as mousedown, which would take the focus from an editor that was there before it.
    await pause(0);
    (await this.#editorAskedFor())?.focusAt(place);
  }

  /** The recorded output again, in place of a run's. */
  async showRecorded() {
    this.clearMessages();
    const recorded = await this.recorded();
    const { edited, ran, state } = this.cell;
    if (recorded && !edited && !ran && state !== 'running') this.#output?.showRecorded(recorded);
  }

  /**
   * What the build recorded of this block; undefined if it cannot be had.
   * @returns {Promise<import('../../shared/protocol.js').Recorded | undefined>}
   */
  async recorded() {
    return fetch(fromRoot(`recorded/${this.cell.id}.json`))
      .then((answer) => (answer.ok ? answer.json() : undefined))
      .catch(() => undefined);
  }

  /** Mounts what was recorded, such as charts, once: for who comes near, or for paper. */
  mountRecorded() {
    return (this.#recordedMount ??= this.#mountRecorded());
  }

  async #mountRecorded() {
    const recorded = await this.recorded();
    if (!recorded)
      this.#recordedMount = undefined; // the network may come back
    // Stale or not, it is what the block shows, as long as it has not run.
    else if (!this.#begun) this.#output?.mountRecorded(recorded);
  }

  get showsMore() {
    return this.#part('.charts').childElementCount > 0;
  }

  /** @param {import('../../shared/protocol.js').ErrorEvent} event */
  #showError(event) {
    const definers = /** @type {Lesson} */ (this.#lesson).definersFor(this.cell);
    const { source } = this.cell;
    const mend = (/** @type {string} */ mended) => {
      // What was typed since is the reader's, and not what Python has seen.
      if (this.cell.source === source) this.replaceSource(mended);
      else this.say('The code has changed since: run it again.');
    };
    this.addMessage(errorBox(event, definers, { goTo: (line) => this.#goTo(line), mend }));
    this.#markError(event.line);
  }

  /** @param {number} line */
  async #goTo(line) {
    await this.#unfold();
    (await this.#editorAskedFor())?.goTo(line);
  }

  /** @param {number | null} line */
  #markError(line) {
    this.#errorLine = line;
    this.#editor?.markError(line);
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
