import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { decodeEdits, encodeEdits, isShared, LONGEST, ShareError } from '../../app/tab/edits/share-link.js';

const EDITS = [
  { block: 'policy', original: 'abc', source: 'print("ä β 🙂")\n' },
  { block: 'ppo-train', original: 'def', source: '' },
];

/** @param {unknown} value */
const packed = (value) =>
  `#edits=1.${deflateRawSync(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')}`;

test('edits come back as they went, over characters that every link may hold', async () => {
  const fragment = await encodeEdits(EDITS);
  assert.match(fragment, /^#edits=1\.[\w-]+$/);
  assert.deepEqual(await decodeEdits(fragment), EDITS);
  assert.equal(new URL(fragment, 'https://example.org/page').hash, fragment);
});

test('no edits make no fragment, and an anchor is not a shared link', async () => {
  assert.equal(await encodeEdits([]), '');
  assert.equal(isShared('#policy'), false);
  assert.equal(isShared('#edits=7.x'), true);
});

test('Python shrinks: 40 kB of it make a link of less than half', async () => {
  const source = Array.from(
    { length: 700 },
    (_, i) => `weights_${i} = train(contexts[${i}], preferred, rejected, lr=0.${i})`,
  ).join('\n');
  assert.ok(source.length > 40_000);
  assert.ok((await encodeEdits([{ block: 'policy', original: 'abc', source }])).length < source.length / 2);
});

test('what does not fit in a link is refused with its size', async () => {
  let state = 1;
  const noise = Array.from({ length: 120_000 }, () =>
    String.fromCharCode(33 + ((state = (state * 48271) % 2147483647) % 90)),
  ).join('');
  await assert.rejects(
    encodeEdits([{ block: 'policy', original: 'abc', source: noise }]),
    (error) => error instanceof ShareError && /\d{3},\d{3} characters/.test(error.message),
  );
});

test('a small link that unpacks to a hundred megabytes is not unpacked', async () => {
  const bomb = packed(`[["policy","abc","${'x'.repeat(60_000_000)}"]]`);
  assert.ok(bomb.length < LONGEST);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(decodeEdits(bomb), /unpack to more/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
});

const whole = await encodeEdits(EDITS);
for (const [what, fragment, message] of /** @type {[string, string, RegExp][]} */ ([
  ['of another version', '#edits=2.abc', /another version/],
  ['that is too long', `#edits=1.${'a'.repeat(LONGEST)}`, /longer than/],
  ['that was cut off', whole.slice(0, -8), /damaged/],
  ['with a character changed', whole.replace(/.$/, '!'), /damaged/],
  ['without anything', '#edits=1.', /damaged/],
  ['that is not deflated', `#edits=1.${Buffer.from('[["a","b","c"]]').toString('base64url')}`, /damaged/],
  ['that is not JSON', packed('import os'), /damaged/],
  [
    'that is not UTF-8',
    `#edits=1.${deflateRawSync(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])).toString('base64url')}`,
    /damaged/,
  ],
  ['of null', packed(null), /damaged/],
  ['of no edits', packed([]), /damaged/],
  ['of an object', packed({ policy: 'x' }), /damaged/],
  ['of a number for a source', packed([['policy', 'abc', 1]]), /damaged/],
  ['of markup for a block', packed([['<img src=x>', 'abc', 'x']]), /damaged/],
  [
    'that edits a block twice',
    packed([
      ['policy', 'abc', 'x'],
      ['policy', 'abc', 'y'],
    ]),
    /damaged/,
  ],
])) {
  test(`a link ${what} is refused in words`, () =>
    assert.rejects(decodeEdits(fragment), (error) => error instanceof ShareError && message.test(error.message)));
}
