/**
 * A link that carries edits: says whose they are, and puts them in place when the reader says so. Nothing of a link runs by
 * itself, and the reader's own edits can be had back, also after a reload.
 *
 * @typedef {import('../block/py-block.js').PyBlock} PyBlock
 * @typedef {import('./share-link.js').SharedEdit} SharedEdit
 * @typedef {{block: string, original: string, source: string}[]} Own what blocks held before a link's edits took their place
 */
import { hash } from '../lesson/graph.js';
import { button, disclosure, listing } from '../dom/notice.js';
import { decodeEdits, isShared, ShareError } from './share-link.js';

const KEY = 'preference-lab/before-link';

/** @param {PyBlock[]} blocks @param {HTMLElement} banner */
export function receiveLinks(blocks, banner) {
  const own = new OwnEdits();
  const hide = () => {
    banner.hidden = true;
    banner.replaceChildren();
    own.offer(blocks, banner);
  };
  const look = async () => {
    const { hash: fragment } = location;
    if (!isShared(fragment)) return;
    try {
      offer(blocks, await decodeEdits(fragment), banner, own, hide);
    } catch (error) {
      show(banner, [error instanceof ShareError ? error.message : 'This browser cannot read the edits in this link.'], [button('Close', () => { forgetLink(); hide(); })]);
    }
  };
  own.offer(blocks, banner);
  addEventListener('hashchange', () => look().then(() => { if (isShared(location.hash)) banner.scrollIntoView({ block: 'center' }); }));
  look();
}

/** The address without the edits, so that a reload does not ask again. */
const forgetLink = () => history.replaceState(history.state, '', location.pathname + location.search);

/**
 * @param {PyBlock[]} blocks
 * @param {SharedEdit[]} edits
 * @param {HTMLElement} banner
 * @param {OwnEdits} own
 * @param {() => void} hide
 */
function offer(blocks, edits, banner, own, hide) {
  const found = edits.map((edit) => ({ ...edit, to: blocks.find(({ blockId }) => blockId === edit.block) }));
  const unknown = found.filter(({ to }) => !to).map(({ block }) => block);
  const known = /** @type {(SharedEdit & {to: PyBlock})[]} */ (found.filter(({ to }) => to));
  const older = known.filter(({ original, to }) => original !== hash(to.original)).map(({ to }) => `“${to.blockTitle}”`);
  const says = [
    `This link carries edits of ${count(known.length)}, made by whoever sent it. Nothing of it has run.`,
    older.length ? `Made on another version of the lesson: ${older.join(', ')}.` : '',
    unknown.length ? `Not in this lesson, and left out: ${unknown.join(', ')}.` : '',
  ];
  const use = button('Use them', () => {
    own.remember(known.map(({ to }) => to));
    for (const { to, source } of known) to.replaceSource(source);
    forgetLink();
    hide();
  });
  const keep = button('Keep mine', () => {
    forgetLink();
    hide();
  });
  const code = known.map(({ to, source }) => listing(to.blockTitle, source));
  show(banner, says, known.length ? [use, keep] : [keep], code);
}

/** @param {number} blocks */
const count = (blocks) => `${blocks} ${blocks === 1 ? 'block' : 'blocks'}`;

/** @param {HTMLElement} banner @param {string[]} says @param {HTMLElement[]} buttons @param {HTMLElement[]} [code] opened on a click */
function show(banner, says, buttons, code = []) {
  banner.replaceChildren(says.filter(Boolean).join(' '), ' ', ...buttons.flatMap((one) => [one, ' ']));
  if (code.length) banner.append(disclosure('Show them', ...code));
  banner.hidden = false;
}

/** What blocks held before the edits of links took their place, the latest link last; in the browser's storage, where it is there. */
class OwnEdits {
  /** @type {Own[]} */
  #before = read();

  /** @param {PyBlock[]} blocks */
  remember(blocks) {
    this.#before.push(blocks.map((block) => ({ block: block.blockId, original: hash(block.original), source: block.source })));
    this.#write();
  }

  /** @param {PyBlock[]} blocks @param {HTMLElement} banner */
  offer(blocks, banner) {
    const last = this.#before.at(-1);
    if (!last) return;
    const done = () => {
      this.#before.pop();
      this.#write();
      banner.hidden = true;
      this.offer(blocks, banner);
    };
    show(banner, [`You are looking at edits from a link, in ${count(last.length)}. What was there before is kept.`], [
      button('Back to mine', () => {
        for (const { block, source } of last) blocks.find(({ blockId }) => blockId === block)?.replaceSource(source);
        done();
      }),
      button('Forget mine', done),
    ], last.map(({ block, source }) => listing(blocks.find(({ blockId }) => blockId === block)?.blockTitle ?? block, source)));
  }

  #write() {
    try {
      if (this.#before.length) localStorage.setItem(KEY, JSON.stringify(this.#before));
      else localStorage.removeItem(KEY);
    } catch {
      // Storage is blocked or full: they are kept as long as the page.
    }
  }
}

/** @returns {Own[]} */
function read() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    const isOwn = (/** @type {any} */ edits) => Array.isArray(edits) && edits.every((edit) => typeof edit?.block === 'string' && typeof edit.source === 'string');
    return Array.isArray(found) ? found.filter(isOwn) : [];
  } catch {
    return [];
  }
}
