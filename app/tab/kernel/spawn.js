/** Starts a Python worker through PyScript. All that touches PyScript is here and in app/worker/boot.js. */

import interpreter from 'virtual:interpreter';
import judging from 'virtual:later-judging';
import words from 'virtual:later-words';
import lesson from 'virtual:python';
import snapshot, { digest } from 'virtual:snapshot';
import main from '../../../py/worker.py?raw';
import { handOver } from '../../shared/prefetch.js';
import { NOT_LOADED } from '../dom/late.js';
import { fromRoot } from '../root.js';

/**
 * @typedef {import('./kernel.js').Spawn} Spawn
 * @typedef {import('../../shared/protocol.js').Request} Request
 */

/** @param {string} path */
const asset = (path) => new URL(path, import.meta.url).href;

const PYSCRIPT = fromRoot(`${__PYSCRIPT__}/core.js`);

/** `?snapshot=off` in the page's address starts Python without the snapshot of its memory. */
const withSnapshot = snapshot !== '' && new URLSearchParams(window.location.search).get('snapshot') !== 'off';

/** @returns {string} its address says where its other files are */
function interpreterUrl() {
  const url = new URL(asset(interpreter));
  const files = {
    lesson: asset(lesson),
    'later-words': asset(words),
    'later-judging': asset(judging),
    ...(withSnapshot && { snapshot: asset(snapshot), digest }),
  };
  for (const [name, value] of Object.entries(files)) url.searchParams.set(name, value);
  return url.href;
}

/** An address that needs no network: what cannot be had there, PyScript waits for in silence. */
const MAIN = URL.createObjectURL(new Blob([main]));

/**
 * PyScript wants a place that the configuration came from; with this ending it takes the object as it is and fetches
 * nothing.
 */
const CONFIG_URL = fromRoot('config.txt');

/** @type {Promise<any> | undefined} */
let loading;

let there = false;
/** Whether all of PyScript has come. A browser asks for a module once: what is lacking comes with a new page only. */
export const isPyScriptThere = () => there;

/** @type {((worker: globalThis.Worker) => void) | undefined} */
let created;

/**
 * PyScript looks for its own scripts and attributes in all that the page holds and that is ever added to it: for one
 * with editors and charts that is much looking, and this one has none of them. Whoever watches less than the whole page
 * does.
 */
const NotOfThePage = class extends MutationObserver {
  /** @param {Node} target @param {MutationObserverInit} [options] */
  observe(target, options) {
    if (target !== document) super.observe(target, options);
  }
};

/**
 * PyScript waits for its plugins, and says to nobody that one does not come.
 * @param {AbortSignal} signal ends the listening
 */
const missingPlugin = (signal) =>
  new Promise((_, reject) => {
    const listen = (/** @type {PromiseRejectionEvent} */ event) => {
      if (!String(event.reason).includes(__PYSCRIPT__)) return;
      event.preventDefault();
      reject(event.reason);
    };
    // Before whoever tells of errors that nobody answered.
    addEventListener('unhandledrejection', listen, { signal, capture: true });
  });

async function importPyScript() {
  const { MutationObserver } = window;
  window.MutationObserver = NotOfThePage;
  const listening = new AbortController();
  try {
    const lacking = missingPlugin(listening.signal);
    const core = await import(/* @vite-ignore */ PYSCRIPT);
    // Hooks are ignored before PyScript has loaded its plugins and defined its script type.
    await Promise.race([customElements.whenDefined('py-script'), lacking]);
    listening.abort(); // where something is missing, more than one promise of PyScript's may say so
    there = true;
    return core;
  } catch {
    throw new Error(`PyScript ${NOT_LOADED}`);
  } finally {
    window.MutationObserver = MutationObserver;
  }
}

/** PyScript's module, with a hook that hands over a worker when it is created, long before it is ready. */
async function pyscript() {
  return (loading ??= importPyScript().then((core) => {
    core.hooks.main.onWorker.add((/** @type {unknown} */ _, /** @type {globalThis.Worker} */ worker) =>
      created?.(worker),
    );
    return core;
  }));
}

/** @type {Spawn} */
export function spawn(receive, fail) {
  /** @type {globalThis.Worker | undefined} */
  let worker;
  let [ended, ready] = [false, false];
  /** @type {Request[]} */
  const waiting = [];

  /** The lock is the worker's for as long as it lives. @param {string} lock */
  const awaitEnd = (lock) =>
    navigator.locks.request(lock, () => {
      if (!ended) fail(new Error('its worker was ended by the browser'));
    });

  async function start() {
    receive({ type: 'step', text: 'Fetching Python' });
    const { PyWorker } = await pyscript();
    if (ended) return;
    created = (fresh) => {
      worker = fresh;
      worker.addEventListener('message', ({ data }) => {
        if (data instanceof MessagePort) handOver(data);
        if (typeof data !== 'string') return;
        const response = JSON.parse(data);
        ready ||= response.type === 'ready';
        if (response.type === 'alive') awaitEnd(response.lock);
        else receive(response);
      });
      // PyScript writes errors to the console by itself; here they also end the start. Later ones are the reader's own.
      worker.onerror = (event) =>
        ready || fail(new Error(/** @type {Partial<ErrorEvent>} */ (event).message || 'the worker failed'));
      for (const request of waiting.splice(0)) worker.postMessage(request);
    };
    await PyWorker(MAIN, { config: {}, configURL: CONFIG_URL, version: interpreterUrl() });
  }

  start().catch((error) => fail(error instanceof Error ? error : new Error(String(error))));
  return {
    post: (request) => (worker ? worker.postMessage(request) : void waiting.push(request)),
    terminate() {
      ended = true;
      worker?.terminate();
    },
  };
}
