import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citations, cite, parseCells, readLesson } from '../../app/site/cells.js';
import { highlight } from '../../app/site/markdown.js';
import { fillPage, renderEmbed, renderPages, rootOf } from '../../app/site/page.js';
import { EMBED, PAGES } from '../../app/site/pages.js';

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
  sources: { first: 'x = 1 < 2\n\nprint(x)', page: '' },
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
const render = (cells) => renderPages([PAGES[0]], cells, RECORDING)[0].lesson;

test('a percent file is read as cells', () => {
  assert.deepEqual(parseCells(FILE), [
    { kind: 'outside', id: '', title: 'Outside', source: 'import sys', page: '' },
    { kind: 'prose', id: '', title: '', source: '## Title {#title}\n\nText with $x^2$ and {{ 1 + 1:.1f }}.', page: '' },
    { kind: 'block', id: 'first', title: 'First block', source: 'x = 1 < 2\n\nprint(x)', page: '' },
    { kind: 'solution', id: 'first', title: 'An answer', source: 'x = 2', page: '' },
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
  assert.match(html, /id="first" role="group" aria-labelledby="first-title"\s+data-state="recorded"/);
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

test('markup that would be shown as it was typed ends the build', () => {
  for (const lines of [
    ['A sum $a', '+ b$ over two lines.'],
    ['A $\\beta that is open.'],
    ['**Bold', '', 'and on**'],
    ['[a]('],
  ])
    assert.throws(() => render(proseCells(...lines)), /shown as it was typed/, lines.join());
  render(proseCells('`$HOME` and `a ** b`, $a^{**}$, and', '', '$$ a', '+ b $$'));
});

test('the table of contents lists the pages with their chapters, and this page with its blocks', () => {
  const there = FILE.replace('{#title}', '{#there}').replaceAll('"first"', '"other"');
  const recording = { ...RECORDING, solutions: { ...RECORDING.solutions, other: [] } };
  const cells = [...parseCells(FILE), ...parseCells(there, 'ledger/')];
  const [lesson, ledger] = renderPages([PAGES[0], PAGES[3]], cells, recording);
  assert.match(
    lesson.contents,
    /<a href="#title">Title<\/a><ol><li><a href="#first" data-block="first" data-state="recorded">First block<\/a>/,
  );
  assert.match(lesson.contents, /<a class="page" href=".\/" aria-current="page">The lesson<\/a>/);
  assert.match(
    lesson.contents,
    /<a class="page" href=".\/ledger\/">The ledger<\/a>.*<a href=".\/ledger\/#there">Title</,
  );
  assert.match(ledger.contents, /<a class="page" href="..\/">The lesson<\/a>.*<a href="..\/#title">Title</);
  assert.doesNotMatch(ledger.contents, /data-block="first"/);
  assert.equal(lesson.turn, '<a rel="next" href="./ledger/"><span>The ledger</span></a>');
  assert.equal(ledger.turn, '<a rel="prev" href="../"><span>The lesson</span></a>');
});

test('the page for frames has no block of its own, knows all, and each block stands beside it', () => {
  const { rendered, blocks } = renderEmbed(EMBED, PAGES, parseCells(FILE), RECORDING);
  assert.deepEqual(
    blocks.map(({ id }) => id),
    ['first'],
  );
  assert.match(blocks[0].html, /^<py-block .*<section class="block" id="first"/s);
  assert.deepEqual(
    rendered.site.cells.map(({ id }) => id),
    ['first'],
  );
  const html = fillPage('<html lang="en"><a href="./x.py"></a><!-- without --><!-- lesson -->', rendered);
  assert.match(html, /^<html data-embed lang="en"><a href="..\/x\.py"><\/a>This block needs it; <a href="..\/">/);
});

test('a page knows the blocks of the others, and where their addresses are', () => {
  const there = FILE.replace('{#title}', '{#there}').replaceAll('"first"', '"other"');
  const recording = { ...RECORDING, solutions: { ...RECORDING.solutions, other: [] } };
  const cells = [...parseCells(FILE), ...parseCells(there, 'ledger/')];
  const [{ site }, second] = renderPages([PAGES[0], PAGES[3]], cells, recording);
  assert.deepEqual(site.order, ['first', 'other']);
  assert.deepEqual(site.addresses, { other: 'ledger/', there: 'ledger/' });
  assert.deepEqual(
    second.site.cells.map(({ id, source, names }) => ({ id, source, names })),
    [{ id: 'first', source: 'x = 1 < 2\n\nprint(x)', names: RECORDING.names.first }],
  );
  // What no block above needs is named and not carried.
  assert.deepEqual(
    site.cells.map(({ id, source }) => ({ id, source })),
    [{ id: 'other', source: '' }],
  );
  const html = fillPage('<a href="./x.py"></a><script id="site"><!-- site --></script><!-- lesson -->', second);
  assert.match(html, /^<a href="..\/x\.py"><\/a>/);
  assert.equal(html.match(/<\/script>/g)?.length, 1);
  const link = [...parseCells(FILE), ...parseCells('# %% [markdown]\n# [see](#title) [and](#there)', 'ledger/')];
  assert.match(
    renderPages([PAGES[0], PAGES[3]], link, RECORDING)[1].lesson,
    /href="..\/#title">see<.*href="#there">and</,
  );
});

test('the root is as many folders up as the page lies below it', () => {
  assert.deepEqual(
    ['', 'a/', 'a/b/'].map((path) => rootOf({ path })),
    ['./', '../', '../../'],
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
  const rendered = renderPages(PAGES, cells, stub);
  const idsOf = (/** @type {string} */ html) => Array.from(html.matchAll(/ id="([\w-]+)"/g), ([, id]) => id);
  const ids = rendered.flatMap(({ lesson }) => idsOf(lesson));
  assert.equal(new Set(ids).size, ids.length);
  const byAddress = new Map(rendered.map(({ page, lesson }) => [page.path, idsOf(lesson)]));
  for (const { page, lesson, contents } of rendered) {
    assert.doesNotMatch(lesson, /\{\{|\{#|:::|\$\$/);
    for (const [, to, id] of (lesson + contents).matchAll(/href="((?:\.\.?\/)[\w/]*|)#([\w-]+)"/g)) {
      const path = to === '' ? page.path : to.replace(/^(\.\.?\/)+/, '');
      assert.ok(byAddress.get(path)?.includes(id), `${page.path}: ${to}#${id}`);
    }
  }
});

test('no block is missing in the contents of its page', async () => {
  const cells = await readLesson();
  const ids = (/** @type {string} */ path) =>
    cells.filter(({ kind, page }) => kind === 'block' && page === path).map(({ id }) => id);
  const nothing = Object.fromEntries(cells.map(({ id }) => [id, []]));
  const figures = Object.fromEntries(cells.flatMap(({ source }) => citations(source)).map((e) => [e, '1']));
  for (const { page, contents } of renderPages(PAGES, cells, { ...RECORDING, solutions: nothing, figures })) {
    const listed = Array.from(contents.matchAll(/data-block="([^"]+)"/g), ([, id]) => id);
    assert.deepEqual(listed, ids(page.path));
  }
});
