/**
 * Which blocks a block needs, and whether what it shows still follows from the code: pure functions.
 *
 * A block's signature stands for its source and for all the sources that it depends on. Blocks draw from fixed
 * seeds, so the same signature means the same values, and a block whose signature has changed is stale.
 *
 * @typedef {import('../../shared/protocol.js').Names} Names
 * @typedef {{id: string, source: string, names: Names}} Source in page order
 * @typedef {Map<string, string>} Signatures by block id
 */

/**
 * The latest earlier block that defines `name`.
 * @param {Source[]} blocks
 * @param {number} before
 * @param {string} name
 */
function provider(blocks, before, name) {
  for (let i = before - 1; i >= 0; i -= 1) if (blocks[i].names.defines.includes(name)) return blocks[i];
  return undefined;
}

/**
 * For each name that the block at `index` takes from another: [name, block].
 * @param {Source[]} blocks
 * @param {number} index
 */
function inputs(blocks, index) {
  return blocks[index].names.uses.flatMap((name) => {
    const block = provider(blocks, index, name);
    return block ? [/** @type {const} */ ([name, block])] : [];
  });
}

/** @param {Source[]} blocks @returns {Signatures} */
export function signatures(blocks) {
  /** @type {Signatures} */
  const result = new Map();
  /** @type {Map<string, string>} which block has defined each name so far */
  const latest = new Map();
  for (const { id, source, names } of blocks) {
    const from = names.uses.flatMap((name) => {
      const definer = latest.get(name);
      return definer === undefined ? [] : [`${name}=${result.get(definer)}`];
    });
    result.set(id, hash([source, ...from].join('\0')));
    for (const name of names.defines) latest.set(name, id);
  }
  return result;
}

/**
 * The blocks that must run before `id`, in page order: those above that define a name it uses, directly or not,
 * and whose values are not in Python's memory as the code above now gives them.
 * @param {Source[]} blocks
 * @param {string} id
 * @param {Signatures} ran the signature of each block when it last ran to its end
 * @param {Map<string, string>} writers which block last assigned each name
 * @returns {string[]}
 */
export function needed(blocks, id, ran, writers) {
  const now = signatures(blocks);
  const missing = new Set();
  const visited = new Set();
  /** @param {string} of */
  const visit = (of) => {
    if (visited.has(of)) return;
    visited.add(of);
    const at = blocks.findIndex((block) => block.id === of);
    for (const [name, block] of inputs(blocks, at)) {
      const present = ran.get(block.id) === now.get(block.id) && writers.get(name) === block.id;
      if (!present) missing.add(block.id);
      visit(block.id);
    }
  };
  visit(id);
  return blocks.map((block) => block.id).filter((block) => missing.has(block));
}

/**
 * The ids of these blocks and of all that they need, directly or not.
 * @param {Source[]} blocks
 * @param {string[]} ids
 */
export const withAllNeeded = (blocks, ids) =>
  new Set([...ids, ...ids.flatMap((id) => needed(blocks, id, new Map(), new Map()))]);

/**
 * The same blocks, of which one uses more names.
 * @param {Source[]} blocks
 * @param {string} id
 * @param {string[]} [more]
 */
export const withUses = (blocks, id, more = []) =>
  blocks.map((block) =>
    block.id === id ? { ...block, names: { ...block.names, uses: [...block.names.uses, ...more] } } : block,
  );

/** Signatures are asked for at every key, and few of them change. @type {Map<string, string>} */
const hashes = new Map();
const MOST_HASHES = 500;

/** Tells two sources apart. @param {string} text */
export function hash(text) {
  const known = hashes.get(text);
  if (known) return known;
  if (hashes.size >= MOST_HASHES) hashes.clear();
  const fresh = fnv(text);
  hashes.set(text, fresh);
  return fresh;
}

/** FNV-1a (Fowler, Noll, Vo), 64 bits. @param {string} text */
function fnv(text) {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  return value.toString(36);
}
