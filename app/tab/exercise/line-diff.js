/** Two pieces of code, line by line: a pure function. */
import { diffLines } from 'diff';

/** Same lines beyond this far from a difference are left out. */
const CONTEXT = 2;

/** @typedef {{kind: 'same' | 'mine' | 'theirs', text: string} | {kind: 'gap', lines: number}} Line */

/** Spaces at the end of a line, and lines at the end of the code, are no difference. @param {string} code */
const tidy = (code) =>
  `${code
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()}\n`;

/**
 * @param {string} mine
 * @param {string} theirs
 * @returns {Line[]} empty if they are the same
 */
export function compare(mine, theirs) {
  const parts = diffLines(tidy(mine), tidy(theirs));
  if (parts.every(({ added, removed }) => !added && !removed)) return [];
  return parts.flatMap(({ added, removed, value }, index) => {
    const lines = value.split('\n').slice(0, -1);
    const kind = added ? 'theirs' : removed ? 'mine' : 'same';
    const shown = lines.map((text) => /** @type {Line} */ ({ kind, text }));
    if (kind !== 'same') return shown;
    const [head, tail] = [index === 0 ? 0 : CONTEXT, index === parts.length - 1 ? 0 : CONTEXT];
    const left = lines.length - head - tail;
    if (left < 2) return shown;
    return [
      ...shown.slice(0, head),
      /** @type {Line} */ ({ kind: 'gap', lines: left }),
      ...shown.slice(shown.length - tail),
    ];
  });
}
