/** Makes preference-lab-graduate.zip of what the page's Python holds. Loaded when it is first asked for. */
import { textOf } from '../../output/output-items.js';
import { graduateFiles, NAME, pageSource, TRAINING_BLOCKS, zipped } from '../../shared/graduate-files.js';

/** @typedef {import('../lesson/lesson.js').Lesson} Lesson @typedef {import('../lesson/cell.js').Cell} Cell */

/** @type {Record<string, string>} */
const PYTHON = import.meta.glob(
  [
    '../../../py/graduate/*.{py,md,txt}',
    '../../../py/preflab/{__init__,losses,numeric}.py',
    '../../../py/words/{__init__,grammar,network,preferences,solve}.py',
  ],
  { query: '?raw', import: 'default', eager: true },
);
const python = Object.fromEntries(Object.entries(PYTHON).map(([path, text]) => [path.replace(/^.*\/py\//, ''), text]));

/**
 * Runs a cell that nobody sees, after what it needs, and gives what it prints. Rejects with a sentence.
 * @param {Lesson} lesson @param {Cell} cell @returns {Promise<string>}
 */
const printed = (lesson, cell) =>
  new Promise((resolve, reject) => {
    /** @type {(() => void)[]} */
    const ends = [];
    /** @param {() => void} settle */
    const settled = (settle) => {
      for (const end of ends) end();
      settle();
    };
    ends.push(
      lesson.on('end', ({ cell: ended, outcome }) => {
        if (ended !== cell) return;
        if (outcome === 'ok') settled(() => resolve(textOf(cell.outputs)));
        else settled(() => reject(new Error('The blocks of this page do not give what the project needs.')));
      }),
      lesson.on('message', ({ cell: about, text, failed }) => {
        if (about === cell && failed) settled(() => reject(new Error(text.replace('Not run: it', 'The project'))));
      }),
    );
    lesson.run(cell);
    ends.push(
      lesson.on('change', () => {
        if (!lesson.working) settled(() => reject(new Error('Stopped: no file was made.')));
      }),
    );
  });

/** @param {Lesson} lesson @param {Cell} cell for the code that asks @returns {Promise<{name: string, file: Blob}>} */
export async function graduateFile(lesson, cell) {
  const blocks = Object.fromEntries(TRAINING_BLOCKS.map((id) => [id, lesson.cell(id)?.source ?? '']));
  cell.source = pageSource(python['graduate/from_page.py'], blocks);
  const made = JSON.parse(await printed(lesson, cell));
  return { name: `${NAME}.zip`, file: new Blob([zipped(graduateFiles(python, made))], { type: 'application/zip' }) };
}
