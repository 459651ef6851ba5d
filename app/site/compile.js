/**
 * Python's library, NumPy and PyScript's own Python as compiled code, so that a reader's browser need not compile them
 * on each visit. The Python that compiles is the very one that will import: Pyodide's, run by Node.
 */
import { unzipSync, zipSync } from 'fflate';

/** @typedef {import('../shared/file-pack.js').Files} Files */
/** @typedef {(source: Uint8Array, path: string) => Uint8Array} Compile */

/**
 * Counts the changes of what comes out of this module: it is part of a folder's name, whose files browsers keep for
 * ever.
 */
export const FORMAT = 2;

const SITE_PACKAGES = '/lib/python3.14/site-packages/';

/** Unchecked: whoever imports such a file asks neither for the date nor for the hash of its source. */
const COMPILER = `
import importlib._bootstrap_external

def compiled(source, path):
    code = compile(source.to_bytes(), path, "exec", dont_inherit=True)
    return importlib._bootstrap_external._code_to_hash_pyc(code, bytes(8), False)

compiled
`;

/** Pyodide's own compiler. @param {object} [options] for loadPyodide @returns {Promise<Compile>} */
export async function startCompiler(options) {
  const { loadPyodide } = await import('pyodide');
  const python = await loadPyodide(options);
  const compiled = python.runPython(COMPILER);
  return (source, path) => {
    // A plain array: Python does not take Node's Buffer.
    const proxy = compiled(new Uint8Array(source), path);
    const bytes = proxy.toJs();
    proxy.destroy();
    return bytes;
  };
}

/**
 * Modules of the standard library that have nothing to do in a page: servers, mail, other programs, their own tests.
 */
const NOT_IN_A_PAGE =
  // biome-ignore format: a list
  new RegExp(`^(${['__phello__', 'antigravity', 'ensurepip', 'ftplib', 'idlelib', 'imaplib', 'lib2to3', 'mailbox',
    'poplib', 'pty', 'site-packages', 'smtplib', 'tkinter', 'turtle', 'turtledemo', 'venv', 'wsgiref', 'xmlrpc',
    'ctypes/macholib'].join('|')})\\b`);

/** @param {string} name in python_stdlib.zip */
export const keepOfLibrary = (name) => name.endsWith('.py') && !NOT_IN_A_PAGE.test(name);

const NOT_AT_RUN_TIME =
  // biome-ignore format: a list
  new RegExp(['(^|/)(tests|_examples|_pyinstaller|f2py)/', '/(conftest|mypy_plugin)\\.py$',
    '/_(simd|operand_flag_tests|rational_tests|struct_ufunc_tests|umath_tests|multiarray_tests)\\.'].join('|'));

/** @param {string} name in NumPy's wheel: its code, its libraries, and what tells its version and licence */
export const keepOfNumpy = (name) =>
  (/\.(py|so)$/.test(name) && !NOT_AT_RUN_TIME.test(name)) || /\.dist-info\/(METADATA|licenses\/.*)$/.test(name);

/** @param {Uint8Array} zip @param {(name: string) => boolean} keep @returns {Files} */
const filesOf = (zip, keep) =>
  Object.entries(unzipSync(zip, { filter: ({ name }) => !name.endsWith('/') && keep(name) }));

/**
 * The standard library's archive with compiled modules in place of sources. Nothing in it is compressed: HTTP does
 * that better, and Python reads it faster.
 * @param {Uint8Array} zip python_stdlib.zip @param {Compile} compile
 */
export function compileLibrary(zip, compile) {
  const files = filesOf(zip, keepOfLibrary).map(([name, bytes]) => [
    `${name}c`,
    compile(bytes, `/lib/python314.zip/${name}`),
  ]);
  return zipSync(Object.fromEntries(files), { level: 0, mtime: '2026-01-01' });
}

/**
 * @param {Uint8Array} wheel
 * @param {Compile} compile
 * @returns {Files} NumPy as a page has it, modules without sources
 */
export const compileNumpy = (wheel, compile) =>
  filesOf(wheel, keepOfNumpy).map(([name, bytes]) => {
    const path = SITE_PACKAGES + name;
    return name.endsWith('.py') ? [`${path}c`, compile(bytes, path)] : [path, bytes];
  });

/**
 * @param {string} path of a module's source
 * @returns {string} where Python looks for its compiled code, and for this Python's alone
 */
export const cached = (path) => path.replace(/([^/]+)\.py$/, '__pycache__/$1.cpython-314.pyc');

/** @typedef {{[name: string]: string | Tree}} Tree Sources in folders */

/**
 * Modules without sources.
 * @param {Tree} tree @param {string} folder @param {Compile} compile
 * @returns {Files}
 */
export const compileTree = (tree, folder, compile) =>
  Object.entries(tree).flatMap(([name, inside]) => {
    const path = `${folder}/${name}`;
    if (typeof inside !== 'string') return compileTree(inside, path, compile);
    return name.endsWith('.py') ? [[`${path}c`, compile(new TextEncoder().encode(inside), path)]] : [];
  });
