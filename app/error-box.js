/** What went wrong, as DOM: the message first, then the usual cause, and on a click the variables and the traceback. */
import { hintFor, partsOf } from './hints.js';
import { valuesTable } from './values.js';

/**
 * @typedef {import('./hints.js').Definers} Definers
 * @typedef {import('./protocol.js').ErrorEvent} ErrorEvent
 * @typedef {Extract<import('./protocol.js').RunEvent, {type: 'warning'}>} WarningEvent
 */

/** @param {ErrorEvent} error @param {Definers} definers @param {(line: number) => void} goTo shows a line of this block */
export function errorBox(error, definers, goTo) {
  const box = element('div', 'error-box');
  // It is the answer to a click on Run: screen readers say it at once.
  box.setAttribute('role', 'alert');
  const { name, message, line, where, variables = [], text } = error;
  box.append(element('p', 'said', element('strong', '', name), message ? `: ${message}` : '', ...lineOf(line, goTo)));
  const hint = hintFor(error, definers);
  if (hint.length) box.append(element('p', 'hint', ...nodesOf(hint)));
  const title = where ? definers.titleOf(where.block) : undefined;
  if (where && title) {
    box.append(element('p', 'hint', ...nodesOf([
      'It failed in ', { code: where.function }, `, line ${where.line} of `, { id: where.block, title }, ', which this block called.'])));
  }
  if (variables.length) box.append(details('Variables at this point', valuesTable(variables)));
  const trace = element('pre', '', text);
  trace.tabIndex = 0;
  box.append(details('Traceback', trace));
  return box;
}

/** A warning is no error: one quiet line. @param {WarningEvent} warning @param {(line: number) => void} goTo */
export function noteBox({ name, message, line, hint }, goTo) {
  const note = element('p', 'message note', `${name}: `, ...nodesOf(partsOf(message)), ...lineOf(line, goTo), '. ');
  note.append(...nodesOf(partsOf(hint ?? '')));
  return note;
}

/** @param {import('./hints.js').Part[]} parts @returns {(Node | string)[]} */
export function nodesOf(parts) {
  return parts.map((part) => {
    if (typeof part === 'string') return part;
    if ('code' in part) return element('code', '', part.code);
    const link = /** @type {HTMLAnchorElement} */ (element('a', '', part.title));
    link.href = `#${part.id}`;
    return link;
  });
}

/** ` (line 3)`, a button that goes there. @param {number | null} line @param {(line: number) => void} goTo @returns {(Node | string)[]} */
function lineOf(line, goTo) {
  if (!line) return [];
  const button = /** @type {HTMLButtonElement} */ (element('button', 'line', `line ${line}`));
  button.type = 'button';
  button.addEventListener('click', () => goTo(line));
  return [' (', button, ')'];
}

/** @param {string} title @param {HTMLElement} content */
const details = (title, content) => element('details', '', element('summary', '', title), content);

/** @param {string} tag @param {string} className @param {...(Node | string)} children */
function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}
