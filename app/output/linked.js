/**
 * What is pointed at in one picture of a block is shown in its others: traces of a chart and images that have one name
 * are one thing. Nothing is told by it that does not stand beside them in words, which is what a keyboard reads.
 */

const POINTED = 'pointed-at';

/** Tells the other pictures what is pointed at in this one. @param {Element} place @param {string} [name] */
export const pointAt = (place, name) =>
  place.dispatchEvent(new CustomEvent(POINTED, { bubbles: true, detail: name?.toLowerCase() }));

/** @param {Element} part of a picture */
export const nameOf = (part) => part.querySelector('strong')?.textContent?.toLowerCase() ?? '';

/** @param {EventTarget | null} target @returns {Element | null} */
const partOf = (target) => (target instanceof Element ? target.closest('.part') : null);

/**
 * @param {HTMLElement} pictures of a block
 * @param {(name: string | undefined) => void} show what has this name, or all again
 */
export function linkPictures(pictures, show) {
  let shown = /** @type {string | undefined} */ (undefined);
  /** Where it is pointed at. @type {EventTarget | null} */
  let source = null;
  pictures.addEventListener(POINTED, (event) => {
    const { detail, target } = /** @type {CustomEvent<string | null>} */ (event);
    const name = detail ?? undefined;
    // A chart that was left may say so when the hand is elsewhere already.
    if (name === undefined && target !== source) return;
    source = target;
    if (shown === name) return;
    shown = name;
    show(name);
  });
  // A finger that scrolls past points at nothing.
  pictures.addEventListener('pointerover', ({ target, pointerType }) => {
    const part = pointerType === 'mouse' ? partOf(target) : null;
    if (part) pointAt(part, nameOf(part));
  });
  pictures.addEventListener('pointerout', ({ target, relatedTarget }) => {
    const part = partOf(target);
    if (part && part !== partOf(relatedTarget)) pointAt(part);
  });
}
