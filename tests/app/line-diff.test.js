/** The comparison of two pieces of code: what a reader would see, a line a string. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../app/tab/exercise/line-diff.js';

/** @param {string} mine @param {string} theirs */
const seen = (mine, theirs) =>
  compare(mine, theirs).map((line) => {
    if (line.kind === 'gap') return `(${line.lines})`;
    return `${{ same: '=', mine: '-', theirs: '+' }[line.kind]}${line.text}`;
  });

test('the same code has no differences, whatever its ends of lines', () => {
  assert.deepEqual(seen('a = 1\nb = 2', 'a = 1  \nb = 2\n\n'), []);
});

test('lines that differ stand below each other, in place', () => {
  assert.deepEqual(seen('a\nb = 1\nc', 'a\nb = 2\nd\nc'), ['=a', '-b = 1', '+b = 2', '+d', '=c']);
});

test('indentation is a difference', () => {
  assert.deepEqual(seen('if a:\n  b', 'if a:\n    b'), ['=if a:', '-  b', '+    b']);
});

test('long runs of same lines are left out, but for two beside each difference', () => {
  const same = [...'abcdefg'].join('\n');
  assert.deepEqual(seen(`${same}\n1\n${same}\n2\n${same}`, `${same}\nI\n${same}\nII\n${same}`), [
    '(5)',
    '=f',
    '=g',
    '-1',
    '+I',
    '=a',
    '=b',
    '(3)',
    '=f',
    '=g',
    '-2',
    '+II',
    '=a',
    '=b',
    '(5)',
  ]);
});

test('empty code against some', () => {
  assert.deepEqual(seen('', 'a'), ['-', '+a']);
});
