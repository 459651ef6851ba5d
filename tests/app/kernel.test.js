import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Kernel } from '../../app/tab/kernel/kernel.js';

/**
 * @typedef {import('../../app/shared/protocol.js').Response} Response
 * @typedef {import('../../app/shared/protocol.js').Request} Request
 */

class FakeWorker {
  /** @type {Request[]} */
  received = [];
  terminated = false;
  /** @param {(response: Response) => void} say @param {(error: Error) => void} fail */
  constructor(say, fail) {
    this.say = say;
    this.fail = fail;
  }

  ready() {
    this.say({ type: 'ready', python: '3.14', numpy: '2.4' });
  }

  /** The last run's own code is under way. */
  begin() {
    this.say({ type: 'begun', id: this.runs.at(-1)?.id ?? 0 });
  }

  get runs() {
    return this.received.filter((request) => request.type === 'run');
  }
}

/** @type {FakeWorker[]} */
let workers;
beforeEach(() => {
  workers = [];
});

/** @param {boolean} shared */
function startKernel(shared) {
  const kernel = new Kernel(
    (receive, fail) => {
      const worker = new FakeWorker(receive, fail);
      workers.push(worker);
      return {
        post: (request) => void worker.received.push(request),
        terminate: () => {
          worker.terminated = true;
        },
      };
    },
    { shared },
  );
  kernel.start();
  return kernel;
}

const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** @param {Kernel} kernel @param {string} [block] */
function startRun(kernel, block = 'b') {
  /** @type {Response[]} */
  const events = [];
  const ended = kernel.run(block, 'source', (event) => events.push(event));
  return { events, ended };
}

/** A kernel that is ready, with a run under way. @param {boolean} shared @param {boolean} [begun] */
async function startKernelAndRun(shared, begun = true) {
  const kernel = startKernel(shared);
  workers[0].ready();
  const run = startRun(kernel);
  await settled();
  if (begun) workers[0].begin();
  return { kernel, ...run };
}

test('a run waits for Python to be ready', async () => {
  const kernel = startKernel(true);
  const { ended } = startRun(kernel);
  await settled();
  assert.equal(workers[0].runs.length, 0);
  workers[0].ready();
  await settled();
  const [{ id, ...rest }] = workers[0].runs;
  assert.deepEqual(rest, { type: 'run', block: 'b', source: 'source' });
  workers[0].say({ type: 'done', id, status: 'ok', seconds: 0 });
  assert.equal(await ended, 'ok');
  assert.equal(kernel.busy, false);
});

test('events reach the run that they belong to, late ones of another run do not', async () => {
  const kernel = startKernel(true);
  workers[0].ready();
  const first = startRun(kernel);
  await settled();
  const { id } = workers[0].runs[0];
  workers[0].say({ type: 'stdout', id, text: 'now' });
  workers[0].say({ type: 'done', id, status: 'error', seconds: 0 });
  assert.equal(await first.ended, 'error');

  const second = startRun(kernel);
  await settled();
  workers[0].say({ type: 'stdout', id, text: 'late' });
  workers[0].say({ type: 'done', id, status: 'ok', seconds: 0 });
  assert.equal(kernel.busy, true);
  assert.deepEqual(second.events, []);
  assert.deepEqual(
    first.events.map(({ type }) => type),
    ['stdout', 'done'],
  );
});

test('stop sends a keyboard interrupt, of which nothing is left when the run has ended', async () => {
  const { kernel, ended } = await startKernelAndRun(true);
  const { buffer } = /** @type {Extract<Request, {type: 'interrupt'}>} */ (workers[0].received[0]);
  kernel.stop();
  assert.equal(buffer[0], 2);
  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  assert.equal(await ended, 'stopped');
  assert.equal(workers.length, 1);
  assert.equal(buffer[0], 0);
});

/**
 * A kernel that is ready, of which a run has just been told to stop, under a clock that the test moves.
 * @param {boolean} [begun]
 */
async function stopping(begun = true) {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { kernel, ended, events } = await startKernelAndRun(true, begun);
  const { buffer } = /** @type {Extract<Request, {type: 'interrupt'}>} */ (workers[0].received[0]);
  kernel.stop();
  assert.equal(buffer[0], begun ? 2 : 0);
  const stops = () => workers[0].received.flatMap((request) => (request.type === 'stop' ? [request.nth] : []));
  /** As Python does when it has seen the signal. */
  const notice = () => {
    buffer[0] = 0;
  };
  const pass = (/** @type {number} */ ms) => {
    for (let at = 0; at < ms; at += 50) mock.timers.tick(50);
  };
  return { kernel, ended, events, buffer, stops, notice, pass };
}
afterEach(() => mock.timers.reset());

test('a run that does not notice stop is ended with its worker', async () => {
  const { kernel, ended, buffer, stops, pass } = await stopping();
  pass(850);
  assert.equal(workers.length, 1);
  pass(50);
  assert.equal(await ended, 'lost');
  assert.deepEqual(stops(), [1]);
  assert.equal(workers[0].terminated, true);
  assert.equal(workers.length, 2);
  // The new worker must not be ended by what the old one has not seen.
  assert.equal(buffer[0], 0);
  assert.deepEqual(kernel.status, { state: 'booting', text: 'Restarting Python', restarted: true });
});

test('one press is one interrupt: a run may clean up', async () => {
  const { ended, events, buffer, stops, notice, pass } = await stopping();
  pass(100);
  notice();
  pass(3800);
  assert.equal(buffer[0], 0);
  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  assert.equal(await ended, 'stopped');
  pass(10_000);
  assert.deepEqual(stops(), [1]);
  assert.equal(buffer[0], 0);
  assert.equal(workers.length, 1);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['done'],
  );
});

test('a run that goes on for long is interrupted again, which is said, and in the end loses its worker', async () => {
  const { ended, events, buffer, stops, notice, pass } = await stopping();
  notice();
  pass(4000);
  assert.equal(buffer[0], 2);
  assert.deepEqual(stops(), [1, 2]);
  assert.match(JSON.stringify(events), /went on for 4 seconds after it was interrupted, and was interrupted again/);
  notice();
  pass(900);
  assert.deepEqual(stops(), [1, 2, 3]);
  assert.equal(events.length, 1);
  notice();
  pass(850);
  assert.equal(workers.length, 1);
  pass(50);
  assert.equal(await ended, 'lost');
});

test('a second press is a second interrupt, at once', async () => {
  const { kernel, ended, events, buffer, stops, notice, pass } = await stopping();
  notice();
  pass(300);
  kernel.stop();
  assert.equal(buffer[0], 2);
  assert.deepEqual(stops(), [1, 2]);
  assert.deepEqual(events, []);
  notice();
  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  assert.equal(await ended, 'stopped');
});

test('the interrupts of one run are not counted for the next', async () => {
  const { kernel, ended, stops } = await stopping();
  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  await ended;
  startRun(kernel);
  await settled();
  workers[0].begin();
  kernel.stop();
  assert.deepEqual(stops(), [1, 1]);
});

test('a run that is stopped before its own code has begun is interrupted when it has, once', async () => {
  const { kernel, ended, events, buffer, stops, notice, pass } = await stopping(false);
  kernel.stop();
  pass(3000);
  assert.equal(buffer[0], 0);
  assert.deepEqual(stops(), []);
  workers[0].begin();
  assert.equal(buffer[0], 2);
  notice();
  pass(3000);
  assert.deepEqual(stops(), [1]);
  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  assert.equal(await ended, 'stopped');
  assert.deepEqual(
    events.map(({ type }) => type),
    ['done'],
  );
});

test('a run that is stopped and does not begin loses its worker', async () => {
  const { ended, buffer, pass } = await stopping(false);
  pass(4000);
  assert.equal(buffer[0], 2);
  pass(900);
  assert.equal(await ended, 'lost');
});

test('a run that is overtaken before its own code has begun is interrupted when it has; Stop goes before', async () => {
  const { kernel } = await startKernelAndRun(true, false);
  const { buffer } = /** @type {Extract<Request, {type: 'interrupt'}>} */ (workers[0].received[0]);
  kernel.interrupt();
  kernel.interrupt();
  assert.equal(buffer[0], 0);
  workers[0].begin();
  assert.equal(buffer[0], 2);
  const stops = () => workers[0].received.filter(({ type }) => type === 'stop').length;
  assert.equal(stops(), 1);

  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  startRun(kernel);
  await settled();
  kernel.interrupt();
  kernel.stop();
  kernel.interrupt();
  workers[0].begin();
  assert.equal(stops(), 2);
  kernel.stop(); // the second: the first was counted
  const { id } = workers[0].runs[1];
  assert.deepEqual(workers[0].received.at(-1), { type: 'stop', id, nth: 2 });
  workers[0].say({ type: 'done', id, status: 'stopped', seconds: 0 });
});

test('a run that ends in time keeps its worker', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { kernel, ended } = await startKernelAndRun(true);
  kernel.stop();
  workers[0].say({ type: 'done', id: workers[0].runs[0].id, status: 'stopped', seconds: 0 });
  await ended;
  mock.timers.tick(5000);
  assert.equal(workers.length, 1);
  mock.timers.reset();
});

test('without shared memory stop replaces the worker at once', async () => {
  const kernel = startKernel(false);
  assert.equal(kernel.stopsGently, false);
  workers[0].ready();
  const { ended } = startRun(kernel);
  await settled();
  kernel.stop();
  assert.equal(await ended, 'lost');
  assert.equal(workers.length, 2);
  assert.deepEqual(
    workers[0].received.map(({ type }) => type),
    ['run'],
  );
});

test('what a replaced worker still says is ignored', async () => {
  const kernel = startKernel(false);
  workers[0].ready();
  startRun(kernel);
  await settled();
  kernel.stop();
  workers[0].ready();
  workers[0].fail(new Error('terminated'));
  assert.equal(kernel.status.state, 'booting');
  workers[1].ready();
  assert.equal(kernel.status.state, 'ready');
  assert.equal(kernel.status.restarted, true);
});

test('a run can be stopped before Python is ready', async () => {
  const kernel = startKernel(true);
  const { ended } = startRun(kernel);
  kernel.stop();
  assert.equal(await ended, 'stopped');
  workers[0].ready();
  await settled();
  assert.equal(workers[0].runs.length, 0);
});

test('names are answered by id, and undefined when Python ends first', async () => {
  const kernel = startKernel(false);
  workers[0].ready();
  const answer = kernel.names('x = 1');
  await settled();
  const request = /** @type {Extract<Request, {type: 'names'}>} */ (workers[0].received[0]);
  workers[0].say({ type: 'names', id: request.id, names: { defines: ['x'], uses: [] } });
  assert.deepEqual(await answer, { defines: ['x'], uses: [] });

  const unanswered = kernel.names('y = 1');
  startRun(kernel);
  await settled();
  kernel.stop();
  assert.equal(await unanswered, undefined);
});

test('a run that waits is told to stop, too', async () => {
  const { kernel } = await startKernelAndRun(true);
  kernel.stop();
  const { id } = workers[0].runs[0];
  assert.deepEqual(workers[0].received.at(-1), { type: 'stop', id, nth: 1 });
  workers[0].say({ type: 'done', id, status: 'stopped', seconds: 0 });
});

test('a worker that ends by itself is replaced, and the run is told', async () => {
  const { kernel, ended } = await startKernelAndRun(true);
  let losses = 0;
  kernel.addEventListener('loss', () => {
    losses += 1;
  });
  workers[0].fail(new Error('killed'));
  assert.equal(await ended, 'died');
  assert.equal(losses, 1);
  assert.equal(workers.length, 2);
  assert.equal(kernel.status.state, 'booting');
});

for (const said of ['RangeError: Maximum call stack size exceeded', 'InternalError: too much recursion']) {
  test(`that the browser’s stack has ended is told apart: ${said}`, async () => {
    const { ended } = await startKernelAndRun(true);
    workers[0].say({ type: 'failed', text: said });
    assert.equal(await ended, 'deep');
    assert.equal(workers.length, 2);
  });
}

test('a run that used up the memory ends with its worker', async () => {
  const { ended, events } = await startKernelAndRun(true);
  const { id } = workers[0].runs[0];
  workers[0].say({ type: 'error', id, name: 'MemoryError', message: '', text: '', line: 1, full: true });
  workers[0].say({ type: 'done', id, status: 'error', seconds: 0 });
  assert.equal(await ended, 'full');
  assert.deepEqual(
    events.map(({ type }) => type),
    ['error', 'done'],
  );
  assert.equal(workers.length, 2);
});

test('a failed start is said, and can be tried again', async () => {
  const kernel = startKernel(true);
  /** @type {string[]} */
  const said = [];
  kernel.addEventListener('status', () => said.push(kernel.status.state));
  workers[0].say({ type: 'step', text: 'Fetching Python' });
  workers[0].fail(new Error('no network'));
  assert.deepEqual(kernel.status, { state: 'failed', text: 'no network', restarted: false });
  assert.equal(workers[0].terminated, true);
  const { ended } = startRun(kernel);
  kernel.start();
  workers[1].ready();
  await settled();
  workers[1].say({ type: 'done', id: workers[1].runs[0].id, status: 'ok', seconds: 0 });
  assert.equal(await ended, 'ok');
  assert.deepEqual(said, ['booting', 'failed', 'booting', 'ready']);
});

test('two runs at once are a mistake of the caller', async () => {
  const kernel = startKernel(true);
  startRun(kernel);
  await assert.rejects(
    kernel.run('b', '', () => {}),
    /under way/,
  );
});

test('a block that is reset is forgotten, where there is a Python that knows it', async () => {
  const kernel = startKernel(true);
  kernel.forget('a');
  workers[0].ready();
  kernel.forget('b');
  assert.deepEqual(workers[0].received.slice(1), [{ type: 'forget', block: 'b' }]);
});

test('a run that is interrupted may go on, and keeps its worker', async () => {
  const { kernel, ended } = await startKernelAndRun(true);
  const [{ buffer }] = /** @type {any} */ (workers[0].received);
  kernel.interrupt();
  assert.equal(Atomics.load(buffer, 0), 2);
  assert.deepEqual(workers[0].received.at(-1), { type: 'stop', id: 1, nth: 1 });
  workers[0].say({ type: 'done', id: 1, status: 'ok', seconds: 1 });
  assert.equal(await ended, 'ok');
  assert.equal(Atomics.load(buffer, 0), 0);
  assert.equal(workers.length, 1);
});

test('without shared memory an interrupt does nothing, and before Python is ready it ends the run', async () => {
  const { kernel, ended } = await startKernelAndRun(false);
  kernel.interrupt();
  workers[0].say({ type: 'done', id: 1, status: 'ok', seconds: 1 });
  assert.equal(await ended, 'ok');
  kernel.interrupt(); // nothing runs
  const early = startKernel(false);
  const run = startRun(early);
  early.interrupt();
  assert.equal(await run.ended, 'stopped');
});
