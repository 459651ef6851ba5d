/** Counts tests in JUnit's XML, which pytest, Node and Playwright all write. */

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

/** What a test printed may hold anything, tags too. @param {string} xml @returns {string[]} */
const casesIn = (xml) =>
  xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '').match(/<testcase\b(?:"[^"]*"|[^"<>])*?(?:\/>|>[\s\S]*?<\/testcase>)/g) ??
  [];

/** @param {string} text of a case */
const hasFailed = (text) => /<(failure|error)\b/.test(text);

/** @type {Record<string, string>} */
const NAMED = { '&quot;': '"', '&apos;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** The names of the tests that failed. @param {string} xml */
export const failures = (xml) =>
  casesIn(xml)
    .filter(hasFailed)
    .map((text) =>
      (/\bname="([^"]*)"/.exec(text)?.[1] ?? '').replace(/&(quot|apos|lt|gt|amp);/g, (sign) => NAMED[sign] ?? sign),
    );

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
