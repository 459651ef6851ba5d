import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addEvent, fold, isText, textOf, typed } from '../../app/output/output-items.js';

/** @typedef {import('../../app/shared/protocol.js').RunEvent} RunEvent */

const figure = (/** @type {number} */ y) => ({ data: [{ y: [y] }], layout: {} });
/** @type {(text: string) => RunEvent} */
const out = (text) => ({ type: 'stdout', id: 1, text });
/** @type {(slot: string, y: number) => RunEvent} */
const chart = (slot, y) => ({ type: 'display', id: 1, slot, mime: 'application/vnd.plotly.v1+json', data: figure(y) });
/** @param {RunEvent[]} events */
const collect = (...events) => events.reduce(addEvent, []);

test('text of one stream is joined, of another it begins anew', () => {
  const items = collect(out('a'), out('b\n'), { type: 'stderr', id: 1, text: 'e\n' }, out('c'));
  assert.deepEqual(
    items.map((item) => isText(item) && [item.stream, item.text]),
    [
      ['stdout', 'ab\n'],
      ['stderr', 'e\n'],
      ['stdout', 'c'],
    ],
  );
  assert.equal(textOf(items), 'ab\ne\nc');
});

test('a chart replaces the one in its slot and keeps its place', () => {
  const items = collect(chart('a', 1), chart('b', 2), chart('a', 3));
  assert.deepEqual(items, [
    { kind: 'chart', slot: 'a', data: figure(3) },
    { kind: 'chart', slot: 'b', data: figure(2) },
  ]);
});

test('other values are shown as text on a line of their own', () => {
  assert.equal(textOf(collect({ type: 'display', id: 1, slot: 's', mime: 'text/plain', data: '42' })), '42\n');
});

test('an unknown kind of output is said in words', () => {
  const items = collect({ type: 'display', id: 1, slot: 's', mime: 'application/x-thing', data: { a: 1 } });
  assert.equal(textOf(items), 'This page cannot show what is of the kind application/x-thing.\n');
});

for (const [name, texts, expected] of /** @type {const} */ ([
  ['a progress bar leaves its last state', ['epoch 1/2\r', 'epoch 2/2\r'], 'epoch 2/2'],
  ['what is longer stays beyond what is written over it', ['abcdef\rxy'], 'xycdef'],
  ['a line that has ended is not written over', ['one\n', '\rtwo\n'], 'one\ntwo\n'],
  ['\\r\\n is the end of a line', ['a\r\nb\r\n'], 'a\nb\n'],
  ['\\r\\n in two writes, too', ['a\r', '\nb'], 'a\nb'],
  ['\\b goes one sign back', ['ab\bc'], 'ac'],
  ['\\b stops where the line begins', ['\n\b\bx'], '\nx'],
  ['signs beyond the first plane are one sign', ['😀a\bb'], '😀b'],
])) {
  test(`as a terminal has it: ${name}`, () => {
    assert.equal(
      textOf(
        texts.reduce(
          (items, text) => addEvent(items, out(text)),
          /** @type {import('../../app/output/output-items.js').Item[]} */ ([]),
        ),
      ),
      expected,
    );
  });
}

test('text without such signs is only joined', () => {
  assert.equal(typed('a\n', 'b'), 'a\nb');
});

test('text past the bound is said to be missing', () => {
  assert.match(
    textOf(collect({ type: 'folded', id: 1, characters: 12345, limit: 1000000 })),
    /12,345 more characters.*first 1,000,000/,
  );
});

test('events that put nothing out leave the items as they are', () => {
  const items = collect(out('a'));
  assert.equal(addEvent(items, { type: 'done', id: 1, status: 'ok', seconds: 0 }), items);
});

/** @param {string} text @returns {import('../../app/output/output-items.js').Text[]} */
const printed = (text) => [{ kind: 'text', stream: 'stdout', text }];

test('short text is not folded', () => {
  assert.equal(fold(printed('a\nb\n')), null);
  assert.equal(fold(printed('line\n'.repeat(200))), null);
});

test('long text keeps its first and last lines', () => {
  const folded = fold(printed(Array.from({ length: 1000 }, (_, i) => `line ${i}`).join('\n')));
  assert.equal(folded?.lines, 1000);
  assert.match(textOf(folded?.head ?? []), /^line 0\n[\s\S]*line 119$/);
  assert.match(textOf(folded?.tail ?? []), /^line 940\n[\s\S]*line 999$/);
});

test('one endless line is cut', () => {
  const folded = fold(printed('x'.repeat(1e6)));
  assert.equal(textOf(folded?.head ?? []).length, 2002);
  assert.deepEqual(folded?.tail, []);
});

/** @type {Record<string, (i: number) => [stream: 'stdout' | 'stderr' | 'value', text: string][]>} */
const TURNS = {
  'stdout and stderr': (i) => [
    ['stdout', `step ${i}\n`],
    ['stderr', `warning ${i}\n`],
  ],
  'text and values': (i) => [
    ['stdout', `step ${i}\n`],
    ['value', `${i}\n`],
  ],
  'signs without a line between them': (i) => [
    ['stdout', '.'],
    ['stderr', i % 2 ? 'E' : 'F'],
  ],
};
for (const [what, pair] of Object.entries(TURNS)) {
  test(`20,000 times ${what} in turns are folded to as few elements as one text has lines`, () => {
    const parts = Array.from({ length: 20_000 }, (_, i) => pair(i)).flat();
    const [first, rest] = [parts.slice(0, 301), parts.slice(301)];
    const items = collect({ type: 'texts', id: 1, parts: first }, { type: 'texts', id: 1, parts: rest });
    assert.equal(items.length, 40_000);
    assert.equal(textOf(items), parts.map(([, text]) => text).join(''));
    const folded = fold(items.filter(isText));
    assert.equal(folded?.head.length, 120);
    assert.equal(folded?.tail.length, 60);
    assert.equal(folded?.lines, 40_000);
    assert.equal(folded?.head[0], items[0]);
    assert.equal(folded?.tail.at(-1), items.at(-1));
  });
}

test('what is folded in the middle of a text keeps its stream', () => {
  const lines = (/** @type {string} */ word) => Array.from({ length: 150 }, (_, i) => `${word} ${i}\n`).join('');
  const folded = fold(
    collect(out(lines('out')), { type: 'texts', id: 1, parts: [['stderr', lines('err')]] }).filter(isText),
  );
  assert.deepEqual(
    [...(folded?.head ?? []), ...(folded?.tail ?? [])].map(({ stream, text }) => [
      stream,
      text.split('\n')[0],
      text.split('\n').at(-1),
    ]),
    [
      ['stdout', 'out 0', 'out 119'],
      ['stderr', 'err 90', 'err 149'],
    ],
  );
  assert.equal(folded?.lines, 300);
});
