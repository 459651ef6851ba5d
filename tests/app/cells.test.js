import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citations, cite, parseCells, readLesson } from '../../app/site/cells.js';
import { highlight, renderLesson } from '../../app/site/page.js';

const FILE = `# %% Outside only="python"
import sys

# %% [markdown]
# ## Title {#title}
#
# Text with $x^2$ and {{ 1 + 1:.1f }}.

# %% First block id="first"
x = 1 < 2

print(x)

# %% An answer solution="first"
x = 2
`;

/** @param {string[]} prose lines of Markdown */
const proseCells = (...prose) => parseCells(`# %% [markdown]\n${prose.map((line) => `# ${line}`).join('\n')}`);

/** @type {import('../../app/site/record.js').Recording} */
const RECORDING = {
  hash: '',
  items: {
    first: [
      { kind: 'text', stream: 'stdout', text: 'a < b\n' },
      {
        kind: 'chart',
        slot: 'curve',
        data: { data: [], layout: { meta: { title: 'A <curve>', summary: 'It rises.', panels: 2 } } },
      },
    ],
  },
  solutions: { first: [{ kind: 'text', stream: 'stdout', text: '2\n' }] },
  names: { first: { defines: ['x'], uses: [] } },
  figures: { '1 + 1:.1f': '2.0' },
};

/** @param {import('../../app/site/cells.js').Cell[]} cells */
const render = (cells) => renderLesson(cells, RECORDING).lesson;

test('a percent file is read as cells', () => {
  assert.deepEqual(parseCells(FILE), [
    { kind: 'outside', id: '', title: 'Outside', source: 'import sys' },
    { kind: 'prose', id: '', title: '', source: '## Title {#title}\n\nText with $x^2$ and {{ 1 + 1:.1f }}.' },
    { kind: 'block', id: 'first', title: 'First block', source: 'x = 1 < 2\n\nprint(x)' },
    { kind: 'solution', id: 'first', title: 'An answer', source: 'x = 2' },
  ]);
});

test('a cell that says nothing of itself is a mistake', () => {
  assert.throws(() => parseCells('# %% Lost\nx = 1'), /A cell needs/);
  assert.throws(() => parseCells('x = 1\n# %% [markdown]'), /before the first cell/);
});

test('prose cites figures by expression', () => {
  assert.deepEqual(citations('{{ a:.2f }} and {{b}}'), ['a:.2f', 'b']);
  assert.equal(cite('{{ a:.2f }} and {{b}}', { 'a:.2f': '1.50', b: '$&' }), '1.50 and $&');
});

test('formulas carry MathML, code is escaped, recorded text and charts stand ready', () => {
  const html = render(parseCells(FILE));
  assert.match(html, /<h2 id="title">Title<\/h2>/);
  assert.match(html, /<math xmlns=/);
  assert.match(html, /and 2\.0\./);
  assert.match(html, /id="first" role="group" aria-labelledby="first-title" data-state="recorded"/);
  assert.match(html, /<pre class="stdout">a &lt; b\n<\/pre>/);
  assert.match(html, /data-slot="curve" data-kind="chart" data-panels="2"/);
  assert.match(html, /<strong>A &lt;curve&gt;\.<\/strong> <span class="summary">It rises\.<\/span>/);
  assert.doesNotMatch(html, /import sys/);
});

test('highlighted code is the code', () => {
  const source = 'def f(x):\n    """Doc & <b>."""\n\n    return f"{x:.2f}"  # done';
  const text = highlight(source)
    .replace(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
  assert.equal(text, source);
});

test('a picture is drawn in the page itself, in its colours, and can be told in words', () => {
  const html = render(proseCells('::: picture pipeline-rlhf pipeline-dpo', 'A *caption*.', ':::'));
  assert.equal(html.match(/<svg /g)?.length, 2);
  assert.match(html, /<figcaption>\s*<p>A <em>caption<\/em>\.<\/p>\s*<\/figcaption><\/figure>/);
  const labels = Array.from(html.matchAll(/aria-labelledby="([\w-]+) ([\w-]+)"/g), ([, ...ids]) => ids).flat();
  for (const id of labels) assert.match(html, new RegExp(`<(title|desc) id="${id}">[^<]{10,}<`));
  const drawings = html.slice(html.indexOf('<svg'), html.lastIndexOf('</svg>'));
  assert.doesNotMatch(drawings, /#[0-9a-f]{3,6}\b|(fill|stroke|style)=/i, 'colours are the style sheet’s');
  assert.throws(() => render(proseCells('::: picture nowhere', 'Text.', ':::')), /nowhere/);
});

test('boxes and quick checks', () => {
  const html = render(proseCells('::: key-insight A $\\beta$', 'Text.', ':::', '', '::: check Why?', 'So.', ':::'));
  assert.match(
    html,
    /<div class="box key-insight" role="note"><p class="box-title"><span class="box-kind">Key insight<\/span> A <eq t/,
  );
  assert.match(
    html,
    /<details class="check"><summary><span class="box-kind">Quick check<\/span> Why\?<\/summary>\s*<p>So\.<\/p>\s*<\/d/,
  );
});

test('a formula that does not parse ends the build', () => {
  assert.throws(() => render(proseCells('$\\frac{1$')), /KaTeX/);
});

test('the table of contents lists chapters and their blocks', () => {
  const { contents } = renderLesson(parseCells(FILE), RECORDING);
  assert.match(
    contents,
    /<a href="#title">Title<\/a><ol><li><a href="#first" data-block="first" data-state="recorded">First block<\/a>/,
  );
});

test('every link inside the real lesson has a target, and every id is there once', async () => {
  const cells = await readLesson();
  const blocks = cells.filter(({ kind }) => kind === 'block').map(({ id }) => id);
  const stub = {
    ...RECORDING,
    items: Object.fromEntries(blocks.map((id) => [id, []])),
    names: Object.fromEntries(blocks.map((id) => [id, { defines: [], uses: [] }])),
    solutions: Object.fromEntries(blocks.map((id) => [id, []])),
    figures: Object.fromEntries(cells.flatMap(({ source }) => citations(source)).map((e) => [e, '1'])),
  };
  const { lesson, contents } = renderLesson(cells, stub);
  const ids = Array.from(lesson.matchAll(/ id="([\w-]+)"/g), ([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of (lesson + contents).matchAll(/href="#([\w-]+)"/g)) assert.ok(ids.includes(target), target);
  assert.doesNotMatch(lesson, /\{\{|\{#|:::|\$\$/);
});
