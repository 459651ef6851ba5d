/** For those who do not see, do not use a mouse, enlarge the page, bring their own colours, or cannot bear motion. */
import { axe, block, expect, faults, onOnePage, open, press, ready, STANDARDS, test } from './page.js';

/** @param {import('./page.js').Page} page */
const wider = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

test('in forced colours axe finds nothing, with an error, a data table and the panels open', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
  await open(page);
  const [broken, chart] = [block(page, 'reward-model'), block(page, 'preferences')];
  await broken.write('1 / 0');
  await broken.runToEnd();
  await chart.section.getByText('Show data').click();
  await page.getByRole('button', { name: 'Variables' }).click();
  const { violations } = await axe(page)
    .withTags(STANDARDS)
    .include('.bar')
    .include('#variables')
    .include('#preferences')
    .include('#reward-model')
    .include('#exercise-rlhf')
    .analyze();
  expect(faults(violations)).toEqual([]);
  // What was told by a background alone is told by a line here.
  await expect(broken.section.locator('.cm-error-line')).toHaveCSS('outline-style', 'solid');
});

onOnePage('what is heard', () => {
  test('a screen reader hears the status, the output, what went wrong and what was stopped', async ({ page }) => {
    await page.goto('/');
    const status = page.getByRole('status').first();
    await expect(status).toContainText(/Python/);
    await ready(page);
    await expect(status).toHaveText(/Python 3\.\d+\.\d+ with NumPy .* is ready/);

    const { section, write, run, runToEnd, is } = block(page, 'reward-model');
    await write('print("heard")\n1 / 0');
    await runToEnd();
    await expect(section).toMatchAriaSnapshot(`
      - group "Bradley-Terry training":
        - 'textbox "Code: Bradley-Terry training"'
        - alert
        - 'log "Output: Bradley-Terry training"': heard
    `);
    await expect(section.getByRole('alert')).toContainText(/ZeroDivisionError.*line 2/);
    await write('while True: pass');
    await run();
    await is('running');
    await expect(status).toHaveText(/Running.*Bradley-Terry training/);
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect(section.getByRole('status')).toContainText('Stopped');

    const chart = block(page, 'train-reward').section;
    await expect(chart.getByRole('img').first()).toHaveAccessibleName(/\w/);
    await expect(chart.getByRole('img').first()).toHaveAccessibleDescription(/\d/);
  });

  test('each chart has its numbers in a table, which follows the next run', { tag: ['@engine', '@touch'] }, async ({
    page,
  }) => {
    await open(page);
    for (const figure of await page.locator('figure.chart').all())
      await expect(figure.getByText('Show data')).toHaveCount(1);
    const { section, write, runToEnd } = block(page, 'ppo-setup');
    const chart = (/** @type {string} */ y) =>
      `show({"data": [{"type": "scatter", "name": "Mine", "x": list(range(100)), "y": ${y}}], ` +
      '"layout": {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": "reward"}}, ' +
      '"meta": {"title": "A line", "summary": "It rises."}}})';
    await write(chart('list(range(100))'));
    await runToEnd();
    const table = section.getByRole('table');
    await expect(table).toHaveCount(0);
    await press(section.getByText('Show data'));
    await expect(section.getByRole('columnheader')).toHaveText(['step', 'reward']);
    await expect(table.getByRole('row')).toHaveCount(51);
    await expect(table.locator('caption')).toHaveText('Mine (50 of 100 points, evenly spaced; CSV has them all)');
    await expect(table.getByRole('row').last()).toHaveText('9999');
    await write(chart('[-1] * 100'));
    await runToEnd();
    await expect(table.getByRole('row').last()).toHaveText('99-1');
  });
});

test('by keyboard alone: run, read the numbers of a chart, stop, change the theme', async ({ page }) => {
  await open(page);
  await expect(block(page, 'faq-ppo').editor).toHaveCount(1);
  /** Goes on until the focus is on what fits. @param {string} selector @param {string} key */
  const reach = async (selector, key = 'Tab') => {
    for (let i = 0; i < 200; i += 1) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) break;
      // In an editor Shift+Tab takes spaces away, until Escape leaves it.
      if (key === 'Shift+Tab' && (await page.locator('.cm-content:focus').count())) await page.keyboard.press('Escape');
      await page.keyboard.press(key);
    }
    const focused = page.locator(`${selector}:focus`);
    await expect(focused).toHaveCount(1);
    // An editor shows it around all of its code.
    await expect(page.locator(':focus:not(.cm-content), .cm-editor:has(:focus)')).toHaveCSS('outline-style', 'solid');
    await expect(focused).toBeInViewport();
    // Nothing that sticks to the window's edges hides it.
    expect(
      await focused.evaluate((element) => {
        const { left, top, width, bottom } = element.getBoundingClientRect();
        const middle = (Math.max(top, 0) + Math.min(bottom, window.innerHeight)) / 2;
        return element.contains(document.elementFromPoint(left + Math.min(width / 2, 20), middle));
      }),
    ).toBe(true);
  };
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // skips to the lesson
  await reach('#preferences .run');
  await page.keyboard.press('Enter');
  await block(page, 'preferences').is('done');
  await reach('#preferences .cm-content');
  await page.keyboard.press('Escape');
  await expect(page.locator('#preferences .run')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await page.locator('#preferences .output').focus();
  await reach('#preferences .data summary');
  await page.keyboard.press('Enter');
  await expect(block(page, 'preferences').section.getByRole('table').first()).toBeVisible();
  await reach('#preferences .data .table');

  const endless = block(page, 'reward-model');
  await reach('#reward-model .run');
  await reach('#reward-model .cm-content');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('while True: pass');
  await page.keyboard.press('Control+Enter');
  await endless.is('running');
  await page.keyboard.press('Escape');
  await reach('#stop', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(endless.messages).toContainText('Stopped');
  await reach('#theme', 'Shift+Tab');
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: /Theme/ })).toHaveText('Theme: light');
});

test('with reduced motion nothing moves by itself, and jumps are jumps', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await open(page);
  const { write, run, is } = block(page, 'reward-model');
  await write('import time\ntime.sleep(1000)');
  await run();
  await is('running');
  expect(
    await page.evaluate(() =>
      document
        .getAnimations()
        .map((animation) => /** @type {CSSAnimation} */ (animation).animationName ?? 'transition'),
    ),
  ).toEqual([]);
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior)).toBe('auto');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await page.evaluate(() => document.getAnimations().length)).toBeGreaterThan(0);
});

test('at 200 % zoom nothing is wider than the page, and the bar leaves room to read', async ({ browser, baseURL }) => {
  // 1280 x 900 pixels, enlarged twice.
  const context = await browser.newContext({ baseURL, viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 });
  const page = await context.newPage();
  await open(page);
  const broken = block(page, 'reward-model');
  await broken.write('raise ValueError("a_very_long_word_" * 40)');
  await broken.runToEnd();
  await block(page, 'preferences').section.getByText('Show data').click();
  expect(await wider(page)).toBeLessThanOrEqual(0);
  expect(await page.locator('.bar').evaluate((bar) => bar.getBoundingClientRect().height)).toBeLessThan(450 / 3);
  // WCAG 1.4.10: at 400 %, which is 320 px wide, it reflows too; 1.4.12: with more space between lines and letters
  // nothing is cut.
  await page.setViewportSize({ width: 320, height: 256 });
  expect(await wider(page)).toBeLessThanOrEqual(0);
  expect(
    await page
      .locator('.bar')
      .evaluate((bar) => getComputedStyle(bar).position === 'static' || bar.getBoundingClientRect().height < 256 / 2),
  ).toBe(true);
  await context.close();
});
