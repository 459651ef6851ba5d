/** Keeps what is typed: across the end of the page, and beside other tabs. Says so where the browser keeps nothing. */
import { blockOfKey } from './saved-edit.js';

/** @typedef {import('../block/py-block.js').PyBlock} PyBlock */

/** @param {PyBlock[]} blocks @param {HTMLElement} warning shown as long as some block could not be kept */
export function keepEdits(blocks, warning) {
  const saveAll = () => blocks.forEach((block) => block.saveNow());
  const lookElsewhere = () => blocks.forEach((block) => block.lookElsewhere());
  addEventListener('pagehide', saveAll);
  addEventListener('pageshow', lookElsewhere);
  document.addEventListener('visibilitychange', () => (document.hidden ? saveAll() : lookElsewhere()));
  addEventListener('storage', ({ key }) => {
    if (key === null) lookElsewhere();
    else blocks.find(({ blockId }) => blockId === blockOfKey(key))?.lookElsewhere();
  });

  /** @type {Set<EventTarget | null>} */
  const unsaved = new Set();
  const show = () => { warning.hidden = unsaved.size === 0; };
  for (const block of blocks) {
    block.addEventListener('block-unsaved', () => { unsaved.add(block); show(); });
    block.addEventListener('block-saved', () => { unsaved.delete(block); show(); });
  }
}
