/**
 * The page's Content-Security-Policy, as a <meta> that the build writes, so that it holds on any static host.
 * Nothing inline runs but the one script in index.html's head, which is named by its hash.
 */
import { createHash } from 'node:crypto';

const INLINE_SCRIPT = /<script>([\s\S]*?)<\/script>/g;

/** @param {string} text */
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** @param {string} html @returns {string} the policy that this page needs and nothing more */
export function policy(html) {
  const scripts = Array.from(html.matchAll(INLINE_SCRIPT), ([, text]) => hash(text));
  return Object.entries({
    'default-src': ["'none'"],
    // PyScript's worker starts from a blob and inherits this policy. It and Pyodide make functions from strings; that
    // allows WebAssembly, too.
    'script-src': ["'self'", ...scripts, "'unsafe-eval'"],
    'script-src-attr': ["'none'"],
    'worker-src': ["'self'", 'blob:'],
    // The worker's first lines come from a blob, too.
    'connect-src': ["'self'", 'blob:'],
    // CodeMirror and Plotly write their style sheets into the page; formulas are laid out by style attributes.
    'style-src': ["'self'", "'unsafe-inline'"],
    'font-src': ["'self'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'manifest-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
  })
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join('; ');
}

/** Puts the policy before all that it governs. @param {string} html */
export const withPolicy = (html) =>
  html.replace(
    /<meta charset="utf-8">/,
    (charset) => `${charset}\n  <meta http-equiv="Content-Security-Policy" content="${policy(html)}">`,
  );
