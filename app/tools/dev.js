/** `npm run dev`: serves the pages from their sources; what is saved shows in the browser. */
import { parseArgs } from 'node:util';
import { ensureNodeModules } from './install.js';
import { asProgram, TOP } from './tools.js';

await asProgram(import.meta.url, async () => {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '5173' } } });
  await ensureNodeModules();
  // Imported only now: these need what was just installed.
  const { ensureRuntime } = await import('../site/runtime.js');
  const { ensureRecorded } = await import('../site/record.js');
  await ensureRuntime();
  await ensureRecorded();
  const { createServer } = await import('vite');
  const server = await createServer({
    configFile: `${TOP}app/site/vite.config.js`,
    logLevel: 'warn',
    server: { host: '127.0.0.1', port: Number(values.port) },
  });
  await server.listen();
  console.log(`Preference Lab, as it is being written, is at ${server.resolvedUrls?.local[0]}  (Ctrl+C stops it)`);
});
