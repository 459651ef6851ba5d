import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sourceOf } from '../../app/output/kinds/picture.js';
import { figureHtml, KINDS, kindOf } from '../../app/output/kinds.js';
import { addEvent, textOf } from '../../app/output/output-items.js';
import { blockHeight } from '../../app/site/height.js';

/** @type {import('../../app/output/kinds.js').Kind} */
const story = {
  name: 'story',
  mime: 'application/x-story+json',
  className: 'story',
  html: ({ words }, id) => `<p id="${id}-text">${words.join(' ')}</p>`,
  height: ({ words }) => words.length,
  text: (place) => place.textContent ?? '',
};

after(() => {
  KINDS.splice(KINDS.indexOf(story), 1);
});

test('a new kind is one entry: it is collected, rendered and measured like the others', () => {
  const event = /** @type {const} */ ({
    type: 'display',
    id: 1,
    slot: 'out-1',
    mime: story.mime,
    data: { words: ['once', 'upon'] },
  });
  assert.match(textOf(addEvent([], event)), /cannot show what is of the kind application\/x-story/);
  KINDS.push(story);
  const [item] = addEvent([], event);
  assert.deepEqual(item, { kind: 'story', slot: 'out-1', data: { words: ['once', 'upon'] } });
  assert.equal(
    figureHtml(/** @type {any} */ (item), 'intro'),
    '<figure class="story" data-slot="out-1" data-kind="story"><p id="intro-out-1-text">once upon</p></figure>',
  );
  assert.equal(blockHeight('x', [item]) - blockHeight('x', []), 2);
});

test('a chart has its place, its words and what stands under it, all escaped', () => {
  const data = { data: [], layout: { meta: { title: 'A <curve>', summary: 'It "rises".', panels: 2 } } };
  const html = figureHtml({ kind: 'chart', slot: 'a"b', data }, 'intro');
  assert.match(
    html,
    /^<figure class="chart" data-slot="a&quot;b" data-kind="chart" data-panels="2"><div class="plot" role="img" aria/,
  );
  assert.match(html, /<strong>A &lt;curve&gt;\.<\/strong> <span class="summary">It &quot;rises&quot;\.<\/span>/);
  assert.match(html, /Show data.*data-save="csv"/);
});

test('each kind has a name and a mime of its own, and an unknown name is an error', () => {
  assert.equal(new Set(KINDS.map(({ name }) => name)).size, KINDS.length);
  assert.equal(new Set(KINDS.map(({ mime }) => mime)).size, KINDS.length);
  assert.throws(() => kindOf('smell'), /no kind of output that is called smell/);
});

const SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='30' height='40'><script>alert(1)</script>#%é\n</svg>";

/** @type {import('../../app/shared/protocol.js').Picture} */
const picture = {
  title: 'A <b>garden</b>',
  summary: 'It "grows".',
  arrangement: 'rows',
  parts: [{ svg: SVG, label: '<RLHF>', note: 'a & b', alt: 'petals "long"', width: 30, height: 40.4 }],
  numbers: { columns: ['flower', '<length>'], rows: [['one', '<1>']] },
};

test('an SVG becomes the address of an image, in which nothing is left of its markup', () => {
  const source = sourceOf(SVG);
  assert.match(source, /^data:image\/svg\+xml,[^<>"#&\n\s]*(?: [^<>"#&\n]*)*$/);
  assert.equal(decodeURIComponent(source.slice('data:image/svg+xml,'.length)), SVG);
  assert.equal(new URL(source).protocol, 'data:');
  assert.equal(decodeURIComponent(sourceOf('\ud800').split(',')[1]), '\ufffd');
});

test('a picture is images with words beside them, and its numbers are folded; all of it is escaped', () => {
  const html = figureHtml({ kind: 'picture', slot: 'out-1', data: picture }, 'garden');
  assert.match(html, /^<figure class="picture-figure" data-slot="out-1" data-kind="picture" data-arrangement="rows">/);
  assert.match(html, /<img src="data:image\/svg\+xml,[^"]+" alt="petals &quot;long&quot;" width="30" height="40">/);
  assert.match(html, /<strong>&lt;RLHF&gt;<\/strong> <span>a &amp; b<\/span>/);
  assert.match(
    html,
    /<strong>A &lt;b&gt;garden&lt;\/b&gt;\.<\/strong> <span class="summary">It &quot;grows&quot;\.<\/span>/,
  );
  assert.match(html, /<th scope="col">&lt;length&gt;<\/th>.*<th scope="row">one<\/th><td>&lt;1&gt;<\/td>/);
  assert.doesNotMatch(html, /<script|<svg|<b>/);
  assert.match(html, /<details class="numbers">/);
  const bare = { ...picture, numbers: { columns: [], rows: [] } };
  assert.match(figureHtml({ kind: 'picture', slot: 'a', data: bare }, 'x'), /<details class="numbers" hidden>/);
});

test('a picture of more rows is taller, and tiles stand side by side', () => {
  const { height } = kindOf('picture');
  const [part] = picture.parts;
  const tall = (/** @type {'rows' | 'tiles'} */ arrangement, /** @type {number} */ count) =>
    height({ ...picture, arrangement, parts: Array(count).fill({ ...part, width: 700, height: 160 }) });
  assert.ok(tall('rows', 4) > tall('rows', 1) + 30);
  assert.ok(tall('tiles', 4) < tall('rows', 4));
  assert.ok(Number.isFinite(tall('tiles', 0)));
});
