/**
 * What a block has put out, as a list of items: a pure fold over the runner's events.
 * The build uses it to record a block, the page to show one.
 *
 * @typedef {import('../shared/protocol.js').RunEvent} RunEvent
 * @typedef {{kind: 'text', stream: 'stdout' | 'stderr' | 'value' | 'note', text: string}} Text
 * @typedef {{kind: Exclude<string, 'text'>, slot: string, data: any}} Shown of one of the KINDS
 * @typedef {Text | Shown} Item
 */
import { kindOfMime } from './kinds.js';

/** @param {Item} item @returns {item is Text} */
export const isText = (item) => item.kind === 'text';

const TEXT = 'text/plain';

/** @param {Item[]} items @param {Text['stream']} stream @param {string} text @returns {Item[]} */
function addText(items, stream, text) {
  const last = items[items.length - 1];
  if (last && isText(last) && last.stream === stream)
    return [...items.slice(0, -1), { ...last, text: typed(last.text, text) }];
  return [...items, { kind: 'text', stream, text: typed('', text) }];
}

/**
 * What is shown takes the place of what is in its slot.
 * @param {Item[]} items
 * @param {Shown} shown
 * @returns {Item[]}
 */
function put(items, shown) {
  const at = items.findIndex((item) => !isText(item) && item.slot === shown.slot);
  return at < 0 ? [...items, shown] : items.with(at, shown);
}

/**
 * @param {Item[]} items
 * @param {RunEvent} event
 * @returns {Item[]} the items after the event; the same ones if it adds none
 */
export function addEvent(items, event) {
  switch (event.type) {
    case 'stdout':
    case 'stderr':
      return addText(items, event.type, event.text);
    case 'display': {
      const { mime, slot, data } = event;
      const kind = kindOfMime(mime);
      if (kind) return put(items, { kind: kind.name, slot, data });
      if (mime === TEXT) return addText(items, 'value', `${data}\n`);
      return addText(items, 'note', `This page cannot show what is of the kind ${mime}.\n`);
    }
    case 'folded':
      return addText(
        items,
        'note',
        `… ${event.characters.toLocaleString('en')} more characters were printed; ` +
          `a run shows the first ${event.limit.toLocaleString('en')}.\n`,
      );
    case 'note':
      return addText(items, 'note', `${event.text}\n`);
    default:
      return items;
  }
}

/** As it is seen: a line that would be written over next is there as it is. @param {Text} item */
export const seen = ({ text }) => (text.endsWith('\r') ? text.slice(0, -1) : text);

/** @param {Item[]} items */
export const textOf = (items) => items.map((item) => (isText(item) ? seen(item) : '')).join('');

/**
 * Text after text, as a terminal would have it: `\r` goes back to the line's beginning and `\b` one sign, and what
 * comes then
 * is written over what is there. A `\r` at the very end waits for what comes.
 * @param {string} before @param {string} text
 */
export function typed(before, text) {
  if (!/[\r\b]/.test(text) && !before.endsWith('\r')) return before + text;
  const at = before.lastIndexOf('\n') + 1;
  const waits = /\r\n?$/.test(text) && !text.endsWith('\n') ? '\r' : '';
  const lines = `${before.slice(at)}${text}`.replaceAll(/\r+\n/g, '\n').replace(/\r+$/, '').split('\n');
  return before.slice(0, at) + lines.map(overwritten).join('\n') + waits;
}

/** @param {string} line */
function overwritten(line) {
  if (!/[\r\b]/.test(line)) return line;
  /** @type {string[]} */
  const signs = [];
  let at = 0;
  for (const sign of line) {
    if (sign === '\r') at = 0;
    else if (sign === '\b') at = Math.max(0, at - 1);
    else signs[at++] = sign;
  }
  return signs.join('');
}

/** Text beyond this is folded: the first and the last lines stay, and a button shows the rest. */
const LINES = { shown: 200, first: 120, last: 60 };
const LONGEST_LINE = 2_000;

/** @param {string} text @returns {{head: string, tail: string, lines: number} | null} null if it is short enough */
export function fold(text) {
  const lines = text.split('\n');
  const clip = (/** @type {string[]} */ some) =>
    some.map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line)).join('\n');
  if (lines.length <= LINES.shown && lines.every((line) => line.length <= LONGEST_LINE)) return null;
  if (lines.length <= LINES.shown) return { head: clip(lines), tail: '', lines: lines.length };
  return { head: clip(lines.slice(0, LINES.first)), tail: clip(lines.slice(-LINES.last)), lines: lines.length };
}
