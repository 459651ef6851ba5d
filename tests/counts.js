/** Counts tests in JUnit's XML, which pytest, Node and Playwright all write. */

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

/** @type {Record<string, string>} */
const SIGN = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&', '#10': '\n' };
/** @type {Record<string, string>} */
const NAME = { '<': 'lt', '>': 'gt', '&': 'amp' };

/** What a test printed may hold anything, tags too. @param {string} text */
const escaped = (text) => text.replace(/[<>&]/g, (sign) => `&${NAME[sign]};`);
/** @param {string} text */
const unescaped = (text) => text.replace(/&(quot|apos|lt|gt|amp|#10);/g, (_, name) => SIGN[name]);

/** @param {string} xml @returns {string[]} */
const casesIn = (xml) =>
  xml
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, text) => escaped(text))
    .match(/<testcase\b(?:"[^"]*"|[^"<>])*?(?:\/>|>[\s\S]*?<\/testcase>)/g) ?? [];

/** @param {string} text of a case */
const hasFailed = (text) => /<(failure|error)\b/.test(text);

/** How much of a failure is told: its message, and the lines around the place. */
const LINES_OF_A_FAILURE = 40;

/**
 * The tests that failed, and what each said.
 * @param {string} xml
 * @returns {{name: string, said: string[]}[]} said: lines
 */
export const failures = (xml) =>
  casesIn(xml)
    .filter(hasFailed)
    .map((text) => ({
      name: unescaped(/\bname="([^"]*)"/.exec(text)?.[1] ?? ''),
      said: unescaped(/<(?:failure|error)\b(?:"[^"]*"|[^">])*>([\s\S]*?)<\/(?:failure|error)>/.exec(text)?.[1] ?? '')
        .split('\n')
        .filter((line) => line.trim())
        .slice(0, LINES_OF_A_FAILURE),
    }));

/** @param {string} xml @returns {Counts} */
export function countTests(xml) {
  const cases = casesIn(xml);
  const failed = cases.filter(hasFailed).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}

/** @param {Counts} counts */
export const summary = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
