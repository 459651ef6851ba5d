/** What the build tells a page of the site that it is one of: its root, its other pages, their blocks. */

import { Store } from './storage.js';

/** @typedef {import('../shared/protocol.js').Site} Site */

/** The site's root: pages may be in folders below it, and it may itself be in a folder of its host. */
export const ROOT = new URL(document.documentElement.dataset.root ?? './', document.baseURI);

/** What the browser keeps for this site. */
export const store = new Store(ROOT.pathname);

/** @param {string} path from the site's root */
export const fromRoot = (path) => new URL(path, ROOT).href;

/** @type {Site} */
export const site = JSON.parse(document.querySelector('#site')?.textContent ?? 'null');

/** The page that has this block or heading, if another than this one has. @param {string} id */
export function otherPageOf(id) {
  const path = Object.hasOwn(site.addresses, id) ? site.addresses[id] : undefined;
  return site.pages.find((page) => page.path === path);
}
