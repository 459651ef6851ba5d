/** Edits across visits, and working by keyboard alone. */
import { block, expect, fill, onOnePage, open, press, ready, test } from './page.js';

test('an edit survives a reload, and says so', { tag: '@engine' }, async ({ page }) => {
  await open(page);
  const { editor, messages, code, section, reset } = block(page, 'reward-model');
  await fill(editor, 'kept = "over the reload"');
  await expect(section).toHaveAttribute('data-edited', '');
  // Also where the page is never told that it ends.
  await expect
    .poll(() => page.evaluate(() => localStorage.getItem('preference-lab/edit/reward-model')))
    .toContain('over the reload');
  await page.reload();
  await ready(page);
  expect(await code()).toBe('kept = "over the reload"');
  await expect(messages).toContainText('your edited version');
  await block(page, 'reward-model').is('stale');
  await press(reset);
  await page.reload();
  expect(await code()).toContain('def train_reward_model');
});

test('what was recorded is drawn also where an edit has made it stale', async ({ page }) => {
  await open(page);
  const { editor, is, section } = block(page, 'policy');
  await fill(editor, 'kept = 1');
  await page.reload();
  await is('stale');
  await section.locator('figure.chart').scrollIntoViewIfNeeded();
  await expect(section.locator('.main-svg').first()).toBeVisible();
  const below = block(page, 'ppo-train');
  await below.is('stale');
  await below.section.locator('figure.chart').scrollIntoViewIfNeeded();
  await expect(below.section.locator('.main-svg').first()).toBeVisible();
});

test('an edit of an older version is offered, not put over the new one', async ({ page }) => {
  await page.addInitScript(() => {
    if (!localStorage.getItem('seeded')) {
      localStorage.setItem('seeded', 'yes');
      localStorage.setItem(
        'preference-lab/edit/policy',
        JSON.stringify({ original: 'an older one', source: 'mine = 1' }),
      );
    }
  });
  await page.goto('/');
  const { messages, code } = block(page, 'policy');
  expect(await code()).toContain('def generate_output');
  await expect(messages).toContainText('has changed since you edited it');
  await messages.getByRole('button', { name: 'Use my edit' }).click();
  expect(await code()).toBe('mine = 1');
  await page.reload();
  expect(await code()).toBe('mine = 1');
});

test('damaged storage does no harm', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('preference-lab/edit/policy', '{"original": 5'));
  await open(page);
  await block(page, 'policy').runToEnd();
  await block(page, 'policy').is('done');
});

test('blocked storage is said once, and the page works', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('blocked', 'SecurityError');
      },
    });
  });
  await open(page);
  const { editor, runToEnd, output } = block(page, 'reward-model');
  await fill(editor, 'print("works")');
  await expect(page.getByText('does not let this page keep your edits')).toBeVisible();
  await runToEnd();
  await expect(output).toHaveText('works');
});

test('by keyboard alone: to a block, into its editor, run, out again', { tag: '@engine' }, async ({ page }) => {
  await open(page);
  await expect(block(page, 'faq-ppo').editor).toHaveCount(1);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the lesson' })).toBeFocused();
  await page.keyboard.press('Enter');
  const { editor, section, output, is } = block(page, 'preferences');
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      return `${activeElement?.closest('section')?.id} ${activeElement?.className}`;
    });
  for (let i = 0; i < 40 && (await focused()) !== 'preferences run'; i += 1) await page.keyboard.press('Tab');
  expect(await focused()).toBe('preferences run');
  await page.keyboard.press('Enter');
  await is('done');
  await page.keyboard.press('Tab');
  await expect(editor).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('print("typed")');
  await page.keyboard.press('Control+Enter');
  await expect(output).toHaveText('typed');
  await page.keyboard.press('Escape');
  await expect(section.getByRole('button', { name: 'Run' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(section.getByRole('button', { name: 'Reset' })).toBeFocused();
});

onOnePage('keys in the editor', () => {
  test('Shift+Enter runs and moves on', async ({ page }) => {
    await open(page);
    const [first, second] = [block(page, 'preferences'), block(page, 'reward-model')];
    await first.editor.focus();
    await page.keyboard.press('Shift+Enter');
    await expect(second.editor).toBeFocused();
    await first.is('done');
    await second.is('recorded');
  });

  test('Escape first closes the list of completions, then leaves', async ({ page }) => {
    await open(page);
    const { editor, section } = block(page, 'reward-model');
    await fill(editor, 'sorted_names = 1\n');
    await editor.press('Control+End');
    await page.keyboard.type('sort');
    await expect(page.getByRole('listbox')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('listbox')).toBeHidden();
    await expect(editor).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(section.getByRole('button', { name: 'Run' })).toBeFocused();
  });
});
