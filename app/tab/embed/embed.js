/**
 * `embed/?block=policy` shows one block alone, in a frame of another page. What the block needs runs unseen. The host
 * hears how tall it is, and may say whether it is light or dark.
 */
import { element } from '../dom/element.js';
import { fromRoot } from '../root.js';
import { applyTheme } from '../shell/theme.js';
import { otherPageOf, site } from '../site.js';

export const embedded = 'embed' in document.documentElement.dataset;

const HEIGHT = 'preference-lab/height';
const THEME = 'preference-lab/theme';

/** Where the block is among the others. @param {string} id */
const placeOf = (id) => fromRoot(`${otherPageOf(id)?.path ?? ''}#${id}`);

/**
 * Puts the block that the address names into the page, as the build has written it.
 * @param {HTMLElement} place
 */
export async function bringBlock(place) {
  const id = new URLSearchParams(location.search).get('block') ?? '';
  const published = site.cells.find((cell) => cell.id === id);
  if (!published) {
    place.append(whichThereAre(id));
    return;
  }
  try {
    const answer = await fetch(fromRoot(`embed/${id}.html`));
    if (!answer.ok) throw new Error(`${answer.status}`);
    // The build's own, of this very site; and no script in it would run.
    place.innerHTML = await answer.text();
  } catch {
    place.append(element('p', { className: 'message' }, 'This block did not load. Is the network there? Reload it.'));
    return;
  }
  document.title = `${published.title} · Preference Lab`;
  // For screen readers; eyes have the block's own title.
  place.prepend(element('h1', { className: 'unseen' }, published.title));
  const home = /** @type {HTMLAnchorElement} */ (document.querySelector('.brand'));
  home.href = placeOf(id);
  home.title = `${published.title}, in its lesson`;
}

/** @param {string} id that was asked for */
function whichThereAre(id) {
  const said = id ? `There is no block called “${id}”.` : 'The address names no block: embed/?block=…';
  const links = site.cells.map((cell) =>
    element('li', {}, element('a', { href: `?block=${cell.id}` }, cell.id), ` ${cell.title}`),
  );
  return element('div', {}, element('p', { className: 'message' }, `${said} There are:`), element('ul', {}, ...links));
}

/** @param {() => void} redraw what takes its colours from a script */
export function talkToHost(redraw) {
  // In the frame there would be no way back.
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest('a') : null;
    if (!link || link.href.startsWith(`${location.origin}${location.pathname}`)) return;
    link.target = '_blank';
    link.rel = 'noopener';
  });
  if (window.parent === window) return;
  const say = () =>
    window.parent.postMessage({ type: HEIGHT, height: Math.ceil(document.body.getBoundingClientRect().height) }, '*');
  new ResizeObserver(say).observe(document.body);
  addEventListener('message', ({ source, data }) => {
    if (source !== window.parent || data?.type !== THEME) return;
    applyTheme(data.theme);
    redraw();
  });
}
