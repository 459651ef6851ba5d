/** Exercises: wrong answers, hints, the comparison, and a pass that is remembered. */
import { axe, block, expect, fill, open, press, test } from './page.js';

/** @param {import('@playwright/test').Page} page @param {string} id */
function exercise(page, id) {
  const found = block(page, id);
  return {
    ...found,
    check: found.section.getByRole('button', { name: 'Check' }),
    verdict: found.section.locator('.verdict'),
    /** @param {string} name */
    details: (name) => found.section.locator('details', { has: page.locator('summary', { hasText: name }) }),
  };
}

test('a wrong answer, its message, a hint, the comparison, a right answer, and a reload that remembers', {
  tag: ['@engine', '@touch'],
}, async ({ page }) => {
  await open(page);
  const { section, editor, check, verdict, details, code, reset, is, messages, output } = exercise(
    page,
    'challenge-noise',
  );
  // On a phone the contents are folded.
  const link = page
    .locator('nav[aria-label="Contents"]')
    .getByRole('link', { name: 'labels swapped', includeHidden: true });
  const starter = await code();

  await test.step('the empty starter is told what is missing', async () => {
    await press(check);
    await expect(verdict).toContainText('Nothing has been swapped yet');
    await expect(output).toContainText('length ratio 1.00');
    await is('done');
  });
  await test.step('a wrong answer gets its own message', async () => {
    await fill(
      editor,
      starter.replace(
        'return preferred, rejected',
        's = swap[:, None]\n    return np.where(s, preferred, rejected), np.where(s, rejected, preferred)',
      ),
    );
    await press(check);
    await expect(verdict).toContainText('Not yet. Labels are swapped on the wrong side');
    await expect(verdict.locator('code').first()).toHaveText('swap');
    await expect(section.locator('.passed')).toBeHidden();
  });
  await test.step('hints come one at a time, by keyboard', async () => {
    await expect(details('Hint 2')).toBeHidden();
    await details('Hint 1').locator('summary').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect(details('Hint 1').locator('p')).toBeVisible();
    await expect(details('Hint 2').locator('summary')).toBeFocused();
    await expect(details('Hint 3')).toBeHidden();
  });
  await test.step('the worked answer, beside the reader’s code', async () => {
    await press(details('Worked answer').locator('summary'));
    await press(section.getByRole('button', { name: 'Compare with mine' }));
    const comparison = section.getByRole('region', { name: 'Your code beside the worked answer' });
    await expect(comparison.locator('.lines del')).toContainText([
      's = swap[:, None]',
      'np.where(s, preferred, rejected)',
    ]);
    await expect(comparison.locator('.lines ins')).toContainText([
      'swap = swap[:, None]',
      'np.where(swap, rejected, preferred)',
    ]);
    await press(section.getByRole('button', { name: 'Use it' }));
    await expect(comparison).toContainText('Your code is the worked answer');
    await expect(messages).toContainText('Reset brings back the starter');
    expect(await code()).toContain('np.where(swap, rejected, preferred)');
    await press(section.getByRole('button', { name: 'Back to my code' }));
    expect(await code()).toContain('np.where(s, preferred, rejected)');
  });
  const right = (await code()).replace(
    'np.where(s, preferred, rejected), np.where(s, rejected, preferred)',
    'np.where(s, rejected, preferred), np.where(s, preferred, rejected)',
  );
  await test.step('a right answer passes', async () => {
    await fill(editor, right);
    await press(check);
    await expect(verdict).toContainText('Passed, well done. The weights shrink');
    await expect(section.locator('.passed')).toBeVisible();
    await expect(link).toHaveAttribute('data-passed', '');
    const { violations } = await axe(page).include('#challenge-noise').analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
  await test.step('an edit takes the mark back, undoing it brings it again', async () => {
    await fill(editor, `${right}\nprint('more')`);
    await expect(section.locator('.passed')).toBeHidden();
    await expect(link).not.toHaveAttribute('data-passed', '');
    await expect(verdict).toContainText('before this edit');
    await fill(editor, right);
    await expect(section.locator('.passed')).toBeVisible();
  });
  await test.step('a reload remembers, a reset forgets', async () => {
    await page.reload();
    await expect(section.locator('.passed')).toBeVisible();
    await expect(link).toHaveAttribute('data-passed', '');
    await press(reset);
    await expect(section.locator('.passed')).toBeHidden();
    expect(await code()).toBe(starter);
  });
});

test('a check says more than an error does, and Stop ends one that never would', async ({ page }) => {
  await open(page);
  const { section, editor, check, verdict, code, is, messages } = exercise(page, 'exercise-dpo');
  const starter = await code();

  await fill(
    editor,
    starter.replace(/np\.nan .*all pairs/, 'dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)'),
  );
  await check.click();
  await expect(verdict).toContainText('Take the first');
  await expect(messages).toContainText('TypeError');
  await is('error');

  await fill(
    editor,
    starter.replace('final_loss = np.nan', 'while beta not in (0.05, 0.1, 0.5): pass\n    final_loss = np.nan'),
  );
  await check.click();
  await expect(verdict).toHaveText('Checking …');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(messages).toContainText('Stopped');
  await expect(verdict).toHaveCount(0);

  await fill(
    editor,
    starter
      .replace(/np\.nan .*all pairs/, 'dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)[0]')
      .replace(/np\.nan .*its answers/, 'path[-1][0] @ TRUE_WEIGHTS'),
  );
  await check.click();
  await expect(verdict).toContainText('Passed');
  await expect(section.locator('.passed')).toBeVisible();
});

test('without JavaScript hints and worked answers open on a click', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto('/');
  const { details, check } = exercise(page, 'challenge-relu');
  await expect(check).toBeHidden();
  for (const name of ['Hint 1', 'Hint 2', 'Hint 3', 'Worked answer']) {
    await details(name).locator('summary').click();
    await expect(details(name).locator(':is(p, pre)').first()).toBeVisible();
  }
  await context.close();
});
