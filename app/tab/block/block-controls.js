/** The controls above a block's code: what they do to it, and what it does to them. */
import { changeFor, readControls, said, sameElements, textNamed } from '../../controls/controls.js';
import { controlsHtml, elementValue } from '../../controls/controls-html.js';
import { element } from '../dom/element.js';

/**
 * @typedef {import('../../controls/controls.js').Control} Control
 * @typedef {import('../../controls/controls.js').Change} Change
 * @typedef {HTMLInputElement | HTMLSelectElement} Input
 */

export class BlockControls {
  #section;
  #title;
  #move;
  #source;
  /** @type {HTMLElement | null} */
  #place;
  /** As they are shown. @type {Control[]} */
  #controls;
  /** Of the gesture that is under way. @type {Input | undefined} */
  #held;

  /**
   * @param {HTMLElement} section that has the controls of `source` already, as the build wrote them
   * @param {{source: string, title: string, move: (change: Change, goesOn: boolean) => void, undo: () => boolean}}
   *   options move: the reader has moved a control; goesOn: and had not let go of it since the last time
   */
  constructor(section, { source, title, move, undo }) {
    this.#section = section;
    this.#title = title;
    this.#move = move;
    this.#source = source;
    this.#controls = readControls(source);
    this.#place = section.querySelector('.controls');
    if (this.#place) for (const input of inputsOf(this.#place)) input.disabled = false;
    section.addEventListener('input', (event) => this.#moved(event, false));
    section.addEventListener('change', (event) => this.#moved(event, true));
    document.addEventListener('control', (event) => this.#asked(/** @type {CustomEvent} */ (event)));
    section.addEventListener('keydown', (event) => {
      const { key, ctrlKey, metaKey, shiftKey, target } = event;
      if (!(ctrlKey || metaKey) || shiftKey || key.toLowerCase() !== 'z' || this.#indexOf(target) < 0) return;
      if (!isTyped(/** @type {Input} */ (target)) && undo()) event.preventDefault();
    });
  }

  /** Brings the controls in line with the code. @param {string} source */
  show(source) {
    this.#source = source;
    const controls = readControls(source);
    const isSame = sameElements(controls, this.#controls);
    this.#controls = controls;
    if (!isSame) this.#render();
    else if (this.#place) inputsOf(this.#place).forEach((input, index) => showValue(input, controls[index]));
  }

  #render() {
    const focused = document.activeElement?.closest('.controls') === this.#place && document.activeElement?.id;
    if (!this.#controls.length) {
      this.#place?.remove();
      this.#place = null;
      return;
    }
    if (!this.#place) {
      this.#place = element('div', { className: 'controls', role: 'group', ariaLabel: `Controls: ${this.#title}` });
      this.#section.querySelector('.block-head')?.after(this.#place);
    }
    this.#place.innerHTML = controlsHtml(this.#controls, this.#section.id);
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {EventTarget | null} target @returns {number} -1 for what is none of them */
  #indexOf(target) {
    return this.#place ? inputsOf(this.#place).indexOf(/** @type {Input} */ (target)) : -1;
  }

  /**
   * Something in the block's output, or in another's that names this block, asks for another text under a name.
   * What it goes by, `from`, may be overtaken: then the code stays, and the block runs to show what it says now.
   * @param {CustomEvent<{name: string, to: string, from?: string, block?: string, done: boolean}>} event done: the code
   *   assigns a text to that name
   */
  #asked(event) {
    const { name, from, to, block } = event.detail;
    const isMine = block ? block === this.#section.id : this.#section.contains(/** @type {Node} */ (event.target));
    if (!isMine) return;
    const text = textNamed(this.#source, name);
    if (!text) return;
    event.detail.done = true;
    const change = [undefined, text.value].includes(from) && changeFor(text, to);
    this.#move(change || { from: 0, to: 0, insert: '' }, false);
  }

  /** @param {Event} event @param {boolean} isLast whether the reader has let go */
  #moved({ target }, isLast) {
    const index = this.#indexOf(target);
    if (index < 0) return;
    const input = /** @type {Input} */ (target);
    // What is being typed is not yet what is meant.
    if (isTyped(input) && !isLast) return;
    const control = this.#controls[index];
    const change = changeFor(
      control,
      input instanceof HTMLInputElement && input.type === 'checkbox' ? input.checked : input.value,
    );
    const goesOn = this.#held === input;
    this.#held = isLast ? undefined : input;
    if (change) this.#move(change, goesOn);
    else if (isLast) showValue(input, control);
  }
}

/** @param {HTMLElement} place @returns {Input[]} */
const inputsOf = (place) => [...place.querySelectorAll(/** @type {'input'} */ ('input, select'))];

/** @param {Input} input */
const isTyped = ({ type }) => type === 'text' || type === 'number';

/**
 * What says the same already is left alone: it may be in the reader's hand.
 * @param {Input} input @param {Control} control
 */
function showValue(input, control) {
  const value = elementValue(control);
  if (input instanceof HTMLInputElement && input.type === 'checkbox') input.checked = control.value === true;
  else if (
    input.type === 'number' ? input.value === '' || Number(input.value) !== control.value : input.value !== value
  )
    input.value = value;
  if (input.type !== 'range') return;
  const words = said(control);
  if (input.getAttribute('aria-valuetext') !== words) input.setAttribute('aria-valuetext', words);
  const shown = input.parentElement?.querySelector('.value');
  if (shown && shown.textContent !== words) shown.textContent = words;
}
