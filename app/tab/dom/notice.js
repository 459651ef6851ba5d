/** A message with buttons, and perhaps a text that it is about. The reader's or another's text is only ever text. */
import { element } from './element.js';

/**
 * @param {string} text
 * @param {[string, () => void][]} [actions] labelled buttons; the message goes when one is pressed
 * @param {string} [shown] code to look at before choosing
 */
export function notice(text, actions = [], shown) {
  // It is news, and comes where the reader is not looking.
  const message = element('div', { className: 'message', role: 'status' }, text);
  for (const [label, action] of actions) {
    message.append(
      ' ',
      button(label, () => {
        message.remove();
        action();
      }),
    );
  }
  if (shown !== undefined) message.append(listing('Show it', shown));
  return message;
}

/** @param {string} label @param {() => void} action */
export function button(label, action) {
  const made = element('button', { type: 'button' }, label);
  made.addEventListener('click', action);
  return made;
}

/** Code to open and read; it cannot run here. @param {string} title @param {string} code */
export const listing = (title, code) => disclosure(title, element('pre', { tabIndex: 0, ariaLabel: title }, code));

/** What opens on a click. @param {string} title @param {...Node} content */
export const disclosure = (title, ...content) => element('details', {}, element('summary', {}, title), ...content);
