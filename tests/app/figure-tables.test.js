import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenly, tablesOf } from '../../app/output/figure-tables.js';

test('few rows are all there, of many the first, the last and some between', () => {
  assert.deepEqual(evenly(3), [0, 1, 2]);
  assert.deepEqual(evenly(0), []);
  const some = evenly(1001, 11);
  assert.deepEqual(some, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
});

test('each trace has its table, with the axes as heads, and says what it leaves out', () => {
  const long = Array.from({ length: 200 }, (_, index) => index);
  const tables = tablesOf({
    data: [
      { name: 'PPO', x: [0, 1], y: [0.123456789, null], error_y: { array: [0.1, 0.2] } },
      { name: 'DPO', x: long, y: long, yaxis: 'y2' },
    ],
    layout: {
      xaxis: { title: { text: 'step' } },
      yaxis: { title: { text: 'reward' } },
      yaxis2: { title: { text: 'KL' } },
    },
  });
  assert.deepEqual(tables[0], {
    name: 'PPO',
    note: '',
    titles: ['step', 'reward', 'reward, error ±'],
    rows: [
      ['0', '0.123457', '0.1'],
      ['1', '–', '0.2'],
    ],
  });
  assert.equal(tables[1].note, '50 of 200 points, evenly spaced; CSV has them all');
  assert.equal(tables[1].rows.length, 50);
  assert.deepEqual(tables[1].rows.at(-1), ['199', '199']);
});

test('a figure that is no figure has empty tables', () => {
  assert.deepEqual(
    tablesOf({ data: [{ x: 5, y: 'text' }, {}], layout: {} }).map(({ rows }) => rows),
    [[], []],
  );
});
