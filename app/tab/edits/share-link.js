/**
 * Edits to the fragment of a link and back: JSON, deflated, in base64url. Pure; what comes out of a link is only text.
 * A fragment is not sent to the server. It can come from anyone, so every size and shape is checked.
 *
 * @typedef {{block: string, original: string, source: string}} SharedEdit `original`: the hash of the code it was made
 *   on
 */

/** Before the edits stands the version of this format. */
const PREFIX = '#edits=1.';
const ANY_VERSION = /^#edits=/;

/** Characters of a fragment: what browsers take in their stride. Python shrinks to about a third. */
export const LONGEST = 100_000;

/** Many mail and chat programs cut longer links. */
export const CAREFUL = 8_000;

/** Bytes that a fragment may unpack to, so that a small link cannot fill the memory. */
const LARGEST = 1_000_000;
const MOST_BLOCKS = 500;
const BLOCK = /^[\w-]{1,80}$/;

/** A reason that a reader can read. */
export class ShareError extends Error {}

/** @param {string} fragment */
export const isShared = (fragment) => ANY_VERSION.test(fragment);

/** @param {SharedEdit[]} edits @returns {Promise<string>} a fragment with its #; '' for no edits */
export async function encodeEdits(edits) {
  if (!edits.length) return '';
  const text = JSON.stringify(edits.map(({ block, original, source }) => [block, original, source]));
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream('deflate-raw'));
  const fragment = PREFIX + toBase64url(bytes);
  if (fragment.length > LONGEST || text.length > LARGEST) {
    throw new ShareError(
      `The edits make a link of ${fragment.length.toLocaleString('en')} characters; ` +
        `up to ${LONGEST.toLocaleString('en')} are safe. Download them as a file instead.`,
    );
  }
  return fragment;
}

/** @param {string} fragment @returns {Promise<SharedEdit[]>} */
export async function decodeEdits(fragment) {
  if (!fragment.startsWith(PREFIX))
    throw new ShareError('This link was made by another version of the page, and cannot be read here.');
  if (fragment.length > LONGEST)
    throw new ShareError('The edits in this link are longer than a link may be. They were not read.');
  const damaged = new ShareError('The edits in this link are damaged: perhaps its end was cut off. Ask for it again.');
  /** @type {unknown} */
  let found;
  try {
    const bytes = await through(
      fromBase64url(fragment.slice(PREFIX.length)),
      new DecompressionStream('deflate-raw'),
      LARGEST,
    );
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw error instanceof ShareError ? error : damaged;
  }
  if (!isEdits(found)) throw damaged;
  return found.map(([block, original, source]) => ({ block, original, source }));
}

/** @param {unknown} found @returns {found is [string, string, string][]} each block once */
const isEdits = (found) =>
  Array.isArray(found) &&
  found.length > 0 &&
  found.length <= MOST_BLOCKS &&
  found.every(
    (edit) =>
      Array.isArray(edit) && edit.length === 3 && edit.every((part) => typeof part === 'string') && BLOCK.test(edit[0]),
  ) &&
  new Set(found.map(([block]) => block)).size === found.length;

/**
 * The bytes that come out of `stream`; it ends as soon as they are more than `most`.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {GenericTransformStream} stream
 */
async function through(bytes, stream, most = Infinity) {
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(/** @type {ReadableWritablePair<Uint8Array, Uint8Array<ArrayBuffer>>} */ (stream))
    .getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    size += value.length;
    if (size > most) {
      reader.cancel().catch(() => {});
      throw new ShareError('The edits in this link unpack to more than a lesson can hold. They were not read.');
    }
    parts.push(value);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} bytes */
function toBase64url(bytes) {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text */
const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
