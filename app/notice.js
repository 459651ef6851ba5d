/** A message with buttons, and perhaps a text that it is about. The reader's or another's text is only ever text. */

/**
 * @param {string} text
 * @param {[string, () => void][]} [actions] labelled buttons; the message goes when one is pressed
 * @param {string} [shown] code to look at before choosing
 */
export function notice(text, actions = [], shown) {
  const message = document.createElement('div');
  message.className = 'message';
  // It is news, and comes where the reader is not looking.
  message.setAttribute('role', 'status');
  message.append(text);
  for (const [label, action] of actions) {
    message.append(' ', button(label, () => {
      message.remove();
      action();
    }));
  }
  if (shown !== undefined) message.append(listing('Show it', shown));
  return message;
}

/** @param {string} label @param {() => void} action */
export function button(label, action) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = label;
  made.addEventListener('click', action);
  return made;
}

/** Code to open and read; it cannot run here. @param {string} title @param {string} code */
export function listing(title, code) {
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.textContent = title;
  const pre = document.createElement('pre');
  pre.tabIndex = 0;
  pre.setAttribute('aria-label', title);
  pre.textContent = code;
  details.append(summary, pre);
  return details;
}
