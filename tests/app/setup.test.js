import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkNode } from '../../app/tools/install.js';
import { findPython } from '../../app/tools/python.js';
import { explain, Failure, reason, run, withTemporaryFolder, writeWhole } from '../../app/tools/tools.js';

/** @param {(folder: string) => Promise<void>} use */
const inFolder = (use) => async () => {
  const folder = await mkdtemp(join(tmpdir(), 'setup-'));
  await use(folder).finally(() => rm(folder, { recursive: true }));
};

test('an old Node is named, a new one passes', () => {
  assert.throws(() => checkNode('20.18.3'), { message: 'Node 20.19 or newer is needed; this is 20.18.3.' });
  for (const version of ['20.19.0', '22.1.0', '26.0.0']) checkNode(version);
});

test('a missing Python is named', () => assert.rejects(findPython(['no-such-python']), /3\.11 or newer is missing/));

test('a program that is not there, or fails, gives a code', async () => {
  assert.equal((await run('no-such-program', [])).code, 127);
  assert.deepEqual(await run(process.execPath, ['-e', 'console.log("out"); process.exit(3)']), {
    code: 3,
    output: 'out\n',
  });
});

test('why a program failed is one line', () => {
  assert.equal(
    reason('npm error code ENOTFOUND\nnpm error a long story', /^npm error /),
    'its server cannot be reached',
  );
  assert.equal(reason('OSError: [Errno 28] No space left on device', /^ERROR: /), 'no space left on the disk');
  assert.equal(reason('Looking\nERROR: no match\nERROR: no match\n', /^ERROR: /), 'no match');
  assert.equal(reason('some words\nthe last of them\n', /^ERROR: /), 'the last of them');
});

test('expected failures are explained, others are not', () => {
  assert.equal(explain(new Failure('as it says')), 'as it says');
  assert.match(
    explain(Object.assign(new Error('ENOSPC: no space left on device, write'), { path: '/a' })) ?? '',
    /^\/a: no space left/,
  );
  assert.match(
    explain(new Error('Build failed:\nError: ENOSPC: no space left on device')) ?? '',
    /no space left on the disk/,
  );
  assert.equal(explain(new TypeError('x is not a function')), undefined);
});

test(
  'a file is written whole, or nothing is left',
  inFolder(async (folder) => {
    await writeWhole(join(folder, 'new/file'), 'whole');
    assert.equal(await readFile(join(folder, 'new/file'), 'utf8'), 'whole');
    // A folder cannot be replaced by a file.
    await assert.rejects(writeWhole(join(folder, 'new'), 'no'));
    assert.deepEqual(await readdir(folder), ['new']);
  }),
);

test(
  'a temporary folder goes, also when its use fails',
  inFolder(async (folder) => {
    await assert.rejects(
      withTemporaryFolder(folder, async () => {
        throw new Failure('no');
      }),
      Failure,
    );
    assert.deepEqual(await readdir(folder), []);
  }),
);
