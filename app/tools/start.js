/** `npm start`: installs, fetches, builds and serves. With --build it stops before serving. */
import { parseArgs } from 'node:util';
import { ensureNodeModules } from './install.js';
import { asProgram, Failure } from './tools.js';

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Failure(`--port ${text}: a port is a number up to 65535.`);
  return port;
}

function options() {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string', default: '8000' }, build: { type: 'boolean', default: false } },
    });
    return { port: portOf(values.port), build: values.build };
  } catch (error) {
    throw error instanceof Failure ? error : new Failure('Usage: npm start [-- --port N]');
  }
}

await asProgram(import.meta.url, async () => {
  const { port, build } = options();
  await ensureNodeModules();
  // Imported only now: these need what was just installed.
  const { DIST, ensureBuilt } = await import('../site/build.js');
  await ensureBuilt({ compress: build });
  if (build) return;
  const { serve } = await import('./serve.js');
  const { url } = await serve(DIST, { port });
  console.log(`Preference Lab is at ${url}  (Ctrl+C stops it)`);
});
