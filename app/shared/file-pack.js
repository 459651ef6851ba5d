/** Many files as one: a line of JSON that says each file's name and length, then their bytes one after the other. */

/** @typedef {[name: string, bytes: Uint8Array][]} Files */

const LINE_END = 10;

/** @param {Files} files @returns {Uint8Array} */
export function pack(files) {
  const index = new TextEncoder().encode(JSON.stringify(files.map(([name, { length }]) => [name, length])));
  const whole = new Uint8Array(index.length + 1 + files.reduce((sum, [, { length }]) => sum + length, 0));
  whole.set(index);
  whole[index.length] = LINE_END;
  let at = index.length + 1;
  for (const [, bytes] of files) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

/** The files of a pack, as views of it: nothing is copied. @param {Uint8Array} whole @returns {Files} */
export function unpack(whole) {
  let at = whole.indexOf(LINE_END) + 1;
  /** @type {[string, number][]} */
  const index = JSON.parse(new TextDecoder().decode(whole.subarray(0, at)));
  return index.map(([name, length]) => [name, whole.subarray(at, (at += length))]);
}
