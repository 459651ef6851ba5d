/** The numbers of a chart as tables, for those who read rather than look: they are made when they are asked for. */

import { element } from '../tab/dom/element.js';
import { figureOf } from './chart.js';
import { tablesOf } from './figure-tables.js';

/** Fills the tables of a chart that shows them; others cost nothing. @param {HTMLElement} place the chart's <figure> */
export function showData(place) {
  const details = place.querySelector('details.data');
  const figure = figureOf(/** @type {HTMLElement} */ (place.querySelector('.plot')));
  if (!details?.hasAttribute('open') || !figure) return;
  details.querySelector('.data-tables')?.replaceChildren(...tablesOf(figure).map(region));
}

/** @param {ReturnType<typeof tablesOf>[0]} table */
function region({ name, note, titles, rows }) {
  const caption = element('caption', {}, note ? `${name} (${note})` : name);
  const head = element(
    'thead',
    {},
    element('tr', {}, ...titles.map((title) => element('th', { scope: 'col' }, title))),
  );
  const body = element(
    'tbody',
    {},
    ...rows.map(([first, ...rest]) =>
      element('tr', {}, element('th', { scope: 'row' }, first), ...rest.map((text) => element('td', {}, text))),
    ),
  );
  const table = element('table', {}, caption, head, body);
  return element('div', { className: 'table', tabIndex: 0, role: 'region', ariaLabel: `Data: ${name}` }, table);
}

/** One listener for the whole lesson. @param {HTMLElement} lesson */
export function connectDataTables(lesson) {
  // This event does not bubble.
  lesson.addEventListener(
    'toggle',
    ({ target }) => {
      const place = target instanceof Element && target.matches('details.data') ? target.closest('figure') : null;
      if (place) showData(place);
    },
    true,
  );
}
