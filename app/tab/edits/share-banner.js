/**
 * A link that carries edits: says whose they are, and puts them in place when the reader says so. Nothing of a link
 * runs by itself, and the reader's own edits can be had back, also after a reload.
 *
 * @typedef {import('../lesson/lesson.js').Lesson} Lesson
 * @typedef {import('../lesson/cell.js').Cell} Cell
 * @typedef {import('./share-link.js').SharedEdit} SharedEdit
 * @typedef {{block: string, original: string, source: string}[]} Own what blocks held before a link's edits took their
 *   place
 */

import { element } from '../dom/element.js';
import { button, disclosure, listing } from '../dom/notice.js';
import { hash } from '../lesson/graph.js';
import { fromRoot } from '../root.js';
import { otherPageOf, site, store } from '../site.js';
import { decodeEdits, isShared, ShareError } from './share-link.js';

/** A page's own. */
const KEY = ['before-link', site.page].filter(Boolean).join('/');

/** @param {Lesson} lesson @param {HTMLElement} banner */
export function receiveLinks(lesson, banner) {
  const own = new OwnEdits();
  const hide = () => {
    banner.hidden = true;
    banner.replaceChildren();
    own.offer(lesson, banner);
  };
  const look = async () => {
    const { hash: fragment } = location;
    if (!isShared(fragment)) return;
    try {
      offer(lesson, await decodeEdits(fragment), banner, own, hide);
    } catch (error) {
      show(
        banner,
        [error instanceof ShareError ? error.message : 'This browser cannot read the edits in this link.'],
        [
          button('Close', () => {
            forgetLink();
            hide();
          }),
        ],
      );
    }
  };
  own.offer(lesson, banner);
  addEventListener('hashchange', () =>
    look().then(() => {
      if (isShared(location.hash)) banner.scrollIntoView({ block: 'center' });
    }),
  );
  look();
}

/** The address without the edits, so that a reload does not ask again. */
const forgetLink = () => history.replaceState(history.state, '', location.pathname + location.search);

/**
 * @param {Lesson} lesson
 * @param {SharedEdit[]} edits
 * @param {HTMLElement} banner
 * @param {OwnEdits} own
 * @param {() => void} hide
 */
function offer(lesson, edits, banner, own, hide) {
  const found = edits.map((edit) => ({ ...edit, to: shownCell(lesson, edit.block) }));
  const elsewhere = [...new Set(found.flatMap(({ block }) => otherPageOf(block) ?? []))];
  const unknown = found.filter(({ block, to }) => !to && !otherPageOf(block)).map(({ block }) => block);
  const known = /** @type {(SharedEdit & {to: Cell})[]} */ (found.filter(({ to }) => to));
  const older = known.filter(({ original, to }) => original !== hash(to.original)).map(({ to }) => `“${to.title}”`);
  const says = [
    `This link carries edits of ${count(known.length)}, made by whoever sent it. Nothing of it has run.`,
    older.length ? `Made on another version of the lesson: ${older.join(', ')}.` : '',
    unknown.length ? `Not in this lesson, and left out: ${unknown.join(', ')}.` : '',
  ];
  const use = button('Use them', () => {
    own.remember(known.map(({ to }) => to));
    for (const { to, source } of known) lesson.edit(to, source);
    forgetLink();
    hide();
  });
  const keep = button('Keep mine', () => {
    forgetLink();
    hide();
  });
  const code = known.map(({ to, source }) => listing(to.title, source));
  // The same link, on the page that has the other blocks.
  const links = elsewhere.map(({ path, name }) => element('a', { href: fromRoot(path + location.hash) }, name));
  const rest = links.length
    ? [element('p', {}, 'It carries edits of blocks on other pages, too: ', ...between(links))]
    : [];
  show(banner, says, known.length ? [use, keep] : [keep], [
    ...rest,
    ...(code.length ? [disclosure('Show them', ...code)] : []),
  ]);
}

/** @param {Lesson} lesson @param {string} id */
const shownCell = (lesson, id) => lesson.shown.find((cell) => cell.id === id);

/** @param {HTMLElement[]} links @returns {(HTMLElement | string)[]} with commas */
const between = (links) => links.flatMap((link, index) => (index ? [', ', link] : [link]));

/** @param {number} blocks */
const count = (blocks) => `${blocks} ${blocks === 1 ? 'block' : 'blocks'}`;

/**
 * @param {HTMLElement} banner
 * @param {string[]} says
 * @param {HTMLElement[]} buttons
 * @param {HTMLElement[]} [below]
 */
function show(banner, says, buttons, below = []) {
  banner.replaceChildren(says.filter(Boolean).join(' '), ' ', ...buttons.flatMap((one) => [one, ' ']), ...below);
  banner.hidden = false;
}

/**
 * What blocks held before the edits of links took their place, the latest link last; in the browser's storage, where it
 * is there.
 */
class OwnEdits {
  /** @type {Own[]} */
  #before = read();

  /** @param {Cell[]} cells */
  remember(cells) {
    this.#before.push(cells.map(({ id, original, source }) => ({ block: id, original: hash(original), source })));
    this.#write();
  }

  /** @param {Lesson} lesson @param {HTMLElement} banner */
  offer(lesson, banner) {
    const last = this.#before.at(-1);
    if (!last) return;
    const done = () => {
      this.#before.pop();
      this.#write();
      banner.hidden = true;
      this.offer(lesson, banner);
    };
    show(
      banner,
      [`You are looking at edits from a link, in ${count(last.length)}. What was there before is kept.`],
      [
        button('Back to mine', () => {
          for (const { block, source } of last) {
            const cell = shownCell(lesson, block);
            if (cell) lesson.edit(cell, source);
          }
          done();
        }),
        button('Forget mine', done),
      ],
      [
        disclosure(
          'Show them',
          ...last.map(({ block, source }) => listing(shownCell(lesson, block)?.title ?? block, source)),
        ),
      ],
    );
  }

  #write() {
    if (this.#before.length) store.write(KEY, JSON.stringify(this.#before));
    else store.remove(KEY);
  }
}

/** @returns {Own[]} */
function read() {
  const isOwn = (/** @type {any} */ edits) =>
    Array.isArray(edits) && edits.every((edit) => typeof edit?.block === 'string' && typeof edit.source === 'string');
  try {
    const found = JSON.parse(store.read(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter(isOwn) : [];
  } catch {
    return [];
  }
}
