/**
 * `npm test`: sets up what the tests need and runs them all.
 * `npm test -- web` runs one part (check, py, app, build, web, firefox, webkit); what follows goes to its runner:
 * `npm test -- py -k dpo`. The part graduate fetches torch and TRL: it is run when it is named, and by
 * `npm test -- all`, which runs everything.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureNodeModules } from '../app/tools/install.js';
import { ensureGraduate, ensurePython } from '../app/tools/python.js';
import { asProgram, Failure, readIfThere, run, TOP } from '../app/tools/tools.js';
import { countTests, failures, summary } from './counts.js';

/** Ruff and pytest take the paths in pyproject.toml, and the modules to import, from where they run. */
const PY = join(TOP, 'py');
const RESULTS = join(TOP, 'test-results');
const report = (/** @type {string} */ part) => join(RESULTS, `${part}.xml`);

// Two processes of Python run side by side: with threads of its own each NumPy would wait for the other's.
process.env.OPENBLAS_NUM_THREADS ??= '1';

/** @typedef {{program: string, args: string[], cwd?: string}} Command */

/** @param {...string} args @returns {Command} */
const node = (...args) => ({ program: process.execPath, args });

/** @param {string} part @param {string[]} rest */
const nodeTests = (part, rest) =>
  node(
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=junit',
    `--test-reporter-destination=${report(part)}`,
    ...rest,
  );

/** @param {string} part @param {string[]} rest */
function browserTests(part, rest) {
  process.env.REPORT = report(part);
  return node('node_modules/@playwright/test/cli.js', 'test', '--config', 'tests/playwright.config.js', ...rest);
}

/** Node 20 takes no patterns of names. */
async function unitTests() {
  const names = await readdir(join(TOP, 'tests/app'), { recursive: true });
  return names.filter((name) => name.endsWith('.test.js')).map((name) => join('tests/app', name));
}

/** @type {Set<string>} */
const failedParts = new Set();

/**
 * A browser that is missing is left out on a reader's machine, with a word on what to install; in CI it is an error.
 * @param {typeof import('./browsers.js').ensure} ensure @param {import('./browsers.js').Browser} browser
 */
async function here(ensure, browser) {
  const missing = await ensure(browser);
  if (missing && process.env.CI) throw new Failure(missing);
  if (missing) console.log(`Left out: ${missing}.`);
  return !missing;
}

/** Parts that run at once would otherwise make the same environment at once. @type {Promise<string> | undefined} */
let python;
const ownPython = () => (python ??= ensurePython());

/** @type {Record<string, (rest: string[]) => Promise<Command[]>>} What each part prepares, and then runs */
const PARTS = {
  async check() {
    const program = await ownPython();
    const ruff = { program, args: ['-m', 'ruff', 'check', '--config', 'pyproject.toml', '.', '../tests'], cwd: PY };
    const biome = node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.');
    return [node('node_modules/typescript/bin/tsc', '-p', 'app/jsconfig.json'), biome, ruff];
  },
  async py(rest) {
    const program = await ownPython();
    return [
      {
        program,
        // A file goes to one process: what it sets up for many tests is set up once.
        args: [
          '-m',
          'pytest',
          '-c',
          'pyproject.toml',
          '-n=2',
          '--dist=loadfile',
          `--junitxml=${report('py')}`,
          ...rest,
          '../tests/py',
        ],
        cwd: PY,
      },
    ];
  },
  async app(rest) {
    return [nodeTests('app', [...rest, ...(await unitTests())])];
  },
  async build() {
    return [node('app/tools/start.js', '--build')];
  },
  async web(rest) {
    // The lesson's download is run there.
    await ownPython();
    const { chromiumPath } = await import('./browsers.js');
    process.env.CHROMIUM_PATH = await chromiumPath();
    return [browserTests('web', ['--project=Chromium', '--project=Chromium, by touch', ...rest])];
  },
  async firefox(rest) {
    const { ensure, FIREFOX } = await import('./browsers.js');
    if (!(await here(ensure, FIREFOX))) return [];
    return [browserTests('firefox', [`--project=${FIREFOX.name}`, ...rest])];
  },
  async webkit(rest) {
    const { ensure, WEBKIT } = await import('./browsers.js');
    if (!(await here(ensure, WEBKIT))) return [];
    return [nodeTests('webkit', [...rest, 'tests/webkit/webkit.test.js'])];
  },
  async graduate(rest) {
    const program = await ensureGraduate();
    const options = ['-c', 'pyproject.toml', `--junitxml=${report('graduate')}`, '--durations=5'];
    return [{ program, args: ['-m', 'pytest', ...options, ...rest, '../tests/graduate'], cwd: PY }];
  },
};

/** These are run when they are named, or all. */
const APART = ['graduate'];

/** These look at the page that was built. */
const OF_THE_PAGE = ['web', 'firefox', 'webkit'];

/** These measure no time: what one leaves of the cores, the other takes. */
const TOGETHER = ['check', 'py', 'app', 'build'];

/**
 * @param {string} part
 * @param {string[]} rest
 * @param {boolean} show whether it is heard while it runs
 * @returns {Promise<boolean>}
 */
async function passes(part, rest, show) {
  const started = Date.now();
  if (show) console.log(`\n== ${part} ==`);
  let passed = true;
  try {
    if (OF_THE_PAGE.includes(part) && failedParts.has('build'))
      throw new Failure('Not run: the page could not be built.');
    for (const { program, args, cwd } of await PARTS[part](rest)) {
      const { code, output } = await run(program, args, { cwd, show });
      if (!show) console.log(`\n== ${part} ==\n${output}`);
      passed &&= code === 0;
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(error.message);
    passed = false;
  }
  console.log(`== ${part}: ${passed ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s ==`);
  return passed;
}

/** @param {string[]} args */
function choose([part, ...rest]) {
  const all = Object.keys(PARTS);
  if (part === undefined) return { parts: all.filter((name) => !APART.includes(name)), rest };
  if (part === 'all') return { parts: all, rest };
  if (!(part in PARTS)) throw new Failure(`There is no part ${part}: choose one of ${all.join(', ')}, or all.`);
  return { parts: OF_THE_PAGE.includes(part) ? ['build', part] : [part], rest };
}

await asProgram(import.meta.url, async () => {
  const { parts, rest } = choose(process.argv.slice(2));
  await ensureNodeModules();
  await rm(RESULTS, { recursive: true, force: true });
  await mkdir(RESULTS);

  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failed = [];
  /** @type {Map<string, Promise<boolean>>} */
  const begun = new Map();
  const together = parts.filter((part) => TOGETHER.includes(part));
  if (together.length > 1) {
    console.log(`${together.join(', ')}: at once`);
    // The build may need the environment, too. What is missing is said by each part.
    await ownPython().catch(() => {});
    for (const part of together) begun.set(part, passes(part, rest, false));
  }
  for (const part of parts) {
    const passed = await (begun.get(part) ?? passes(part, rest, true));
    const xml = String((await readIfThere(report(part))) ?? '');
    const counts = countTests(xml);
    for (const { name, said } of failures(xml))
      failed.push(`\n  ${part}: ${name}`, ...said.map((line) => `    ${line}`));
    // A part that fails without naming a test counts as one.
    if (!passed && !counts.failed) counts.failed = 1;
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) total[key] += counts[key];
    if (!passed) failedParts.add(part);
  }

  // Whoever reads only the end of a long log learns which, and why.
  console.log(failedParts.size ? `\nFailed: ${[...failedParts].join(', ')}` : '');
  for (const line of failed) console.log(line);
  if (process.argv.length < 3)
    console.log('Not run: py/graduate on real trainers. npm test -- graduate runs it, and fetches 1.5 GB once.');
  console.log(summary(total));
  process.exitCode = failedParts.size ? 1 : 0;
});
