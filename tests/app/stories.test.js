import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stories as kind } from '../../app/output/kinds/stories.js';
import { figureHtml } from '../../app/output/kinds.js';
import { addEvent, textOf } from '../../app/output/output-items.js';

/** @type {import('../../app/shared/protocol.js').Stories} */
const TOLD = {
  title: 'Two stories',
  note: 'Underlined words are liked.',
  stories: [
    {
      label: 'before',
      words: [
        ['the', 0.01],
        ['sad', -1],
        ['cat', null],
      ],
    },
    { label: '', words: [['happy', 0.5]] },
  ],
};

test('a word says what it is worth by the kind of its line and as a number, not by colour alone', () => {
  const html = kind.html(TOLD, 'id');
  assert.match(html, /<span class="word down step-3">sad<span class="worth"> −1\.00<\/span><\/span>/);
  assert.match(html, /<span class="word up step-2">happy<span class="worth"> \+0\.50<\/span><\/span>/);
});

test('a word that nobody judged, or that is worth next to nothing, is plain', () => {
  const html = kind.html(TOLD, 'id');
  assert.match(html, /<span class="word">the<\/span> .*<span class="word">cat<\/span>/);
});

test('each story can be reached by the keyboard, and one without words has a sign in their place', () => {
  const html = kind.html({ ...TOLD, stories: [...TOLD.stories, { label: 'none', words: [] }] }, 'id');
  assert.equal(html.match(/<li tabindex="0">/g)?.length, 3);
  assert.match(html, /none<\/span> <span class="told"><span class="word">…/);
});

test('nothing in a story becomes markup', () => {
  const evil = '<img src=x onerror="alert(1)">&';
  const html = kind.html({ title: evil, note: evil, stories: [{ label: evil, words: [[evil, 1]] }] }, 'id');
  assert.doesNotMatch(html, /<img/);
  assert.equal(html.split('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;').length, 6);
});

test('stories take the place of those in their slot, and their figure says its kind', () => {
  const events = [TOLD, { ...TOLD, title: 'New' }].map(
    (data) =>
      /** @type {import('../../app/shared/protocol.js').RunEvent} */ ({
        type: 'display',
        id: 1,
        slot: 'out-1',
        mime: kind.mime,
        data,
      }),
  );
  const items = events.reduce(addEvent, []);
  assert.deepEqual(items, [{ kind: 'stories', slot: 'out-1', data: { ...TOLD, title: 'New' } }]);
  assert.equal(textOf(items), '');
  assert.match(figureHtml(/** @type {any} */ (items[0]), 'block'), /^<figure class="stories-figure" data-slot="out-1"/);
});
