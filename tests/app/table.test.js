import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table as kind } from '../../app/output/kinds/table.js';
import { addEvent } from '../../app/output/output-items.js';

const table = { title: 'Claims', columns: ['Claim', 'Verdict'], rows: [['it climbs', { text: 'holds', tone: 'yes' }]] };

test('the first column names the rows, and a verdict carries its tone', () => {
  const html = kind.html(table, 'id');
  assert.match(html, /<th scope="col">Claim<\/th><th scope="col">Verdict<\/th>/);
  assert.match(html, /<th scope="row">it climbs<\/th><td class="tone yes">holds<\/td>/);
});

test('nothing in a table becomes markup', () => {
  const evil = '<img src=x onerror="alert(1)">&';
  const html = kind.html(
    { title: evil, columns: [evil], rows: [[evil], [{ text: evil, tone: '" onclick="alert(1)' }]] },
    'id',
  );
  assert.doesNotMatch(html, /<img|onclick/);
  assert.equal(html.split('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;').length, 6);
});

test('a table takes the place of the one in its slot', () => {
  const events = [table, { ...table, title: 'New' }].map(
    (data) =>
      /** @type {import('../../app/shared/protocol.js').RunEvent} */ ({
        type: 'display',
        id: 1,
        slot: 'out-1',
        mime: kind.mime,
        data,
      }),
  );
  assert.deepEqual(events.reduce(addEvent, []), [{ kind: 'table', slot: 'out-1', data: { ...table, title: 'New' } }]);
});
