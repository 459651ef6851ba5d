/**
 * Cards that a reader chooses from. What is taken is one more sign in a text of the block's code: the figure asks for
 * it by a `control` event (app/controls/README.md), the code changes, the block runs, and the next cards come in the
 * place of these.
 */
import { escapeHtml } from '../html.js';
import { sourceOf } from './picture.js';

/** @typedef {import('../../shared/protocol.js').Choices} Choices */

const NONE = '-';

/** Also with Command; as aria-keyshortcuts writes it. */
const UNDO = 'Control+Z';

/** @param {Choices['cards'][0]} card @param {number} index */
const cardHtml = ({ text, svg }, index) =>
  `<button type="button" class="card" disabled data-sign="${index + 1}" aria-keyshortcuts="${index + 1}">` +
  `<span class="key">${index + 1}</span>` +
  (svg === null
    ? `<span class="says">${escapeHtml(text)}</span>`
    : `<img src="${escapeHtml(sourceOf(svg))}" alt="${escapeHtml(text)}">`) +
  '</button>';

/** @param {Choices} data */
const captionHtml = ({ title, asked }) =>
  `<strong>${escapeHtml(title)}</strong> <span class="summary">${escapeHtml(asked)}</span>`;

/** @param {Choices} data */
function notesHtml({ note, damage }) {
  const said = [damage && `<strong>${escapeHtml(damage)}</strong>`, escapeHtml(note)].filter(Boolean);
  return said.map((text) => `<p>${text}</p>`).join('');
}

/** @param {Choices} data @returns {[name: string, label: string, keys: string][]} */
function actionsOf({ cards, none, damage, picks, given, onward }) {
  if (damage) return [['mend', picks ? `Go on from the first ${picks.length}` : 'Begin anew', '']];
  /** @type {[string, string, string][]} */
  const actions = cards.length && none ? [['none', 'None of these', '0']] : [];
  if (picks && given) actions.push(['undo', 'Undo', UNDO]);
  if (onward) actions.push(['onward', onward.label, '']);
  return actions;
}

/** @param {Choices} data */
const actionsHtml = (data) =>
  actionsOf(data)
    .map(([name, label, keys]) => {
      const shortcut = keys && ` aria-keyshortcuts="${keys}"`;
      return `<button type="button" disabled data-action="${name}"${shortcut}>${escapeHtml(label)}</button>`;
    })
    .join('') + (data.lines ? '<button type="button" data-save="jsonl">Save the pairs (JSON lines)</button>' : '');

/** Cards that would follow damaged choices are not shown: none could be added. @param {Choices} data */
const cardsOf = ({ cards, damage }) => (damage ? [] : cards);

/** @param {Choices} data */
const choicesHtml = (data) => {
  const cards = cardsOf(data);
  return (
    `<figcaption tabindex="-1">${captionHtml(data)}</figcaption>` +
    `<div class="cards" role="group" aria-label="${escapeHtml(data.title)}" ` +
    `data-pictures="${cards.some(({ svg }) => svg !== null)}">${cards.map(cardHtml).join('')}</div>` +
    `<div class="card-actions">${actionsHtml(data)}</div><div class="card-notes">${notesHtml(data)}</div>`
  );
};

/** What each figure shows, and whether it waits for what comes of a choice. @type {WeakMap<HTMLElement, Choices>} */
const shown = new WeakMap();

/** @param {HTMLElement} place @param {boolean} waits */
function setWaiting(place, waits) {
  place.toggleAttribute('data-waits', waits);
  // Not `disabled`: the focus stays where it is.
  for (const button of place.querySelectorAll('button')) button.ariaDisabled = waits ? 'true' : null;
}

/**
 * Asks for another text in a block's code.
 * @param {HTMLElement} place @param {{name: string, to: string | undefined, from?: string, block?: string}} what
 */
function isWritten(place, what) {
  const detail = { ...what, done: false };
  place.dispatchEvent(new CustomEvent('control', { bubbles: true, detail }));
  return detail.done;
}

/** @param {HTMLElement} place @param {string} to what the choices become */
function write(place, to) {
  const data = shown.get(place);
  if (!data || place.hasAttribute('data-waits')) return;
  setWaiting(place, true);
  if (isWritten(place, { name: data.name, from: data.given, to })) return;
  setWaiting(place, false);
  say(
    place,
    'alert',
    `The code has no line <code>${escapeHtml(data.name)} = "…"</code> into which a choice could be written. ` +
      'Mend it there, or press Reset; nothing is lost.',
  );
}

/** Writes the choices into another block's code, too. @param {HTMLElement} place */
function passOn(place) {
  const { picks, onward } = shown.get(place) ?? {};
  if (!onward) return;
  const done = isWritten(place, { name: onward.name, block: onward.block, to: picks });
  const title = document.querySelector(`#${CSS.escape(onward.block)} .block-title`)?.textContent ?? onward.block;
  say(
    place,
    'status',
    done
      ? `“${escapeHtml(title)}” has your choices now. Press Run all, or run what you like below it; ` +
          'Reset there takes them out.'
      : `This page has no block with <code>${escapeHtml(onward.name)}</code>, or its line was changed.`,
  );
}

/** @param {HTMLElement} place @param {'alert' | 'status'} role @param {string} html */
function say(place, role, html) {
  const notes = place.querySelector('.card-notes');
  if (notes) notes.innerHTML = `<p role="${role}">${html}</p>`;
}

/** What is saved of a figure's choices. @param {HTMLElement} place @returns {Blob} */
export const linesOf = (place) => new Blob([shown.get(place)?.lines ?? ''], { type: 'application/jsonl' });

/** @param {HTMLElement} place @param {HTMLButtonElement} button */
function press(place, button) {
  const { picks = '' } = shown.get(place) ?? {};
  const { sign, action } = button.dataset;
  if (!sign && !action) return;
  if (action === 'onward') {
    passOn(place);
    return;
  }
  if (sign) write(place, picks + sign);
  else if (action === 'none') write(place, picks + NONE);
  else write(place, action === 'undo' ? picks.slice(0, -1) : picks);
}

/** What a key is for among the cards, as aria-keyshortcuts writes it. @param {KeyboardEvent} event */
function keysOf({ key, ctrlKey, metaKey, altKey, shiftKey, repeat }) {
  if (altKey || repeat) return undefined;
  if (ctrlKey || metaKey) return !shiftKey && key.toLowerCase() === 'z' ? UNDO : undefined;
  if (key === NONE) return '0';
  return /^\d$/.test(key) ? key : undefined;
}

/** @param {HTMLElement} place @param {Choices} data */
function mount(place, data) {
  const isFirst = !shown.has(place);
  if (isFirst) {
    place.addEventListener('click', ({ target, detail }) => {
      const button = /** @type {Element} */ (target).closest('button');
      // The second click of two would answer a question that nobody has read.
      if (button && detail < 2) press(place, button);
    });
    place.addEventListener('keydown', (event) => {
      // A key that is held goes on pressing the button that has the focus.
      if (event.repeat && event.key === 'Enter') event.preventDefault();
      const key = keysOf(event);
      /** @type {HTMLButtonElement | null} */
      const button = key ? place.querySelector(`button[aria-keyshortcuts="${key}"]`) : null;
      if (!button) return;
      event.preventDefault();
      press(place, button);
    });
  }
  shown.set(place, data);
  for (const button of place.querySelectorAll('button')) button.disabled = false;
  const onward = /** @type {HTMLElement | null} */ (place.querySelector('[data-action="onward"]'));
  if (onward) onward.hidden = !document.getElementById(data.onward?.block ?? '');
  setWaiting(place, false);
  if (isFirst && place.closest('[data-edited][data-state="stale"]'))
    say(place, 'status', 'What was chosen before is in the code. Press Run, or a card, to go on from there.');
}

/**
 * Buttons that are there already stay, so that the focus stays on them.
 * @param {Element | null} group @param {string} html
 */
function writeButtons(group, html) {
  if (!group) return;
  const template = document.createElement('template');
  template.innerHTML = html;
  const fresh = [...template.content.children];
  const nameOf = (/** @type {Element} */ button) =>
    button.getAttribute('data-sign') ?? button.getAttribute('data-action') ?? button.getAttribute('data-save');
  for (const known of [...group.children])
    if (!fresh.some((button) => nameOf(button) === nameOf(known))) known.remove();
  for (const [index, button] of fresh.entries()) {
    const known = [...group.children].find((one) => nameOf(one) === nameOf(button));
    if (known) known.innerHTML = button.innerHTML;
    else group.insertBefore(button, group.children[index] ?? null);
  }
}

const REM = { around: 7, text: 3.6, picture: 12 };

/** @type {import('../kinds.js').Kind} */
export const choices = {
  name: 'choices',
  mime: 'application/vnd.preference-lab.choices+json',
  className: 'choices-figure',
  html: choicesHtml,
  height: (data) => {
    const cards = cardsOf(data);
    return REM.around + (cards.some(({ svg }) => svg !== null) ? REM.picture : REM.text * cards.length);
  },
  /** A line a card. */
  text: (place) =>
    [...place.querySelectorAll('.card')]
      .map((card) => {
        const says = card.querySelector('.says')?.textContent ?? card.querySelector('img')?.alt ?? '';
        return `${card.querySelector('.key')?.textContent}\t${says}`;
      })
      .join('\n'),
  mount,
  update(place, data) {
    if (!place.querySelector('.cards')) place.innerHTML = choicesHtml(data);
    const hadFocus = place.contains(document.activeElement);
    const cards = cardsOf(data);
    const group = place.querySelector('.cards');
    writeButtons(group, cards.map(cardHtml).join(''));
    group?.setAttribute('data-pictures', String(cards.some(({ svg }) => svg !== null)));
    group?.setAttribute('aria-label', data.title);
    writeButtons(place.querySelector('.card-actions'), actionsHtml(data));
    for (const [selector, html] of [
      ['figcaption', captionHtml(data)],
      ['.card-notes', notesHtml(data)],
    ]) {
      const part = place.querySelector(selector);
      if (part && part.innerHTML !== html) part.innerHTML = html;
    }
    mount(place, data);
    // What had the focus may be gone, as when the last question is answered. Not a button: a key may still be down.
    const caption = place.querySelector('figcaption');
    if (hadFocus && !place.contains(document.activeElement)) caption?.focus();
  },
  settle: (place) => setWaiting(place, false),
};
