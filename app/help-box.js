/** What is known of a name, as DOM: beside a completion and in a tooltip. */

/** @typedef {import('./protocol.js').Help & {note?: string, block?: {id: string, title: string}}} Told `block` is the one that defines it */

/** @param {Told} told */
export function helpBox({ name, signature, value, doc, note, block }) {
  const box = document.createElement('div');
  box.className = 'help-box';
  box.append(paragraph('code', `${name}${signature}`));
  for (const text of [value, doc, note]) if (text) box.append(paragraph('p', text));
  if (block) {
    const link = document.createElement('a');
    link.href = `#${block.id}`;
    link.textContent = block.title;
    const from = paragraph('p', 'Defined in ');
    from.append(link);
    box.append(from);
  }
  return box;
}

/** @param {string} tag @param {string} text */
function paragraph(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}
