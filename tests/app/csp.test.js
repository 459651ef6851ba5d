import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { policy, withPolicy } from '../../app/site/csp.js';

const PAGE =
  '<head>\n  <meta charset="utf-8">\n  <script>let a = 1;</script>\n  ' +
  '<script type="module" src="./main.js"></script>\n</head>';

/** @param {string} text */
const directives = (text) =>
  new Map(
    text.split('; ').map((part) => {
      const [name, ...values] = part.split(' ');
      return [name, values];
    }),
  );

test('scripts run from our own files, and the one inline script by its hash', () => {
  const hash = createHash('sha256').update('let a = 1;').digest('base64');
  const scripts = directives(policy(PAGE)).get('script-src');
  assert.ok(scripts?.includes(`'sha256-${hash}'`));
  assert.ok(!scripts?.includes("'unsafe-inline'"));
  assert.notEqual(policy(PAGE), policy(PAGE.replace('a = 1', 'a = 2')));
});

test('what the policy does not name is refused, and no source is another host', () => {
  const all = directives(policy(PAGE));
  assert.deepEqual(all.get('default-src'), ["'none'"]);
  for (const values of all.values()) for (const value of values) assert.match(value, /^('[\w+/=-]+'|data:|blob:)$/);
});

test('it stands before everything that it governs', () => {
  assert.match(
    withPolicy(PAGE),
    /<meta charset="utf-8">\s*<meta http-equiv="Content-Security-Policy" content="[^"]+">\s*<script>/,
  );
});
