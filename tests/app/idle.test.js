/** What is put off is not forgotten. */
import { afterEach, test } from 'node:test';
import { whenIdle } from '../../app/tab/dom/idle.js';

afterEach(() => Reflect.deleteProperty(globalThis, 'window'));

/** A promise that stays open fails the test. @param {object} browser @returns {Promise<void>} */
const workDoneIn = (browser) => {
  Object.assign(globalThis, { window: browser });
  return new Promise((resolve) => {
    whenIdle(resolve);
  });
};

test('work is done though the page never says that it is idle', async () => {
  const neverIdle = (/** @type {() => void} */ work, { timeout = Infinity } = {}) => {
    if (timeout < Infinity) setTimeout(work, timeout);
  };
  await workDoneIn({ requestIdleCallback: neverIdle });
});

test('work is done where there is no such thing as idle', async () => {
  await workDoneIn({});
});
