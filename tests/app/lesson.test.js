import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Cell, stateOf } from '../../app/tab/lesson/cell.js';
import { Lesson } from '../../app/tab/lesson/lesson.js';

/**
 * @typedef {import('../../app/tab/kernel/kernel.js').Outcome} Outcome
 * @typedef {import('../../app/shared/protocol.js').RunEvent} RunEvent
 */

/** A kernel that does as it is told: each run waits for `end`. Names of code are its capitals, assigned or used. */
class FakeKernel extends EventTarget {
  /** @type {import('../../app/tab/kernel/kernel.js').Status} */
  status = { state: 'ready', text: '', restarted: false };
  /** @type {string[]} */
  ran = [];
  stopped = 0;
  /** @type {(event: any) => void} */
  say = () => {};
  /** @type {(outcome: Outcome) => void} */
  end = () => {};
  /** What `names` answers; undefined as if Python had ended. @type {((source: string) => any) | undefined} */
  answer = namesOf;

  /**
   * @param {string} block
   * @param {string} source
   * @param {(event: RunEvent) => void} onEvent
   * @returns {Promise<Outcome>}
   */
  run(block, source, onEvent) {
    this.ran.push(`${block}: ${source}`);
    this.say = onEvent;
    return new Promise((resolve) => {
      this.end = resolve;
    });
  }

  /** @param {string} block @param {(event: RunEvent) => void} onEvent @returns {Promise<Outcome>} */
  check(block, onEvent) {
    return this.run(block, 'check', onEvent);
  }

  /** @param {string} source */
  async names(source) {
    return this.answer?.(source);
  }

  /** @type {string[]} */
  forgotten = [];

  /** @param {string} block */
  forget(block) {
    this.forgotten.push(block);
  }

  stop() {
    this.stopped += 1;
    this.end('stopped');
  }

  interrupted = 0;

  /** A run that is interrupted ends when the test says so. */
  interrupt() {
    this.interrupted += 1;
    if (this.status.state !== 'ready') this.end('stopped');
  }

  /** @param {Outcome} loss */
  lose(loss) {
    this.dispatchEvent(new Event('loss'));
    this.end(loss);
  }

  /** @param {'booting' | 'ready' | 'failed'} state */
  become(state) {
    this.status = { ...this.status, state };
    this.dispatchEvent(new Event('status'));
  }
}

/** @param {string} source such as `A = B + C` */
function namesOf(source) {
  if (source.includes('(')) return null;
  const defines = [...source.matchAll(/([A-Z]) =/g)].map(([, name]) => name);
  return {
    defines,
    uses: [...source.matchAll(/[A-Z]/g)].map(([name]) => name).filter((name) => !defines.includes(name)),
  };
}

/** @type {FakeKernel} */
let kernel;
beforeEach(() => {
  kernel = new FakeKernel();
});

/** @param {Record<string, string>} sources by id @param {string[]} [elsewhere] ids of cells of another page */
function lessonOf(sources, elsewhere = []) {
  const cells = Object.entries(sources).map(
    ([id, source]) =>
      new Cell({
        id,
        title: id.toUpperCase(),
        source,
        names: /** @type {any} */ (namesOf(source)),
        shown: !elsewhere.includes(id),
      }),
  );
  const lesson = new Lesson(cells, kernel);
  /** @type {string[]} */
  const told = [];
  for (const name of /** @type {const} */ ([
    'begin',
    'end',
    'reset',
    'next',
    'source',
    'check-begin',
    'verdict',
    'check-end',
  ])) {
    lesson.on(name, ({ cell }) => told.push(`${name} ${cell.id}`));
  }
  lesson.on('state', ({ cell }) => told.push(`${cell.id} ${cell.state}`));
  lesson.on('message', ({ cell, text }) => told.push(`${cell.id}: ${text}`));
  return { lesson, told, cell: (/** @type {string} */ id) => /** @type {Cell} */ (lesson.cell(id)) };
}

const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Ends the run that is under way. @param {Outcome} outcome */
async function ends(outcome = 'ok', seconds = 0.25) {
  kernel.say({ type: 'done', status: outcome, seconds });
  kernel.end(outcome);
  await settled();
}

/** @param {Lesson} lesson @param {Cell} cell @param {number} runs how many, those before it and its own */
async function runs(lesson, cell, runs) {
  lesson.run(cell);
  await settled();
  for (let run = 0; run < runs; run += 1) await ends();
}

const CHAIN = { a: 'A = 1', b: 'B = A', c: 'C = B' };

test('a cell is queued, runs, and is done, in so many words', async () => {
  const { lesson, told, cell } = lessonOf({ a: 'A = 1' });
  lesson.run(cell('a'));
  assert.equal(cell('a').state, 'queued');
  assert.ok(lesson.working);
  await settled();
  assert.equal(lesson.progressText, 'Running: A');
  await ends('ok', 1.23);
  assert.deepEqual(told, ['a queued', 'begin a', 'a running', 'end a', 'a done']);
  assert.equal(cell('a').said, 'done in 1.2 s');
  assert.ok(!lesson.working);
  assert.equal(lesson.progressText, '');
});

test('what a cell needs runs before it, and not again', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.run(cell('c'));
  await settled();
  assert.deepEqual(lesson.plan, { at: 1, of: 3 });
  await ends();
  assert.equal(lesson.progressText, 'Running 2 of 3: B');
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 1', 'b: B = A', 'c: C = B']);
  await runs(lesson, cell('c'), 1);
  assert.equal(kernel.ran.length, 4);
});

test('an edit makes stale what depends on it, and what it needs runs anew', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  await runs(lesson, cell('c'), 3);
  lesson.edit(cell('a'), 'A = 2');
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => cell(id).said),
    ['edited since it ran', 'stale: its inputs or its code have changed', 'stale: its inputs or its code have changed'],
  );
  lesson.edit(cell('a'), 'A = 1');
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => cell(id).state),
    ['done', 'done', 'done'],
  );
  lesson.edit(cell('a'), 'A = 2');
  await runs(lesson, cell('c'), 3);
  assert.deepEqual(kernel.ran.slice(3), ['a: A = 2', 'b: B = A', 'c: C = B']);
});

test('an edit of a cell that has not run makes the recorded output of those below stale', () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.edit(cell('a'), 'A = 2');
  assert.deepEqual([cell('a').said, cell('c').said], ['edited, not run yet', 'stale: recorded before an edit above']);
});

test('the names of an edited cell are asked for before it runs', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.edit(cell('c'), 'C = A');
  await runs(lesson, cell('c'), 2);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'c: C = A']);
});

test('code that does not parse needs what it needed before', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.edit(cell('b'), 'B = (A');
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'b: B = (A']);
});

test('where Python ended before it could tell the names, they are asked for again', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  kernel.answer = undefined;
  lesson.edit(cell('c'), 'C = A');
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(cell('c').names.uses, ['B']);
  kernel.answer = namesOf;
  await runs(lesson, cell('b'), 1);
  assert.deepEqual(cell('c').names.uses, ['A']);
});

test('while the reader types, names are asked for once, a moment later', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { lesson, cell } = lessonOf(CHAIN);
    /** @type {string[]} */
    const asked = [];
    kernel.answer = (source) => {
      asked.push(source);
      return namesOf(source);
    };
    lesson.edit(cell('c'), 'C = A', { typed: true });
    mock.timers.tick(200);
    lesson.edit(cell('c'), 'C = A + B', { typed: true });
    mock.timers.tick(200);
    assert.deepEqual(asked, []);
    mock.timers.tick(100);
    assert.deepEqual(asked, ['C = A + B']);
  } finally {
    mock.timers.reset();
  }
});

test('an error ends Run all, and what was to follow is as it was', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.runAll();
  await settled();
  await ends();
  await ends('error');
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => cell(id).state),
    ['done', 'error', 'recorded'],
  );
  assert.ok(!lesson.working);
});

test('a cell whose need fails says which one, and does not run', async () => {
  const { lesson, told, cell } = lessonOf(CHAIN);
  lesson.run(cell('c'));
  await settled();
  await ends('error');
  assert.ok(told.includes('c: Not run: it needs “A”, which failed.'));
  assert.deepEqual(kernel.ran, ['a: A = 1']);
  assert.equal(cell('c').state, 'recorded');
});

test('what was to run and will not is told', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  /** @type {string[]} */
  const dropped = [];
  lesson.on('dropped', (event) => dropped.push(event.cell.id));
  lesson.run(cell('c'));
  await settled();
  await ends('error');
  assert.deepEqual(dropped, ['b', 'c']);
  dropped.length = 0;
  lesson.run(cell('a'));
  await settled();
  lesson.run(cell('b'));
  lesson.stop();
  await settled();
  assert.deepEqual(dropped, ['b']);
});

test('a cell that failed runs again for those that need it', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.run(cell('a'));
  await settled();
  await ends('error');
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'a: A = 1', 'b: B = A']);
});

test('a cell that another one overwrote runs again for those that need its value', async () => {
  const { lesson, cell } = lessonOf({ a: 'A = 1', b: 'B = A', c: 'A = 3' });
  await runs(lesson, cell('a'), 1);
  await runs(lesson, cell('c'), 1);
  assert.equal(lesson.writerOf('A'), 'c');
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'c: A = 3', 'a: A = 1', 'b: B = A']);
});

test('what a cell changed in place, or took away, is made again for those that need it', async () => {
  const { lesson, cell } = lessonOf({ a: 'A = 1', b: 'A.x', c: 'C = A' });
  lesson.run(cell('b'));
  await settled();
  await ends();
  kernel.say({ type: 'done', status: 'ok', seconds: 0, changed: ['A'] });
  kernel.end('ok');
  await settled();
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'b: A.x', 'a: A = 1', 'b: A.x']);
  await runs(lesson, cell('c'), 1);
  assert.equal(kernel.ran.length, 5);
});

test('Stop ends the run and forgets what was wanted', async () => {
  const { lesson, told, cell } = lessonOf(CHAIN);
  lesson.runAll();
  await settled();
  lesson.stop();
  await settled();
  assert.deepEqual(kernel.ran, ['a: A = 1']);
  assert.deepEqual([cell('a').said, cell('b').state], ['stopped', 'recorded']);
  assert.ok(told.includes('a: Stopped. Names that were assigned before keep their values.'));
  assert.ok(!lesson.working);
});

test('Stop while names are asked for runs nothing', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.edit(cell('c'), 'C = A');
  lesson.run(cell('c'));
  lesson.stop();
  await settled();
  assert.deepEqual(kernel.ran, []);
  assert.ok(!lesson.working);
});

for (const loss of /** @type {const} */ (['lost', 'died', 'full', 'deep'])) {
  test(`when Python is ${loss}, nothing is taken to have run, and it is said`, async () => {
    const { lesson, told, cell } = lessonOf(CHAIN);
    await runs(lesson, cell('a'), 1);
    lesson.run(cell('b'));
    await settled();
    kernel.lose(loss);
    await settled();
    assert.deepEqual([cell('a').state, cell('b').state], ['recorded', 'recorded']);
    assert.equal(lesson.writerOf('A'), undefined);
    assert.match(String(told.findLast((text) => text.startsWith('b: '))), /restart.*all values are gone/);
    await runs(lesson, cell('b'), 2);
    assert.deepEqual(kernel.ran.slice(2), ['a: A = 1', 'b: B = A']);
  });
}

test('until Python is ready a cell waits, and says so', async () => {
  kernel.become('booting');
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.run(cell('a'));
  await settled();
  assert.equal(cell('a').said, 'queued: runs when Python is ready');
  kernel.become('ready');
  assert.equal(cell('a').state, 'running');
});

test('a cell that is wanted twice runs once', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  lesson.run(cell('a'));
  lesson.run(cell('b'));
  lesson.run(cell('b'));
  await settled();
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 1', 'b: B = A']);
  assert.ok(!lesson.working);
});

test('Shift+Enter moves on to the cell below, on this page', () => {
  const { lesson, told, cell } = lessonOf({ ...CHAIN, d: 'D = 1' }, ['b']);
  lesson.run(cell('a'), { next: true });
  lesson.run(cell('d'), { next: true });
  assert.deepEqual(
    told.filter((text) => text.startsWith('next')),
    ['next c'],
  );
});

test('what a cell needs from another page runs unseen, and it says which', async () => {
  const { lesson, told, cell } = lessonOf(CHAIN, ['a', 'b']);
  assert.deepEqual(lesson.shown, [cell('c')]);
  await runs(lesson, cell('c'), 3);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'b: B = A', 'c: C = B']);
  assert.ok(told.includes('c: Ran before it, as published on other pages: “A”, “B”.'));
  kernel.ran = [];
  lesson.runAll();
  await settled();
  await ends();
  assert.deepEqual(kernel.ran, ['c: C = B']);
});

test('Reset brings the original back, and takes the cell for one that has not run', async () => {
  const { lesson, told, cell } = lessonOf(CHAIN);
  lesson.edit(cell('a'), 'A = 2');
  await runs(lesson, cell('a'), 1);
  lesson.reset(cell('a'));
  assert.deepEqual([cell('a').source, cell('a').state, cell('a').outputs], ['A = 1', 'recorded', []]);
  assert.deepEqual(told.slice(-2), ['reset a', 'a recorded']);
  assert.deepEqual(kernel.forgotten, ['a']);
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(kernel.ran.slice(1), ['a: A = 1', 'b: B = A']);
});

test('what a run puts out is in the cell, shown or not; the next run begins with none', async () => {
  const { lesson, cell } = lessonOf(CHAIN, ['a']);
  lesson.run(cell('b'));
  await settled();
  kernel.say({ type: 'stdout', id: 1, text: 'one\n' });
  kernel.say({ type: 'stdout', id: 1, text: 'two\n' });
  assert.deepEqual(cell('a').outputs, [{ kind: 'text', stream: 'stdout', text: 'one\ntwo\n' }]);
  await ends();
  await ends();
  lesson.edit(cell('a'), 'A = 2');
  lesson.run(cell('b'));
  await settled();
  assert.deepEqual(cell('a').outputs, []);
});

test('a long loop says its share and its pace', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  /** @type {[number, string][]} */
  const said = [];
  lesson.on('progress', (loop) => said.push([loop.share, loop.said]));
  lesson.run(cell('a'));
  await settled();
  kernel.say({ type: 'progress', id: 1, done: 1, total: 10, seconds: 0.1 });
  kernel.say({ type: 'progress', id: 1, done: 5, total: 10, seconds: 2.1 });
  assert.deepEqual(said, [
    [0.1, ''],
    [0.5, '50 %, 3 s left, 2.0 steps/s'],
  ]);
  await ends();
  assert.equal(cell('a').pace, undefined);
});

test('a check runs the cell, with what the check needs, and then looks at it', async () => {
  const { lesson, told, cell } = lessonOf({ ...CHAIN, d: 'D = 1' });
  /** @type {any} */
  let verdict;
  lesson.on('verdict', (event) => {
    verdict = event;
  });
  lesson.check(cell('d'), ['A']);
  await settled();
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 1', 'd: D = 1', 'd: check']);
  kernel.say({ type: 'verdict', id: 1, passed: true, message: 'Right.', line: null });
  await ends();
  assert.deepEqual([verdict.cell.id, verdict.verdict.passed, verdict.source], ['d', true, 'D = 1']);
  assert.ok(
    told.indexOf('check-begin d') < told.indexOf('verdict d') &&
      told.indexOf('verdict d') < told.indexOf('check-end d'),
  );
});

test('what one cell may know of the others', async () => {
  const { lesson, cell } = lessonOf(CHAIN);
  const { find, writer, near, titleOf, all } = lesson.definersFor(cell('b'));
  assert.deepEqual(find('A'), { id: 'a', title: 'A', where: 'above' });
  assert.deepEqual(find('C'), { id: 'c', title: 'C', where: 'below' });
  assert.equal(writer('A'), undefined);
  await runs(lesson, cell('b'), 2);
  assert.deepEqual(writer('B'), { id: 'b', title: 'B', where: 'here' });
  assert.deepEqual([near('Z'), titleOf('c'), all().length], [undefined, 'C', 3]);
});

test('a listener that has ended hears nothing more', () => {
  const { lesson, cell } = lessonOf(CHAIN);
  let heard = 0;
  const end = lesson.on('source', () => {
    heard += 1;
  });
  lesson.edit(cell('a'), 'A = 2');
  end();
  lesson.edit(cell('a'), 'A = 3');
  lesson.edit(cell('a'), 'A = 3');
  assert.equal(heard, 1);
});

test('a state follows from the run, the queue and the code', () => {
  const now = { signature: 's', published: 's', waits: false, runs: false, ready: true };
  const ran = { signature: 's', outcome: /** @type {Outcome} */ ('ok'), seconds: 0.0314 };
  assert.deepEqual(stateOf({ ran, edited: false }, now), ['done', 'done in 31 ms']);
  assert.deepEqual(stateOf({ ran, edited: false }, { ...now, waits: true, ready: false }), [
    'queued',
    'queued: runs when Python is ready',
  ]);
  assert.deepEqual(stateOf({ ran, edited: false }, { ...now, runs: true }), ['running', 'running']);
  assert.deepEqual(stateOf({ ran: { ...ran, outcome: 'stopped' }, edited: false }, now), ['stale', 'stopped']);
});

/** A control of a cell moves. @param {Lesson} lesson @param {Cell} cell @param {string} source */
function moves(lesson, cell, source) {
  lesson.edit(cell, source, { typed: true });
  lesson.follow(cell);
}

/** What runs from here on; time passes only by `later`. */
function following() {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { lesson, told, cell } = lessonOf({ a: 'A = 1', b: 'B = A', c: 'C = 1' });
  return { lesson, told, cell, later: (/** @type {number} */ ms) => mock.timers.tick(ms) };
}

afterEach(() => mock.timers.reset());

test('a control that has moved runs its cell though another fails meanwhile', async () => {
  const { lesson, cell } = following();
  lesson.run(cell('c'));
  await settled();
  moves(lesson, cell('a'), 'A = 2');
  await ends('error');
  assert.equal(kernel.ran.at(-1), 'a: A = 2');
});

test('a control that moves runs its cell, and those below become stale', async () => {
  const { lesson, cell } = following();
  await runs(lesson, cell('b'), 2);
  kernel.ran = [];
  moves(lesson, cell('a'), 'A = 2');
  assert.equal(cell('a').state, 'running', 'and not queued, which nobody could read');
  await settled();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 2']);
  assert.equal(cell('a').state, 'done');
  assert.equal(cell('b').state, 'stale');
  assert.equal(lesson.working, false);
});

test('the latest value wins, and nothing queues up', async () => {
  const { lesson, cell } = following();
  moves(lesson, cell('a'), 'A = 2');
  await settled();
  for (const value of [3, 4, 5, 6]) moves(lesson, cell('a'), `A = ${value}`);
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 2', 'a: A = 6']);
  assert.equal(lesson.working, false);
  assert.equal(kernel.interrupted, 0, 'a short run ends by itself');
});

test('a run that is overtaken is ended when it has had its time', async () => {
  const { lesson, told, cell, later } = following();
  moves(lesson, cell('a'), 'A = 2');
  await settled();
  later(200);
  moves(lesson, cell('a'), 'A = 3');
  later(49);
  assert.equal(kernel.interrupted, 0);
  later(1);
  assert.equal(kernel.interrupted, 1);
  moves(lesson, cell('a'), 'A = 4');
  later(10_000);
  assert.equal(kernel.interrupted, 1, 'once');
  /** @type {boolean[]} */
  const cuts = [];
  lesson.on('end', ({ cut }) => cuts.push(cut));
  await ends('stopped');
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 2', 'a: A = 4']);
  assert.deepEqual(cuts, [true, false]);
  assert.deepEqual(
    told.filter((line) => line.startsWith('a:')),
    [],
    'nobody is told that it was stopped',
  );
  assert.equal(cell('a').state, 'done');
  later(10_000);
  assert.equal(kernel.interrupted, 1, 'the next run is left alone');
});

test('a run that has gone on for long is ended as soon as it is overtaken', async () => {
  const { lesson, cell, later } = following();
  lesson.run(cell('a'));
  await settled();
  later(5000);
  moves(lesson, cell('a'), 'A = 2');
  later(0);
  assert.equal(kernel.interrupted, 1);
});

test('where a run cannot be ended, it ends, and then the latest runs', async () => {
  const { lesson, cell, later } = following();
  moves(lesson, cell('a'), 'A = 2');
  await settled();
  later(1000);
  for (const value of [3, 4]) moves(lesson, cell('a'), `A = ${value}`);
  later(1000); // the signal goes nowhere
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 2', 'a: A = 4']);
});

test('a value that fails does not keep the latest from running', async () => {
  const { lesson, cell } = following();
  moves(lesson, cell('a'), 'A = 0');
  await settled();
  moves(lesson, cell('a'), 'A = 1');
  await ends('error');
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 0', 'a: A = 1']);
  assert.equal(cell('a').state, 'done');
});

test('before Python is ready the last value waits', async () => {
  const { lesson, cell, later } = following();
  kernel.become('booting');
  kernel.answer = undefined;
  lesson.run(cell('a')); // as published: it needs no names, and waits in the kernel with the code that it had
  await settled();
  moves(lesson, cell('a'), 'A = 2');
  later(0);
  await settled();
  moves(lesson, cell('a'), 'A = 3');
  later(0);
  await settled();
  assert.equal(cell('a').state, 'queued');
  assert.equal(kernel.ran.at(-1), 'a: A = 3');
  kernel.become('ready');
  await ends();
  assert.equal(cell('a').state, 'done');
  assert.equal(lesson.working, false);
});

test('what moves runs before what waits, and stop ends both', async () => {
  const { lesson, cell } = following();
  lesson.runAll();
  await settled();
  moves(lesson, cell('c'), 'C = 2');
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 1', 'c: C = 2']);
  moves(lesson, cell('c'), 'C = 3');
  lesson.stop();
  await settled();
  assert.equal(lesson.working, false);
  assert.deepEqual(kernel.ran, ['a: A = 1', 'c: C = 2']);
});

test('a cell that waits for its run is only edited', async () => {
  const { lesson, cell } = following();
  lesson.run(cell('b'));
  await settled();
  moves(lesson, cell('b'), 'B = A + A');
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 1', 'b: B = A + A']);
});

test('a cell that was ended under way to another runs again, and then the other', async () => {
  const { lesson, cell, later } = following();
  lesson.run(cell('b'));
  await settled();
  moves(lesson, cell('a'), 'A = 2');
  later(250);
  await ends('stopped');
  await ends();
  await ends();
  assert.deepEqual(kernel.ran, ['a: A = 1', 'a: A = 2', 'b: B = A']);
  assert.equal(cell('b').state, 'done');
});

test('who moves a control sees what comes of it, and need not be told', async () => {
  const { lesson, cell } = following();
  /** @type {boolean[]} */
  const follows = [];
  lesson.on('begin', (about) => follows.push(about.follows));
  moves(lesson, cell('a'), 'A = 2');
  await settled();
  assert.equal(lesson.progressText, '');
  assert.equal(lesson.isFollowing, true);
  await ends();
  lesson.run(cell('a'));
  await settled();
  assert.equal(lesson.progressText, 'Running: A');
  assert.equal(lesson.isFollowing, false);
  await ends();
  assert.deepEqual(follows, [true, false]);
});
