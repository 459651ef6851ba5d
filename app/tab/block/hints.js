/**
 * What is said of an error beside its message, in parts: text, code, links to blocks. Pure functions.
 *
 * @typedef {import('../lesson/name-lookup.js').Found} Found
 * @typedef {string | {code: string} | {id: string, title: string}} Part a link names a block
 * @typedef {{
 *   find: (name: string) => Found | undefined,
 *   writer: (name: string) => Found | undefined,
 *   near: (name: string) => string | undefined,
 *   titleOf: (id: string) => string | undefined,
 *   all: () => {name: string, title: string}[],
 * }} Definers what one block may know of the others: `find` by the code, `writer` by what has run
 */

/** Text with code in backticks, as parts. @param {string} text @returns {Part[]} */
export const partsOf = (text) =>
  text
    .split('`')
    .map((piece, index) => (index % 2 ? { code: piece } : piece))
    .filter((part) => part !== '');

/**
 * The hint for an error. Of a missing name the page knows more than Python: which block defines it, or one like it.
 * @param {{hint?: string | null, about?: string | null}} error
 * @param {Definers} definers
 * @returns {Part[]} none if nothing helpful can be said
 */
export function hintFor({ hint, about }, definers) {
  const found = about ? definers.find(about) : undefined;
  if (about && found?.where === 'below') {
    return [
      { code: about },
      ' is defined further down, in ',
      linkTo(found),
      '. A block finds what ran before it: run that one, then this.',
    ];
  }
  if (about && found?.where === 'above') {
    return [
      { code: about },
      ' is assigned above, in ',
      linkTo(found),
      ', but that run did not come to the line, or another one deleted it.',
    ];
  }
  const near = about && !hint ? definers.near(about) : undefined;
  const parts = partsOf(near ? `Did you mean \`${near}\`?` : (hint ?? ''));
  const meant =
    about && parts[0] === 'Did you mean ' && typeof parts[1] === 'object' && 'code' in parts[1]
      ? definers.find(parts[1].code)
      : undefined;
  return meant && meant.where !== 'here' ? [...parts, ' It is defined in ', linkTo(meant), '.'] : parts;
}

/** @param {Found} found @returns {Part} */
const linkTo = ({ id, title }) => ({ id, title });
