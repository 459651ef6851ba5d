/**
 * `::: guess id Question` asks before it tells. What it contains begins with a list: the answers to choose from, or one
 * entry such as `0 to 100 by 5 %`, which is a scale. The rest is the result, in a <details>, and works without scripts;
 * app/tab/guess keeps the guess and shows it beside the result.
 */
import container from 'markdown-it-container';
import { escapeHtml } from '../output/html.js';

/** @typedef {InstanceType<typeof import('markdown-it').default>} Md */
/** @typedef {{min: string, max: string, step: string, unit: string}} Scale */

const HEAD = /^guess +([a-z][a-z0-9-]*) +(.+)$/;
const SCALE = /^(-?[\d.]+) to (-?[\d.]+)(?: by ([\d.]+))?(?: (.+))?$/;

/** @param {string} entry @returns {Scale | undefined} */
export function scaleOf(entry) {
  const found = entry.match(SCALE);
  return found
    ? { min: found[1], max: found[2], step: found[3] ?? '1', unit: found[4] ? ` ${found[4]}` : '' }
    : undefined;
}

/** @param {string} id @param {string} value as it is kept @param {string} html */
const choice = (id, value, html) =>
  `<label><input type="radio" name="${id}" value="${escapeHtml(value)}"> <span>${html}</span></label>`;

/** @param {string} id @param {Scale} scale */
function slider(id, { min, max, step, unit }) {
  const end = (/** @type {string} */ at) => `<span>${at}${escapeHtml(unit)}</span>`;
  return (
    `<div class="scale">${end(min)}<input type="range" aria-labelledby="${id}-asks" min="${min}" max="${max}" ` +
    `step="${step}" data-unit="${escapeHtml(unit)}">${end(max)}</div><output aria-live="off"></output>`
  );
}

/** @param {Md} md */
export function guesses(md) {
  md.use(container, 'guess', {
    /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
    render(tokens, index) {
      if (tokens[index].nesting !== 1) return '</details></guess-first>\n';
      const [, name, question] = tokens[index].info.trim().match(HEAD) ?? [];
      if (!name) throw new Error(`A guess has an id and a question: ::: ${tokens[index].info.trim()}`);
      const id = `guess-${name}`;
      return (
        `<guess-first class="guess" id="${id}"><fieldset><legend id="${id}-asks"><span class="box-kind">Guess first` +
        `</span> ${md.renderInline(question)}</legend>`
      );
    },
  });

  // The list becomes the form; what comes after it is the result.
  md.core.ruler.push('guesses', ({ tokens, Token }) => {
    for (let at = 0; at < tokens.length; at += 1) {
      if (tokens[at].type !== 'container_guess_open') continue;
      const about = tokens[at].info.trim();
      const id = `guess-${about.match(HEAD)?.[1]}`;
      if (tokens[at + 1].type !== 'bullet_list_open') throw new Error(`A guess begins with a list: ::: ${about}`);
      const end = tokens.findIndex(({ type }, index) => index > at && type === 'bullet_list_close');
      const entries = tokens.slice(at, end).filter(({ type }) => type === 'inline');
      const scale = entries.length === 1 ? scaleOf(entries[0].content) : undefined;
      if (!scale && entries.length < 2) throw new Error(`A guess has a scale, or answers to choose from: ::: ${about}`);
      const inline = (/** @type {any} */ entry) => md.renderer.render([entry], md.options, {});
      const form = new Token('html_block', '', 0);
      form.content =
        `${scale ? slider(id, scale) : entries.map((entry) => choice(id, entry.content, inline(entry))).join('')}` +
        `</fieldset><details><summary>What the run says</summary>\n`;
      tokens.splice(at + 1, end - at, form);
    }
  });
}
