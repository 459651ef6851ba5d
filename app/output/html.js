/** Text for HTML: for the build and for the page. */
const ENTITIES = /** @type {Record<string, string>} */ ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' });

/** @param {unknown} text */
export const escapeHtml = (text) => String(text).replace(/[&<>"]/g, (sign) => ENTITIES[sign]);

/** A column without a name has no header that a screen reader could say. @param {string} column */
const columnHtml = (column) => (column.trim() ? `<th scope="col">${escapeHtml(column)}</th>` : '<td></td>');

/** The head of a table. @param {string[]} columns */
export const headHtml = (columns) => `<thead><tr>${columns.map(columnHtml).join('')}</tr></thead>`;
