/**
 * Owns the Python worker: start, runs, stop, restart. Knows no DOM, and of the worker only what `spawn` returns.
 *
 * @typedef {import('../../shared/protocol.js').Request} Request
 * @typedef {import('../../shared/protocol.js').Response} Response
 * @typedef {import('../../shared/protocol.js').RunEvent} RunEvent
 * @typedef {import('../../shared/protocol.js').Names} Names
 * @typedef {{post: (request: Request) => void, terminate: () => void}} Worker
 * @typedef {(receive: (response: Response) => void, fail: (reason: Error) => void) => Worker} Spawn
 * @typedef {'lost' | 'died' | 'full' | 'deep'} Loss the worker ended with the run, and all values with it: stopped, by
 *   itself, for want of memory, for want of the browser's stack
 * @typedef {'ok' | 'error' | 'stopped' | Loss} Outcome
 * @typedef {{state: 'booting' | 'ready' | 'failed', text: string, restarted: boolean}} Status
 */

const KEYBOARD_INTERRUPT = 2;

/** How long Python may take to notice a signal before its worker is replaced: it may be inside one long calculation. */
const PATIENCE_MS = 900;

/**
 * How long a run may go on once it has noticed: it may be cleaning up. Then it is interrupted again, and that is said.
 */
const CLEANING_MS = 4000;

/** How often a run is interrupted: a loop in a `finally` needs a second signal. */
const SIGNALS = 3;

/** How long a run that is to be stopped may take to begin: Python may be busy with an answer, or the machine is. */
const BEGINNING_MS = 4000;

/** What browsers say where their stack ends. */
const STACK_ENDED = /call stack|too much recursion/;

/** How often it is looked whether Python has noticed. */
const LOOK_MS = 50;

export class Kernel extends EventTarget {
  /** @type {Status} */
  status = { state: 'booting', text: 'Starting Python', restarted: false };

  #spawn;
  #ids = 0;
  /** Counts the workers. */
  #lives = 0;
  /** @type {Worker | undefined} */
  #worker;
  /** Shared with the worker where the browser allows it. @type {Int32Array | undefined} */
  #interrupt;
  /** Resolves when the present worker is ready. @type {{promise: Promise<void>, resolve: () => void}} */
  #ready = deferred();
  /**
   * `begun`: its own code is under way; a signal before that would find nobody.
   * `whenBegun` is what was asked of it too soon.
   * @type {{id: number, onEvent: (event: RunEvent) => void, end: (outcome: Outcome) => void, begun: boolean,
   *   whenBegun?: () => void} | undefined}
   */
  #run;
  /** @type {Map<number, (answer?: any) => void>} */
  #asked = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #stopTimer;
  /** How often the run that is under way was interrupted. */
  #signals = 0;
  /** Whether the run that is under way has used up the memory. */
  #full = false;

  /** @param {Spawn} spawn @param {{shared?: boolean}} [options] shared: whether SharedArrayBuffer may be used */
  constructor(spawn, { shared = typeof SharedArrayBuffer === 'function' } = {}) {
    super();
    this.#spawn = spawn;
    if (shared) this.#interrupt = new Int32Array(new SharedArrayBuffer(4));
  }

  /** Whether a run can be stopped without losing the values that earlier runs have made. */
  get stopsGently() {
    return Boolean(this.#interrupt);
  }

  get busy() {
    return Boolean(this.#run);
  }

  /** Resolves when the first start has ended, well or not. @returns {Promise<void>} */
  get settled() {
    return new Promise((resolve) => {
      const look = () => {
        if (this.status.state === 'booting') return;
        this.removeEventListener('status', look);
        resolve();
      };
      this.addEventListener('status', look);
      look();
    });
  }

  /** Starts the worker, or a new one after a failure. @param {boolean} [restarted] */
  start(restarted = false) {
    this.#worker?.terminate();
    this.#set({ state: 'booting', text: restarted ? 'Restarting Python' : 'Starting Python', restarted });
    const life = ++this.#lives;
    // What an old worker may still say is no longer listened to.
    this.#worker = this.#spawn(
      (response) => {
        if (life === this.#lives) this.#receive(response);
      },
      (reason) => {
        if (life === this.#lives) this.#fail(reason.message);
      },
    );
    if (!this.#interrupt) return;
    // What was meant for the old worker, which may not have seen it.
    Atomics.store(this.#interrupt, 0, 0);
    this.#worker.post({ type: 'interrupt', buffer: this.#interrupt });
  }

  /**
   * Runs `source` as soon as Python is ready. One run at a time: the caller waits for it to end.
   * @param {string} block
   * @param {string} source
   * @param {(event: RunEvent) => void} onEvent
   * @returns {Promise<Outcome>}
   */
  run(block, source, onEvent) {
    return this.#begin((id) => ({ type: 'run', id, block, source }), onEvent);
  }

  /**
   * Checks the exercise whose block has just run. It may be stopped, as a run may.
   * @param {string} block
   * @param {(event: RunEvent) => void} onEvent
   */
  check(block, onEvent) {
    return this.#begin((id) => ({ type: 'check', id, block }), onEvent);
  }

  /** @param {(id: number) => Request} request @param {(event: RunEvent) => void} onEvent @returns {Promise<Outcome>} */
  async #begin(request, onEvent) {
    if (this.#run) throw new Error('A run is under way');
    const id = ++this.#ids;
    /** @type {Promise<Outcome>} */
    const ended = new Promise((resolve) => {
      this.#run = { id, onEvent, end: resolve, begun: false };
    });
    this.#ready.promise.then(() => {
      if (this.#run?.id !== id) return;
      this.#worker?.post(request(id));
    });
    return ended;
  }

  /**
   * The names that `source` defines and uses; null if it does not parse, undefined if Python ended before it could
   * answer.
   * @param {string} source
   * @returns {Promise<Names | null | undefined>}
   */
  async names(source) {
    await this.#ready.promise;
    const id = ++this.#ids;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#worker?.post({ type: 'names', id, source });
    });
  }

  /**
   * A question about the live names. Undefined if Python is not ready or is running a block, or does not answer in
   * time:
   * whoever asks has something else to do meanwhile.
   * @param {import('../../shared/protocol.js').Question} question
   * @param {number} within milliseconds
   * @returns {Promise<any>}
   */
  async ask(question, within) {
    if (this.status.state !== 'ready' || this.#run) return undefined;
    const id = ++this.#ids;
    return new Promise((resolve) => {
      const settle = (/** @type {unknown} */ answer) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(settle, within, undefined);
      this.#asked.set(id, settle);
      this.#worker?.post({ type: 'ask', id, question });
    });
  }

  /**
   * A block is as published again: names of Python's own that it had given a value are as before.
   * @param {string} block
   */
  forget(block) {
    if (this.status.state === 'ready') this.#worker?.post({ type: 'forget', block });
  }

  /** Ends the run: by a signal that keeps all values, or, where that cannot be or does not work, by a new worker. */
  stop() {
    const run = this.#run;
    if (!run) return;
    if (this.status.state !== 'ready') this.#end('stopped');
    else if (!this.#interrupt) this.#replace('lost');
    else if (run.begun || this.#signals) this.#signal(this.#interrupt, run.id);
    else {
      run.whenBegun = this.#signal.bind(this, this.#interrupt, run.id);
      this.#stopTimer ??= setTimeout(run.whenBegun, BEGINNING_MS);
    }
  }

  /**
   * Asks the run to end, once, and leaves it at that: unlike `stop` it costs no values, and where no signal can be sent
   * the run goes on.
   */
  interrupt() {
    const run = this.#run;
    if (!run) return;
    if (this.status.state !== 'ready') this.#end('stopped');
    else if (!run.begun) run.whenBegun ??= () => this.interrupt();
    else if (this.#interrupt && !this.#signals) {
      this.#worker?.post({ type: 'stop', id: run.id, nth: 1 });
      Atomics.store(this.#interrupt, 0, KEYBOARD_INTERRUPT);
    }
  }

  /**
   * Interrupts the run once, and looks what comes of it.
   * @param {Int32Array} interrupt @param {number} id of the run
   */
  #signal(interrupt, id) {
    this.#clearTimer();
    this.#signals += 1;
    if (this.#signals > SIGNALS) return this.#replace('lost');
    // A run that waits hears messages, one that computes hears signals.
    this.#worker?.post({ type: 'stop', id, nth: this.#signals });
    Atomics.store(interrupt, 0, KEYBOARD_INTERRUPT);
    const look = (/** @type {number} */ waited) => {
      // Python empties it when it takes the signal.
      const noticed = Atomics.load(interrupt, 0) === 0;
      if (waited < (noticed && this.#signals === 1 ? CLEANING_MS : PATIENCE_MS)) {
        this.#stopTimer = setTimeout(look, LOOK_MS, waited + LOOK_MS);
      } else if (noticed) {
        if (this.#signals === 1) this.#run?.onEvent(interruptedAgain(id));
        this.#signal(interrupt, id);
      } else this.#replace('lost');
    };
    look(0);
  }

  #clearTimer() {
    clearTimeout(this.#stopTimer);
    this.#stopTimer = undefined;
  }

  /** @param {string} text */
  #fail(text) {
    if (this.status.state === 'ready') this.#replace(STACK_ENDED.test(text) ? 'deep' : 'died');
    else if (this.status.state === 'booting') {
      // What else it might do and say follows from the first failure.
      this.#worker?.terminate();
      this.#set({ ...this.status, state: 'failed', text });
    }
  }

  /** @param {Loss} loss */
  #replace(loss) {
    this.#ready = deferred();
    for (const answer of this.#asked.values()) answer();
    this.#asked.clear();
    this.start(true);
    this.dispatchEvent(new Event('loss'));
    this.#end(loss);
  }

  /** @param {Outcome} outcome */
  #end(outcome) {
    this.#clearTimer();
    this.#signals = 0;
    // A signal that came too late for this run must end nothing else, be it a run or an answer.
    if (this.#interrupt) Atomics.store(this.#interrupt, 0, 0);
    const run = this.#run;
    this.#run = undefined;
    this.#full = false;
    run?.end(outcome);
  }

  /** @param {Response} response */
  #receive(response) {
    switch (response.type) {
      case 'step':
        if (this.status.state === 'booting') this.#set({ ...this.status, text: response.text });
        break;
      case 'failed':
        this.#fail(response.text);
        break;
      case 'ready':
        this.#set({
          ...this.status,
          state: 'ready',
          text: `Python ${response.python} with NumPy ${response.numpy} is ready`,
        });
        this.#ready.resolve();
        break;
      case 'names':
        this.#asked.get(response.id)?.(response.names);
        this.#asked.delete(response.id);
        break;
      case 'answer':
        this.#asked.get(response.id)?.(response.answer);
        break;
      case 'begun':
        if (response.id !== this.#run?.id) return;
        this.#run.begun = true;
        this.#run.whenBegun?.();
        break;
      default:
        // Late results of a run that was stopped or repeated are ignored by its id.
        if (response.id !== this.#run?.id) return;
        this.#run.onEvent(response);
        if (response.type === 'error') this.#full = Boolean(response.full);
        if (response.type !== 'done') return;
        if (this.#full) this.#replace('full');
        else this.#end(response.status);
    }
  }

  /** @param {Status} status */
  #set(status) {
    this.status = status;
    this.dispatchEvent(new Event('status'));
  }
}

/** @param {number} id @returns {RunEvent} */
const interruptedAgain = (id) => ({
  type: 'warning',
  id,
  name: 'Stop',
  message: `the block went on for ${CLEANING_MS / 1000} seconds after it was interrupted, and was interrupted again`,
  line: null,
  hint: null,
});

function deferred() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
