/** Where the site is: for what starts while the page is still being read, too, when site.js has nothing to read yet. */

/** The site's root: pages may be in folders below it, and it may itself be in a folder of its host. */
export const ROOT = new URL(document.documentElement.dataset.root ?? './', document.baseURI);

/** @param {string} path from the site's root */
export const fromRoot = (path) => new URL(path, ROOT).href;
