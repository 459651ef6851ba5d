/** Shows what a block puts out: an event to DOM, by kind. Knows no editor and no worker. */
import { element } from '../tab/dom/element.js';
import { addEvent, fold, textOf } from './output-items.js';
import { showData } from './data-table.js';
import { DATA } from './figure-tables.js';
import { SAVE_ROW } from './save-row.js';
import { tableHtml } from './table-html.js';
import { chartIsDone, removeChart, showChart, showChartWhenNear } from './chart.js';

/**
 * @typedef {import('./output-items.js').Item} Item
 * @typedef {import('./output-items.js').Text} Text
 * @typedef {import('./output-items.js').Chart} Chart
 * @typedef {import('./output-items.js').Table} Table
 * @typedef {import('../shared/protocol.js').RunEvent} RunEvent
 * @typedef {import('../shared/protocol.js').Recorded} Recorded
 */

export class Output {
  /** @type {Item[]} */
  #items = [];
  /** The items that the DOM shows. @type {Item[]} */
  #shown = [];
  #frame = 0;
  /** Whether the log still holds the text of the run before. */
  #old = true;
  #text;
  /** Of the log, as it was last laid out: to ask for it would have the page laid out once more. */
  #height = 0;
  #charts;
  /** @type {Map<string, HTMLElement>} figures of charts and tables by slot */
  #figures = new Map();

  /** @param {HTMLElement} text the log @param {HTMLElement} charts */
  constructor(text, charts) {
    this.#text = text;
    this.#charts = charts;
    new ResizeObserver(([{ borderBoxSize: [{ blockSize }] }]) => { this.#height = blockSize; }).observe(text);
    for (const figure of charts.querySelectorAll('figure')) this.#figures.set(figure.dataset.slot ?? '', figure);
  }

  /** All that is printed, folded or not, and the tables with tabs between their cells. */
  get text() {
    const printed = this.#old ? this.#text.textContent ?? '' : textOf(this.#items);
    const tables = [...this.#charts.querySelectorAll('table')].map((table) => (
      [...table.rows].map((row) => [...row.cells].map(({ textContent }) => (textContent ?? '').replaceAll(/\s+/g, ' ')).join('\t')).join('\n')));
    return [printed.trimEnd(), ...tables].filter(Boolean).join('\n\n');
  }

  /** Draws the recorded charts, whose places and captions the page already holds. @param {Recorded['charts']} charts */
  showRecordedCharts(charts) {
    for (const { slot, figure } of charts) {
      const place = this.#figures.get(slot);
      if (place) showChartWhenNear(plotOf(place), figure);
    }
  }

  /** @param {Recorded} recorded */
  showRecorded({ text, charts, tables }) {
    this.begin();
    this.#items = [
      .../** @type {Item[]} */ (text ? [{ kind: 'text', stream: 'stdout', text }] : []),
      ...charts.map(({ slot, figure }) => /** @type {Chart} */ ({ kind: 'chart', slot, figure })),
      ...tables.map(({ slot, table }) => /** @type {Table} */ ({ kind: 'table', slot, table })),
    ];
    this.settle();
  }

  /** A run begins. What the last one left stays until there is something new to show, so that nothing jumps. */
  begin() {
    this.#items = [];
    this.#shown = [];
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
    const slots = new Set(this.#items.map((item) => (item.kind === 'text' ? '' : item.slot)));
    for (const slot of this.#figures.keys()) if (!slots.has(slot)) this.#remove(slot);
    for (const figure of this.#figures.values()) {
      if (figure.className !== 'chart') continue;
      chartIsDone(plotOf(figure));
      showData(figure);
    }
  }

  /** @param {string} slot */
  #remove(slot) {
    const figure = this.#figures.get(slot);
    if (!figure) return;
    if (figure.className === 'chart') removeChart(plotOf(figure));
    figure.remove();
    this.#figures.delete(slot);
  }

  /** The figure of a slot; a new one if there is none, or one of another kind. @param {string} slot @param {'chart' | 'table-figure'} kind */
  #place(slot, kind) {
    const known = this.#figures.get(slot);
    if (known?.className === kind) return { place: known, fresh: false };
    this.#remove(slot);
    const place = element('figure', { className: kind });
    place.dataset.slot = slot;
    this.#charts.append(place);
    this.#figures.set(slot, place);
    return { place, fresh: true };
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#old) this.#text.replaceChildren();
    this.#old = false;
    /** @type {Text[]} */
    const texts = [];
    for (const item of this.#items) {
      if (item.kind === 'text') texts.push(item);
      else if (this.#shown.includes(item)) continue;
      else if (item.kind === 'chart') this.#putChart(item);
      else this.#place(item.slot, 'table-figure').place.innerHTML = tableHtml(item.table);
    }
    texts.forEach((item, index) => {
      if (!this.#shown.includes(item)) putText(this.#text, index, item);
    });
    this.#shown = this.#items;
  }

  /** @param {Chart} chart */
  #putChart({ slot, figure }) {
    const { place, fresh } = this.#place(slot, 'chart');
    if (fresh) {
      const [plot, caption] = [element('div', { className: 'plot' }), element('figcaption')];
      caption.id = `${this.#text.closest('section')?.id}-${slot}-caption`;
      plot.setAttribute('role', 'img');
      plot.setAttribute('aria-describedby', caption.id);
      place.append(plot, caption);
      place.insertAdjacentHTML('beforeend', DATA + SAVE_ROW);
    }
    const { title = 'Chart', summary = '', panels = 1 } = figure.layout.meta ?? {};
    place.dataset.panels = String(panels);
    plotOf(place).setAttribute('aria-label', title);
    place.querySelector('figcaption')?.replaceChildren(element('strong', {}, `${title}.`), ' ', element('span', { className: 'summary' }, summary));
    showChart(plotOf(place), figure);
  }
}

/** @param {HTMLElement} figure */
const plotOf = (figure) => /** @type {HTMLElement} */ (figure.querySelector('.plot'));

/** @param {HTMLElement} log @param {number} index @param {Text} item */
function putText(log, index, { stream, text }) {
  const old = /** @type {HTMLElement | undefined} */ (log.children[index]);
  const node = old ?? element('div', { className: 'text' });
  if (!old) log.append(node);
  const parts = node.dataset.unfolded ? null : fold(text);
  if (!parts) {
    node.replaceChildren(element('pre', { className: stream }, text));
    return;
  }
  const button = element('button', { className: 'unfold' }, `Show all ${parts.lines.toLocaleString('en')} lines (${text.length.toLocaleString('en')} characters)`);
  button.addEventListener('click', () => {
    node.dataset.unfolded = 'true';
    node.replaceChildren(element('pre', { className: stream }, text));
  });
  node.replaceChildren(element('pre', { className: stream }, parts.head), button, element('pre', { className: stream }, parts.tail));
}
