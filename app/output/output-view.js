/** Shows what a block puts out: an event to DOM, by kind. Knows no editor and no worker. */
import { element } from '../tab/dom/element.js';
import { kindOf } from './kinds.js';
import { linkPictures } from './linked.js';
import { addEvent, fold, isText, seen, textOf } from './output-items.js';

/**
 * @typedef {import('./output-items.js').Item} Item
 * @typedef {import('./output-items.js').Text} Text
 * @typedef {import('./output-items.js').Shown} Shown
 * @typedef {import('../shared/protocol.js').RunEvent} RunEvent
 */

export class Output {
  /** @type {Item[]} */
  #items = [];
  /** What the log holds. @type {(Text | HTMLElement)[]} */
  #parts = [];
  /** What is below the text, as it was last shown. @type {Set<Item>} */
  #drawn = new Set();
  /** Whether the reader wants to see all that is printed. */
  #unfolded = false;
  #frame = 0;
  /** Whether the log still holds the text of the run before. */
  #old = true;
  #text;
  /** Of the log, as it was last laid out: to ask for it would have the page laid out once more. */
  #height = 0;
  #charts;
  /** What is shown below the text, by slot. @type {Map<string, HTMLElement>} */
  #figures = new Map();

  /** @param {HTMLElement} text the log @param {HTMLElement} charts */
  constructor(text, charts) {
    this.#text = text;
    this.#charts = charts;
    new ResizeObserver(
      ([
        {
          borderBoxSize: [{ blockSize }],
        },
      ]) => {
        this.#height = blockSize;
      },
    ).observe(text);
    linkPictures(charts, (name) => {
      for (const place of this.#figures.values()) kindOfPlace(place).point?.(place, name);
    });
    for (const figure of charts.querySelectorAll('figure')) this.#figures.set(figure.dataset.slot ?? '', figure);
  }

  /** All that is printed, folded or not, and what else has a text. */
  get text() {
    const printed = this.#old ? (this.#text.textContent ?? '') : textOf(this.#items);
    const texts = [...this.#figures.values()].map((place) => kindOfPlace(place).text(place));
    return [printed.trimEnd(), ...texts].filter(Boolean).join('\n\n');
  }

  /** Mounts what was recorded, whose HTML the page already holds. @param {Item[]} items */
  mountRecorded(items) {
    for (const item of items) {
      const place = isText(item) ? undefined : this.#figures.get(item.slot);
      if (place && !isText(item)) kindOf(item.kind).mount?.(place, item.data);
    }
  }

  /** @param {Item[]} items */
  showRecorded(items) {
    this.begin();
    this.#items = items;
    this.settle();
  }

  /** A run begins. What the last one left stays until there is something new to show, so that nothing jumps. */
  begin() {
    this.#items = [];
    this.#parts = [];
    this.#drawn.clear();
    this.#unfolded = false;
    this.#old = true;
    this.#text.style.minHeight = `${this.#height}px`;
  }

  /** @param {RunEvent} event */
  add(event) {
    this.#items = addEvent(this.#items, event);
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#render());
  }

  /** The run has ended: shows all that it put out, and nothing from before. */
  settle() {
    this.#render();
    this.#text.style.minHeight = '';
    const slots = new Set(this.#items.map((item) => (isText(item) ? '' : item.slot)));
    for (const slot of this.#figures.keys()) if (!slots.has(slot)) this.#remove(slot);
    this.rest();
  }

  /** Nothing is to come, and what is shown stays. */
  rest() {
    for (const place of this.#figures.values()) kindOfPlace(place).settle?.(place);
  }

  /** @param {string} slot */
  #remove(slot) {
    const figure = this.#figures.get(slot);
    if (!figure) return;
    kindOfPlace(figure).remove?.(figure);
    figure.remove();
    this.#figures.delete(slot);
  }

  /** Shows an item in its slot. Where there is one of its kind, that is brought up to date. @param {Shown} item */
  #put({ kind: name, slot, data }) {
    const kind = kindOf(name);
    const known = this.#figures.get(slot);
    const isSame = known?.dataset.kind === name;
    if (known && !isSame) this.#remove(slot);
    const place = known && isSame ? known : element('figure', { className: kind.className });
    for (const [key, value] of Object.entries({ 'data-slot': slot, 'data-kind': name, ...kind.attributes?.(data) }))
      place.setAttribute(key, value);
    const id = `${this.#text.closest('section')?.id}-${slot}`;
    if (!isSame) {
      this.#charts.append(place);
      this.#figures.set(slot, place);
    }
    if (!isSame || !kind.update) place.innerHTML = kind.html(data, id);
    if (kind.update) kind.update(place, data, id);
    else kind.mount?.(place, data);
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#old) this.#text.replaceChildren();
    this.#old = false;
    const texts = this.#items.filter(isText);
    const figures = this.#items.flatMap((item) => (isText(item) ? [] : [item]));
    for (const item of figures) if (!this.#drawn.has(item)) this.#put(item);
    this.#drawn = new Set(figures);
    const folded = this.#unfolded ? null : fold(texts);
    const parts = folded ? [...folded.head, this.#unfold(folded), ...folded.tail] : texts;
    showTexts(this.#text, parts, this.#parts);
    this.#parts = parts;
  }

  /** @param {{lines: number, characters: number}} folded */
  #unfold({ lines, characters }) {
    const said = `Show all ${lines.toLocaleString('en')} lines (${characters.toLocaleString('en')} characters)`;
    const known = this.#text.querySelector('button');
    const button = known ?? element('button', { className: 'unfold' });
    button.textContent = said;
    button.onclick = () => {
      this.#unfolded = true;
      this.#render();
    };
    return button;
  }
}

/** @param {HTMLElement} place */
const kindOfPlace = (place) => kindOf(place.dataset.kind ?? '');

/**
 * Brings the log up to date. What is there already is left alone, so that it is not read aloud again.
 * @param {HTMLElement} log @param {(Text | HTMLElement)[]} parts @param {(Text | HTMLElement)[]} before
 */
function showTexts(log, parts, before) {
  const first = parts.findIndex((part, index) => part !== before[index] || part instanceof HTMLElement);
  for (let index = Math.max(0, first); index < parts.length; index += 1) {
    const [part, old] = [parts[index], log.children[index]];
    if (part instanceof HTMLElement) {
      if (old !== part) log.insertBefore(part, old ?? null);
      continue;
    }
    const text = seen(part);
    if (old?.localName !== 'pre') log.insertBefore(element('pre', { className: part.stream }, text), old ?? null);
    else if (old.className !== part.stream || old.textContent !== text) {
      old.className = part.stream;
      old.textContent = text;
    }
  }
  while (log.children.length > parts.length) log.lastElementChild?.remove();
}
