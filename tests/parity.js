/** `npm run parity -- FILE`: tests/parity.py in the project's environment. */
import { ensureNodeModules } from '../app/tools/install.js';
import { ensurePython } from '../app/tools/python.js';
import { asProgram, run } from '../app/tools/tools.js';

await asProgram(import.meta.url, async () => {
  await ensureNodeModules();
  const { code } = await run(await ensurePython(), ['tests/parity.py', ...process.argv.slice(2)], { show: true });
  process.exitCode = code;
});
