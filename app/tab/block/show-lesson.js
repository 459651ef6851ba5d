/** Tells each block what its cell tells: the one place where the lesson's events meet the elements of its blocks. */

/** @typedef {import('./py-block.js').PyBlock} PyBlock @typedef {import('../lesson/cell.js').Cell} Cell */

/**
 * @param {import('../lesson/lesson.js').Lesson} lesson
 * @param {Map<Cell, PyBlock>} blocks those of cells that are shown
 */
export function showLesson(lesson, blocks) {
  lesson.on('state', ({ cell }) => blocks.get(cell)?.showState());
  lesson.on('source', ({ cell }) => blocks.get(cell)?.showSource());
  lesson.on('reset', ({ cell }) => blocks.get(cell)?.showRecorded());
  lesson.on('next', ({ cell }) => blocks.get(cell)?.focusEditor());
  lesson.on('begin', ({ cell, follows }) => blocks.get(cell)?.begin(follows));
  lesson.on('output', ({ cell, event }) => blocks.get(cell)?.receive(event));
  lesson.on('progress', ({ cell, share, said }) => blocks.get(cell)?.showProgress(share, said));
  lesson.on('end', ({ cell, cut }) => blocks.get(cell)?.finish(cut));
  lesson.on('dropped', ({ cell }) => blocks.get(cell)?.rest());
  lesson.on('message', ({ cell, text, failed }) => {
    const block = blocks.get(cell);
    const other = failed && blocks.get(failed);
    if (failed) block?.clearMessages();
    block?.say(text, other ? [['Show it', () => other.scrollIntoView()]] : []);
  });
}
