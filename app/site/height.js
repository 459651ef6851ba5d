/**
 * About how tall a part of the lesson will be. The browser lays out what is near the screen, and takes our word for the
 * rest until then: an estimate that is off moves the scroll bar's handle a little, and no text.
 */
import { kindOf } from '../output/kinds.js';
import { isText } from '../output/output-items.js';

/** Characters in a line of prose, where there is room for whole lines. */
const LINE = 78;

/** Rem, as app/style/ has them. */
const REM = { line: 1.85, gap: 1.2, formula: 4.2, row: 2.3, code: 1.31, output: 1.22, head: 6, picture: 36 };

/** @param {string} text */
const lines = (text) => Math.ceil(text.length / LINE);

/** @param {string} paragraph of Markdown */
function paragraphHeight(paragraph) {
  if (/^#/.test(paragraph)) return 5;
  if (/^::: picture/.test(paragraph)) return REM.picture;
  if (/^\$\$/.test(paragraph)) return REM.formula;
  if (/^\|/.test(paragraph)) return paragraph.split('\n').length * REM.row;
  if (/^(- |\d+\. )/.test(paragraph))
    return paragraph.split(/\n(?=- |\d+\. )/).reduce((sum, item) => sum + lines(item) * REM.line + 0.35, REM.gap);
  return lines(paragraph) * REM.line + REM.gap;
}

/** The answers of quick checks and guesses are closed. @param {string} markdown @returns {number} rem */
export const proseHeight = (markdown) =>
  markdown
    .replace(/^(::: check .*)\n[\s\S]*?^:::$/gm, '$1')
    .replace(/^(::: guess .*\n)((?:- .*\n)+)[\s\S]*?^:::$/gm, '$1\n$2')
    .trim()
    .split(/\n{2,}/)
    .reduce((sum, paragraph) => sum + paragraphHeight(paragraph), 0);

/**
 * @param {string} source
 * @param {import('../output/output-items.js').Item[]} items what was recorded
 * @returns {number} rem
 */
export const blockHeight = (source, items) =>
  items.reduce(
    (sum, item) => {
      if (!isText(item)) return sum + kindOf(item.kind).height(item.data);
      return sum + item.text.trimEnd().split('\n').length * REM.output;
    },
    REM.head + source.trimEnd().split('\n').length * REM.code,
  );

/** @param {number} rem */
export const tall = (rem) => `style="--tall: ${rem.toFixed(0)}rem"`;
