/** Serves the built page for the browser tests: PAGE_URL with SharedArrayBuffer, PAGE_URL_PLAIN without. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../app/tools/serve.js';
import { TOP } from '../app/tools/tools.js';

export default async function globalSetup() {
  const folder = join(TOP, 'dist');
  if (!existsSync(join(folder, 'index.html'))) throw new Error('There is no page yet: npm run build.');
  const servers = [await serve(folder, { port: 0 }), await serve(folder, { port: 0, isolate: false })];
  [process.env.PAGE_URL, process.env.PAGE_URL_PLAIN] = servers.map(({ url }) => url);
  return () => Promise.all(servers.map(({ close }) => close()));
}
