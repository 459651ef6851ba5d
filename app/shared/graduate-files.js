/** What is in preference-lab-graduate.zip: pure functions from the sources of py/graduate and the page's own run. */
import { strToU8, zipSync } from 'fflate';

export const NAME = 'preference-lab-graduate';

/** The page's own Python that align.py takes; py/words and py/preflab have more. */
const MODULES = [
  'preflab/__init__.py',
  'preflab/losses.py',
  'preflab/numeric.py',
  'words/__init__.py',
  'words/grammar.py',
  'words/network.py',
  'words/preferences.py',
  'words/solve.py',
];

/** Not for the reader: it runs on the page. */
const ON_THE_PAGE = 'graduate/from_page.py';

/**
 * What the page runs, unseen, to learn what goes into the zip.
 * @param {string} source py/graduate/from_page.py
 * @param {Record<string, string>} blocks the code of the training blocks as it is now, by id
 */
export const pageSource = (source, blocks) => {
  // JSON in JSON: Python reads the outer one as a string.
  const text = JSON.stringify(JSON.stringify(blocks)).replaceAll('\u007f', '\\x7f');
  return `import json\n\ngraduate_sources = json.loads(${text})\n${source}`;
};

/** The blocks whose code says how DPO and RLOO train. */
export const TRAINING_BLOCKS = ['words-dpo', 'words-rloo'];

/**
 * @param {Record<string, string>} python the texts of py/graduate, py/words and py/preflab, by their path below py/
 * @param {Record<string, string>} made what the page's run gave, by name
 * @returns {Record<string, string>} by path in the zip
 */
export function graduateFiles(python, made) {
  const own = Object.keys(python).filter((path) => /^graduate\/[^/_][^/]*$/.test(path) && path !== ON_THE_PAGE);
  const entries = [
    ...own.map((path) => [path.replace('graduate/', ''), python[path]]),
    ...MODULES.map((path) => [path, python[path]]),
    ...Object.entries(made),
  ];
  return Object.fromEntries(entries.map(([path, text]) => [`${NAME}/${path}`, text]));
}

/** @param {Record<string, string>} files @returns {Uint8Array<ArrayBuffer>} the zip */
export const zipped = (files) =>
  new Uint8Array(zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)]))));
