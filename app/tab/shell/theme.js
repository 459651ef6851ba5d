/** Light and dark: the system's choice until the reader makes one. The style sheet does the rest. */
import { element } from '../dom/element.js';
import { Store } from '../storage.js';

const KEY = 'theme';
const CHOICES = /** @type {const} */ (['auto', 'light', 'dark']);

/** @typedef {typeof CHOICES[number]} Theme */

/** One for all copies of the site on this host: index.html reads it before any script has come. */
const store = new Store('/');

/** `?theme=dark` holds for this visit. */
const ASKED = new URLSearchParams(location.search).get('theme');

/** @param {unknown} theme @returns {Theme} */
const known = (theme) => CHOICES.find((choice) => choice === theme) ?? 'auto';

/** @param {unknown} theme 'auto' in place of what is none */
export function applyTheme(theme) {
  document.documentElement.dataset.theme = known(theme);
}

/** @param {HTMLElement} button that goes through the choices @param {() => void} onChange */
export function switchTheme(button, onChange) {
  let theme = known(ASKED ?? store.read(KEY));
  const show = () => {
    applyTheme(theme);
    // Where there is no room for the words, screen readers still say them, and eyes have a sign.
    button.replaceChildren(element('span', {}, `Theme: ${theme}`));
    button.title = `Theme: ${theme}`;
  };
  show();
  /** @param {Theme} chosen */
  const choose = (chosen) => {
    theme = chosen;
    show();
    onChange();
  };
  button.addEventListener('click', () => {
    choose(CHOICES[(CHOICES.indexOf(theme) + 1) % CHOICES.length]);
    store.write(KEY, theme);
  });
  /** What was chosen in another tab, or on another page while this one slept until the reader came back to it. */
  const follow = () => {
    const kept = store.read(KEY);
    if (kept && known(kept) !== theme) choose(known(kept));
  };
  // In a frame the host says which.
  if (!ASKED && window === window.parent) for (const event of ['storage', 'pageshow']) addEventListener(event, follow);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
}
