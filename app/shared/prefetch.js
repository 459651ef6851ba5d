/**
 * The two largest files of Python's start are asked for before all else: the build writes a call of `ask` into
 * index.html, which runs while the page is still being read. Long afterwards there is a worker, and
 * app/tab/kernel/spawn.js hands it what came of it.
 *
 * @typedef {{assembly: Promise<WebAssembly.Module>, snapshot: Promise<ArrayBuffer> | undefined}} Ahead
 * @typedef {{assembly: WebAssembly.Module | undefined, snapshot: ArrayBuffer | undefined}} Files undefined: to be
 *   fetched by the worker itself
 */

/**
 * Written into HTML as it stands, so it knows nothing but what it is given.
 * @param {string} assembly
 * @param {string} snapshot addresses; '' for none
 */
export function ask(assembly, snapshot) {
  const bytes = async () => {
    const answer = await fetch(snapshot);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.arrayBuffer();
  };
  const compile = async () => WebAssembly.compileStreaming(fetch(assembly));
  const ahead = (window.ahead = {
    assembly: compile(),
    snapshot: !snapshot || new URLSearchParams(location.search).get('snapshot') === 'off' ? undefined : bytes(),
  });
  // Nobody waits for them yet.
  for (const file of [ahead.assembly, ahead.snapshot]) file?.catch(() => {});
}

/**
 * Tells each file to a worker once it is there, or that it is not. Bytes can be given away once, compiled code to each
 * worker.
 * @param {MessagePort} port
 */
export function handOver(port) {
  const { assembly, snapshot } = window.ahead ?? {};
  if (window.ahead) window.ahead.snapshot = undefined;
  const tell = (/** @type {keyof Files} */ name, /** @type {Promise<any> | undefined} */ file) =>
    Promise.resolve(file)
      .catch(() => undefined)
      .then((value) => port.postMessage({ name, value }, value instanceof ArrayBuffer ? [value] : []));
  tell('assembly', assembly);
  tell('snapshot', snapshot);
}

/** In the worker: asks the page for what it has. @returns {{[name in keyof Files]: Promise<Files[name]>}} */
export function askPage() {
  const { port1, port2 } = new MessageChannel();
  const come = (/** @type {keyof Files} */ wanted) =>
    new Promise((resolve) => {
      port1.addEventListener('message', ({ data: { name, value } }) => {
        if (name === wanted) resolve(value);
      });
    });
  const files = { assembly: come('assembly'), snapshot: come('snapshot') };
  port1.start();
  self.postMessage(port2, { transfer: [port2] });
  return files;
}
