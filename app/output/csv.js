/** The data of a figure as CSV (RFC 4180): pure. Each trace has its own x, so each has its own columns. */

/** @typedef {import('../shared/protocol.js').Figure} Figure */

/** @param {unknown} value */
function cell(value) {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Figure['layout']} layout @param {string} axis such as x or y2 */
const titleOf = (layout, axis) => layout[`${axis[0]}axis${axis.slice(1)}`]?.title?.text ?? axis;

/**
 * The columns of one trace: x, y, and the half-width of its error bars or its labels if it has them.
 * @param {Record<string, any>} trace
 * @param {Figure['layout']} layout
 */
export function columns(trace, layout) {
  const { name, x, y = [], error_y: error, text, xaxis = 'x', yaxis = 'y' } = trace;
  const [xTitle, yTitle] = [titleOf(layout, xaxis), titleOf(layout, yaxis)];
  /** @type {[string, unknown[]][]} */
  const found = [
    [xTitle, x ?? y.map((/** @type {unknown} */ _, /** @type {number} */ index) => index)],
    [yTitle, y],
  ];
  if (Array.isArray(error?.array)) found.push([`${yTitle}, error ±`, error.array]);
  // A label that only says the trace's name is in the header already.
  if (Array.isArray(text) && text.some((label) => label !== name)) found.push(['label', text]);
  return found;
}

/** @param {Figure} figure */
export function figureCsv({ data, layout }) {
  const all = data.flatMap((trace) =>
    columns(trace, layout).map(
      ([title, values]) => /** @type {const} */ ([`${trace.name ?? 'data'}: ${title}`, values]),
    ),
  );
  const longest = Math.max(0, ...all.map(([, values]) => values.length));
  const rows = Array.from({ length: longest }, (_, index) => all.map(([, values]) => values[index]));
  return [all.map(([title]) => title), ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
