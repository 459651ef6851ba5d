/**
 * Controls are the code: a comment behind an assignment makes a slider of it (app/controls/README.md has the notation,
 * which is Colab's), and to move the slider is to write another literal in that place. So edits, undo, Reset, links
 * and files need to know nothing of controls. Pure functions; controls-html.js is how they look.
 *
 * @typedef {import('./literals.js').Literal} Literal
 * @typedef {'slider' | 'number' | 'integer' | 'choice' | 'steps' | 'boolean' | 'string'} Kind
 * @typedef {{text: string, label: string, value: Literal['value']}} Option text: as the code has it
 * @typedef {object} Control
 * @property {Kind} kind
 * @property {string} name that the code assigns to
 * @property {string} label what the comment above the line says; '' if there is none
 * @property {Literal['value']} value that the code has now
 * @property {string} text the literal itself
 * @property {number} from where the literal begins in the source
 * @property {number} to where it ends
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [step]
 * @property {Option[]} [options]
 * @typedef {{from: number, to: number, insert: string}} Change
 */
import { literalAt, literalOf, numberLiteral, stringLiteral } from './literals.js';

const ASSIGNED = /^([\p{L}_][\p{L}\p{N}_]*)[ \t]*(?::[^=#'"]*)?=[ \t]*/u;
const PARAM = /^[ \t]*#[ \t]*@param\b[ \t]*(.*)$/;
const REMARK = /^#+[ \t]*(?:@markdown[ \t]+)?(.*?)[ \t]*$/;

/** Longer texts are no matter of a line of input; a link with edits is one. */
export const LONGEST_TEXT = 10_000;

/** What Colab takes where a slider does not say. */
const SLIDER = { min: 0, max: 100, step: 1 };

/** @param {string} source @returns {Control[]} in the order of the lines; what is damaged is none */
export function readControls(source) {
  if (!source.includes('@param')) return [];
  return assignments(source, (line) => line.includes('@param')).flatMap(({ name, literal, from, rest, above }) => {
    const comment = PARAM.exec(rest);
    const said = comment && described(literal, comment[1].trim());
    if (!said) return [];
    const label = above === undefined ? '' : labelOf(above);
    const { value, text } = literal;
    return [{ ...said, name, label, value, text, from, to: from + text.length }];
  });
}

/**
 * The last text of one line that is assigned to a name, whether a control shows it or not.
 * @param {string} source @param {string} wanted @returns {Control | undefined}
 */
export function textNamed(source, wanted) {
  const { literal, from } =
    assignments(source, (line) => line.startsWith(wanted)).findLast(({ name }) => name === wanted) ?? {};
  if (!literal || from === undefined || !isOneLine(literal)) return undefined;
  const { value, text } = literal;
  return { kind: 'string', name: wanted, label: '', value, text, from, to: from + text.length };
}

/**
 * Top-level lines that assign a literal: `rest` stands behind it, `above` is the line before. Sources are read at each
 * key that is pressed: lines that are of no use are not looked at.
 * @param {string} source @param {(line: string) => boolean} isOfUse
 */
function assignments(source, isOfUse) {
  return topLines(source).flatMap(({ text, from, above }) => {
    const assigned = isOfUse(text) ? ASSIGNED.exec(text) : null;
    const literal = assigned && literalAt(text, assigned[0].length);
    if (!literal) return [];
    const at = assigned[0].length;
    return [{ name: assigned[1], literal, from: from + at, rest: text.slice(at + literal.text.length), above }];
  });
}

/** @param {string} line above that of a control */
function labelOf(line) {
  if (/^#[ \t]*(%%|@param|@title|!)/.test(line)) return '';
  return REMARK.exec(line)?.[1] ?? '';
}

/**
 * The lines of a program that begin no deeper than its top level and inside of nothing: no bracket, no text of many
 * lines, no line that goes on.
 * @param {string} source
 */
function topLines(source) {
  /** @type {{text: string, from: number, above: string | undefined}[]} */
  const lines = [];
  let open = INSIDE_NOTHING;
  let from = 0;
  /** @type {string | undefined} */
  let above;
  for (const whole of source.split('\n')) {
    const text = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    const isTop = open.depth === 0 && !open.quote && !open.goesOn;
    if (isTop) lines.push({ text, from, above });
    above = isTop ? text : undefined;
    open = leftOpen(text, open);
    from += whole.length + 1;
  }
  return lines;
}

/** @typedef {{depth: number, quote: string, goesOn: boolean}} Open brackets; the text's quotes; a \ at the end */

/** @type {Open} */
const INSIDE_NOTHING = { depth: 0, quote: '', goesOn: false };

/** @param {string} line @param {Open} before @returns {Open} what is open after it */
function leftOpen(line, { depth, quote }) {
  let goesOn = false;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at];
    if (sign === '\\') {
      goesOn = at === line.length - 1;
      at += 1;
    } else if (quote) {
      if (!line.startsWith(quote, at)) continue;
      at += quote.length - 1;
      quote = '';
    } else if (sign === '#') break;
    else if (sign === '"' || sign === "'") {
      quote = line.startsWith(sign.repeat(3), at) ? sign.repeat(3) : sign;
      at += quote.length - 1;
    } else if ('([{'.includes(sign)) depth += 1;
    else if (')]}'.includes(sign)) depth = Math.max(0, depth - 1);
  }
  // Where one quote opened it, a text ends with its line.
  return { depth, quote: quote.length === 3 || goesOn ? quote : '', goesOn };
}

/**
 * What stands behind `@param`, for a literal that it fits.
 * @param {Literal} literal @param {string} notation
 * @returns {Omit<Control, 'name' | 'label' | 'value' | 'text' | 'from' | 'to'> | undefined}
 */
function described(literal, notation) {
  const parts = parsed(notation);
  if (!parts) return undefined;
  const { list, given } = parts;
  if (list) return chosenFrom(list, literal, given.type);
  switch (given.type ?? literal.kind) {
    case 'slider':
      return literal.kind === 'number' ? slider({ ...SLIDER, ...given }) : undefined;
    case 'number':
      return isNumber(literal) ? { kind: 'number', ...bounds(given) } : undefined;
    case 'integer':
      return isNumber(literal) && Number.isInteger(literal.value) ? { kind: 'integer', ...bounds(given) } : undefined;
    case 'boolean':
      return literal.kind === 'boolean' ? { kind: 'boolean' } : undefined;
    case 'string':
      return isOneLine(literal) ? { kind: 'string' } : undefined;
    case 'raw':
      return isNumber(literal) ? { kind: 'number' } : isOneLine(literal) ? { kind: 'string' } : undefined;
    default:
      return undefined;
  }
}

/** @param {Literal} literal */
const isNumber = ({ kind, value }) => kind === 'number' && Number.isFinite(value);

/** @param {Literal} literal */
const isOneLine = ({ kind, value }) =>
  kind === 'string' && String(value).length <= LONGEST_TEXT && !/\p{Cc}/u.test(String(value));

/** @param {Record<string, unknown>} given */
const bounds = (given) =>
  Object.fromEntries(
    ['min', 'max', 'step'].flatMap((key) => (typeof given[key] === 'number' ? [[key, given[key]]] : [])),
  );

/** @param {Record<string, unknown>} given */
function slider({ min, max, step }) {
  if (typeof min !== 'number' || typeof max !== 'number' || typeof step !== 'number') return undefined;
  if (!(min < max && step > 0 && Number.isFinite(max - min))) return undefined;
  return /** @type {const} */ ({ kind: 'slider', min, max, step });
}

/**
 * A list of texts is one of what to choose from; a list of other literals has them in their order.
 * @param {Part[]} list @param {Literal} literal @param {unknown} type
 */
function chosenFrom(list, literal, type) {
  const isRaw = type === 'raw' || (type === undefined && list.every(({ isText }) => !isText));
  if (!list.length || (isRaw ? false : literal.kind !== 'string')) return undefined;
  /** @type {Option[]} */
  const options = [];
  for (const { text, isText, value } of list) {
    const known = isRaw ? literalOf(isText ? String(value) : text) : literalOf(stringLiteral(String(value)));
    if (!known) return undefined;
    options.push({ text: known.text, label: optionLabel(known), value: known.value });
  }
  return /** @type {const} */ ({ kind: isRaw ? 'steps' : 'choice', options });
}

/** @param {Literal} literal */
function optionLabel({ value, text, kind }) {
  if (value === Infinity) return '∞';
  if (value === -Infinity) return '−∞';
  return kind === 'string' ? String(value) : text;
}

/** @typedef {{text: string, isText: boolean, value: unknown}} Part of a notation */

/**
 * A list, an object, or one after the other: `["a", "b"] {type:"raw"}`. It is JSON with fewer quotes, as Colab has it.
 * @param {string} notation
 */
function parsed(notation) {
  let rest = notation;
  const take = (/** @type {RegExp} */ pattern) => {
    const found = pattern.exec(rest);
    if (found) rest = rest.slice(found[0].length).trimStart();
    return found?.[0];
  };
  /** @returns {Part | undefined} */
  const value = () => {
    const word = take(/^(?:true|false|null)\b/);
    if (word) return { text: { true: 'True', false: 'False' }[word] ?? 'None', isText: false, value: word === 'true' };
    const literal = literalAt(rest);
    if (!literal) return undefined;
    rest = rest.slice(literal.text.length).trimStart();
    return { text: literal.text, isText: literal.kind === 'string', value: literal.value };
  };
  /** Values between commas, of which one may come last. @param {RegExp} end @param {() => boolean} each */
  const until = (end, each) => {
    while (!take(end)) {
      if (!each() || (!take(/^,/) && !end.test(rest))) return false;
    }
    return true;
  };

  /** @type {Part[] | undefined} */
  let list;
  /** @type {Record<string, unknown>} */
  const given = {};
  if (take(/^\[/)) {
    /** @type {Part[]} */
    const found = (list = []);
    const isWhole = until(/^\]/, () => {
      const one = value();
      if (one) found.push(one);
      return Boolean(one);
    });
    if (!isWhole) return undefined;
  }
  if (take(/^\{/)) {
    const isWhole = until(/^\}/, () => {
      const key = take(/^(?:[\w-]+|"[\w-]+"|'[\w-]+')/)?.replaceAll(/["']/g, '');
      const one = key && take(/^:/) ? value() : undefined;
      if (key && one) given[key] = one.value;
      return Boolean(one);
    });
    if (!isWhole) return undefined;
  }
  return rest === '' || rest.startsWith('#') ? { list, given } : undefined;
}

/**
 * What the source becomes when a control is moved.
 * @param {Control} control as it was read from the source
 * @param {string | boolean} value as the element has it: of a choice or of steps the number of the option
 * @returns {Change | undefined} undefined if that is no value, or the one that is there
 */
export function changeFor(control, value) {
  const insert = literalFor(control, value);
  const { from, to, text } = control;
  return insert === undefined || insert === text ? undefined : { from, to, insert };
}

/** @param {Control} control @param {string | boolean} value */
function literalFor({ kind, value: now, text, min = 0, step = 1, options = [] }, value) {
  switch (kind) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'string':
      return value === now ? text : stringLiteral(String(value), quoteOf(text));
    case 'choice':
    case 'steps': {
      const option = options[Number(value)];
      if (!option || option.value === now) return undefined;
      return kind === 'choice' ? stringLiteral(String(option.value), quoteOf(text)) : option.text;
    }
    default: {
      const number = String(value).trim() === '' ? Number.NaN : Number(value);
      if (!Number.isFinite(number) || number === now || (kind === 'integer' && !Number.isInteger(number)))
        return undefined;
      if (kind !== 'slider') return literalOf(String(value).trim())?.text ?? String(number);
      const decimals = Math.max(decimalsOf(min), decimalsOf(step));
      return numberLiteral(number, { decimals, point: decimals > 0 || /[.eE]/.test(text) });
    }
  }
}

/** @param {string} literal */
const quoteOf = (literal) => (literal.endsWith("'") ? "'" : '"');

/** How many digits a number has after its point. @param {number} number */
function decimalsOf(number) {
  const [, digits = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number)) ?? [];
  return Math.max(0, digits.length - Number(exponent));
}

/** @param {string} source @param {Change} change */
export const changed = (source, { from, to, insert }) => source.slice(0, from) + insert + source.slice(to);

/**
 * Which of the options the code has: the nearest, where its number is none of them; -1 if nothing is near.
 * @param {Pick<Control, 'options' | 'value'>} control
 */
export function optionAt({ options = [], value }) {
  const at = options.findIndex((option) => option.value === value);
  if (at >= 0 || typeof value !== 'number') return at;
  const numbers = options.map((option) => (typeof option.value === 'number' ? option.value : Number.NaN));
  return numbers.reduce(
    (best, number, index) =>
      Number.isFinite(number) && (best < 0 || Math.abs(number - value) < Math.abs(numbers[best] - value))
        ? index
        : best,
    -1,
  );
}

/**
 * Whether two lists are shown by the same elements, be their values what they are.
 * @param {Control[]} a @param {Control[]} b
 */
export const sameElements = (a, b) => frame(a) === frame(b);

/** @param {Control[]} controls */
const frame = (controls) =>
  JSON.stringify(
    controls.map(({ value, text, from, to, ...rest }) => [
      rest,
      rest.kind === 'choice' && optionAt({ ...rest, value }) < 0 && value,
    ]),
  );

/** The value in words. @param {Control} control */
export function said({ kind, value, text, options = [] }) {
  if (kind === 'steps') return options.find((option) => option.value === value)?.label ?? text;
  return typeof value === 'string' ? value : text;
}
