/**
 * <guess-first>: a question whose result waits below it. The guess is kept across visits, and stands beside the result.
 * Once the result has been seen the guess stays what it was, until the reader asks anew.
 */
import { element } from '../dom/element.js';
import { store } from '../site.js';

const PREFIX = 'guess/';

export class GuessFirst extends HTMLElement {
  /** What was guessed: the value of a choice or of the scale. @type {string | null} */
  #guess = null;

  connectedCallback() {
    if (this.#said.parentElement) return;
    this.#result.querySelector('summary')?.after(this.#said);
    const kept = store.read(PREFIX + this.id);
    if (kept !== null && this.#take(kept)) this.#guess = kept;
    this.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement) this.#set(target.value);
    });
    this.#result.addEventListener('toggle', () => this.#show());
    this.#again.addEventListener('click', () => this.#forget());
    this.#show();
  }

  #again = element('button', { type: 'button', className: 'quiet' }, 'Guess anew');
  #said = element('p', { className: 'guessed' });

  get #fieldset() {
    return /** @type {HTMLFieldSetElement} */ (this.querySelector('fieldset'));
  }

  get #result() {
    return /** @type {HTMLDetailsElement} */ (this.querySelector('details'));
  }

  get #inputs() {
    return [...this.#fieldset.querySelectorAll('input')];
  }

  /** Puts a kept guess into the form, if the question still has such an answer. @param {string} guess */
  #take(guess) {
    return this.#inputs.some((input) => {
      if (input.type === 'range') {
        input.value = guess;
        return input.value === guess;
      }
      input.checked = input.value === guess;
      return input.checked;
    });
  }

  /** @param {string} guess */
  #set(guess) {
    this.#guess = guess;
    store.write(PREFIX + this.id, guess);
    this.#show();
  }

  #forget() {
    store.remove(PREFIX + this.id);
    this.#guess = null;
    for (const input of this.#inputs) {
      input.checked = false;
      if (input.type === 'range') input.value = input.defaultValue;
    }
    this.#result.open = false;
    this.#show();
    this.#inputs[0].focus();
  }

  #show() {
    const made = this.#guess !== null;
    const seen = this.#result.open;
    this.#fieldset.disabled = made && seen;
    const output = this.querySelector('output');
    if (output) {
      output.textContent = made ? this.#words : '';
      this.#inputs[0].ariaValueText = this.#words;
    }
    this.#said.hidden = !made;
    this.#said.replaceChildren(...(made ? ['You guessed: ', this.#label(), ' ', this.#again] : []));
  }

  /** The guess on a scale, with its unit. */
  get #words() {
    return `${this.#inputs[0].value}${this.#inputs[0].dataset.unit ?? ''}`;
  }

  /** The guess as the question has it, formulas included. */
  #label() {
    const chosen = this.#inputs.find((input) => input.checked && input.type === 'radio');
    const label = element('strong');
    if (chosen) label.append(...[...(chosen.nextElementSibling?.childNodes ?? [])].map((node) => node.cloneNode(true)));
    else label.textContent = this.#words;
    return label;
  }
}
