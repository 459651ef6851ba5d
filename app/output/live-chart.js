/**
 * Charts that grow while a block runs: pure functions. To draw a chart anew, with its axes, margins and legend, takes
 * Plotly longer than a frame; to move its lines within the axes that are there does not. So its axes get some room
 * beforehand.
 *
 * @typedef {import('../shared/protocol.js').Figure} Figure
 * @typedef {[low: number, high: number]} Range
 */

/** Of what the lines span, at either end. */
const ROOM = 0.2;

/**
 * The names of a trace's axes in a layout: x2 is xaxis2.
 * @param {Record<string, any>} trace
 * @param {'x' | 'y'} letter
 */
const axisName = (trace, letter) => `${letter}axis${String(trace[`${letter}axis`] ?? letter).slice(1)}`;

/**
 * The lowest and the highest number on each axis; NaN where there is something else.
 * @param {Figure['data']} data
 * @returns {Map<string, Range>}
 */
function extents(data) {
  /** @type {Map<string, Range>} */
  const found = new Map();
  for (const trace of data) {
    for (const letter of /** @type {const} */ (['x', 'y'])) {
      let [low, high] = found.get(axisName(trace, letter)) ?? [Infinity, -Infinity];
      for (const value of trace[letter] ?? []) {
        if (typeof value === 'string') low = NaN;
        else if (value === null || Number.isNaN(value)) continue;
        else [low, high] = [Math.min(low, value), Math.max(high, value)];
      }
      found.set(axisName(trace, letter), [low, high]);
    }
  }
  return found;
}

/** All that is not a line's numbers: a chart of the same frame need not be drawn anew. @param {Figure} figure */
export function frameOf({ data, layout: { meta, ...layout } }) {
  return JSON.stringify([layout, data.map(({ x, y, ...trace }) => trace)]);
}

/** Whether all of a chart is lines, which may be moved. @param {Figure} figure */
export const isLines = ({ data }) =>
  data.every(({ type, mode, fill }) => type === 'scatter' && mode === 'lines' && !fill);

/**
 * @param {Figure} figure
 * @param {(axis: string) => Range | undefined} rangeOf the range that an axis has; undefined if it is not linear
 */
export const fits = ({ data }, rangeOf) =>
  [...extents(data)].every(([axis, [low, high]]) => {
    const range = rangeOf(axis);
    // Of an axis without values, low is above high.
    return low > high || (range && range[0] <= low && high <= range[1]);
  });

/**
 * Ranges with room for those vertical axes that have none of their own.
 * @param {Figure} figure
 * @returns {Record<string, any>} axes for a layout
 */
export function roomyAxes({ data, layout }) {
  const own = (/** @type {string} */ axis) =>
    Boolean(layout[axis]?.range) || (layout[axis]?.type ?? 'linear') !== 'linear';
  return Object.fromEntries(
    [...extents(data)]
      .filter(([axis, [low, high]]) => axis.startsWith('y') && low <= high && !own(axis))
      .map(([axis, [low, high]]) => {
        const room = ROOM * (high - low || 1);
        return [axis, { ...layout[axis], range: [low >= 0 ? Math.max(0, low - room) : low - room, high + room] }];
      }),
  );
}
