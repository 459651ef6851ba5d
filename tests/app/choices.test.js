import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choices as kind } from '../../app/output/kinds/choices.js';
import { figureHtml, kindOfMime } from '../../app/output/kinds.js';

/** @type {import('../../app/shared/protocol.js').Choices} */
const ASKED = {
  title: 'Which?',
  name: 'picks',
  given: '31',
  picks: '31',
  asked: 'Question 3 of 20',
  note: '',
  damage: '',
  lines: '',
  cards: [
    { text: 'a cat slept', svg: null },
    { text: 'a dog sang', svg: null },
  ],
  none: true,
  onward: null,
};

test('each card says what it is and which key takes it, and does nothing before there are scripts', () => {
  const html = kind.html(ASKED, 'id');
  assert.match(html, /<button type="button" class="card" disabled data-sign="1" aria-keyshortcuts="1">/);
  assert.match(html, /<span class="says">a dog sang<\/span>/);
  assert.match(html, /data-action="none" aria-keyshortcuts="0">None of these</);
  assert.match(html, /data-action="undo" aria-keyshortcuts="Control\+Z">Undo</);
  assert.equal(html.match(/<button/g)?.length, html.match(/ disabled/g)?.length);
});

test('before the first choice there is nothing to undo, and after the last one no card', () => {
  assert.doesNotMatch(kind.html({ ...ASKED, picks: '', given: '' }, 'id'), /Undo/);
  const done = kind.html({ ...ASKED, cards: [] }, 'id');
  assert.doesNotMatch(done, /None of these|class="card"/);
  assert.match(done, /Undo/);
});

test('damaged choices show what is wrong and no card; a button goes on from what could be read', () => {
  const html = kind.html({ ...ASKED, given: '31x', damage: 'Sign 3 is x.' }, 'id');
  assert.match(html, /Sign 3 is x\./);
  assert.match(html, /data-action="mend">Go on from the first 2</);
  assert.doesNotMatch(html, /class="card"|Undo|None of these/);
});

test('what may be saved or passed on has a button', () => {
  const onward = { block: 'preferences', name: 'your_picks', label: 'Train on these' };
  const html = kind.html({ ...ASKED, lines: '{}\n', onward }, 'id');
  assert.match(html, /data-save="jsonl">/);
  assert.match(html, /data-action="onward">Train on these</);
});

test('a picture is an image with words, and nothing becomes markup', () => {
  const evil = '<img src=x onerror="alert(1)">';
  const html = kind.html(
    { ...ASKED, title: evil, asked: evil, note: evil, damage: '', cards: [{ text: evil, svg: '<svg onload="x"/>' }] },
    'id',
  );
  assert.equal(html.match(/<img/g)?.length, 1);
  assert.match(html, /src="data:image\/svg\+xml,%3Csvg/);
  assert.match(figureHtml({ kind: 'choices', slot: 'out-1', data: ASKED }, 'b'), /^<figure class="choices-figure"/);
  assert.equal(kindOfMime(kind.mime), kind);
});
