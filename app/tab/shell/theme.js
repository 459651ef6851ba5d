/** Light and dark: the system's choice until the reader makes one. The style sheet does the rest. */
import { element } from '../dom/element.js';

const KEY = 'preference-lab/theme';
const CHOICES = /** @type {const} */ (['auto', 'light', 'dark']);

/** @typedef {typeof CHOICES[number]} Theme */

/** @returns {Theme} */
function chosen() {
  try {
    return CHOICES.find((choice) => choice === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

/** @param {Theme} theme */
function apply(theme) {
  document.documentElement.dataset.theme = theme;
}

/** @param {Theme} theme */
function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
}

/** @param {HTMLElement} button that goes through the choices @param {() => void} onChange */
export function switchTheme(button, onChange) {
  let theme = chosen();
  const label = element('span', {}, 'Theme: ');
  const show = () => {
    apply(theme);
    button.replaceChildren(label, theme);
  };
  show();
  button.addEventListener('click', () => {
    theme = CHOICES[(CHOICES.indexOf(theme) + 1) % CHOICES.length];
    remember(theme);
    show();
    onChange();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
}
