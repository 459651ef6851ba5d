/** Getting text and files out of the page. */
import { button } from './notice.js';

/** @param {string} text @returns {Promise<boolean>} false where the browser does not let the page copy */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The text in a field, selected, for readers whose browser does not let the page copy. @param {string} text @param {string} label */
export function selectable(text, label) {
  const box = document.createElement('div');
  box.className = 'message selectable';
  const field = document.createElement('textarea');
  field.readOnly = true;
  field.rows = 3;
  field.value = text;
  field.setAttribute('aria-label', label);
  box.append('The browser does not let this page copy. Here it is, selected: copy it with Ctrl+C (⌘ C).', field, button('Close', () => box.remove()));
  // Once it is in the page.
  requestAnimationFrame(() => field.select());
  return box;
}

/** @param {string} name @param {Blob} content */
export function saveFile(name, content) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The download has to have begun by then; an address that stays would keep the file in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
