/** A Python environment of our own in .venv, with what py/pyproject.toml names for work. Only Node's own modules. */

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { asProgram, Failure, readIfThere, reason, run, sha256, TOP, writeWhole } from './tools.js';

const OLDEST_PYTHON = [3, 11];
const VENV = join(TOP, '.venv');
/** Torch and TRL take 1.5 GB: they have an environment of their own, which only `npm test -- graduate` makes. */
const GRADUATE = join(TOP, '.venv-graduate');

/** @param {string} venv */
const pythonOf = (venv) => join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];

/** @param {string} program @returns {Promise<boolean>} */
async function isNewEnough(program) {
  const { code } = await run(program, ['-c', `import sys; sys.exit(sys.version_info < (${OLDEST_PYTHON}))`]);
  return code === 0;
}

/** @param {string[]} [names] programs to try, in order */
export async function findPython(names = NAMES) {
  for (const name of names) if (await isNewEnough(name)) return name;
  throw new Failure(`Python ${OLDEST_PYTHON.join('.')} or newer is missing (tried ${names.join(', ')})`);
}

/** The environment with pip and nothing else. @returns {Promise<string>} the path of its python */
export async function ensureVenv(venv = VENV) {
  const own = pythonOf(venv);
  if (existsSync(own) && (await isNewEnough(own))) return own;
  const python = await findPython();
  const { code, output } = await run(python, ['-m', 'venv', '--clear', venv]);
  if (code) {
    // What is there has no pip and would pass for an environment next time.
    await rm(venv, { recursive: true, force: true });
    throw new Failure(
      /ensurepip is not\s+available|No module named venv/.test(output)
        ? `${python} cannot make virtual environments: install Debian's package python3-venv, or your system's like`
        : `${python} -m venv failed: ${reason(output, /^Error: /)}`,
    );
  }
  return own;
}

/**
 * @param {string} venv @param {string} list the file below py/ that names the packages
 * @param {string[]} packages as pip takes them @returns {Promise<string>} the path of the environment's python
 */
async function ensurePackages(venv, list, packages) {
  const python = await ensureVenv(venv);
  const stamp = join(venv, '.installed');
  const wanted = sha256(await readFile(join(TOP, 'py', list)));
  if (String(await readIfThere(stamp)) === wanted) return python;
  console.log(`Installing the Python packages into ${basename(venv)} ...`);
  const { code, output } = await run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', ...packages]);
  if (code) throw new Failure(`pip install failed: ${reason(output, /^ERROR: /)}`);
  await writeWhole(stamp, wanted);
  return python;
}

/** The environment with all that the tests need. @returns {Promise<string>} the path of its python */
export const ensurePython = () => ensurePackages(VENV, 'pyproject.toml', ['-e', './py[dev]']);

/** The environment of py/graduate and its tests. @returns {Promise<string>} the path of its python */
export const ensureGraduate = () =>
  ensurePackages(GRADUATE, 'graduate/requirements.txt', ['-r', 'py/graduate/requirements.txt', 'pytest>=8,<10']);

await asProgram(import.meta.url, ensurePython);
