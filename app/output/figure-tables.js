/** A figure's numbers as text in rows and columns: pure. app/output/data-table.js shows them. */
import { columns } from './csv.js';

/** @typedef {import('../shared/protocol.js').Figure} Figure */

const MOST_ROWS = 50;
const DIGITS = 6;

/**
 * Indices of `most` of `length` rows, evenly spaced, the first and the last among them.
 * @param {number} length
 * @param {number} most
 */
export function evenly(length, most = MOST_ROWS) {
  if (length <= most) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: most }, (_, index) => Math.round((index * (length - 1)) / (most - 1)));
}

/** @param {unknown} value */
const cellText = (value) =>
  typeof value === 'number' ? String(Number(value.toPrecision(DIGITS))) : String(value ?? '–');

/**
 * What each trace's table says: pure.
 * @param {Figure} figure
 * @returns {{name: string, note: string, titles: string[], rows: string[][]}[]}
 */
export function tablesOf({ data, layout }) {
  return data.map((trace) => {
    const all = columns(trace, layout).map(
      ([title, values]) => /** @type {const} */ ([title, Array.isArray(values) ? values : []]),
    );
    const length = Math.max(0, ...all.map(([, values]) => values.length));
    const picked = evenly(length);
    return {
      name: String(trace.name ?? 'data'),
      note:
        length > picked.length
          ? `${picked.length} of ${length.toLocaleString('en')} points, evenly spaced; CSV has them all`
          : '',
      titles: all.map(([title]) => String(title)),
      rows: picked.map((index) => all.map(([, values]) => cellText(values[index]))),
    };
  });
}
