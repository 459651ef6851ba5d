import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dedent,
  modulesFor,
  needsThePage,
  notebookFile,
  plainMarkdown,
  pythonFile,
  saidOfUnreadable,
  unreadable,
} from '../../app/shared/export.js';
import { citations, readLesson } from '../../app/site/cells.js';
import { takeAlong } from '../../app/site/takeaway.js';

const cells = await readLesson();
const figures = Object.fromEntries(
  cells.flatMap(({ source }) => citations(source)).map((expression) => [expression, '1']),
);
const lesson = await takeAlong(cells, figures);
const blocks = cells.filter(({ kind }) => kind === 'block');

test('both files hold every block once, in order', () => {
  const notebook = JSON.parse(notebookFile(lesson));
  const ids = notebook.cells.map((/** @type {any} */ { id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(
    ids.filter((/** @type {string} */ id) => blocks.some((block) => block.id === id)),
    blocks.map(({ id }) => id),
  );
  const file = pythonFile(lesson);
  let at = 0;
  for (const { id, source } of blocks) {
    const found = file.indexOf(`# %% id="${id}"\n${source}\n`, at);
    assert.ok(found >= at, id);
    at = found;
    assert.equal(notebook.cells.find((/** @type {any} */ cell) => cell.id === id).source.join(''), source);
  }
});

test('the code of now takes the place of the original, and is marked', () => {
  const sources = new Map([['policy', 'mine = """\\n"""\n# a quote \' and a \\']]);
  const notebook = JSON.parse(notebookFile(lesson, sources));
  assert.equal(
    notebook.cells.find((/** @type {any} */ cell) => cell.id === 'policy').source.join(''),
    sources.get('policy'),
  );
  assert.match(notebook.cells[0].source.join(''), /with your edits of 1 block\b/);
  assert.match(pythonFile(lesson, sources), /\(edited\)\n\n# %% id="policy"\nmine = /);
});

test('a module that an edit imports comes along, after those that it needs', () => {
  const sources = new Map([['policy', 'from preflab import (\n    stationary,\n)\n']]);
  const file = pythonFile(lesson, sources);
  const at = ['preflab.numeric', 'preflab.stationary'].map((name) => file.indexOf(`load("${name}"`));
  assert.ok(at[0] > 0 && at[0] < at[1] && at[1] < file.indexOf('# %% id="policy"'));
  assert.equal(file.split('load("preflab.stationary"').length, 2);
  assert.doesNotMatch(pythonFile(lesson), /load\("preflab\.stationary"/);
});

test('imports are found in each form', () => {
  const modules = { 'preflab.kl': '', 'preflab.ppo': 'from preflab.kl import k3', 'runtime.figures': '' };
  assert.deepEqual(modulesFor('import preflab.kl as k', modules), ['preflab.kl']);
  assert.deepEqual(modulesFor('from preflab import numeric, ppo', modules), ['preflab.kl', 'preflab.ppo']);
  assert.deepEqual(modulesFor('from runtime.figures import line', modules), ['runtime.figures']);
  assert.deepEqual(modulesFor('from preflab import numeric\nppo = 1', modules), []);
});

test('boxes, checks and headings become plain Markdown', () => {
  assert.equal(
    plainMarkdown('## A {#a}\n\n::: key-insight One\ntext\n\nmore\n:::\nafter\n::: check Why?\nso\n:::'),
    '<a id="a"></a>\n\n## A\n\n> **Key insight: One**\n>\n> text\n>\n> more\n\nafter\n' +
      '<details><summary><b>Quick check:</b> Why?</summary>\n\nso\n\n</details>',
  );
  assert.equal(plainMarkdown('before\n\n::: picture a b\ntext\n:::\n\nafter'), 'before\n\nafter');
  for (const { kind, source } of lesson.cells)
    if (kind === 'prose') assert.doesNotMatch(plainMarkdown(source), /:::|\{#|\{\{/);
});

test('code that was pasted with a margin loses it, as textwrap.dedent has it', () => {
  assert.equal(dedent('    a = 1\n\n      b\n   \n'), 'a = 1\n\n  b\n\n');
  assert.equal(dedent('\ta\n\t\tb'), 'a\n\tb');
  assert.equal(dedent('\ta\n    b'), '\ta\n    b');
  assert.equal(dedent('a\n  b'), 'a\n  b');
  const sources = new Map([['policy', '    x = 1\n    y = 2']]);
  assert.match(pythonFile(lesson, sources), /# %% id="policy"\nx = 1\ny = 2\n/);
  assert.match(notebookFile(lesson, sources), /"x = 1\\n",\s+"y = 2"/);
});

for (const [needs, source] of /** @type {const} */ ([
  [true, 'await f()'],
  [true, 'x = [await f() for f in fs]'],
  [true, 'async with a as b: pass'],
  [true, 'if x:\n    async for i in y:\n        pass'],
  [true, 'async def f():\n    await g()\n\nawait f()'],
  [true, 'print(f"{await f()}")'],
  [true, 'from __future__ import annotations'],
  [false, 'async def f():\n    await g()\n\n    async for i in x: pass\nprint("await")'],
  [false, 'async def f(): await g()'],
  [false, 'x = 1  # await it\ny = """\nawait\n"""'],
  [false, 'awaited = 1'],
])) {
  test(`${needs ? 'only the page can run' : 'a file can hold'} ${JSON.stringify(source)}`, () => {
    assert.equal(needsThePage(source), needs);
  });
}

test('no block of the lesson needs the page', () => {
  assert.deepEqual(
    blocks.filter(({ source }) => needsThePage(source)),
    [],
  );
  assert.doesNotMatch(pythonFile(lesson), /run_block/);
});

test('blocks that Python cannot read are named before the file is saved', async () => {
  const sources = new Map([
    ['policy', 'x = ('],
    ['preferences', 'y = 1'],
    ['reward-model', 'z = )'],
  ]);
  const names = async (/** @type {string} */ source) => (/[()]/.test(source) ? null : { defines: [], uses: [] });
  const found = await unreadable(lesson, sources, names);
  assert.deepEqual(
    found.map(({ id }) => id),
    ['reward-model', 'policy'],
  );
  assert.equal(
    saidOfUnreadable(found),
    `Python cannot read the code of “${found[0].title}” and “${found[1].title}”: ` +
      'the file will run as far as that, and then say why it stops.',
  );
  assert.equal(saidOfUnreadable([]), '');
  assert.deepEqual(await unreadable(lesson, sources, async () => undefined), []);
});

test('controls are comments of the code, which a notebook shows as a form', () => {
  const edited =
    'beta = 0.35  # @param {type:"slider", min:0.25, max:2, step:0.05}\nm = "DPO"  # @param ["PPO", "DPO"]';
  const sources = new Map([['playground', edited]]);
  const { cells, nbformat } = JSON.parse(notebookFile(lesson, sources));
  const cell = cells.find((/** @type {any} */ { id }) => id === 'playground');
  assert.deepEqual(cell, {
    cell_type: 'code',
    id: 'playground',
    metadata: cell.metadata,
    execution_count: null,
    outputs: [],
    source: edited.split(/(?<=\n)/),
  });
  assert.equal(nbformat, 4);
  assert.ok(pythonFile(lesson, sources).includes(edited));
  const original = blocks.find(({ id }) => id === 'playground')?.source ?? '';
  assert.ok(original.split('# @param').length > 4);
  assert.ok(pythonFile(lesson).includes(original));
});
