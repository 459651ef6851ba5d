/**
 * A picture that Python made: SVG texts, each shown as an <img>, so that nothing in them can run or reach the page.
 * What is said to each stands beside it, and the numbers that they show are below.
 */
import { escapeHtml, headHtml } from '../html.js';
import { nameOf } from '../linked.js';

/** @typedef {import('../../shared/protocol.js').Picture} Picture */

/** Signs that a data: address may not hold as they are. */
const UNSAFE = /[%#<>"&`\\^{|}]|[^\x20-\x7e]/gu;

/** @param {string} svg */
export const sourceOf = (svg) =>
  `data:image/svg+xml,${svg.replace(/\p{Surrogate}/gu, '\ufffd').replace(UNSAFE, encodeURIComponent)}`;

/** Rem: the notes beside an image, the caption and what is folded; the width that a page has for rows; gaps. */
const REM = { said: 1.6, below: 6, wide: 44, px: 16 };

/** @param {Picture['parts'][0]} part */
const partHtml = ({ svg, label, note, alt, width, height }) =>
  `<div class="part"><p><strong>${escapeHtml(label)}</strong> <span>${escapeHtml(note)}</span></p>` +
  `<img src="${escapeHtml(sourceOf(svg))}" alt="${escapeHtml(alt)}" width="${Math.round(width)}" ` +
  `height="${Math.round(height)}"></div>`;

/** @param {Picture} picture */
const captionHtml = ({ title, summary }) =>
  `<strong>${escapeHtml(title)}.</strong> <span class="summary">${escapeHtml(summary)}</span>`;

/** @param {string[]} cells */
const rowHtml = ([first, ...rest]) =>
  `<tr><th scope="row">${escapeHtml(first ?? '')}</th>` +
  `${rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;

/** @param {Picture} picture */
const tableHtml = ({ title, numbers: { columns, rows } }) =>
  `<div class="table" tabindex="0" role="region" aria-label="Numbers: ${escapeHtml(title)}"><table>` +
  headHtml(columns) +
  `<tbody>${rows.map(rowHtml).join('')}</tbody></table></div>`;

/** @param {HTMLElement} place @param {string} selector @param {string} html */
function write(place, selector, html) {
  const part = place.querySelector(selector);
  if (part && part.innerHTML !== html) part.innerHTML = html;
}

/**
 * Images that are there already are given their new source, so that none blinks.
 * @param {Element} parts @param {Picture} picture
 */
function updateParts(parts, picture) {
  const template = document.createElement('template');
  template.innerHTML = picture.parts.map(partHtml).join('');
  const fresh = [...template.content.children];
  if (fresh.length !== parts.children.length) {
    parts.replaceChildren(...fresh);
    return;
  }
  for (const [index, part] of fresh.entries()) {
    const known = parts.children[index];
    const [image, made] = [known.querySelector('img'), part.querySelector('img')];
    for (const name of ['src', 'alt', 'width', 'height']) {
      const value = made?.getAttribute(name) ?? '';
      if (image?.getAttribute(name) !== value) image?.setAttribute(name, value);
    }
    write(/** @type {HTMLElement} */ (known), 'p', part.querySelector('p')?.innerHTML ?? '');
  }
}

/** @type {import('../kinds.js').Kind} */
export const picture = {
  name: 'picture',
  mime: 'application/vnd.preference-lab.picture+json',
  className: 'picture-figure',
  attributes: ({ arrangement }) => ({ 'data-arrangement': arrangement }),
  html: (data) =>
    `<div class="parts">${data.parts.map(partHtml).join('')}</div><figcaption>${captionHtml(data)}</figcaption>` +
    `<details class="numbers"${data.numbers.rows.length ? '' : ' hidden'}><summary>Show numbers</summary>` +
    `<div class="numbers-table">${tableHtml(data)}</div></details>`,
  height: ({ arrangement, parts }) => {
    const tall = parts.map((/** @type {Picture['parts'][0]} */ { width, height }) =>
      arrangement === 'rows'
        ? REM.said + (height * Math.min(1, (REM.wide * REM.px) / width)) / REM.px
        : height / REM.px,
    );
    const sum = tall.reduce((/** @type {number} */ all, /** @type {number} */ one) => all + one, 0);
    return REM.below + (arrangement === 'rows' ? sum : sum / 3);
  },
  text: () => '', // its numbers are a table that can be selected
  update(place, data) {
    const parts = place.querySelector('.parts');
    if (parts) updateParts(parts, data);
    write(place, 'figcaption', captionHtml(data));
    write(place, '.numbers-table', tableHtml(data));
    place.querySelector('.numbers')?.toggleAttribute('hidden', !data.numbers.rows.length);
  },
  point(place, name) {
    const parts = [...place.querySelectorAll('.part')];
    const isThere = parts.some((part) => nameOf(part) === name);
    for (const part of parts) part.classList.toggle('aside', isThere && nameOf(part) !== name);
  },
};
