/** Text for HTML: for the build and for the page. */
const ENTITIES = /** @type {Record<string, string>} */ ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' });

/** @param {unknown} text */
export const escapeHtml = (text) => String(text).replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
