import assert from 'node:assert/strict';
import { after, test } from 'node:test';
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
