/** A table of variables, as DOM: where an error came up, and in the panel. */

/** @typedef {import('./protocol.js').Row} Row */

const COLUMNS = ['Name', 'Type and shape', 'Value'];

/** What a value is, in one cell. @param {Row} row */
export const typeAndShape = ({ type, shape }) => {
  if (!shape) return type;
  return shape.startsWith('(') ? `${type} ${shape}` : `${type} of ${shape}`;
};

/** @param {Row[]} rows @param {(name: string) => string | undefined} [blockOf] the id of the block that defines a name */
export function valuesTable(rows, blockOf = () => undefined) {
  const table = document.createElement('table');
  table.className = 'values';
  const head = table.createTHead().insertRow();
  for (const column of COLUMNS) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = column;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    const name = document.createElement('th');
    name.scope = 'row';
    name.append(linked(row.name, blockOf(row.name)));
    line.append(name);
    line.insertCell().textContent = typeAndShape(row);
    line.insertCell().textContent = row.summary;
  }
  return table;
}

/** @param {string} text @param {string | undefined} id @returns {Node | string} */
function linked(text, id) {
  if (!id) return text;
  const link = document.createElement('a');
  link.href = `#${id}`;
  link.textContent = text;
  return link;
}
