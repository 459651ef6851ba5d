/**
 * What a block has put out, as a list of items: a pure fold over the runner's events.
 * The build uses it to record a block, the page to show one.
 *
 * @typedef {import('../shared/protocol.js').RunEvent} RunEvent
 * @typedef {{kind: 'text', stream: 'stdout' | 'stderr' | 'value' | 'note', text: string}} Text
 * @typedef {{kind: 'chart', slot: string, figure: import('../shared/protocol.js').Figure}} Chart
 * @typedef {{kind: 'table', slot: string, table: import('../shared/protocol.js').Table}} Table
 * @typedef {Text | Chart | Table} Item
 */

export const CHART = 'application/vnd.plotly.v1+json';
export const TABLE = 'application/vnd.preference-lab.table+json';

/** @param {Item[]} items @param {Text['stream']} stream @param {string} text @returns {Item[]} */
function addText(items, stream, text) {
  const last = items[items.length - 1];
  if (last?.kind === 'text' && last.stream === stream) return [...items.slice(0, -1), { ...last, text: last.text + text }];
  return [...items, { kind: 'text', stream, text }];
}

/** A chart or a table takes the place of the one in its slot. @param {Item[]} items @param {Chart | Table} shown @returns {Item[]} */
function put(items, shown) {
  const at = items.findIndex((item) => item.kind !== 'text' && item.slot === shown.slot);
  return at < 0 ? [...items, shown] : items.with(at, shown);
}

/** @param {Item[]} items @param {RunEvent} event @returns {Item[]} the items after the event; the same ones if it adds none */
export function addEvent(items, event) {
  switch (event.type) {
    case 'stdout':
    case 'stderr':
      return addText(items, event.type, event.text);
    case 'display':
      if (event.mime === CHART) return put(items, { kind: 'chart', slot: event.slot, figure: /** @type {Chart['figure']} */ (event.data) });
      if (event.mime === TABLE) return put(items, { kind: 'table', slot: event.slot, table: /** @type {Table['table']} */ (event.data) });
      return addText(items, 'value', `${event.data}\n`);
    case 'folded':
      return addText(items, 'note', `… ${event.characters.toLocaleString('en')} more characters were printed; `
        + `a run shows the first ${event.limit.toLocaleString('en')}.\n`);
    case 'note':
      return addText(items, 'note', `${event.text}\n`);
    default:
      return items;
  }
}

/** @param {Item[]} items */
export const textOf = (items) => items.map((item) => (item.kind === 'text' ? item.text : '')).join('');

/** Text beyond this is folded: the first and the last lines stay, and a button shows the rest. */
const LINES = { shown: 200, first: 120, last: 60 };
const LONGEST_LINE = 2_000;

/** @param {string} text @returns {{head: string, tail: string, lines: number} | null} null if it is short enough */
export function fold(text) {
  const lines = text.split('\n');
  const clip = (/** @type {string[]} */ some) => some.map((line) => (
    line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line)).join('\n');
  if (lines.length <= LINES.shown && lines.every((line) => line.length <= LONGEST_LINE)) return null;
  if (lines.length <= LINES.shown) return { head: clip(lines), tail: '', lines: lines.length };
  return { head: clip(lines.slice(0, LINES.first)), tail: clip(lines.slice(-LINES.last)), lines: lines.length };
}
