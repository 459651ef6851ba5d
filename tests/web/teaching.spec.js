/** Errors that teach, help while one edits, the variables, and how far a long loop is. */
import { block, expect, onOnePage, open, press, test } from './page.js';

onOnePage('errors and help', () => {
  test('a misspelt name: the hint, a link to its block, the variables, the way to the line', {
    tag: ['@engine', '@touch'],
  }, async ({ page }) => {
    await open(page);
    const { write, runToEnd, messages, section, editor } = block(page, 'policy');
    await write('temperature = 3\nscores = np.ones((20, 4))\ngap = sigmod(scores - temperature)');
    await runToEnd();
    await expect(messages).toContainText("NameError: name 'sigmod' is not defined (line 3)");
    await expect(messages).toContainText('Did you mean sigmoid? It is defined in Bradley-Terry training.');
    await press(messages.getByText('Variables at this point'));
    await expect(messages.getByRole('row', { name: /^scores/ })).toHaveText(
      /scores\s*float64 array \(20, 4\)\s*1 to 1, mean 1/,
    );
    await press(messages.getByRole('button', { name: 'line 3' }));
    await expect(editor).toBeFocused();
    await press(messages.getByRole('link', { name: 'Bradley-Terry training' }));
    await expect(page).toHaveURL(/#reward-model$/);

    // A name that only comes further down, a shape that does not fit, a log of 0.
    await write('train_dpo(1)');
    await runToEnd();
    await expect(messages).toContainText('train_dpo is defined further down, in The DPO loop');
    await write('a = np.ones((20, 4))\nb = np.ones(20)\na * b');
    await runToEnd();
    await expect(messages).toContainText(
      'If b holds a value for each row, b[:, None] makes it a column, (20, 1), which fits.',
    );
    await expect(section.locator('.cm-error-line')).toHaveText('a * b');
    await write('p = np.array([0.5, 0.0])\nlog_p = np.log(p)\nprint("goes on")');
    await runToEnd();
    await expect(messages).toContainText('log_p holds 1 of 2 values that are infinite (line 2). p has a 0 in it');
    await expect(section).toHaveAttribute('data-state', 'done');
  });

  test('completion and help know the live values, and neither waits while Python is busy', { tag: '@engine' }, async ({
    page,
  }) => {
    await open(page);
    await block(page, 'reward-model').runToEnd();
    const { editor, section, write, run, is } = block(page, 'policy');
    await write('x = sigmoid(np.linalg.');
    await editor.press('Control+End');
    await editor.pressSequentially('no');
    const options = page.getByRole('option');
    await expect(options.filter({ hasText: /^norm/ })).toBeVisible();
    // Enter is a new line, unless the reader has moved to a choice.
    await editor.press('Enter');
    expect(await block(page, 'policy').code()).toBe('x = sigmoid(np.linalg.no\n            ');
    await editor.press('Escape');
    await write('x = sigmoid(np.linalg.');
    await editor.press('Control+End');
    await editor.pressSequentially('no');
    await expect(options.filter({ hasText: /^norm/ })).toBeVisible();
    await editor.press('Tab');
    await expect(editor).toContainText('np.linalg.norm');
    await write('x = sigmoid(np.linalg.');
    await editor.press('Control+End');
    await editor.pressSequentially('no');
    await expect(options.filter({ hasText: /^norm/ })).toBeVisible();
    await editor.press('ArrowDown');
    await editor.press('Enter');
    await expect(editor).toContainText('np.linalg.norm');
    await editor.press('Escape');

    await write('sigmoid(');
    await editor.press('Control+End');
    await editor.press('Control+i');
    await expect(section.locator('.help-box')).toContainText('sigmoid(z)');
    await expect(section.locator('.help-box')).toContainText('Defined in Bradley-Terry training');
    await editor.press('Escape');
    await expect(section.locator('.help-box')).toHaveCount(0);
    await expect(editor).toBeFocused();
    await editor.getByText('sigmoid').hover();
    await expect(section.locator('.help-box')).toContainText('sigmoid(z)');

    await write('while True: pass');
    await run();
    await is('running');
    const other = block(page, 'ppo-step');
    await other.write('temperature = 3\n');
    await other.editor.press('Control+End');
    await other.editor.pressSequentially('temper');
    await expect(options.filter({ hasText: 'temperature' })).toBeVisible();
    expect(await other.code()).toBe('temperature = 3\ntemper');
    await press(page.getByRole('button', { name: 'Stop' }));
  });
});

test('variables follow each run; a long loop says how fast it is, in the block and in the title', {
  tag: '@engine',
}, async ({ page }) => {
  await open(page);
  const title = await page.title();
  await press(page.getByRole('button', { name: 'Variables' }));
  const panel = page.locator('#variables');
  await expect(panel).toContainText('None yet');
  const { write, run, runToEnd, section } = block(page, 'ppo-step');
  await write('lengths = np.ones((20, 4))\ndef twice(x): return 2 * x\nbeta_now = 0.25');
  await runToEnd();
  // What the last run assigned comes first, then the block above that it took np from.
  const rows = panel.getByRole('row');
  await expect(rows.nth(1)).toHaveText(/^lengths\s*float64 array \(20, 4\)\s*1 to 1, mean 1$/);
  await expect(rows.nth(2)).toHaveText(/^beta_now\s*float\s*0.25$/);
  await expect(rows.nth(3)).toHaveText(/^twice\s*function\s*\(x\)$/);
  await expect(rows.nth(4)).toContainText('CONTEXT_DIM');
  await expect(panel.getByRole('link', { name: 'lengths' })).toHaveAttribute('href', '#ppo-step');

  await write('import time\nlengths = 3\nfor step in progress(range(1000)): time.sleep(0.1)');
  const height = await section.evaluate(
    (element) => /** @type {HTMLElement} */ (element.querySelector('.block-head')).offsetHeight,
  );
  await run();
  await expect(section.locator('.block-state')).toHaveText(/^\d+ %, \d+ min left, [\d.]+ steps\/s$/);
  await expect(page).toHaveTitle(/^\d+ % · /);
  expect(
    await section.evaluate((element) => /** @type {HTMLElement} */ (element.querySelector('.block-head')).offsetHeight),
  ).toBe(height);
  await press(page.getByRole('button', { name: 'Stop' }));
  await expect(section.locator('.messages')).toContainText('Stopped.');
  await expect(page).toHaveTitle(title);
  await expect(panel.getByRole('row', { name: /^lengths/ })).toHaveText(/^lengths\s*int\s*3$/);
  await press(panel.getByRole('button', { name: 'Close' }));
  await expect(panel).toBeHidden();

  await press(page.getByRole('button', { name: 'Run all' }));
  await expect(page.locator('#status')).toHaveText(/^Running \d+ of \d\d: /);
  await expect(page).toHaveTitle(/^\d+\/\d\d · /);
  await press(page.getByRole('button', { name: 'Stop' }));
  await expect(page).toHaveTitle(title);
});
