import assert from 'node:assert/strict';
import test from 'node:test';
import { countTests, summary } from '../counts.js';

test('tests are counted by what their cases hold', () => {
  const xml = `<testsuites><testsuite>
    <testcase name="a > b" time="1"/>
    <testcase name="c"><failure message="no">text</failure></testcase>
    <testcase name="d"><error>text</error></testcase>
    <testcase name="e"><skipped/></testcase>
    <testcase name="f"><system-out><![CDATA[<failure> <testcase name="g"/> </testcase>]]></system-out></testcase>
  </testsuite></testsuites>`;
  assert.deepEqual(countTests(xml), { passed: 2, failed: 2, skipped: 1 });
});

test('no report counts nothing', () => assert.deepEqual(countTests(''), { passed: 0, failed: 0, skipped: 0 }));

test('the summary names what was skipped only if something was', () => {
  assert.equal(summary({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  assert.equal(summary({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});
