/** A Python environment of our own in .venv, with what py/pyproject.toml names for work. Only Node's own modules. */

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asProgram, Failure, readIfThere, reason, run, sha256, TOP, writeWhole } from './tools.js';

const OLDEST_PYTHON = [3, 11];
const VENV = join(TOP, '.venv');
const PYTHON = join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const STAMP = join(VENV, '.installed');

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
export async function ensureVenv() {
  if (existsSync(PYTHON) && (await isNewEnough(PYTHON))) return PYTHON;
  const python = await findPython();
  const { code, output } = await run(python, ['-m', 'venv', '--clear', VENV]);
  if (code) {
    // What is there has no pip and would pass for an environment next time.
    await rm(VENV, { recursive: true, force: true });
    throw new Failure(
      /ensurepip is not\s+available|No module named venv/.test(output)
        ? `${python} cannot make virtual environments: install Debian's package python3-venv, or your system's like`
        : `${python} -m venv failed: ${reason(output, /^Error: /)}`,
    );
  }
  return PYTHON;
}

/** The environment with all that the tests need. @returns {Promise<string>} the path of its python */
export async function ensurePython() {
  const python = await ensureVenv();
  const wanted = sha256(await readFile(join(TOP, 'py/pyproject.toml')));
  if (String(await readIfThere(STAMP)) === wanted) return python;
  console.log('Installing the Python packages into .venv ...');
  const { code, output } = await run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', '-e', './py[dev]']);
  if (code) throw new Failure(`pip install failed: ${reason(output, /^ERROR: /)}`);
  await writeWhole(STAMP, wanted);
  return python;
}

await asProgram(import.meta.url, ensurePython);
