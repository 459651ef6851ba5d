import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference, firstDifference } from '../../app/tab/recompute/differences.js';

/** @typedef {import('../../app/output/output-items.js').Item} Item */

/** @param {string} text @returns {Item} */
const text = (text) => ({ kind: 'text', stream: 'stdout', text });
/** @param {unknown} data @returns {Item} */
const chart = (data) => ({ kind: 'chart', slot: 'out-1', data });

test('what is the same has no difference', () => {
  const items = () => [text('a\nb\n'), chart({ y: [1, 0.1 + 0.2, null], layout: { title: 'x' } })];
  assert.equal(difference(items(), items()), '');
  assert.equal(difference([], []), '');
});

test('the first line that differs is said, with both', () => {
  assert.equal(difference([text('a\nb 1\n')], [text('a\nb 2\n')]), 'line 2: recorded “b 1”, here “b 2”');
});

test('a number of a chart that differs in its last digit is found, with its place', () => {
  const said = difference([chart({ y: [1, 0.3] })], [chart({ y: [1, 0.1 + 0.2] })]);
  assert.equal(said, 'chart data.y.1: recorded 0.3, here 0.30000000000000004');
});

test('an output too few, too many or of another kind is said', () => {
  assert.match(difference([text('a')], []), /recorded text, here none/);
  assert.match(difference([], [text('a')]), /recorded none, here text/);
  assert.match(difference([text('a')], [chart({})]), /recorded text, here chart/);
});

test('a list is no object, and what is missing differs from nothing', () => {
  assert.deepEqual(firstDifference([], {}), ['', [], {}]);
  assert.deepEqual(firstDifference({ a: null }, {}), ['a', null, undefined]);
  assert.equal(firstDifference(Number.NaN, Number.NaN), undefined);
});
