/**
 * A new element with its properties and children; text is only ever text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean>} [properties] as the DOM names them: className, tabIndex, role,
 *   ariaLabel
 * @param {...(Node | string)} children
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  node.append(...children);
  return node;
}

/** A link to a block of this page. @param {string} id @param {string} text */
export const linkTo = (id, text) => element('a', { href: `#${id}` }, text);
