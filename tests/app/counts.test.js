import assert from 'node:assert/strict';
import test from 'node:test';
import { countTests, failures, summary } from '../counts.js';

const XML = `<testsuites><testsuite>
    <testcase name="a > b" time="1"/>
    <testcase classname="s" name="c &quot;&lt;q&gt;&quot;"><failure message="no > yes"><![CDATA[Expected: <a>

  at line 3]]></failure></testcase>
    <testcase name="d"><error>1 &amp;lt; 2</error></testcase>
    <testcase name="e"><skipped/></testcase>
    <testcase name="f"><system-out><![CDATA[<failure> <testcase name="g"/> </testcase>]]></system-out></testcase>
  </testsuite></testsuites>`;

test('tests are counted by what their cases hold', () =>
  assert.deepEqual(countTests(XML), { passed: 2, failed: 2, skipped: 1 }));

test('those that failed are named, with what they said', () => {
  assert.deepEqual(failures(XML), [
    { name: 'c "<q>"', said: ['Expected: <a>', '  at line 3'] },
    { name: 'd', said: ['1 &lt; 2'] },
  ]);
  assert.deepEqual(failures(''), []);
});

test('no report counts nothing', () => assert.deepEqual(countTests(''), { passed: 0, failed: 0, skipped: 0 }));

test('the summary names what was skipped only if something was', () => {
  assert.equal(summary({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  assert.equal(summary({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});
