/**
 * `npm run bench`: what a training step costs. speed.py is run by the project's CPython and by the Pyodide of the page,
 * here in Node; what it times in turns is printed as ratios with their spread. `-- --json` prints the raw figures
 * instead.
 */
import { cpus, loadavg } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureRuntime, RUNTIME, startOptions } from '../../app/site/runtime.js';
import { ensurePython } from '../../app/tools/python.js';
import { asProgram, Failure, run, TOP } from '../../app/tools/tools.js';

/**
 * @typedef {{median: number, low: number, high: number}} Spread
 * @typedef {{python: string, numpy: string, torch: string | null, threads?: number}} Versions
 * @typedef {{kind: 'compare', step: string, batch: number, dims: number, seconds: Record<string, number[]>,
 *   ratios: Record<string, Spread>}} Comparison
 * @typedef {{kind: 'grow', step: string, axis: string, sizes: number[], batch?: number, dims?: number,
 *   seconds: Record<string, number[]>, exponent: Spread, exponent_top: Spread}} Growth
 * @typedef {{kind: 'words', seconds: Record<string, number[]>}} Runs
 * @typedef {{versions: Versions, tasks: (Comparison | Growth | Runs)[]}} Figures
 */

const HERE = dirname(fileURLToPath(import.meta.url));
const TORCH = 'torch==2.13.0';

/** @param {string} program @param {number} rounds @returns {Promise<Figures>} */
async function inCPython(program, rounds) {
  // PyTorch is held against NumPy on one thread; Pyodide has no more.
  const env = {
    ...process.env,
    OPENBLAS_NUM_THREADS: '1',
    VECLIB_MAXIMUM_THREADS: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONPATH: join(TOP, 'tests/py'),
  };
  const { code, output } = await run(program, [join(HERE, 'speed.py'), String(rounds)], { env });
  if (code) throw new Failure(`In CPython: ${output.trim()}`);
  // PyTorch may have said something before.
  return JSON.parse(/** @type {string} */ (output.trim().split('\n').at(-1)));
}

/** @param {number} rounds @returns {Promise<Figures>} */
async function inPyodide(rounds) {
  const { loadPyodide } = await import('pyodide');
  const python = await loadPyodide(await startOptions());
  python.mountNodeFS('/py', join(TOP, 'py'));
  python.mountNodeFS('/bench', HERE);
  python.mountNodeFS('/tests', join(TOP, 'tests/py'));
  python.runPython(
    'import sys; sys.path[:0] = ["/py", "/tests", "/bench"]; sys.dont_write_bytecode = True; import json, speed',
  );
  /** @param {string} expression */
  const value = (expression) => JSON.parse(python.runPython(`json.dumps(${expression})`));
  const tasks = [];
  for (let index = 0; index < value('len(speed.TASKS)'); index += 1) {
    const task = value(`speed.measure(${index}, ${rounds})`);
    if (task.failure) throw new Failure(`In Pyodide: ${task.failure}`);
    tasks.push(task);
    // Python holds this thread: between two tasks Ctrl+C is heard.
    await setImmediate();
  }
  return { versions: value('speed.versions()'), tasks };
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Three digits, and all of an integer's. @param {number} value */
const short = (value) => (value >= 100 ? String(Math.round(value)) : value.toPrecision(3));
/** @param {number[]} seconds */
const milliseconds = (seconds) => short(median(seconds) * 1000);
/** @param {Spread} spread */
const withSpread = ({ median: middle, low, high }) => `${short(middle)} (${short(low)} to ${short(high)})`;

/** Columns as wide as their widest cell, the first to the left. @param {string[][]} rows */
function aligned(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param {Record<string, Figures>} figures */
function machine({ CPython: { versions }, Pyodide }) {
  const torch = versions.torch ? `, PyTorch ${versions.torch} (${versions.threads} threads of its own choice)` : '';
  return (
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}, Node ${process.versions.node}; CPython ${versions.python} with NumPy ${versions.numpy}${torch}; ` +
    `Pyodide ${RUNTIME.version}, Python ${Pyodide.versions.python} with NumPy ${Pyodide.versions.numpy}`
  );
}

/** @type {[string, string][]} */
const COLUMNS = [
  ['loop', 'loop, NumPy'],
  ['floats', 'loop, floats'],
  ['torch, 1 thread', 'PyTorch, 1 thread'],
  ['torch, its threads', 'PyTorch, its threads'],
];

/** @param {Record<string, Figures>} figures */
function comparisons(figures) {
  const compared = Object.entries(figures).flatMap(([runtime, { tasks }]) =>
    tasks.filter((task) => task.kind === 'compare').map((task) => ({ runtime, ...task })),
  );
  const columns = COLUMNS.filter(([name]) => compared.some(({ ratios }) => name in ratios));
  const rows = compared.map(({ runtime, step, batch, dims, seconds, ratios }) => [
    `${runtime}  ${step}  ${batch} x ${dims}`,
    `${milliseconds(seconds.vectorised)} ms`,
    ...columns.map(([name]) => (ratios[name] ? withSpread(ratios[name]) : '-')),
  ]);
  return aligned([['batch x dimensions', 'vectorised', ...columns.map(([, title]) => title)], ...rows]);
}

/** @param {Record<string, Figures>} figures */
function growth(figures) {
  const growths = Object.entries(figures).flatMap(([runtime, { tasks }]) =>
    tasks.filter((task) => task.kind === 'grow').map((task) => ({ runtime, ...task })),
  );
  const titles = [...new Set(growths.map(({ step, axis }) => `${step} by ${axis}`))];
  return titles
    .map((title) => {
      const group = growths.filter(({ step, axis }) => `${step} by ${axis}` === title);
      const [{ sizes, batch, dims }] = group;
      const fixed = batch ? `batch ${batch}` : `${dims} dimensions`;
      return aligned([
        [`${title} (${fixed})`, ...sizes.map(String), 'exponent', 'of the top three'],
        ...group.map(({ runtime, seconds, exponent, exponent_top: top }) => [
          `  ${runtime}, ms`,
          ...sizes.map((size) => milliseconds(seconds[size])),
          withSpread(exponent),
          withSpread(top),
        ]),
      ]);
    })
    .join('\n\n');
}

/** @param {Record<string, Figures>} figures */
function wordsPage(figures) {
  const [native, ours] = [figures.CPython, figures.Pyodide].map(
    ({ tasks }) => tasks.find((task) => task.kind === 'words')?.seconds ?? {},
  );
  return aligned([
    ['words/', 'CPython', 'Pyodide', 'Pyodide over CPython'],
    ...Object.keys(native).map((name) => [
      name,
      `${short(median(native[name]))} s`,
      `${short(median(ours[name]))} s`,
      short(median(ours[name]) / median(native[name])),
    ]),
  ]);
}

await asProgram(import.meta.url, async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
  });
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new Failure(`--rounds takes a whole number above 0, not ${values.rounds}.`);
  const started = Date.now();
  const program = await ensurePython();
  await ensureRuntime();
  // On stderr: stdout holds the result alone.
  console.error('Measuring in CPython ...');
  const cpython = await inCPython(program, rounds);
  console.error('Measuring in Pyodide ...');
  /** @type {Record<string, Figures>} */
  const figures = { CPython: cpython, Pyodide: await inPyodide(rounds) };
  if (values.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  console.log(machine(figures));
  if (!cpython.versions.torch)
    console.log(
      `PyTorch is not installed, and not measured; ${relative('', program)} -m pip install ${TORCH} adds it.`,
    );
  console.log(
    `\nOne step: its time over the vectorised one's, median of ${rounds} rounds in turns, fewer where slow ` +
      '(10 % to 90 % of them); above 1 the vectorised step is faster.\n',
  );
  console.log(comparisons(figures));
  console.log('\nWhat a reader of words/ waits, of medians.\n');
  console.log(wordsPage(figures));
  console.log('\nThe vectorised step as it grows: time ~ size^exponent, fitted in each round.\n');
  console.log(growth(figures));
  console.log(`\nMeasured in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
});
