/** What is put off is not forgotten. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { keepStill, resume, whenIdle } from '../../app/tab/dom/idle.js';

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

test('while the page is kept still nothing begins, and nothing is forgotten', async () => {
  /** @type {(() => void)[]} */
  const asked = [];
  const idle = (/** @type {() => void} */ work) => void asked.push(work);
  Object.assign(globalThis, { window: { requestIdleCallback: idle } });
  let done = 0;
  const work = () => {
    done++;
  };
  const idleMoment = () => {
    for (const begin of asked.splice(0)) begin();
  };
  whenIdle(work);
  keepStill();
  idleMoment();
  whenIdle(work);
  idleMoment();
  assert.equal(done, 0);
  resume();
  idleMoment();
  assert.equal(done, 2);
});
