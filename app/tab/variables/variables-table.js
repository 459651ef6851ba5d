/** A table of variables, as DOM: where an error came up, and in the panel. */
import { element, linkTo } from '../dom/element.js';

/** @typedef {import('../../shared/protocol.js').Row} Row */

const COLUMNS = ['Name', 'Type and shape', 'Value'];

/** What a value is, in one cell. @param {Row} row */
export const typeAndShape = ({ type, shape }) => {
  if (!shape) return type;
  return shape.startsWith('(') ? `${type} ${shape}` : `${type} of ${shape}`;
};

/**
 * @param {Row[]} rows
 * @param {(name: string) => string | undefined} [blockOf] the id of the block that defines a name
 */
export function valuesTable(rows, blockOf = () => undefined) {
  const head = element('tr', {}, ...COLUMNS.map((column) => element('th', { scope: 'col' }, column)));
  const lines = rows.map((row) => {
    const block = blockOf(row.name);
    const name = element('th', { scope: 'row' }, block ? linkTo(block, row.name) : row.name);
    return element('tr', {}, name, element('td', {}, typeAndShape(row)), element('td', {}, row.summary));
  });
  return element('table', { className: 'values' }, element('thead', {}, head), element('tbody', {}, ...lines));
}
