/**
 * Which block defines a name, as the syntax trees tell it: pure functions.
 *
 * @typedef {{id: string, title: string, defines: string[]}} Definer in page order
 * @typedef {{id: string, title: string, where: 'above' | 'here' | 'below'}} Found
 */

/**
 * The block that `index` would take `name` from: itself, the latest above it, else the first below.
 * @param {Definer[]} blocks
 * @param {number} index
 * @param {string} name
 * @returns {Found | undefined}
 */
export function definer(blocks, index, name) {
  const has = (/** @type {Definer} */ block) => block.defines.includes(name);
  const at = [index, blocks.slice(0, Math.max(index, 0)).findLastIndex(has), blocks.findIndex(has)].find(
    (i) => blocks[i] && has(blocks[i]),
  );
  if (at === undefined) return undefined;
  const { id, title } = blocks[at];
  return { id, title, where: at === index ? 'here' : at < index ? 'above' : 'below' };
}

/**
 * The name most like `wrong` that any block defines, if one is like it enough.
 * @param {Definer[]} blocks
 * @param {string} wrong
 */
export function nearName(blocks, wrong) {
  const names = [...new Set(blocks.flatMap(({ defines }) => defines))].filter((name) => name !== wrong);
  const most = wrong.length < 3 ? 0 : Math.max(1, Math.floor(wrong.length / 5));
  const ranked = names.map((name) => ({ name, apart: distance(wrong.toLowerCase(), name.toLowerCase()) }));
  const [best] = ranked.filter(({ apart }) => apart <= most).sort((a, b) => a.apart - b.apart);
  return best?.name;
}

/**
 * How many letters to change, add, leave out or swap with the next (Damerau and Levenshtein).
 * @param {string} a
 * @param {string} b
 */
export function distance(a, b) {
  if (Math.abs(a.length - b.length) > 4) return Infinity;
  /** @type {number[][]} */
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = rows[i - 1][j - 1] + Number(a[i - 1] !== b[j - 1]);
      rows[i][j] = Math.min(changed, rows[i - 1][j] + 1, rows[i][j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
