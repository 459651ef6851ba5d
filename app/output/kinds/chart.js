/** A Plotly figure that Python made: its place, its caption in words, what stands under it. chart.js draws it. */
import { chartIsDone, emphasise, removeChart, showChart, showChartWhenNear } from '../chart.js';
import { showData } from '../data-table.js';
import { escapeHtml } from '../html.js';

/** @typedef {import('../../shared/protocol.js').Figure} Figure */

/** @param {string} format */
const saveButton = (format) =>
  `<button type="button" data-save="${format.toLowerCase()}" aria-label="Save as ${format}">${format}</button>`;

/** The numbers, which are made when they are asked for, and the buttons that save the chart. */
const BELOW =
  '<details class="data"><summary>Show data</summary><div class="data-tables"></div></details>' +
  `<div class="save" role="group" aria-label="Save this chart">${['SVG', 'PNG', 'CSV'].map(saveButton).join('')}</div>`;

const HEIGHT_REM = 26;

/** @param {Figure} figure */
const titleOf = ({ layout }) => layout.meta?.title ?? 'Chart';

/** @param {Figure} figure */
const captionHtml = (figure) =>
  `<strong>${escapeHtml(titleOf(figure))}.</strong> ` +
  `<span class="summary">${escapeHtml(figure.layout.meta?.summary ?? '')}</span>`;

/** @param {Figure} figure */
const attributes = ({ layout }) => ({ 'data-panels': String(layout.meta?.panels ?? 1) });

/** @param {HTMLElement} place */
const plotOf = (place) => /** @type {HTMLElement} */ (place.querySelector('.plot'));

/** @type {import('../kinds.js').Kind} */
export const chart = {
  name: 'chart',
  mime: 'application/vnd.plotly.v1+json',
  className: 'chart',
  attributes,
  html: (figure, id) =>
    `<div class="plot" role="img" aria-label="${escapeHtml(titleOf(figure))}" ` +
    `aria-describedby="${escapeHtml(id)}-caption"></div>` +
    `<figcaption id="${escapeHtml(id)}-caption">${captionHtml(figure)}</figcaption>${BELOW}`,
  height: () => HEIGHT_REM,
  text: () => '', // its numbers are saved as CSV
  update(place, figure) {
    plotOf(place).setAttribute('aria-label', titleOf(figure));
    /** @type {HTMLElement} */ (place.querySelector('figcaption')).innerHTML = captionHtml(figure);
    showChart(plotOf(place), figure);
  },
  mount: (place, figure) => showChartWhenNear(plotOf(place), figure),
  settle(place) {
    chartIsDone(plotOf(place));
    showData(place);
  },
  remove: (place) => removeChart(plotOf(place)),
  point: (place, name) => emphasise(plotOf(place), name),
};
