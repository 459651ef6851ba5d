/** What is known of a name, as DOM: beside a completion and in a tooltip. */
import { element, linkTo } from '../dom/element.js';

/**
 * @typedef {import('../../shared/protocol.js').Help & {note?: string, block?: {id: string, title: string}}} Told
 *   `block` is the one that defines it
 */

/** @param {Told} told */
export function helpBox({ name, signature, value, doc, note, block }) {
  const box = element('div', { className: 'help-box' }, element('code', {}, `${name}${signature}`));
  for (const text of [value, doc, note]) if (text) box.append(element('p', {}, text));
  if (block) box.append(element('p', {}, 'Defined in ', linkTo(block.id, block.title)));
  return box;
}
