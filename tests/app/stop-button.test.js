import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../app/tab/lesson/events.js';
import { followWork } from '../../app/tab/shell/stop-button.js';

/** @param {import('node:test').TestContext} t */
function setUp(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const attributes = new Set(['data-brief']);
  const button = {
    disabled: true,
    setAttribute: (/** @type {string} */ name) => attributes.add(name),
    removeAttribute: (/** @type {string} */ name) => attributes.delete(name),
    hasAttribute: (/** @type {string} */ name) => attributes.has(name),
  };
  const lesson = Object.assign(new Emitter(), { working: false });
  followWork(/** @type {any} */ (button), /** @type {any} */ (lesson));
  return {
    button,
    work(/** @type {boolean} */ working) {
      lesson.working = working;
      lesson.emit('change', {});
    },
    begin: (/** @type {boolean} */ follows) => lesson.emit('begin', { follows }),
    isQuiet: () => attributes.has('data-brief'),
    pass: (/** @type {number} */ ms) => t.mock.timers.tick(ms),
  };
}

test('Stop can be pressed at once, and asks for it when a run has taken a while', (t) => {
  const { button, work, begin, isQuiet, pass } = setUp(t);
  work(true);
  begin(false);
  assert.equal(button.disabled, false);
  pass(299);
  assert.ok(isQuiet());
  pass(1);
  assert.ok(!isQuiet());
  work(true); // the next block of Run all
  begin(false);
  assert.ok(!isQuiet());
  work(false);
  assert.ok(button.disabled && isQuiet());
});

test('a brief run, and many of them beneath a moving hand, leave it quiet', (t) => {
  const { button, work, begin, isQuiet, pass } = setUp(t);
  work(true);
  pass(100);
  work(false);
  pass(1000);
  assert.ok(isQuiet());
  work(true);
  for (let run = 0; run < 20; run += 1) {
    begin(true);
    pass(200);
    assert.ok(isQuiet() && !button.disabled);
  }
  pass(100); // one that does not end
  assert.ok(!isQuiet());
});
