import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { pack, unpack } from '../../app/shared/file-pack.js';
import {
  cached,
  compileLibrary,
  compileNumpy,
  compileTree,
  keepOfLibrary,
  keepOfNumpy,
  startCompiler,
} from '../../app/site/compile.js';
import { ensureRuntime, startOptions } from '../../app/site/runtime.js';

/** Stands in for Python's: says what it was given. @type {import('../../app/site/compile.js').Compile} */
const compile = (source, path) => strToU8(`${path}: ${strFromU8(source)}`);

test('a pack gives back what went in', () => {
  /** @type {import('../../app/shared/file-pack.js').Files} */
  const files = [
    ['/a.py', strToU8('one\ntwo')],
    ['/leer', new Uint8Array()],
    ['/ü.pyc', new Uint8Array([10, 0, 255])],
  ];
  assert.deepEqual(unpack(pack(files)), files);
});

test('what a page may import stays, what it cannot use goes', () => {
  const kept = [
    'statistics.py',
    'json/decoder.py',
    'sqlite3/dbapi2.py',
    '_pyrepl/pager.py',
    'turtles.py',
    'pyodide/code.py',
  ];
  const dropped = ['turtle.py', 'wsgiref/util.py', 'site-packages/README.txt', 'tomllib/mypy.ini', 'xmlrpc/client.py'];
  assert.deepEqual([...kept, ...dropped].filter(keepOfLibrary), kept);
});

test("NumPy's code, libraries, version and licences stay", () => {
  const kept = [
    'numpy/__init__.py',
    'numpy/random/mtrand.cpython-314-wasm32-emscripten.so',
    'numpy/testing/__init__.py',
    'numpy/typing/__init__.py',
    'numpy-2.4.3.dist-info/METADATA',
    'numpy-2.4.3.dist-info/licenses/numpy/LICENSE.txt',
  ];
  const dropped = [
    'numpy/__init__.pyi',
    'numpy/_core/tests/test_umath.py',
    'numpy/_core/_umath_tests.cpython-314-wasm32-emscripten.so',
    'numpy/_core/include/numpy/ndarraytypes.h',
    'numpy/f2py/__init__.py',
    'numpy/_core/lib/libnpymath.a',
    'numpy-2.4.3.dist-info/RECORD',
  ];
  assert.deepEqual([...kept, ...dropped].filter(keepOfNumpy), kept);
});

test('the library is an archive of compiled modules that does not compress them again', () => {
  const zip = compileLibrary(
    zipSync({ json: { '__init__.py': strToU8('x = 1'.repeat(100)) }, 'turtle.py': strToU8('') }),
    compile,
  );
  assert.deepEqual(
    Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, strFromU8(bytes)]),
    [['json/__init__.pyc', `/lib/python314.zip/json/__init__.py: ${'x = 1'.repeat(100)}`]],
  );
  assert.ok(zip.length > 500);
});

test('compiled code stands in place of a source, or beside it', () => {
  const site = '/lib/python3.14/site-packages';
  assert.deepEqual(
    compileNumpy(zipSync({ numpy: { 'a.py': strToU8('1'), 'b.so': strToU8('2') } }), compile).map(([path, bytes]) => [
      path,
      strFromU8(bytes),
    ]),
    [
      [`${site}/numpy/a.pyc`, `${site}/numpy/a.py: 1`],
      [`${site}/numpy/b.so`, '2'],
    ],
  );
  assert.equal(cached('/home/pyodide/runtime/runner.py'), '/home/pyodide/runtime/__pycache__/runner.cpython-314.pyc');
  assert.deepEqual(
    compileTree({ p: { 'a.py': '1', sub: { 'b.py': '2' }, 'c.txt': '' } }, '/home', compile).map(([path]) => path),
    ['/home/p/a.pyc', '/home/p/sub/b.pyc'],
  );
});

test('the compiled files start a Python that has NumPy, the standard library, and true line numbers', async () => {
  await ensureRuntime();
  const { loadPyodide } = await import('pyodide');
  const python = await loadPyodide(await startOptions());
  const said = python.runPython(`
import csv, dataclasses, importlib, importlib.metadata, itertools, json, statistics, sys, traceback
import numpy as np, numpy.fft, numpy.linalg, numpy.ma, numpy.polynomial, numpy.testing, numpy.typing

try:
    json.loads("{")
except ValueError as error:
    frame = traceback.extract_tb(error.__traceback__)[-1]
json.dumps([importlib.metadata.version("numpy"), np.__file__, json.__file__,
    frame.filename, frame.lineno > 300, np.mean.__doc__.split()[0]])
`);
  assert.deepEqual(JSON.parse(said), [
    '2.4.3',
    '/lib/python3.14/site-packages/numpy/__init__.pyc',
    '/lib/python314.zip/json/__init__.pyc',
    '/lib/python314.zip/json/decoder.py',
    true,
    'Compute',
  ]);

  // Its own compiler writes what its own import takes for granted, source or not.
  const compiled = await startCompiler(await startOptions());
  const path = '/home/pyodide/probe.py';
  python.FS.mkdirTree('/home/pyodide/__pycache__');
  python.FS.writeFile(cached(path), compiled(strToU8('value = 42'), path));
  python.FS.writeFile(path, 'value = "the source was compiled again"');
  assert.equal(python.runPython('import probe; probe.value'), 42);
});
