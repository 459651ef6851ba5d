import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLesson } from '../../app/site/cells.js';
import {
  allClaimsHtml,
  citeWorks,
  ERRATA,
  errataHtml,
  linkReferences,
  metaTags,
  worksIn,
} from '../../app/site/cite.js';
import { addEvidence } from '../../app/site/claims.js';
import { headingIds } from '../../app/site/markdown.js';
import { EMBED, PAGES } from '../../app/site/pages.js';

const PAGE = { path: 'check/', title: 'A <title>', description: 'What "it" is' };

test('tags for previews and scholars say what the page is, and where, if that is known', () => {
  const tags = metaTags(PAGE, undefined);
  assert.match(tags, /<meta property="og:title" content="A &lt;title&gt;">/);
  assert.match(tags, /<meta name="citation_author" content="Preference Lab contributors">/);
  assert.doesNotMatch(tags, /og:image|og:url/);
  const known = metaTags(PAGE, 'https://example.org/lab');
  assert.match(known, /"og:url" content="https:\/\/example\.org\/lab\/check\/"/);
  assert.match(known, /"og:image" content="https:\/\/example\.org\/lab\/screenshot\.png"/);
});

test('an empty list of errata says so; an entry has its date, its place, what was and what is', () => {
  assert.equal(errataHtml([]), '<p>None is known.</p>');
  const html = errataHtml([{ date: '2026-11-28', where: 'ipo', was: '1/beta', is: '1/(2 beta)' }], (id) => `../#${id}`);
  assert.match(html, /<time>2026-11-28<\/time> <a href="\.\.\/#ipo">ipo<\/a>: <s>1\/beta<\/s> 1\/\(2 beta\)/);
});

test('each erratum has its day, and a place that is there', async () => {
  const cells = await readLesson();
  const places = cells.flatMap(({ kind, id, source }) => (kind === 'prose' ? headingIds(source) : [id]));
  for (const { date, where } of ERRATA) {
    assert.match(date, /^\d{4}-\d\d-\d\d$/);
    assert.ok(places.includes(where), where);
  }
});

test('each claim has an address, its block, its code and what it compared', () => {
  const cell = { kind: /** @type {const} */ ('block'), id: 'policy', title: 'Policy', source: 'x = 1', page: '' };
  const recording = {
    hash: '',
    sources: {},
    items: {},
    names: {},
    solutions: {},
    figures: {},
    claims: { policy: ['A < b'] },
    evidence: { policy: [{ code: 'a < b', measured: ['a = 1'] }] },
  };
  const html = allClaimsHtml([cell], recording, (id) => `../#${id}`);
  assert.match(html, /<details id="claim-policy-1"><summary>A &lt; b<\/summary>/);
  assert.match(html, /href="\.\.\/#policy"/);
  assert.match(html, /a = 1/);
});

test('the code of claims stands in the order of their sentences', () => {
  /** @type {Record<string, number[]>} */
  const evidence = {};
  addEvidence(
    evidence,
    [
      ['One', null],
      ['Two', 'first'],
      ['Three', null],
    ],
    [1, 2, 3],
    'second',
  );
  assert.deepEqual(evidence, { second: [1, 3], first: [2] });
});

test('references lead to their papers, and citations to the references, with the title on hover', async () => {
  assert.equal(
    linkReferences('<li>arXiv 1506.02438, arXiv\n2305.18290.</li>'),
    '<li><a href="https://arxiv.org/abs/1506.02438">arXiv 1506.02438</a>, ' +
      '<a href="https://arxiv.org/abs/2305.18290">arXiv 2305.18290</a>.</li>',
  );
  const cells = await readLesson();
  const works = worksIn(cells.find(({ source }) => source.includes('{#references}'))?.source ?? '');
  assert.ok(works.size > 30);
  assert.match(works.get('Azar and others|2023') ?? '', /^A general theoretical paradigm/);
  const html = citeWorks('<p>IPO (Azar and others, 2023) and Azar and others (2023)</p>', works, '../#references');
  assert.equal(html.match(/<a class="cite" href="\.\.\/#references" title="A general/g)?.length, 2);
});

test('no page but one has all the claims', async () => {
  const cells = await readLesson();
  const made = cells.filter(({ kind, source }) => kind === 'prose' && source.includes('::: made claims'));
  assert.deepEqual(
    made.map(({ page }) => page),
    ['check/'],
  );
  assert.ok(PAGES.some(({ path }) => path === 'check/') && EMBED.path !== 'check/');
});
