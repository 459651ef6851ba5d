/** Which block shows that a sentence of the prose holds, and how the page says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHtml } from '../../app/site/block-html.js';
import { addClaims, claimsHtml } from '../../app/site/claims.js';

test('a claim belongs to the block above it, or to the one that it names', () => {
  /** @type {Record<string, string[]>} */
  const claims = {};
  const said = /** @type {[string, string | null][]} */ ([
    ['One.', null],
    ['Two.', 'first'],
    ['Three.', null],
  ]);
  addClaims(claims, said, 'second', ['first', 'second']);
  assert.deepEqual(claims, { second: ['One.', 'Three.'], first: ['Two.'] });
});

test('a claim that leads to no block is named', () => {
  assert.throws(
    () => addClaims({}, [['Lost.', 'nowhere']], 'first', ['first']),
    /“Lost\.” leads to no block: "nowhere"/,
  );
  assert.throws(() => addClaims({}, [['Too early.', null]], '', ['first']), /“Too early\.” leads to no block: ""/);
});

test('beneath a block stand its sentences, each with an address; none, where there are none', () => {
  const html = claimsHtml('policy', ['A < b.', 'So.']);
  assert.match(html, /<summary>2 sentences were checked on the recorded run<\/summary>/);
  assert.match(html, /<li id="policy-claim-1">A &lt; b\.<\/li><li id="policy-claim-2">So\.<\/li>/);
  assert.match(claimsHtml('policy', ['One.']), /<summary>1 sentence was checked/);
  assert.equal(claimsHtml('policy'), '');

  const cell = { kind: /** @type {const} */ ('block'), id: 'policy', title: 'Policy', source: 'x = 1', page: '' };
  const recording = { hash: '', sources: {}, items: {}, names: {}, solutions: {}, figures: {} };
  assert.doesNotMatch(blockHtml(cell, recording), /class="claims"/);
  const block = blockHtml(cell, { ...recording, claims: { policy: ['It holds.'] } });
  assert.match(block, /<details class="claims">.*It holds\..*<\/details>\s*<\/section>/s);
});
