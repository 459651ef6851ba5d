/** Stories whose words are coloured by what they are worth. */
import { escapeHtml } from '../html.js';

/** @typedef {import('../../shared/protocol.js').Stories} Stories */

/** Words are told apart in so many steps of worth, up and down. */
const STEPS = 3;

/** What is worth less than this share of the most is not marked. */
const LEAST = 0.05;

/** @param {number} worth with its sign, so that colour is not all that tells */
const signed = (worth) => `${worth < 0 ? '−' : '+'}${Math.abs(worth).toFixed(2)}`;

/**
 * The number stands in the text, for who hears it; it is seen under the word while a pointer or the focus is on the
 * story.
 * @param {string} word @param {number | null} worth @param {number} most the largest worth of these stories
 */
function wordHtml(word, worth, most) {
  const text = escapeHtml(word);
  if (worth === null || !(Math.abs(worth) >= LEAST * most)) return `<span class="word">${text}</span>`;
  const step = Math.ceil((STEPS * Math.abs(worth)) / most);
  const tone = `${worth > 0 ? 'up' : 'down'} step-${step}`;
  return `<span class="word ${tone}">${text}<span class="worth"> ${signed(worth)}</span></span>`;
}

/** What stands inside the <figure>. All text is escaped. @param {Stories} data */
function storiesHtml({ title, stories, note }) {
  const most = Math.max(1e-9, ...stories.flatMap(({ words }) => words.map(([, worth]) => Math.abs(worth ?? 0))));
  const rows = stories.map(({ label, words }) => {
    const told = words.map(([word, worth]) => wordHtml(word, worth, most)).join(' ');
    const name = label ? `<span class="label">${escapeHtml(label)}</span> ` : '';
    return `<li tabindex="0">${name}<span class="told">${told || '<span class="word">…</span>'}</span></li>`;
  });
  const said = note ? ` <span class="summary">${escapeHtml(note)}</span>` : '';
  return (
    `<figcaption><strong>${escapeHtml(title)}</strong>${said}</figcaption>` +
    `<ul class="stories" aria-label="${escapeHtml(title)}">${rows.join('')}</ul>`
  );
}

const ROW_REM = 2.6;

/** @type {import('../kinds.js').Kind} */
export const stories = {
  name: 'stories',
  mime: 'application/vnd.preference-lab.stories+json',
  className: 'stories-figure',
  html: storiesHtml,
  height: ({ stories: told }) => (told.length + 1.5) * ROW_REM,
  /** A line a story, without the numbers. */
  text: (place) =>
    [...place.querySelectorAll('li')]
      .map((row) => {
        const words = [...row.querySelectorAll('.word')].map(({ firstChild }) => firstChild?.textContent ?? '');
        const label = row.querySelector('.label')?.textContent;
        return `${label ? `${label}\t` : ''}${words.join(' ')}`;
      })
      .join('\n'),
};
