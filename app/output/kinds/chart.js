/** A Plotly figure that Python made: its place, its caption in words, what stands under it. chart.js draws it. */
import { chartIsDone, removeChart, showChart, showChartWhenNear } from '../chart.js';
import { showData } from '../data-table.js';
import { escape } from '../html.js';

/** @typedef {import('../../shared/protocol.js').Figure} Figure */

/** The numbers, which are made when they are asked for, and the buttons that save the chart. */
const BELOW = '<details class="data"><summary>Show data</summary><div class="data-tables"></div></details>'
  + `<div class="save" role="group" aria-label="Save this chart">${['SVG', 'PNG', 'CSV'].map((format) => (
    `<button type="button" data-save="${format.toLowerCase()}" aria-label="Save as ${format}">${format}</button>`)).join('')}</div>`;

const HEIGHT_REM = 26;

/** @param {Figure} figure */
const titleOf = ({ layout }) => layout.meta?.title ?? 'Chart';

/** @param {Figure} figure */
const captionHtml = (figure) => `<strong>${escape(titleOf(figure))}.</strong> <span class="summary">${escape(figure.layout.meta?.summary ?? '')}</span>`;

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
  html: (figure, id) => `<div class="plot" role="img" aria-label="${escape(titleOf(figure))}" aria-describedby="${escape(id)}-caption"></div>`
    + `<figcaption id="${escape(id)}-caption">${captionHtml(figure)}</figcaption>${BELOW}`,
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
};
