/** Getting text and files out of the page. */
import { element } from '../dom/element.js';
import { button } from '../dom/notice.js';

/** @param {string} text @returns {Promise<boolean>} false where the browser does not let the page copy */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The text in a field, selected, for readers whose browser does not let the page copy.
 * @param {string} text
 * @param {string} label
 */
export function selectable(text, label) {
  const field = element('textarea', { readOnly: true, rows: 3, value: text, ariaLabel: label });
  const box = element(
    'div',
    { className: 'message selectable' },
    'The browser does not let this page copy. Here it is, selected: copy it with Ctrl+C (⌘ C).',
    field,
    button('Close', () => box.remove()),
  );
  // Once it is in the page.
  requestAnimationFrame(() => field.select());
  return box;
}

/** @param {string} name @param {Blob} content */
export function saveFile(name, content) {
  const link = element('a', { href: URL.createObjectURL(content), download: name });
  link.click();
  // The download has to have begun by then; an address that stays would keep the file in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
