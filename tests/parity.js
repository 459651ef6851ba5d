/** `npm run parity -- FILE`: tests/parity.py in the project's environment. */
import { ensureNodeModules } from '../app/build/install.js';
import { ensurePython } from '../app/build/python.js';
import { asProgram, run } from '../app/build/tools.js';

await asProgram(import.meta.url, async () => {
  await ensureNodeModules();
  const { code } = await run(await ensurePython(), ['tests/parity.py', ...process.argv.slice(2)], { show: true });
  process.exitCode = code;
});
