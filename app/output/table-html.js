/** A table that Python made, to HTML: for the build, which writes it into the page, and for the page, which redraws it. */

/** @typedef {import('../shared/protocol.js').Table} Table */

const ENTITIES = /** @type {Record<string, string>} */ ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' });

/** @param {string} text */
const escape = (text) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]);

const TONES = ['yes', 'no', 'open'];

/** @param {Table['rows'][0][0]} cell @param {number} column */
function cellHtml(cell, column) {
  if (column === 0) return `<th scope="row">${escape(textIn(cell))}</th>`;
  const tone = typeof cell === 'object' && TONES.includes(cell.tone) ? ` class="tone ${cell.tone}"` : '';
  return `<td${tone}>${escape(textIn(cell))}</td>`;
}

/** @param {Table['rows'][0][0]} cell */
const textIn = (cell) => (typeof cell === 'object' ? cell.text : String(cell));

/** What stands inside the table's <figure>. All text is escaped. @param {Table} table */
export const tableHtml = ({ title, columns, rows }) => `<figcaption><strong>${escape(title)}</strong></figcaption>`
  + `<div class="table" tabindex="0" role="region" aria-label="${escape(title)}"><table>`
  + `<thead><tr>${columns.map((column) => `<th scope="col">${escape(column)}</th>`).join('')}</tr></thead>`
  + `<tbody>${rows.map((row) => `<tr>${row.map(cellHtml).join('')}</tr>`).join('')}</tbody></table></div>`;
