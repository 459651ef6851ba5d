/** node_modules as package-lock.json has it. Only Node's own modules: nothing else may be there yet. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asProgram, Failure, npm, readIfThere, sha256, TOP, writeWhole } from './tools.js';

const OLDEST_NODE = [20, 19];
const STAMP = join(TOP, 'node_modules/.installed');

/** @param {string} version such as 20.19.4 */
export function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  const [needed, neededMinor] = OLDEST_NODE;
  if (major < needed || (major === needed && minor < neededMinor)) {
    throw new Failure(`Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${version}.`);
  }
}

/** Installs with `npm ci` unless it already did so for this very lock file. */
export async function ensureNodeModules() {
  checkNode(process.versions.node);
  const wanted = sha256(await readFile(join(TOP, 'package-lock.json')));
  if (String(await readIfThere(STAMP)) === wanted) return;
  console.log('Installing the npm packages (about 140 MB on disk) ...');
  // `include`: NODE_ENV=production would leave out the tools that build the page.
  await npm(['ci', '--prefer-offline', '--include=dev', '--include=optional']);
  await writeWhole(STAMP, wanted);
}

await asProgram(import.meta.url, ensureNodeModules);
