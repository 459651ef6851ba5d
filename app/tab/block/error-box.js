/** What went wrong, as DOM: the message first, then the usual cause, and on a click the variables and the traceback. */
import { element, linkTo } from '../dom/element.js';
import { button, disclosure } from '../dom/notice.js';
import { valuesTable } from '../variables/variables-table.js';
import { hintFor, partsOf } from './hints.js';

/**
 * @typedef {import('./hints.js').Definers} Definers
 * @typedef {import('../../shared/protocol.js').ErrorEvent} ErrorEvent
 * @typedef {Extract<import('../../shared/protocol.js').RunEvent, {type: 'warning'}>} WarningEvent
 */

/**
 * @param {ErrorEvent} error
 * @param {Definers} definers
 * @param {{goTo: (line: number) => void, mend: (source: string) => void}} block goTo shows a line of it; mend puts
 *   other code in place of what ran
 */
export function errorBox(error, definers, { goTo, mend }) {
  // It is the answer to a click on Run: screen readers say it at once.
  const box = element('div', { className: 'error-box', role: 'alert' });
  const { name, message, line, where, variables = [], history = [], text } = error;
  box.append(
    element(
      'p',
      { className: 'said' },
      element('strong', {}, name),
      message ? `: ${message}` : '',
      ...lineOf(line, goTo),
    ),
  );
  for (const one of history) box.append(element('p', { className: 'cause' }, ...nodesOf(partsOf(one))));
  const hint = hintFor(error, definers);
  if (hint.length) box.append(element('p', { className: 'cause' }, ...nodesOf(hint)));
  const { mended } = error;
  if (mended)
    box.append(
      element(
        'p',
        {},
        button('Type the sign anew', () => mend(mended)),
      ),
    );
  const title = where ? definers.titleOf(where.block) : undefined;
  if (where && title) {
    box.append(
      element(
        'p',
        { className: 'cause' },
        ...nodesOf([
          'It failed in ',
          { code: where.function },
          `, line ${where.line} of `,
          { id: where.block, title },
          ', which this block called.',
        ]),
      ),
    );
  }
  if (variables.length) box.append(disclosure('Variables at this point', valuesTable(variables)));
  box.append(disclosure('Traceback', element('pre', { tabIndex: 0, translate: false }, text)));
  return box;
}

/** A warning is no error: one quiet line. @param {WarningEvent} warning @param {(line: number) => void} goTo */
export function noteBox({ name, message, line, hint }, goTo) {
  const note = element(
    'p',
    { className: 'message note' },
    `${name}: `,
    ...nodesOf(partsOf(message)),
    ...lineOf(line, goTo),
    '. ',
  );
  note.append(...nodesOf(partsOf(hint ?? '')));
  return note;
}

/** @param {import('./hints.js').Part[]} parts @returns {(Node | string)[]} */
export function nodesOf(parts) {
  return parts.map((part) => {
    if (typeof part === 'string') return part;
    return 'code' in part ? element('code', { translate: false }, part.code) : linkTo(part.id, part.title);
  });
}

/**
 * ` (line 3)`, a button that goes there.
 * @param {number | null} line
 * @param {(line: number) => void} goTo
 * @returns {(Node | string)[]}
 */
function lineOf(line, goTo) {
  if (!line) return [];
  const place = element('button', { className: 'line', type: 'button' }, `line ${line}`);
  place.addEventListener('click', () => goTo(line));
  return [' (', place, ')'];
}
