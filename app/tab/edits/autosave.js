/**
 * Keeps what is typed: across visits, the end of the page, and beside other tabs. What was set aside is offered until
 * the reader has chosen. Says so where the browser keeps nothing.
 *
 * @typedef {import('../block/py-block.js').PyBlock} PyBlock
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 */
import { notice } from '../dom/notice.js';
import { store } from '../site.js';
import { blockOfKey, KeptEdit } from './saved-edit.js';

const SAVE_AFTER_MS = 300;

/** Puts kept edits in place, before there is a lesson of them. @param {PyBlock[]} blocks */
export const restoreEdits = (blocks) => blocks.map((block) => new BlockEdits(block));

/**
 * @param {BlockEdits[]} edits
 * @param {Lesson} lesson
 * @param {HTMLElement} warning shown as long as some block could not be kept
 */
export function keepEdits(edits, lesson, warning) {
  for (const one of edits) one.offerAside(lesson);
  const saveAll = () => edits.forEach((one) => one.saveNow());
  const lookElsewhere = () => edits.forEach((one) => one.lookElsewhere());
  addEventListener('pagehide', saveAll);
  addEventListener('pageshow', lookElsewhere);
  document.addEventListener('visibilitychange', () => (document.hidden ? saveAll() : lookElsewhere()));
  addEventListener('storage', ({ key }) => {
    if (key === null) lookElsewhere();
    else edits.find(({ cell }) => cell.id === blockOfKey(store.own(key)))?.lookElsewhere();
  });
  lesson.on('source', ({ cell, typed }) => edits.find((one) => one.cell === cell)?.changed(typed));

  /** @type {Set<unknown>} */
  const unsaved = new Set();
  lesson.on('saved', ({ cell, kept }) => {
    if (kept) unsaved.delete(cell);
    else unsaved.add(cell);
    warning.hidden = unsaved.size === 0;
  });
}

class BlockEdits {
  cell;
  #block;
  #kept;
  /** @type {Lesson | undefined} */
  #lesson;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Says that another tab has edited this block. @type {HTMLElement | undefined} */
  #elsewhere;

  /** @param {PyBlock} block */
  constructor(block) {
    this.#block = block;
    this.cell = block.cell;
    this.#kept = new KeptEdit(store, this.cell.id, this.cell.original);
    this.cell.source = this.#kept.restore();
    if (this.cell.edited) block.say('This is your edited version from an earlier visit.');
  }

  /** @param {Lesson} lesson */
  offerAside(lesson) {
    this.#lesson = lesson;
    for (const text of this.#kept.aside()) this.#offer(text);
  }

  /** @param {boolean} typed key by key: then many changes are saved as one */
  changed(typed) {
    // Counted from the first keystroke that is not saved: who types on and on loses no more than that.
    if (typed) this.#timer ??= setTimeout(() => this.#save(), SAVE_AFTER_MS);
    else this.#save();
  }

  /** Saves what was typed last, before the page may go. */
  saveNow() {
    if (this.#timer) this.#save();
  }

  #save() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#said(this.#kept.keep(this.cell.source));
  }

  /** @param {import('./saved-edit.js').Saved} saved */
  #said(saved) {
    if (saved === 'elsewhere') this.lookElsewhere();
    else this.#lesson?.emit('saved', { cell: this.cell, kept: saved === 'kept' });
  }

  /** Asks the reader whose text it shall be, if another tab has written to this block. */
  lookElsewhere() {
    const kept = this.#kept;
    if (kept.theirs === this.cell.source) this.#said(kept.choose(this.cell.source));
    if (!kept.changedElsewhere) {
      this.#elsewhere?.remove();
      this.#elsewhere = undefined;
    } else if (!this.#elsewhere) {
      this.saveNow();
      this.#elsewhere = this.#block.say('This block was edited in another tab. Both versions stay until you choose.', [
        [
          'Take that one',
          () => {
            this.#elsewhere = undefined;
            const { theirs } = kept;
            kept.choose(theirs);
            this.#lesson?.edit(this.cell, theirs);
          },
        ],
        [
          'Keep mine',
          () => {
            this.#elsewhere = undefined;
            this.#said(kept.choose(this.cell.source));
          },
        ],
      ]);
      this.#elsewhere.dataset.lasting = '';
    }
  }

  /** What was set aside, until the reader has chosen. @param {import('./saved-edit.js').Aside} text */
  #offer({ key, why, source }) {
    const drop = () => this.#kept.drop(key);
    const use = () => {
      this.#lesson?.edit(this.cell, source);
      drop();
    };
    const [said, labels] = OFFERS[why];
    const actions = labels.length > 1 ? [use, drop] : [drop];
    const message = this.#block.addMessage(
      notice(
        said,
        labels.map((label, index) => [label, actions[index]]),
        source,
      ),
    );
    message.dataset.lasting = '';
  }
}

/**
 * What is said of a text that was set aside, and the buttons: to use it, if it can be, and to discard it.
 * @type {Record<import('./saved-edit.js').Why, [string, string[]]>}
 */
const OFFERS = {
  damaged: ['What the browser kept of this block could not be read. It is set aside, not thrown away.', ['Discard it']],
  older: [
    'This block has changed since you edited it. You see the new version; yours is kept.',
    ['Use my edit', 'Discard my edit'],
  ],
  tab: ['Another version of this block is kept, from another tab.', ['Use that one', 'Discard it']],
};
