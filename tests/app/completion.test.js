/** Completion: what is offered, and what is offered when Python answers late. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompletionContext } from '@codemirror/autocomplete';
import { python } from '@codemirror/lang-python';
import { EditorState } from '@codemirror/state';
import { completions } from '../../app/tab/editor/completion.js';

/** @typedef {import('../../app/shared/protocol.js').Item} Item */

const NAMES = [{ label: 'pair_count', type: 'variable', detail: 'of “Preference data”' }];

/** What is offered at the end of `code`. @param {string} code @param {Item[]} [live] none: Python is busy, or late */
async function offeredAt(code, live) {
  const state = EditorState.create({ doc: code, extensions: python() });
  const assistant = { complete: async () => live, help: async () => undefined, names: () => NAMES, excuse: () => '' };
  const result = await completions(new CompletionContext(state, code.length, false), assistant);
  return { labels: result?.options.map(({ label }) => label), validFor: result?.validFor };
}

/** @param {...string} labels @returns {Item[]} */
const items = (...labels) => labels.map((label) => ({ label, kind: 'function', detail: '' }));

test('attributes come from Python, and stay while a name is typed', async () => {
  const { labels, validFor } = await offeredAt('np.linalg.n', items('norm', 'inv', '_umath'));
  assert.deepEqual(labels, ['norm', 'inv']);
  assert.match('nor', /** @type {RegExp} */ (validFor));
});

test('without Python’s answer the text must do, and the next sign asks again', async () => {
  const { labels, validFor } = await offeredAt('np.linalg.inv(a)\nnp.linalg.n');
  assert.deepEqual(labels, ['linalg', 'inv', 'n']);
  assert.equal(validFor, undefined);
});

test('a name comes from Python, from the text, or from a block that has not run', async () => {
  const { labels } = await offeredAt('gap = 1\np', items('policy'));
  for (const label of ['policy', 'gap', 'print', 'pair_count']) assert.ok(labels?.includes(label), label);
});

test('nothing is offered in a text, a comment, a number, or after a call', async () => {
  for (const code of ['"np', '# np', '12', 'f().'])
    assert.equal((await offeredAt(code, items('np'))).labels, undefined, code);
});
