/** What the set-up scripts share. Only Node's own modules: this runs before anything is installed. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const TOP = fileURLToPath(new URL('../..', import.meta.url));

/** Where downloads are kept for the next clone. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'preference-lab');

/** Something that can go wrong on a sound machine: its message is the whole report. */
export class Failure extends Error {}

/** @param {string | Uint8Array} bytes */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @param {string} path @returns {Promise<Buffer | undefined>} undefined where there is no such file */
export const readIfThere = (path) =>
  readFile(path).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** @type {Set<() => void>} What must be undone if this process ends now, by a signal too. */
const undoOnExit = new Set();

/**
 * Runs `work`, and `undo` after it: at its end, its failure, or this process's.
 * @template T
 * @param {() => void} undo
 * @param {() => Promise<T>} work
 */
async function finallyEvenOnExit(undo, work) {
  undoOnExit.add(undo);
  try {
    return await work();
  } finally {
    undoOnExit.delete(undo);
    undo();
  }
}

// The latest first: a program is stopped before the folder it writes to goes.
process.on('exit', () => [...undoOnExit].reverse().forEach((undo) => undo()));

/** Without a handler a signal would end the process before its `exit` event. */
export function exitOnSignals() {
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])) {
    process.once(signal, () => process.exit(code));
  }
}

/** @param {string} path */
const remove = (path) => rmSync(path, { recursive: true, force: true, maxRetries: 3 });

/**
 * The file appears whole or not at all: written beside its place, then renamed.
 * @param {string} path
 * @param {string | Uint8Array} bytes
 */
export async function writeWhole(path, bytes) {
  const part = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  await finallyEvenOnExit(
    () => remove(part),
    async () => {
      await writeFile(part, bytes);
      await rename(part, path);
    },
  ).catch((error) => {
    throw Object.assign(error, { path });
  });
}

/**
 * A folder that is gone afterwards, whatever happens.
 * @template T
 * @param {string} parent
 * @param {(folder: string) => Promise<T>} use
 */
export async function withTemporaryFolder(parent, use) {
  await mkdir(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, '.part-'));
  return finallyEvenOnExit(
    () => remove(folder),
    () => use(folder),
  );
}

/**
 * Runs a program to its end; it is stopped if this process ends first.
 * @param {string} program
 * @param {string[]} args
 * @param {{env?: NodeJS.ProcessEnv, cwd?: string, show?: boolean}} [options] show: its output goes to the terminal, not
 *   to the result
 * @returns {Promise<{code: number, output: string}>} code 127 where there is no such program
 */
export function run(program, args, { env = process.env, cwd = TOP, show = false } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
  return finallyEvenOnExit(
    () => child.kill(),
    () => ended,
  );
}

/** What npm, pip, apt-get and Playwright say for the two commonest reasons. @type {[RegExp, string][]} */
const COMMON_REASONS = [
  [/ENOSPC|No space left/i, 'no space left on the disk'],
  [
    // biome-ignore format: a list
    new RegExp(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'NewConnectionError',
      'ConnectTimeout', 'ProxyError', 'name resolution', 'Could not resolve'].join('|'), 'i'),
    'its server cannot be reached',
  ],
];

/**
 * Why a program failed, as one line: from the lines of its output that `telling` matches, without the match.
 * @param {string} output
 * @param {RegExp} telling
 */
export function reason(output, telling) {
  const common = COMMON_REASONS.find(([pattern]) => pattern.test(output));
  if (common) return common[1];
  const lines = output
    .split('\n')
    .filter((line) => telling.test(line))
    .map((line) => line.replace(telling, '').trim());
  const chosen = lines.length ? lines : output.trim().split('\n').slice(-1);
  return [...new Set(chosen)].slice(0, 3).join('; ').slice(0, 300) || 'it said nothing';
}

/** npm's own patience is two minutes and more for each package. */
const NPM_OPTIONS = [
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

/** Runs one of npm's commands with the npm that started us, if one did. @param {string[]} args @param {string} [cwd] */
export async function npm(args, cwd) {
  const started = process.env.npm_execpath;
  const options = [...args, ...NPM_OPTIONS];
  const { code, output } = await (started
    ? run(process.execPath, [started, ...options], { cwd })
    : run('npm', options, { cwd }));
  if (code) throw new Failure(`npm ${args[0]} failed: ${reason(output, /^npm (?:error|ERR!) (?!A complete log)/)}`);
}

/** @type {Record<string, string>} */
const SYSTEM_FAILURES = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission',
  EROFS: 'the disk is read-only',
};

/** @param {unknown} error @returns {string | undefined} one line for an expected failure */
export function explain(error) {
  if (error instanceof Failure) return error.message;
  const { message, path } = /** @type {NodeJS.ErrnoException} */ (error);
  // Vite puts such errors into a message of its own.
  const code = /\b(E[A-Z]+): /.exec(message)?.[1] ?? '';
  return SYSTEM_FAILURES[code] && `${path ?? 'The set-up'}: ${SYSTEM_FAILURES[code]}. Nothing half-written was left.`;
}

/**
 * Runs `main` if the module is the program that was started; an expected failure is one line, not a stack trace.
 * @param {string} moduleUrl the module's import.meta.url
 * @param {() => Promise<unknown>} main
 */
export async function asProgram(moduleUrl, main) {
  const [, started = ''] = process.argv;
  if (!existsSync(started) || realpathSync(started) !== fileURLToPath(moduleUrl)) return;
  exitOnSignals();
  try {
    await main();
  } catch (error) {
    const line = explain(error);
    if (!line) throw error;
    console.error(line);
    process.exitCode = 1;
  }
}
