/** Which block shows that a sentence holds. */
import { escapeHtml } from '../output/html.js';
import { Failure } from '../tools/tools.js';

/**
 * Adds what a build-only cell has claimed to the sentences of its blocks.
 * @param {Record<string, string[]>} claims sentences by block
 * @param {[sentence: string, see: string | null][]} said see: the id of a block, where it is not the one above
 * @param {string} above the last block above the cell, '' if there is none
 * @param {string[]} blocks all ids
 */
export function addClaims(claims, said, above, blocks) {
  for (const [sentence, see] of said) {
    const id = see ?? above;
    if (!blocks.includes(id)) throw new Failure(`The claim “${sentence}” leads to no block: "${id}".`);
    claims[id] ??= [];
    claims[id].push(sentence);
  }
}

/**
 * The code of each claim, in the order in which `addClaims` adds their sentences.
 * @template Evidence
 * @param {Record<string, Evidence[]>} evidence by block
 * @param {[sentence: string, see: string | null][]} said @param {Evidence[]} shown @param {string} above
 */
export function addEvidence(evidence, said, shown, above) {
  said.forEach(([, see], at) => {
    const id = see ?? above;
    evidence[id] ??= [];
    evidence[id].push(shown[at]);
  });
}

/** @param {string} id of the block @param {string[]} [sentences] that it shows to hold */
export function claimsHtml(id, sentences = []) {
  if (!sentences.length) return '';
  const what = sentences.length === 1 ? '1 sentence was' : `${sentences.length} sentences were`;
  const items = sentences.map((sentence, index) => `<li id="${id}-claim-${index + 1}">${escapeHtml(sentence)}</li>`);
  const summary = `<summary>${what} checked on the recorded run</summary>`;
  return `<details class="claims">${summary}<ul>${items.join('')}</ul></details>`;
}
