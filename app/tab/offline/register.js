/**
 * Keeps the page for when there is no network, and says when there is a new version of it. Loaded when all else is
 * done.
 */
import { messageSW, Workbox } from 'workbox-window';
import { element } from '../dom/element.js';
import { keepStill, resume } from '../dom/idle.js';
import { button } from '../dom/notice.js';

/** How often an open page asks whether there is a new version. */
const ASK_EVERY_MS = 3_600_000;

const SAID = {
  next: 'There is a new version of this page. You keep this one until you reload. ',
  others: (/** @type {number} */ tabs) =>
    `Close the other ${tabs === 2 ? 'tab' : `${tabs - 1} tabs`} with this page first: they still run the old version. `,
};

/**
 * At the foot of the window, so that no text moves.
 * @param {Workbox} workbox
 * @param {ServiceWorker} next the one that waits: of an update that comes late, Workbox would ask the old one
 */
function offerNext(workbox, next) {
  const place = element('div', { id: 'next-version', className: 'message', role: 'status' });
  document.body.append(place);
  const text = element('span');
  const reload = button('Reload', async () => {
    // A file that is asked for while Chromium ends the old version starts it again, and the new one waits on.
    keepStill();
    const { tabs } = await messageSW(next, { type: 'TAKE_OVER' });
    if (tabs === 1) return;
    resume();
    text.textContent = SAID.others(tabs);
  });
  const later = button('Later', () => place.remove());
  // The region is there before it speaks, so that screen readers hear it.
  requestAnimationFrame(() => {
    text.textContent = SAID.next;
    place.append(text, reload, ' ', later);
  });
  workbox.addEventListener('controlling', () => location.reload());
}

/** @param {string} script the service worker's address */
export async function keepForOffline(script) {
  const workbox = new Workbox(script);
  workbox.addEventListener('waiting', ({ sw }) => sw && offerNext(workbox, sw));
  try {
    await workbox.register();
  } catch {
    return; // It may not: the page works all the same, with a network.
  }
  setInterval(() => workbox.update().catch(() => {}), ASK_EVERY_MS);
}
