/**
 * A WebDriver client: what the journeys need of the protocol, over fetch.
 *
 * @typedef {object} Driver a browser with one page open
 * @property {(url: string) => Promise<unknown>} goto
 * @property {() => Promise<unknown>} reload
 * @property {(what: (...args: any[]) => unknown, ...args: unknown[]) => Promise<any>} evaluate
 * @property {(selector: string) => Promise<unknown>} click
 * @property {(selector: string) => Promise<unknown>} tap with a finger
 * @property {(keys: string) => Promise<unknown>} press one key, or several that are held together, as in Control+a
 * @property {(text: string) => Promise<unknown>} type
 * @property {(width: number, height: number) => Promise<unknown>} resize
 * @property {() => Promise<Buffer>} screenshot
 * @property {() => Promise<unknown>} close
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

const SECONDS_TO_START = 20;
const SECONDS_TO_REST = 60;

/** @param {number} ms */
const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** @returns {Promise<number>} a port that is free just now */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
        server.close(() => resolve(port));
      });
  });

// Ended by a signal, a process says no 'exit', on which it ends what it has started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/**
 * Starts a program that lives until `stop`, with a session of its own: what it starts ends with it, and no terminal can
 * halt it.
 * @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} env
 */
function start(program, args, env) {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const gone = new Promise((resolve) => {
    child.once('exit', resolve).once('error', resolve);
  });
  const kill = () => {
    try {
      if (child.pid) process.kill(-child.pid);
    } catch {
      // It has ended already.
    }
  };
  process.once('exit', kill);
  return {
    /** What it writes to its fourth file. */
    told: /** @type {import('node:stream').Readable} */ (child.stdio[3]),
    async stop() {
      process.off('exit', kill);
      kill();
      await gone;
    },
  };
}

/** A screen that nobody looks at. */
async function startScreen() {
  const screen = start('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], process.env);
  const number = await new Promise((resolve, reject) => {
    screen.told
      .once('data', (data) => resolve(String(data).trim()))
      .once('end', () => reject(new Error('Xvfb does not start')));
  });
  return { display: `:${number}`, stop: screen.stop };
}

/** @param {string} method @param {string} url @param {unknown} [body] @returns {Promise<any>} */
async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  const { value } = /** @type {any} */ (await answer.json());
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`);
  return value;
}

/** Runs in the page: where an element is, in words; '' if a click there would not meet it. @param {string} selector */
function placeOf(selector) {
  const element = document.querySelector(selector);
  element?.scrollIntoView({ block: 'center', behavior: 'instant' });
  const { x, y, width, height } = element?.getBoundingClientRect() ?? new DOMRect();
  const met = document.elementFromPoint(x + width / 2, y + height / 2);
  return met && (element?.contains(met) || met.contains(element)) ? [x, y, width, height].join(' ') : '';
}

/** The name that WebDriver gives to elements. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

const KEYS = /** @type {Record<string, string>} */ ({
  Control: '\uE009',
  Enter: '\uE007',
  Escape: '\uE00C',
  Tab: '\uE004',
  End: '\uE010',
});

/**
 * @param {object} options
 * @param {string} options.driver the program
 * @param {object} options.capabilities
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<Driver>}
 */
async function openSession({ driver, capabilities, env }) {
  const port = await freePort();
  const program = start(driver, [`--port=${port}`], env);
  const base = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + SECONDS_TO_START * 1000;
  let session = '';
  for (;;) {
    try {
      const { sessionId } = await call('POST', `${base}/session`, { capabilities: { alwaysMatch: capabilities } });
      session = `${base}/session/${sessionId}`;
      break;
    } catch (error) {
      // Until it listens, connections are refused.
      if (Date.now() > deadline || !(error instanceof TypeError)) {
        await program.stop();
        throw error;
      }
      await pause(100);
    }
  }
  const post = (/** @type {string} */ path, /** @type {unknown} */ body) => call('POST', `${session}/${path}`, body);
  /**
   * The element once it can be clicked: in the middle of the screen (the page's own scrolling takes its time), where it
   * has been for a while, and with nothing over it.
   * @param {string} selector
   */
  async function find(selector) {
    const deadline = Date.now() + SECONDS_TO_REST * 1000;
    for (let [now, before, rests] = ['', '', 0]; rests < 3; before = now) {
      if (Date.now() > deadline)
        throw new Error(`${selector} cannot be clicked: it is not there, moves, or is covered`);
      now = await post('execute/sync', { script: `return (${placeOf})(arguments[0])`, args: [selector] });
      rests = now && now === before ? rests + 1 : 0;
      await pause(50);
    }
    return post('element', { using: 'css selector', value: selector });
  }

  return {
    goto: (/** @type {string} */ url) => post('url', { url }),
    reload: () => post('refresh', {}),
    /** @param {(...args: any[]) => unknown} what @param {...unknown} args */
    evaluate: (what, ...args) => post('execute/sync', { script: `return (${what}).apply(null, arguments)`, args }),
    async click(/** @type {string} */ selector) {
      // Where the pointer was, help may be on its way: the click waits until the pointer is here and nothing covers the
      // place.
      const origin = await find(selector);
      await post('actions', {
        actions: [
          {
            type: 'pointer',
            id: 'mouse',
            parameters: { pointerType: 'mouse' },
            actions: [{ type: 'pointerMove', origin, x: 0, y: 0 }],
          },
        ],
      });
      return post(`element/${(await find(selector))[ELEMENT]}/click`, {});
    },
    async tap(/** @type {string} */ selector) {
      const origin = await find(selector);
      await post('actions', {
        actions: [
          {
            type: 'pointer',
            id: 'finger',
            parameters: { pointerType: 'touch' },
            actions: [
              { type: 'pointerMove', origin, x: 0, y: 0 },
              { type: 'pointerDown', button: 0 },
              { type: 'pause', duration: 50 },
              { type: 'pointerUp', button: 0 },
            ],
          },
        ],
      });
    },
    /** @param {string} keys one key, or several that are held together, as in Control+a */
    press(keys) {
      const values = keys.split('+').map((key) => KEYS[key] ?? key);
      return post('actions', {
        actions: [
          {
            type: 'key',
            id: 'keys',
            actions: [
              ...values.map((value) => ({ type: 'keyDown', value })),
              ...values.toReversed().map((value) => ({ type: 'keyUp', value })),
            ],
          },
        ],
      });
    },
    type: (/** @type {string} */ text) =>
      post('actions', {
        actions: [
          {
            type: 'key',
            id: 'keys',
            actions: [...text].flatMap((sign) => {
              const value = sign === '\n' ? KEYS.Enter : sign;
              return [
                { type: 'keyDown', value },
                { type: 'keyUp', value },
              ];
            }),
          },
        ],
      }),
    resize: (/** @type {number} */ width, /** @type {number} */ height) => post('window/rect', { width, height }),
    screenshot: async () => Buffer.from(await call('GET', `${session}/screenshot`), 'base64'),
    async close() {
      await call('DELETE', session).catch(() => {});
      await program.stop();
    },
  };
}

/**
 * WebKitGTK on a screen of its own.
 * @param {{driver: string, paths: string[]}} browser where it may be installed
 * @param {boolean} shared whether SharedArrayBuffer is to be had
 * @returns {Promise<Driver>}
 */
export async function openWebKit({ driver, paths }, shared) {
  const screen = await startScreen();
  const session = await openSession({
    driver,
    // Without a graphics card this way of painting takes a quarter less time to have the whole page there.
    env: {
      ...process.env,
      DISPLAY: screen.display,
      WEBKIT_DISABLE_DMABUF_RENDERER: '1',
      ...(shared && { JSC_useSharedArrayBuffer: '1' }),
    },
    capabilities: { 'webkitgtk:browserOptions': { binary: paths.find(existsSync), args: ['--automation'] } },
  });
  return {
    ...session,
    async close() {
      await session.close();
      await screen.stop();
    },
  };
}
