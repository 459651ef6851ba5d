import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureCsv } from '../../app/output/csv.js';

/** @param {Record<string, any>[]} data @param {Record<string, any>} [layout] */
const csv = (data, layout = {}) =>
  figureCsv({
    data,
    layout: { xaxis: { title: { text: 'step' } }, yaxis: { title: { text: 'KL (nats)' } }, ...layout },
  });

test('each trace has its columns, named by trace and axis', () => {
  assert.equal(
    csv([
      { name: 'RLHF', x: [0, 1, 2], y: [0, 0.5, null] },
      { name: 'DPO', x: [5], y: [1e-9] },
    ]),
    'RLHF: step,RLHF: KL (nats),DPO: step,DPO: KL (nats)\r\n0,0,5,1e-9\r\n1,0.5,,\r\n2,,,\r\n',
  );
});

test('commas, quotes and line ends are quoted; nothing else is', () => {
  assert.equal(
    csv([{ name: 'a "b", c', x: ['two\nlines', ' plain '], y: [1, 2] }]),
    '"a ""b"", c: step","a ""b"", c: KL (nats)"\r\n"two\nlines",1\r\n plain ,2\r\n',
  );
});

test('a second panel has its own axis titles', () => {
  const layout = { xaxis2: { title: { text: 'β' } }, yaxis2: { title: { text: 'loss' } } };
  assert.match(
    csv([{ name: 'DPO', x: [1], y: [2], xaxis: 'x2', yaxis: 'y2' }], layout),
    /^DPO: β,DPO: loss\r\n1,2\r\n$/,
  );
});

test('error bars and labels are data, too', () => {
  assert.equal(
    csv([
      { name: 'IPO', x: [1], y: [2], error_y: { array: [0.25] }, text: ['IPO'] },
      { name: 'p', x: [1], y: [1], text: ['q'] },
    ]),
    'IPO: step,IPO: KL (nats),"IPO: KL (nats), error ±",p: step,p: KL (nats),p: label\r\n1,2,0.25,1,1,q\r\n',
  );
});

test('a figure without x, without titles or without traces is no error', () => {
  assert.equal(figureCsv({ data: [{ y: [3, 4] }], layout: {} }), 'data: x,data: y\r\n0,3\r\n1,4\r\n');
  assert.equal(figureCsv({ data: [], layout: {} }), '\r\n');
});
