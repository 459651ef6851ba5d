/** Nothing lost, and all of it can be taken along: two tabs, crashes, full storage, links, files. */
import { readFile } from 'node:fs/promises';
import { strFromU8, unzipSync } from 'fflate';
import { encodeEdits } from '../../app/tab/edits/share-link.js';
import { block, expect, fill, open, press, test } from './page.js';

const EDIT = 'preference-lab/edit/';

/** @param {import('@playwright/test').Page} page @param {string} key */
const stored = (page, key) => page.evaluate((name) => localStorage.getItem(name), key);

/**
 * Goes to another place of the page that is open. `goto` waits for what the driver of Firefox says of that, which at
 * times it never does.
 * @param {import('@playwright/test').Page} page @param {string} address
 */
const paste = (page, address) =>
  page.evaluate((place) => {
    window.location.href = place;
  }, address);

/**
 * The file that `action` downloads.
 * @param {import('@playwright/test').Page} page
 * @param {() => Promise<unknown>} action
 */
async function downloaded(page, action) {
  const waiting = page.waitForEvent('download');
  await action();
  const download = await waiting;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test('two tabs: neither writes over the other, and both texts stay until the reader chooses', async ({
  page,
  context,
}) => {
  const other = await context.newPage();
  await page.goto('/');
  await other.goto('/');
  const [mine, theirs] = [block(page, 'policy'), block(other, 'policy')];
  await theirs.write('of = "the other tab"');
  await expect(mine.messages).toContainText('edited in another tab');
  await mine.write('of = "this tab"');
  // Both are in the storage: a crash now would cost neither.
  await expect.poll(() => page.evaluate(() => Object.values(localStorage).join())).toContain('this tab');
  expect(await stored(page, `${EDIT}policy`)).toContain('the other tab');
  await mine.messages.getByRole('button', { name: 'Keep mine' }).click();
  await expect(mine.messages).not.toContainText('another tab');
  expect(await stored(page, `${EDIT}policy`)).toContain('this tab');

  await expect(theirs.messages).toContainText('edited in another tab');
  expect(await theirs.code()).toBe('of = "the other tab"');
  await theirs.messages.getByRole('button', { name: 'Take that one' }).click();
  expect(await theirs.code()).toBe('of = "this tab"');
  // Other blocks of two tabs do not disturb each other.
  await block(other, 'reward-model').write('other = 1');
  await block(page, 'generalize').write('mine = 1');
  await page.close({ runBeforeUnload: false });
  await other.reload();
  expect(await block(other, 'policy').code()).toBe('of = "this tab"');
  expect(await block(other, 'reward-model').code()).toBe('other = 1');
  expect(await block(other, 'generalize').code()).toBe('mine = 1');
});

test('who types without a pause and leaves at once loses nothing; what is damaged is set aside', async ({ page }) => {
  await page.addInitScript((key) => {
    if (!localStorage.getItem('seeded')) localStorage.setItem(key, '{"source": "half a');
    localStorage.setItem('seeded', 'yes');
  }, `${EDIT}reward-model`);
  await page.goto('/');
  const { editor, code, messages } = block(page, 'policy');
  await fill(editor, 'typed = 1\n');
  await editor.press('Control+End');
  await page.evaluate((key) => {
    const { setItem } = Storage.prototype;
    const counter = /** @type {any} */ (window);
    Storage.prototype.setItem = function count(/** @type {string} */ name, /** @type {string} */ value) {
      if (name === key) counter.saves = (counter.saves ?? 0) + 1;
      setItem.call(this, name, value);
    };
  }, `${EDIT}policy`);
  await page.keyboard.type('# words that follow each other', { delay: 60 });
  // Not one pause was long enough to be taken for an end.
  expect(await page.evaluate(() => /** @type {any} */ (window).saves)).toBeGreaterThan(2);
  await page.keyboard.type('!');
  await page.reload();
  expect(await code()).toBe('typed = 1\n# words that follow each other!');
  await expect(messages).toContainText('your edited version');

  const damaged = block(page, 'reward-model');
  await expect(damaged.messages).toContainText('could not be read');
  await damaged.messages.getByText('Show it').click();
  await expect(damaged.messages.locator('pre')).toHaveText('{"source": "half a');
  await damaged.messages.getByRole('button', { name: 'Discard it' }).click();
  await page.reload();
  await expect(block(page, 'policy').messages).toContainText('your edited version');
  await expect(damaged.messages).toBeEmpty();
});

test('full storage: a message, and the page and its downloads work; all blocks can be reset, and that undone', async ({
  page,
}) => {
  await open(page);
  await page.evaluate(() => {
    let size = 4_000_000;
    while (size >= 1) {
      try {
        localStorage.setItem('filler', (localStorage.getItem('filler') ?? '') + 'x'.repeat(size));
      } catch {
        size /= 4;
      }
    }
  });
  const { editor, code, runToEnd, output, section } = block(page, 'reward-model');
  await fill(editor, 'print("works")');
  const warning = page.getByText('does not let this page keep your edits');
  await expect(warning).toBeVisible();
  await runToEnd();
  await expect(output).toHaveText('works');
  await block(page, 'policy').write('second = 2');

  const panel = page.getByRole('dialog', { name: 'Take it along' });
  await page.getByRole('button', { name: 'Take along' }).click();
  await expect(panel).toContainText('You have edited 2 blocks');
  const file = await downloaded(page, () => panel.locator('[data-save="all.py"]').click());
  expect(file.name).toBe('rlhf-and-dpo-mine.py');
  expect(String(file.bytes)).toContain('# %% id="reward-model"\nprint("works")\n');
  const notebook = await downloaded(page, () => panel.locator('[data-save="all.ipynb"]').click());
  const { nbformat, nbformat_minor: minor, cells } = JSON.parse(String(notebook.bytes));
  expect([nbformat, minor]).toEqual([4, 5]);
  expect(cells.find((/** @type {any} */ { id }) => id === 'policy').source).toEqual(['second = 2']);

  await page.evaluate(() => localStorage.removeItem('filler'));
  await panel.getByRole('button', { name: 'Reset all' }).click();
  await expect(panel.getByRole('status')).toContainText('Put 2 blocks back');
  await panel.getByRole('button', { name: 'Reset them' }).click();
  expect(await code()).toContain('def train_reward_model');
  await expect(section).not.toHaveAttribute('data-edited');
  await expect(warning).toBeHidden();
  await panel.getByRole('button', { name: 'Undo' }).click();
  expect(await code()).toBe('print("works")');
  await page.reload();
  expect(await code()).toBe('print("works")');
  expect(await block(page, 'policy').code()).toBe('second = 2');
});

test('a shared link: says whose edits it carries, runs nothing, and gives the reader’s own back', {
  tag: '@engine',
}, async ({ page, context, browser }) => {
  test.slow();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/');
  await block(page, 'policy').write('print("<b>from the sender</b>")');
  await block(page, 'reward-model').write('sent = 1');
  await press(page.getByRole('button', { name: 'Take along' }));
  const panel = page.getByRole('dialog', { name: 'Take it along' });
  await press(panel.getByRole('button', { name: 'Copy a link' }));
  await expect(panel.getByRole('status')).toContainText('the edits of 2 blocks');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));
  });
  await press(panel.getByRole('button', { name: 'Copy a link' }));
  await expect(panel.getByRole('textbox', { name: 'Link' })).toHaveValue(link);

  const visit = await browser.newContext();
  const reader = await visit.newPage();
  await reader.goto(new URL('/', link).href);
  const own = block(reader, 'policy');
  await own.write('own = 1');
  await expect.poll(() => stored(reader, `${EDIT}policy`)).toContain('own = 1');
  await paste(reader, link);
  await expect(reader.locator('html')).toHaveAttribute('data-python', 'ready');
  const banner = reader.getByRole('region', { name: 'Edits from a link' });
  await expect(banner).toContainText('edits of 2 blocks, made by whoever sent it. Nothing of it has run.');
  expect(await own.code()).toBe('own = 1');
  await press(banner.getByText('Show them'));
  await press(banner.getByText('Policy and KL'));
  await expect(banner.getByLabel('Policy and KL')).toHaveText('print("<b>from the sender</b>")');
  await press(banner.getByRole('button', { name: 'Use them' }));
  expect(await own.code()).toBe('print("<b>from the sender</b>")');
  expect(new URL(reader.url()).hash).toBe('');
  // In place, and still nothing has run.
  await own.is('stale');
  expect(
    await reader
      .locator('section:is([data-state=queued], [data-state=running], [data-state=done], [data-state=error])')
      .count(),
  ).toBe(0);
  await own.runToEnd();
  await expect(own.output).toHaveText('<b>from the sender</b>');
  await reader.reload();
  expect(await own.code()).toBe('print("<b>from the sender</b>")');
  await press(banner.getByRole('button', { name: 'Back to mine' }));
  expect(await own.code()).toBe('own = 1');
  expect(await block(reader, 'reward-model').code()).toContain('def train_reward_model');
  await expect(banner).toBeHidden();

  await paste(
    reader,
    `${new URL('/', link)}${await encodeEdits([
      { block: 'policy', original: 'old', source: 'x' },
      { block: 'no-such-block', original: 'o', source: 'y' },
    ])}`,
  );
  await expect(banner).toContainText(
    'Made on another version of the lesson: “Policy and KL”. Not in this lesson, and left out: no-such-block.',
  );
  await press(banner.getByRole('button', { name: 'Keep mine' }));
  expect(await own.code()).toBe('own = 1');
  await paste(reader, link.slice(0, -9));
  await expect(banner).toContainText('damaged');
  await press(banner.getByRole('button', { name: 'Close' }));
  await expect(banner).toBeHidden();
  await visit.close();
});

test('a block’s code and output are copied, and a chart is saved as picture and as data', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/');
  const { section, code, editor } = block(page, 'train-reward');
  await expect(editor).toHaveCount(1);
  await section.scrollIntoViewIfNeeded();
  await expect(section.locator('.main-svg').first()).toBeVisible();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  const copy = section.locator('details.copy summary');
  await copy.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(copy).toHaveText('Copied');
  expect(await clipboard()).toBe(await code());
  await copy.click();
  await section.getByRole('button', { name: 'Output' }).click();
  await expect.poll(clipboard).toMatch(/^feature {3}true {2}learned\n[\s\S]*20 draws: -0\.033 to -0\.004$/);

  const save = (/** @type {string} */ format) =>
    downloaded(page, () => section.getByRole('button', { name: `Save as ${format}` }).click());
  const csv = String((await save('CSV')).bytes).split('\r\n');
  expect(csv[0]).toContain('on its own pairs: epoch,on its own pairs: loss (nats a pair)');
  expect(csv.length).toBe(1 + 100 + 1);
  const svg = await save('SVG');
  expect(svg.name).toMatch(/^train-reward-the-reward-model-.*\.svg$/);
  expect(String(svg.bytes)).toMatch(/^<svg[\s\S]*on its own pairs[\s\S]*<\/svg>$/);
  // The light theme's blue, on white, though the page is dark.
  expect(String(svg.bytes)).toContain('stroke: rgb(29, 111, 163)');
  expect(String(svg.bytes)).not.toContain('rgb(130, 200, 240)');
  const png = await save('PNG');
  expect(png.bytes.subarray(1, 4).toString()).toBe('PNG');
  expect([png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)]).toEqual([1760, 880]);
  // The page itself is as dark as it was.
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('auto');
});

test('a file that would not run to its end is not saved without a word', async ({ page }) => {
  await open(page);
  await block(page, 'preferences').write('x = (');
  await page.getByRole('button', { name: 'Take along' }).click();
  const panel = page.getByRole('dialog', { name: 'Take it along' });
  await panel.locator('[data-save="page.py"]').click();
  await expect(panel).toContainText('Python cannot read the code of “Preference data”');
  const file = await downloaded(page, () => panel.getByRole('button', { name: 'Save it all the same' }).click());
  expect(String(file.bytes)).toContain('x = (');
});

test('the project for a real trainer has the pairs, the weights and the settings of the code as it is now', async ({
  page,
}) => {
  await open(page, '/words/');
  await block(page, 'words-dpo').write('def train_on_stories(loss, steps=77, batch=32, lr=0.002, seed=3): pass');
  await page.getByRole('button', { name: 'Take along' }).click();
  const panel = page.locator('#take-panel');
  const { name, bytes } = await downloaded(page, () => panel.locator('[data-save="graduate"]').click());
  expect(name).toBe('preference-lab-graduate.zip');
  await expect(panel).toContainText('Its README says how to run it');

  const files = unzipSync(bytes);
  const text = (/** @type {string} */ path) => strFromU8(files[`preference-lab-graduate/${path}`]);
  const settings = JSON.parse(text('settings.json'));
  expect(settings.dpo).toEqual({ beta: 1, steps: 77, batch: 32, lr: 0.002, seed: 3 });
  expect(settings.rloo).toEqual({ beta: 1, steps: 150, batch: 64, lr: 0.01, seed: 0 });
  const pairs = text('pairs.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(pairs).toHaveLength(1000);
  expect(Object.keys(pairs[0])).toEqual(['chosen', 'rejected']);
  expect(JSON.parse(text('weights.json')).weights).toHaveLength(4829);
  expect(JSON.parse(text('taste.json')).happy).toBe(1);
  expect(JSON.parse(text('reward.json')).happy).toBeGreaterThan(0.3);
  for (const path of ['align.py', 'README.md', 'requirements.txt', 'words/solve.py', 'preflab/losses.py'])
    expect(text(path)).toBe(await readFile(`py/${/^(words|preflab)/.test(path) ? '' : 'graduate/'}${path}`, 'utf8'));
  expect(Object.keys(files).some((path) => path.includes('from_page'))).toBe(false);
});

test('a block that fails makes no project, and is named; other pages have none to give', async ({ page }) => {
  await open(page, '/words/');
  await block(page, 'words-pairs').write('story_chosen = story_rejected = story_taste = judged_pairs = 1 / 0');
  await page.getByRole('button', { name: 'Take along' }).click();
  const panel = page.locator('#take-panel');
  await panel.locator('[data-save="graduate"]').click();
  await expect(panel.locator('[data-part="said"]')).toContainText('needs “Pairs”, which failed');

  await page.goto('/');
  await page.getByRole('button', { name: 'Take along' }).click();
  await expect(page.locator('#take-panel')).toBeVisible();
  await expect(page.locator('[data-save="graduate"]')).toBeHidden();
});
