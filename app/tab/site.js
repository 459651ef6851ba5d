/** What the build tells a page of the site that it is one of: its other pages, their blocks. */
import { ROOT } from './root.js';
import { Store } from './storage.js';

/** @typedef {import('../shared/protocol.js').Site} Site */

/** What the browser keeps for this site. */
export const store = new Store(ROOT.pathname);

/** @type {Site} */
export const site = JSON.parse(document.querySelector('#site')?.textContent ?? 'null');

/** The page that has this block or heading, if another than this one has. @param {string} id */
export function otherPageOf(id) {
  const path = Object.hasOwn(site.addresses, id) ? site.addresses[id] : undefined;
  return site.pages.find((page) => page.path === path);
}
