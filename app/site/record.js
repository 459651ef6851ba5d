/**
 * Runs the lesson once, on the very Pyodide and NumPy that the reader's browser will run, and writes down what each
 * block prints and draws: static/recorded/lesson.json for the build, and static/recorded/<block>.json for the page.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { addEvent } from '../output/output-items.js';
import { withAllNeeded } from '../tab/lesson/graph.js';
import { asProgram, Failure, readIfThere, run, TOP, writeWhole } from '../tools/tools.js';
import { citations, readLesson } from './cells.js';
import { addClaims, addEvidence } from './claims.js';
import { pythonFiles } from './python-files.js';
import { ensureRuntime, RUNTIME, startOptions } from './runtime.js';

/**
 * @typedef {import('../output/output-items.js').Item} Item
 * @typedef {import('../shared/protocol.js').Names} Names
 * @typedef {object} Recording
 * @property {string} hash of all that it depends on
 * @property {Record<string, string>} sources the code that ran, by block
 * @property {Record<string, Item[]>} items what it put out
 * @property {Record<string, Names>} names
 * @property {Record<string, Item[]>} solutions what each worked answer put out
 * @property {Record<string, string>} figures by the expressions that prose cites
 * @property {Record<string, string[]>} [claims] sentences of the prose that a block shows to hold
 * @property {Record<string, {code: string, measured: string[]}[]>} [evidence] of the claims, in their order
 * @property {Record<string, {hints: string[], needs: string[]}>} [exercises]
 */

const RECORDED = join(TOP, 'static/recorded');
const CHAPTERS = 'py/lessons/chapters';
const RECORDING = join(RECORDED, 'lesson.json');

/** Runs blocks with the page's own runner and collects their events. */
const RECORDER = `
import json
from lessons import claims
from lessons.exercises import EXERCISES
from words.exercises import EXERCISES as OF_WORDS
from lessons.block_globals import GIVEN
from runtime.dependencies import names
from runtime.runner import Runner

events = []

def begin():
    global runner
    runner = Runner(events.append, GIVEN)

begin()

async def record(block, source):
    events.clear()
    await runner.run(0, block, source)
    return json.dumps({"events": events, "names": names(source)})

async def record_aside(block, source):
    """A solution must not change what the blocks after it find."""
    before = dict(runner.namespace)
    recorded = await record(block, source)
    runner.namespace.clear()
    runner.namespace.update(before)
    return recorded

def claimed():
    said = json.dumps(claims.claimed)
    claims.claimed.clear()
    return said

def evidence():
    said = json.dumps(claims.shown)
    claims.shown.clear()
    return said

def names_of(source):
    return json.dumps(names(source))

def exercises():
    return json.dumps({block: {"hints": of.hints, "needs": of.needs} for block, of in (EXERCISES | OF_WORDS).items()})

def figure(expression):
    return eval(f'f"""{{{expression}}}"""', runner.namespace)
`;

/** Python with the lesson's runtime, and the functions above. */
export async function startPython() {
  const { loadPyodide } = await import('pyodide');
  // A build that goes well says nothing.
  const python = await loadPyodide({ ...(await startOptions()), stdout: () => {}, stderr: () => {} });
  python.mountNodeFS('/py', join(TOP, 'py'));
  python.runPython('import sys; sys.path.insert(0, "/py"); sys.dont_write_bytecode = True');
  python.runPython(RECORDER);
  return python;
}

/**
 * What a block gives and names.
 * @param {any} python from `startPython`
 * @param {'record' | 'record_aside'} how
 * @param {string} id
 * @param {string} source
 * @returns {Promise<{items: Item[], names: Names}>}
 */
export async function outcome(python, how, id, source) {
  const { events, names } = JSON.parse(await python.globals.get(how)(id, source));
  const error = events.find((/** @type {{type: string}} */ event) => event.type === 'error');
  if (error) throw new Failure(`The lesson's block "${id}" fails:\n${error.text}`);
  return { items: events.reduce(addEvent, []), names };
}

/**
 * Pages that are recorded beside the others, in a thread with a Python of its own: they need next to nothing of them,
 * and take as long.
 */
export const BESIDE = ['words/'];

/** @typedef {Omit<Recording, 'hash'>} Recorded */

/**
 * What the blocks of some pages give. What these need of other pages runs first, unseen, as in the reader's browser.
 * @param {(page: string) => boolean} isMine
 * @returns {Promise<Recorded>}
 */
export async function record(isMine) {
  const python = await startPython();
  const cells = await readLesson();
  /** @type {Recorded} */
  const recording = {
    items: {},
    sources: {},
    solutions: {},
    names: {},
    figures: {},
    claims: {},
    evidence: {},
    exercises: JSON.parse(python.globals.get('exercises')()),
  };

  /** @param {'record' | 'record_aside'} how @param {string} id @param {string} source */
  const run = (how, id, source) => outcome(python, how, id, source);

  const blocks = cells.flatMap(({ kind, id }) => (kind === 'block' ? [id] : []));
  const needs = neededElsewhere(cells, isMine, (source) => JSON.parse(python.globals.get('names_of')(source)));
  let above = '';
  for (const { kind, id, source, page } of cells) {
    if (!isMine(page)) {
      if (kind === 'block' && needs.has(id)) await run('record', id, source);
      continue;
    }
    if (kind === 'block') {
      above = id;
      recording.sources[id] = source;
      ({ items: recording.items[id], names: recording.names[id] } = await run('record', id, source));
    }
    if (kind === 'evidence') {
      await run('record', 'evidence', source);
      const said = JSON.parse(python.globals.get('claimed')());
      addClaims(recording.claims ?? {}, said, above, blocks);
      addEvidence(recording.evidence ?? {}, said, JSON.parse(python.globals.get('evidence')()), above);
    }
    if (kind === 'solution') recording.solutions[id] = (await run('record_aside', id, source)).items;
  }
  // Last, so that prose may cite what comes below it.
  const prose = cells.filter(({ kind, page }) => kind === 'prose' && isMine(page));
  for (const expression of prose.flatMap(({ source }) => citations(source))) {
    try {
      recording.figures[expression] = python.globals.get('figure')(expression);
    } catch (error) {
      throw new Failure(
        `The figure {{ ${expression} }} in the prose fails: ${String(error).trim().split('\n').at(-1)}`,
      );
    }
  }
  return recording;
}

/**
 * The blocks of other pages that some pages need.
 * @param {import('./cells.js').Cell[]} cells
 * @param {(page: string) => boolean} isMine
 * @param {(source: string) => Names} namesOf
 * @returns {Set<string>}
 */
function neededElsewhere(cells, isMine, namesOf) {
  const blocks = cells.filter(({ kind }) => kind === 'block').map((cell) => ({ ...cell, names: namesOf(cell.source) }));
  const [mine, others] = [true, false].map((own) =>
    blocks.filter(({ page }) => isMine(page) === own).map(({ id }) => id),
  );
  const all = withAllNeeded(blocks, mine);
  return new Set(others.filter((id) => all.has(id)));
}

/** `record` of the pages that are recorded beside the others. @returns {Promise<Recorded>} */
const recordBeside = () =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./record-beside.js', import.meta.url));
    thread.once('message', resolve);
    thread.once('error', (error) => reject(new Failure(error.message)));
  });

/** All pages. @returns {Promise<Recorded>} */
async function recordPages() {
  const [first, second] = await Promise.all([record((page) => !BESIDE.includes(page)), recordBeside()]);
  const both = Object.keys(first).map((key) => {
    const of = /** @type {keyof Recorded} */ (key);
    return [key, { ...first[of], ...second[of] }];
  });
  return /** @type {Recorded} */ (Object.fromEntries(both));
}

/** A hash of all that the recorded outputs depend on. */
async function inputs() {
  const chapters = (await readdir(join(TOP, CHAPTERS)))
    .filter((name) => name.endsWith('.py'))
    .map((name) => join(CHAPTERS, name))
    .sort();
  const python = (await pythonFiles()).map((name) => join('py', name));
  const hash = createHash('sha256').update(RUNTIME.version);
  for (const path of [
    ...chapters,
    ...python,
    'app/output/kinds.js',
    'app/output/output-items.js',
    'app/site/record.js',
    'app/site/record-beside.js',
    'app/site/cells.js',
    'app/site/claims.js',
    'app/site/pages.js',
  ]) {
    hash
      .update(path)
      .update('\0')
      .update(await readFile(join(TOP, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** The latest recording, be it of these sources or of others. @returns {Promise<Recording | undefined>} */
export const lastRecording = async () => JSON.parse(String((await readIfThere(RECORDING)) ?? 'null')) ?? undefined;

/** The recording of these very sources, if there is one. @returns {Promise<Recording | undefined>} */
export async function knownRecording() {
  const known = await lastRecording();
  return known?.hash === (await inputs()) ? known : undefined;
}

/** @type {Promise<Recording> | undefined} */
let recording;

/**
 * Records the lesson unless that was done for the same sources. In a process of its own: whoever waits for it can build
 * meanwhile what does not depend on it.
 * @returns {Promise<Recording>}
 */
export const ensureRecorded = () =>
  (recording ??= (async () => {
    const known = await knownRecording();
    if (known) return known;
    console.log('Recording what each block gives ...');
    const { code, output } = await run(process.execPath, [fileURLToPath(import.meta.url)]);
    const made = code === 0 ? await knownRecording() : undefined;
    if (!made) throw new Failure(`The lesson could not be recorded:\n${output.trim()}`);
    return made;
  })());

async function recordAll() {
  if (await knownRecording()) return;
  const hash = await inputs();
  const recording = { hash, ...(await recordPages()) };
  await mkdir(RECORDED, { recursive: true });
  for (const [id, items] of Object.entries(recording.items)) {
    await writeWhole(join(RECORDED, `${id}.json`), JSON.stringify(items));
  }
  await writeWhole(RECORDING, JSON.stringify(recording));
}

await asProgram(import.meta.url, async () => {
  await ensureRuntime();
  await recordAll();
});
