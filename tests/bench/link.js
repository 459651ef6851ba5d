/**
 * A slow line in front of a server: so many bits a second for all connections together, and so long for what goes there
 * and back.
 */
import { connect, createServer } from 'node:net';

const CHUNK = 16 * 1024;

/** What may wait in front of the line; more of it the server keeps. */
const MOST_WAITING = 4 * CHUNK;

/**
 * @param {string} url of a server on this machine
 * @param {{mbit: number, ms: number}} line megabits a second from the server, and milliseconds there and back
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function slowLine(url, { mbit, ms }) {
  const bytesPerMs = (mbit * 1e6) / 8 / 1000;
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  let freeAt = 0;

  /** When the line has passed on so many bytes. @param {number} bytes @returns {number} ms from now */
  const passing = (bytes) => {
    const now = performance.now();
    freeAt = Math.max(freeAt, now) + bytes / bytesPerMs;
    return freeAt - now;
  };

  /**
   * @param {import('node:net').Socket} from
   * @param {import('node:net').Socket} to
   * @param {(bytes: number) => number} takes
   */
  const carry = (from, to, takes) => {
    let waiting = 0;
    from.on('data', (data) => {
      const bytes = /** @type {Buffer} */ (data);
      for (let at = 0; at < bytes.length; at += CHUNK) {
        const chunk = bytes.subarray(at, at + CHUNK);
        waiting += chunk.length;
        setTimeout(
          () => {
            waiting -= chunk.length;
            if (waiting <= MOST_WAITING) from.resume();
            if (to.writable) to.write(chunk);
          },
          ms / 2 + takes(chunk.length),
        );
      }
      if (waiting > MOST_WAITING) from.pause();
    });
    from.on('end', () => setTimeout(() => to.end(), ms / 2 + takes(0)));
    from.on('error', () => to.destroy());
  };

  const { hostname, port } = new URL(url);
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    carry(client, upstream, () => 0);
    carry(upstream, client, passing);
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
