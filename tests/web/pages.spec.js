/** Several pages of one site: the way between them, old addresses, and what a block needs of another page. */
import { PAGES } from '../../app/site/pages.js';
import { block, expect, open, test } from './page.js';

test('the contents show all pages, this one with its blocks; next and previous lead on', async ({ page }) => {
  await page.goto('/relatives/');
  const contents = page.getByRole('navigation', { name: 'Contents' });
  await expect(contents.locator('a.page')).toHaveText([
    'The lesson',
    'Words',
    'The relatives',
    'The ledger',
    'Check it yourself',
  ]);
  await expect(contents.locator('a.page[aria-current="page"]')).toHaveText('The relatives');
  await expect(contents.locator('a[data-block="ipo"]')).toBeVisible();
  await expect(contents.locator('a[data-block="policy"]')).toHaveCount(0);
  await contents.getByText('Chapters').first().click();
  await contents.getByRole('link', { name: 'The reward model', exact: true }).click();
  await expect(page).toHaveURL(/\/#reward$/);
  await expect(page.locator('#reward')).toBeInViewport();
  const others = page.getByRole('navigation', { name: 'Other pages' });
  await expect(others.getByRole('link')).toHaveText(['Words']);
  await others.getByRole('link', { name: 'Words' }).click();
  await others.getByRole('link', { name: 'The relatives' }).click();
  await others.getByRole('link', { name: 'The ledger' }).click();
  await expect(page).toHaveURL(/\/ledger\/$/);
  await expect(page).toHaveTitle(/ledger/);
  await others.getByRole('link', { name: 'Check it yourself' }).click();
  await expect(page).toHaveURL(/\/check\/$/);
  await expect(others.getByRole('link')).toHaveText(['The ledger']);
});

test('an address of before still leads to its block, on whatever page that is now', async ({ page }) => {
  await page.goto('/#ledger');
  await expect(page).toHaveURL(/\/ledger\/#ledger$/);
  await expect(page.locator('section#ledger')).toBeInViewport();
  await page.goto('/ledger/?from=a-friend#grpo-loss');
  await expect(page).toHaveURL(/\/relatives\/\?from=a-friend#grpo-loss$/);
  await page.goto('/relatives/#policy');
  await expect(page).toHaveURL(/\/#policy$/);
  // What leads nowhere stays where it is.
  await page.goto('/#no-such-block');
  await expect(page).toHaveURL(/\/#no-such-block$/);
});

test('no page is wider than a phone, laid out to its end, also where letters are twice as large', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  for (const { path } of PAGES) {
    await page.goto(`/${path}`);
    // As on paper: nothing waits until it is near.
    await page.addStyleTag({ content: '.prose, py-block { content-visibility: visible !important }' });
    for (const size of ['100%', '200%']) {
      await page.addStyleTag({ content: `html { font-size: ${size} }` });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([path, size, width]).toEqual([path, size, 390]);
    }
  }
});

test('an address that nobody can read opens the page all the same', async ({ page }) => {
  await open(page, '/#100%-of-it');
  const { write, runToEnd, output } = block(page, 'preferences');
  await write('print("here")');
  await runToEnd();
  await expect(output).toContainText('here');
});

test('a block runs what it needs of another page unseen, as published, and says so', { tag: '@engine' }, async ({
  page,
}) => {
  await open(page);
  await block(page, 'preferences').write('raise ValueError("an edit on the other page")');
  await page.goto('/relatives/');
  const { runToEnd, is, messages, section } = block(page, 'ipo');
  await runToEnd();
  await is('done');
  await expect(messages).toContainText('Ran before it, as published on other pages: “Preference data”');
  await runToEnd();
  await expect(section.locator('.message', { hasText: 'other pages' })).toHaveCount(0);
  await page.goto('/');
  await expect(block(page, 'preferences').messages).toContainText('your edited version');
});

test('a hint names a block of another page, and its link leads there', async ({ page }) => {
  await open(page);
  const { write, runToEnd, messages } = block(page, 'preferences');
  await write('print(SEEDS)');
  await runToEnd();
  await messages.getByRole('link').click();
  await expect(page).toHaveURL(/\/ledger\/#ledger-seeds$/);
});

test('a page is taken along with what it needs of the others, and all pages with the edits of all', async ({
  page,
}) => {
  await open(page);
  await block(page, 'policy').write(`${await block(page, 'policy').code()}\n# mine`);
  await page.goto('/relatives/');
  await page.getByRole('button', { name: 'Take along' }).click();
  const panel = page.locator('#take-panel');
  const save = async (/** @type {string} */ what) => {
    const download = page.waitForEvent('download');
    await panel.locator(`[data-save="${what}"]`).click();
    const file = await download;
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    return { name: file.suggestedFilename(), text: Buffer.concat(chunks).toString() };
  };
  const own = await save('page.py');
  expect(own.name).toBe('the-relatives-as-published.py');
  expect(own.text).toContain('# %% id="policy"');
  expect(own.text).toContain('# %% id="ipo"');
  expect(own.text).not.toContain('# %% id="ledger"');
  expect(own.text).not.toContain('# mine');
  const all = await save('all.py');
  expect(all.name).toBe('rlhf-and-dpo-mine.py');
  expect(all.text).toContain('\n# mine');
  expect(all.text).toContain('# %% id="ledger"');
  for (const link of await panel.getByRole('link').all()) {
    const address = new URL((await link.getAttribute('href')) ?? '', page.url());
    expect((await page.request.get(address.href)).status(), address.href).toBe(200);
  }
});

test('a link with edits of several pages brings each page its own', async ({ page, context }) => {
  const { encodeEdits } = await import('../../app/tab/edits/share-link.js');
  const fragment = await encodeEdits([
    { block: 'policy', original: '', source: 'one = 1' },
    { block: 'ipo', original: '', source: 'two = 2' },
  ]);
  await open(page, `/${fragment}`);
  const banner = page.getByRole('region', { name: 'Edits from a link' });
  await expect(banner).toContainText('carries edits of 1 block');
  await expect(banner).toContainText('on other pages, too: The relatives');
  const other = await context.newPage();
  await other.goto((await banner.getByRole('link', { name: 'The relatives' }).getAttribute('href')) ?? '');
  await other.getByRole('button', { name: 'Use them' }).click();
  expect(await block(other, 'ipo').code()).toBe('two = 2');
});
