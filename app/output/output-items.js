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

/** @param {Item[]} items @param {[stream: Text['stream'], text: string][]} parts @returns {Item[]} */
function addTexts(items, parts) {
  const next = [...items]; // once, however many parts there are
  for (const [stream, text] of parts) {
    const last = next[next.length - 1];
    if (last && isText(last) && last.stream === stream)
      next[next.length - 1] = { ...last, text: typed(last.text, text) };
    else next.push({ kind: 'text', stream, text: typed('', text) });
  }
  return next;
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
      return addTexts(items, [[event.type, event.text]]);
    case 'texts':
      return addTexts(items, event.parts);
    case 'display': {
      const { mime, slot, data } = event;
      const kind = kindOfMime(mime);
      if (kind) return put(items, { kind: kind.name, slot, data });
      if (mime === TEXT) return addTexts(items, [['value', `${data}\n`]]);
      return addTexts(items, [['note', `This page cannot show what is of the kind ${mime}.\n`]]);
    }
    case 'folded':
      return addTexts(items, [
        [
          'note',
          `… ${event.characters.toLocaleString('en')} more characters were printed; ` +
            `a run shows the first ${event.limit.toLocaleString('en')}.\n`,
        ],
      ]);
    case 'note':
      return addTexts(items, [['note', `${event.text}\n`]]);
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
 * comes then is written over what is there. A `\r` at the very end waits for what comes.
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

/** Lines of a text as they are seen: each text begins on a line of its own. @type {WeakMap<Text, number>} */
const counted = new WeakMap();

/** @param {Text} item */
function linesOf(item) {
  let lines = counted.get(item);
  if (lines === undefined) {
    const text = seen(item);
    lines = 1;
    for (let at = text.indexOf('\n'); at >= 0 && at < text.length - 1; at = text.indexOf('\n', at + 1)) lines += 1;
    counted.set(item, lines);
  }
  return lines;
}

/**
 * All that was printed, whoever printed it, cut to what a page can show.
 * @param {Text[]} texts
 * @returns {{head: Text[], tail: Text[], lines: number, characters: number} | null} null if it is short enough
 */
export function fold(texts) {
  const lines = texts.reduce((sum, item) => sum + linesOf(item), 0);
  const characters = texts.reduce((sum, { text }) => sum + text.length, 0);
  if (lines <= LINES.shown) {
    const head = texts.map(clipped);
    return head.some((item, i) => item !== texts[i]) ? { head, tail: [], lines, characters } : null;
  }
  const tail = upTo(LINES.last, texts.toReversed(), (all, most) => all.slice(-most)).toReversed();
  return { head: upTo(LINES.first, texts, (all, most) => all.slice(0, most)), tail, lines, characters };
}

/** @param {number} most lines @param {Text[]} texts @param {(all: string[], most: number) => string[]} take */
function upTo(most, texts, take) {
  /** @type {Text[]} */
  const taken = [];
  for (const item of texts) {
    if (most <= 0) break;
    const lines = linesOf(item);
    const text = lines <= most ? item.text : take(seen(item).replace(/\n$/, '').split('\n'), most).join('\n');
    taken.push(clipped(text === item.text ? item : { ...item, text }));
    most -= lines;
  }
  return taken;
}

/** Without the rest of endless lines. @param {Text} item @returns {Text} */
function clipped(item) {
  if (item.text.length <= LONGEST_LINE) return item;
  const clip = (/** @type {string} */ line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line);
  const text = item.text.split('\n').map(clip).join('\n');
  return text === item.text ? item : { ...item, text };
}
