/** Literals of Python that stand in one line: what they mean, and how a person would write them. */

/**
 * @typedef {{kind: 'number' | 'string' | 'boolean' | 'none', text: string, value: number | string | boolean | null}}
 *   Literal
 */

const DIGITS = String.raw`\d(?:_?\d)*`;
/** No hexadecimal, no complex numbers: nobody moves them. */
const NUMBER = new RegExp(
  String.raw`[+-]?(?:(?:${DIGITS})?\.${DIGITS}|${DIGITS}\.?)(?:[eE][+-]?${DIGITS})?(?![\w.])`,
  'y',
);
const INFINITE = /([+-]?)(?:(?:math|np|numpy)\.inf\b|float\(\s*(["'])([+-]?)inf(?:inity)?\2\s*\))/y;
const WORD = /(?:True|False|None)\b/y;
const STRING = /([rRuU]?)(?:'((?:\\.|[^'\\\r\n])*)'|"((?:\\.|[^"\\\r\n])*)")/y;
/** As of Python 3, an integer has no zeros in front. */
const ZEROS = /^[+-]?0[\d_]*[1-9][\d_]*$/;

/**
 * The literal that begins at `at`.
 * @param {string} source @param {number} [at]
 * @returns {Literal | undefined} undefined if something else stands there
 */
export function literalAt(source, at = 0) {
  const match = (/** @type {RegExp} */ pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const infinite = match(INFINITE);
  if (infinite) {
    const [text, sign, , inner = ''] = infinite;
    return { kind: 'number', text, value: (sign === '-') === (inner === '-') ? Infinity : -Infinity };
  }
  const number = match(NUMBER);
  if (number) {
    const [text] = number;
    return ZEROS.test(text) ? undefined : { kind: 'number', text, value: Number(text.replaceAll('_', '')) };
  }
  const word = match(WORD);
  if (word) {
    const [text] = word;
    return text === 'None' ? { kind: 'none', text, value: null } : { kind: 'boolean', text, value: text === 'True' };
  }
  const string = match(STRING);
  if (!string) return undefined;
  const [text, prefix, single, double] = string;
  const inner = single ?? double;
  // Three quotes begin a text of many lines.
  if (!inner && /["']/.test(source[at + text.length] ?? '')) return undefined;
  const value = prefix.toLowerCase() === 'r' ? inner : unescaped(inner);
  return value === undefined ? undefined : { kind: 'string', text, value };
}

/** @param {string} text @returns {Literal | undefined} the literal, if the text is one and nothing else */
export function literalOf(text) {
  const literal = literalAt(text);
  return literal?.text === text ? literal : undefined;
}

/** @type {Record<string, string>} */
const ESCAPES = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', "'": "'", '"': '"' };
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g;

/** @param {string} inner @returns {string | undefined} undefined where only Python knows */
function unescaped(inner) {
  let known = true;
  const text = inner.replace(ESCAPE, (all, byte, short, long, octal, letter) => {
    const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(byte ?? short ?? long ?? '', 16);
    if (!letter) {
      known &&= code <= 0x10ffff;
      return known ? String.fromCodePoint(code) : '';
    }
    known &&= !'NxuU'.includes(letter);
    return ESCAPES[letter] ?? all;
  });
  return known ? text : undefined;
}

/** What would end a literal, or what nobody sees. Half of a pair of surrogates has no bytes in a file. */
const UNSAFE = /[\\\p{Cc}\p{Zl}\p{Zp}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/**
 * A text as Python's literal.
 * @param {string} value @param {string} [quote] the one to prefer
 */
export function stringLiteral(value, quote = '"') {
  const other = quote === '"' ? "'" : '"';
  const used = value.includes(quote) && !value.includes(other) ? other : quote;
  const inner = value.replace(UNSAFE, escaped).replaceAll(used, `\\${used}`);
  return used + inner + used;
}

/** @param {string} sign */
function escaped(sign) {
  if (sign === '\\') return '\\\\';
  const short = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[sign];
  const code = sign.charCodeAt(0);
  return (
    short ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
  );
}

/** More digits after the point than this are written with an exponent. */
const MOST_DECIMALS = 6;

/**
 * A number as a person would write it: what adding up steps leaves in the sixteenth digit is not there.
 * @param {number} value
 * @param {{decimals?: number, point?: boolean}} [how] decimals: how many there are at most; point: a whole one has a
 *   point, too, since it is one of many that need not be whole
 */
export function numberLiteral(value, { decimals = MOST_DECIMALS, point = false } = {}) {
  if (decimals > MOST_DECIMALS) return String(Number(value.toPrecision(12)));
  const rounded = Number(value.toFixed(decimals));
  const text = String(Object.is(rounded, -0) ? 0 : rounded);
  return point && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
