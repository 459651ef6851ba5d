/** A guess before the result: kept across visits, shown beside what the run says, and of use without JavaScript. */
import { axe, expect, faults, test } from './page.js';

/** @param {import('./page.js').Page} page @param {string} id */
const guess = (page, id) => {
  const place = page.locator(`#guess-${id}`);
  return {
    place,
    choice: (/** @type {string} */ name) => place.getByRole('radio', { name, exact: true }),
    scale: place.getByRole('slider'),
    open: () => place.getByText('What the run says').click(),
    said: place.locator('.guessed'),
  };
};

test('one of several answers: chosen, kept, shown beside the result, and asked anew', async ({ page }) => {
  await page.goto('/');
  const { place, choice, open, said } = guess(page, 'log-ratios');
  await expect(place.getByRole('group', { name: /After 150 steps of DPO/ })).toBeVisible();
  await choice('risen').check();
  await expect(said).toBeHidden();
  await open();
  await expect(said).toContainText('You guessed: risen');
  await expect(place).toContainText(/It has changed by -\d\.\d nats/);
  // What was guessed before the result stays what it was.
  await expect(choice('fallen')).toBeDisabled();

  await page.reload();
  await expect(choice('risen')).toBeChecked();
  await expect(choice('fallen')).toBeEnabled();
  await open();
  await expect(said).toContainText('You guessed: risen');
  await said.getByRole('button', { name: 'Guess anew' }).click();
  await expect(choice('risen')).toBeFocused();
  await expect(choice('risen')).not.toBeChecked();
  await expect(said).toBeHidden();
  await page.reload();
  await expect(choice('risen')).not.toBeChecked();
  await open();
  await expect(said).toBeHidden();
});

test('a number on a scale, by keyboard alone, on another page, too', async ({ page }) => {
  await page.goto('/ledger/');
  const { place, scale, said } = guess(page, 'ledger');
  await expect(scale).toHaveAccessibleName(/how many hold/);
  await scale.focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 7; i += 1) await page.keyboard.press('ArrowRight');
  await expect(place.locator('output')).toHaveText('7 %');
  await expect(scale).toHaveAttribute('aria-valuetext', '7 %');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(said).toContainText('You guessed: 7 %');
  await page.reload();
  await expect(place.locator('output')).toHaveText('7 %');
  await expect(scale).toHaveValue('7');
});

test('without JavaScript the result opens, and on paper it stands there', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto('/');
  const { place, open } = guess(page, 'log-ratios');
  const result = place.getByText('It has changed by');
  await expect(result).toBeHidden();
  await open();
  await expect(result).toBeVisible();
  await page.reload();
  await page.emulateMedia({ media: 'print' });
  await expect(result).toBeVisible();
  await expect(page.locator('details.check').first().locator('p').first()).toBeVisible();
  await context.close();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`on a phone: nothing is wider than the page, and axe finds nothing, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto('/');
    const [choices, scale] = [guess(page, 'log-ratios'), guess(page, 'no-kl')];
    await choices.choice('fallen').check();
    await choices.open();
    await scale.scale.fill('75');
    await scale.open();
    await expect(scale.said).toContainText('You guessed: 75 steps');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    const builder = axe(page).include('#guess-log-ratios').include('#guess-no-kl').exclude('.katex-html');
    expect(faults((await builder.analyze()).violations)).toEqual([]);
  });
}

test('beneath a block stand the sentences that it shows to hold, and an address opens them', async ({ page }) => {
  await page.goto('/');
  const claims = page.locator('#policy details.claims');
  await expect(claims.getByRole('listitem').first()).toBeHidden();
  await claims.getByText(/sentences were checked on the recorded run/).click();
  await expect(claims.getByRole('listitem').filter({ hasText: 'The sampled and the exact KL agree' })).toBeVisible();
  await page.goto('/#log-ratios-claim-2');
  await expect(page.locator('#log-ratios-claim-2')).toBeInViewport();
});
