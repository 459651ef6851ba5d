/** Serves a folder on this machine, with the headers that the page needs. */
import { createServer } from 'node:http';
import sirv from 'sirv';
import { Failure } from './tools.js';

/** These two give the page SharedArrayBuffer, and with it a Stop that keeps Python alive. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Files whose path changes when they do: hashed by the build, or in a folder named by version. */
const FOR_EVER = /^\/(assets|runtime)\//;

const PORTS_TO_TRY = 50;

/** @param {import('node:http').ServerResponse} response @param {string} path */
function setHeaders(response, path) {
  response.setHeader('Cache-Control', FOR_EVER.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (path.endsWith('.whl')) response.setHeader('Content-Type', 'application/zip');
}

/**
 * @param {import('node:http').Server} server @param {number} port @param {string} host
 * @returns {Promise<boolean>} false where the port is taken
 */
const listen = (server, port, host) =>
  new Promise((resolve, reject) => {
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else
        reject(
          error.code === 'EACCES' ? new Failure(`Port ${port} may not be used: choose another with --port.`) : error,
        );
    });
    server.listen(port, host, () => resolve(true));
  });

/**
 * @param {string} folder
 * @param {{port?: number, host?: string, isolate?: boolean, compressed?: boolean}} [options] port: or the next free
 *   one; 0: any free one; isolate: false leaves out what SharedArrayBuffer needs, as most static hosts do; compressed:
 *   whether .br and .gz are handed out
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function serve(folder, { port = 8000, host = '127.0.0.1', isolate = true, compressed = true } = {}) {
  const files = sirv(folder, { etag: true, brotli: compressed, gzip: compressed, setHeaders });
  const server = createServer((request, response) => {
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    for (const [name, value] of Object.entries(isolate ? ISOLATION : {})) response.setHeader(name, value);
    files(request, response);
  });

  const last = Math.min(port + PORTS_TO_TRY, 65535);
  for (let candidate = port; ; candidate++) {
    if (candidate > last) throw new Failure(`Ports ${port} to ${last} are all taken: choose another with --port.`);
    server.removeAllListeners('error');
    if (await listen(server, candidate, host)) break;
  }

  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://${host}:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
