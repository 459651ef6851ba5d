import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, frameOf, isLines, roomyAxes } from '../../app/output/live-chart.js';

const line = { type: 'scatter', mode: 'lines', name: 'reward' };

/** @param {number[]} y @param {object} [more] of the layout */
const chart = (y, more = {}) => ({
  data: [
    { ...line, x: y.map((_, i) => i), y },
    { ...line, x: [0, 10], y: [5, 5], yaxis: 'y2' },
  ],
  layout: {
    xaxis: { range: [0, 10] },
    yaxis: { title: { text: 'reward' } },
    meta: { title: 'Rewards', summary: `now ${y.at(-1)}` },
    ...more,
  },
});

test('a chart whose lines alone have changed keeps its frame', () => {
  assert.equal(frameOf(chart([0, 1])), frameOf(chart([0, 1, 2])));
  assert.notEqual(frameOf(chart([0, 1])), frameOf(chart([0, 1], { shapes: [{ type: 'line' }] })));
  assert.notEqual(
    frameOf(chart([0, 1])),
    frameOf({ ...chart([0, 1]), data: [{ ...line, name: 'another', x: [0], y: [0] }] }),
  );
});

test('only lines may be moved', () => {
  assert.equal(isLines(chart([0, 1])), true);
  assert.equal(isLines({ data: [{ ...line, mode: 'markers' }], layout: {} }), false);
  assert.equal(isLines({ data: [{ type: 'bar' }], layout: {} }), false);
});

test('it fits until a value is beyond the range of its own axis', () => {
  /** @type {Record<string, [number, number]>} */
  const ranges = { xaxis: [0, 10], yaxis: [0, 4], yaxis2: [4, 6] };
  const range = (/** @type {string} */ axis) => ranges[axis];
  assert.equal(fits(chart([0, 1, 4]), range), true);
  assert.equal(fits(chart([0, 1, 4.1]), range), false);
  assert.equal(fits(chart([-0.1]), range), false);
  assert.equal(fits(chart(Array(12).fill(1)), range), false);
  // A logarithmic axis has no such range.
  assert.equal(
    fits(chart([0, 1]), (axis) => (axis === 'yaxis' ? undefined : ranges[axis])),
    false,
  );
});

test('gaps take no room, and names are no numbers', () => {
  assert.equal(
    fits({ data: [{ ...line, x: [1, 2, 2], y: [1, null, NaN] }], layout: {} }, () => [0.5, 2]),
    true,
  );
  assert.equal(
    fits({ data: [{ ...line, x: [], y: [] }], layout: {} }, () => [0.5, 2]),
    true,
  );
  assert.equal(
    fits({ data: [{ ...line, x: ['a', 'b'], y: [1, 1] }], layout: {} }, () => [0.5, 2]),
    false,
  );
});

test('vertical axes get room, but not below nothing, and not where the chart says its range', () => {
  const { yaxis, yaxis2, ...others } = roomyAxes(chart([0, 10]));
  assert.deepEqual(yaxis, { title: { text: 'reward' }, range: [0, 12] });
  assert.deepEqual(yaxis2, { range: [4.8, 5.2] });
  assert.deepEqual(others, {});
  assert.deepEqual(roomyAxes(chart([-5, 5])).yaxis.range, [-7, 7]);
  assert.equal('yaxis' in roomyAxes(chart([1, 2], { yaxis: { type: 'log' } })), false);
  assert.equal('yaxis' in roomyAxes(chart([1, 2], { yaxis: { range: [0, 9] } })), false);
});
