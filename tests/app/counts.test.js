import assert from 'node:assert/strict';
import test from 'node:test';
import { countTests, failures, summary } from '../counts.js';

const XML = `<testsuites><testsuite>
    <testcase name="a > b" time="1"/>
    <testcase classname="s" name="c &quot;&lt;q&gt;&quot;"><failure message="no">text</failure></testcase>
    <testcase name="d"><error>text</error></testcase>
    <testcase name="e"><skipped/></testcase>
    <testcase name="f"><system-out><![CDATA[<failure> <testcase name="g"/> </testcase>]]></system-out></testcase>
  </testsuite></testsuites>`;

test('tests are counted by what their cases hold', () =>
  assert.deepEqual(countTests(XML), { passed: 2, failed: 2, skipped: 1 }));

test('those that failed are named', () => {
  assert.deepEqual(failures(XML), ['c "<q>"', 'd']);
  assert.deepEqual(failures(''), []);
});

test('no report counts nothing', () => assert.deepEqual(countTests(''), { passed: 0, failed: 0, skipped: 0 }));

test('the summary names what was skipped only if something was', () => {
  assert.equal(summary({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  assert.equal(summary({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});
