/** Counts tests in JUnit's XML, which pytest, Node and Playwright all write. */

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

/** @param {string} xml @returns {Counts} */
export function countTests(xml) {
  // What a test printed may hold anything, tags too.
  const cases =
    xml
      .replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '')
      .match(/<testcase\b(?:"[^"]*"|[^"<>])*?(?:\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}

/** @param {Counts} counts */
export const summary = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
