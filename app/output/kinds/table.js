/** A table that Python made. */
import { escapeHtml, headHtml } from '../html.js';

/** @typedef {import('../../shared/protocol.js').Table} Table */

const TONES = ['yes', 'no', 'open'];

/** @param {Table['rows'][0][0]} cell @param {number} column */
function cellHtml(cell, column) {
  if (column === 0) return `<th scope="row">${escapeHtml(textIn(cell))}</th>`;
  const tone = typeof cell === 'object' && TONES.includes(cell.tone) ? ` class="tone ${cell.tone}"` : '';
  return `<td${tone}>${escapeHtml(textIn(cell))}</td>`;
}

/** @param {Table['rows'][0][0]} cell */
const textIn = (cell) => (typeof cell === 'object' ? cell.text : String(cell));

/** What stands inside the table's <figure>. All text is escaped. @param {Table} table */
const tableHtml = ({ title, columns, rows }) =>
  `<figcaption><strong>${escapeHtml(title)}</strong></figcaption>` +
  `<div class="table" tabindex="0" role="region" aria-label="${escapeHtml(title)}"><table>` +
  headHtml(columns) +
  `<tbody>${rows.map((row) => `<tr>${row.map(cellHtml).join('')}</tr>`).join('')}</tbody></table></div>`;

const ROW_REM = 3.6;

/** @type {import('../kinds.js').Kind} */
export const table = {
  name: 'table',
  mime: 'application/vnd.preference-lab.table+json',
  className: 'table-figure',
  html: tableHtml,
  height: ({ rows }) => (rows.length + 2) * ROW_REM,
  /** Tabs between the cells. */
  text: (place) =>
    [...place.querySelectorAll('tr')]
      .map((row) => [...row.cells].map(({ textContent }) => (textContent ?? '').replaceAll(/\s+/g, ' ')).join('\t'))
      .join('\n'),
};
