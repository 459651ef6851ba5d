/**
 * What a block can show below its text: one entry a kind, for the build and for the page. A new kind is a file in
 * kinds/ and its name in this list. Node reads these files, too: what needs a document stands inside of functions.
 *
 * @typedef {object} Kind
 * @property {string} name of its items
 * @property {string} mime of the display events that bring it; their data are its data
 * @property {string} className of its <figure>
 * @property {(data: any, id: string) => string} html inside of the <figure>; `id` is the page's only one of this name
 * @property {(data: any) => Record<string, string>} [attributes] of the <figure>
 * @property {(data: any) => number} height about how tall it is, in rem
 * @property {(place: HTMLElement) => string} text as it is copied
 * @property {(place: HTMLElement, data: any, id: string) => void} [update] new data in a <figure> that holds the HTML
 *   of others; without it, the HTML is written anew
 * @property {(place: HTMLElement, data: any) => void} [mount] after the HTML of data has come into the page, be it the
 *   build's
 * @property {(place: HTMLElement) => void} [settle] nothing more is to come of a run
 * @property {(place: HTMLElement) => void} [remove] before the <figure> goes
 * @property {(place: HTMLElement, name: string | undefined) => void} [point] shows what has this name, in small
 *   letters, before all others, if it is there; or all alike again
 */
import { escapeHtml } from './html.js';
import { chart } from './kinds/chart.js';
import { choices } from './kinds/choices.js';
import { picture } from './kinds/picture.js';
import { stories } from './kinds/stories.js';
import { table } from './kinds/table.js';

/** @type {Kind[]} */
export const KINDS = [chart, picture, table, stories, choices];

/** @param {string} mime */
export const kindOfMime = (mime) => KINDS.find((kind) => kind.mime === mime);

/** @param {string} name @returns {Kind} */
export function kindOf(name) {
  const found = KINDS.find((kind) => kind.name === name);
  if (!found) throw new Error(`There is no kind of output that is called ${name}`);
  return found;
}

/** A <figure> as the build writes it. @param {import('./output-items.js').Shown} item @param {string} block its id */
export function figureHtml({ kind: name, slot, data }, block) {
  const kind = kindOf(name);
  const attributes = Object.entries({ 'data-slot': slot, 'data-kind': name, ...kind.attributes?.(data) });
  return (
    `<figure class="${kind.className}"${attributes.map(([key, value]) => ` ${key}="${escapeHtml(value)}"`).join('')}>` +
    `${kind.html(data, `${block}-${slot}`)}</figure>`
  );
}
