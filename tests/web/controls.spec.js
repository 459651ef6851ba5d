/** Controls above the code: what a hand on them does, and what the code does to them. */
import { axe, block, expect, faults, fill, onOnePage, open, ready, STANDARDS, test } from './page.js';

/** @param {import('./page.js').Page} page */
function playground(page) {
  const all = block(page, 'playground');
  const { section } = all;
  return {
    ...all,
    beta: section.getByRole('slider', { name: /^beta/ }),
    pairs: section.getByRole('slider', { name: /^pairs/ }),
    method: section.getByRole('combobox', { name: /^methods/ }),
    show: section.getByRole('button', { name: 'Show code' }),
  };
}

const BETA = /^beta = (.*?) {2}# @param/m;

onOnePage('the playground', () => {
  test('a key on a slider writes the code and runs the block alone', async ({ page }) => {
    await open(page);
    const { beta, pairs, method, code, is, output, section } = playground(page);
    const summary = await section.locator('.chart .summary').textContent();
    await beta.press('ArrowLeft');
    await is('done');
    expect((await code()).match(BETA)?.[1]).toBe('0.45');
    await expect(beta).toHaveAttribute('aria-valuetext', '0.45');
    await expect(section.locator('.control').first()).toContainText('0.45');
    await expect(section.locator('.chart .summary')).not.toHaveText(summary ?? '');
    await expect(section).toHaveAttribute('data-edited', '');
    await expect(page.locator('section.block[data-state="done"]')).toHaveCount(1);
    await expect(page.locator('section.block[data-state="stale"]')).toHaveCount(0);

    await pairs.press('End');
    await expect(pairs).toHaveAttribute('aria-valuetext', '1000');
    await method.selectOption('DPO');
    await expect.poll(code).toContain('pairs = 1000  # @param');
    await expect.poll(code).toContain('methods = "DPO"  # @param');
    await is('done');
    await expect(output).toContainText('optimum');
  });

  test('what is typed moves the control, a damaged comment has none, and Reset brings all back', async ({ page }) => {
    await open(page);
    const { beta, section, editor, code, reset, show } = playground(page);
    const original = await code();
    await show.click();
    await expect(editor).toBeVisible();
    await fill(editor, original.replace('beta = 0.5 ', 'beta = 1.25 '));
    await expect(beta).toHaveValue('1.25');
    await fill(editor, original.replace('beta = 0.5 ', 'beta = 7 '));
    await expect(beta).toHaveAttribute('aria-valuetext', '7');
    await fill(editor, original.replace('{type:"slider", min:0.25', '{type:"slider", min:'));
    await expect(beta).toHaveCount(0);
    await expect(section.locator('.control')).toHaveCount(4);
    await reset.click();
    await expect(beta).toHaveValue('0.5');
    expect(await code()).toBe(original);
  });

  test('a drag is one step to undo, and the cursor stays', async ({ page }) => {
    await open(page);
    const { beta, code, editor, is, show } = playground(page);
    const original = await code();
    await show.click();
    await editor.press('ControlOrMeta+End');
    await page.keyboard.type('# mine');
    const typed = `${original}# mine`;
    await expect.poll(code).toBe(typed);
    await beta.scrollIntoViewIfNeeded();
    const box = /** @type {NonNullable<Awaited<ReturnType<typeof beta.boundingBox>>>} */ (await beta.boundingBox());
    const at = async (/** @type {number} */ share) =>
      page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
    await at(0.5);
    await page.mouse.down();
    for (const share of [0.6, 0.7]) {
      await at(share);
      await page.waitForTimeout(700); // longer than what is typed without a pause
    }
    await at(0.9);
    await page.mouse.up();
    const dragged = await code();
    expect(Number(dragged.match(BETA)?.[1])).toBeGreaterThan(1.5);
    await is('done');
    await editor.focus();
    await page.keyboard.type('!');
    await expect.poll(code).toBe(`${dragged}!`);
    await editor.press('ControlOrMeta+z');
    await editor.press('ControlOrMeta+z');
    await expect.poll(code).toBe(typed);
    await expect(beta).toHaveValue('0.5');
  });

  test('undo on the slider itself, without the code being seen', async ({ page }) => {
    await open(page);
    const { beta, code, is } = playground(page);
    const original = await code();
    await expect(page.locator('#playground .cm-editor')).toHaveCount(1);
    await beta.press('PageUp');
    await is('done');
    expect(await code()).not.toBe(original);
    await beta.press('ControlOrMeta+z');
    await expect.poll(code).toBe(original);
    await expect(beta).toHaveValue('0.5');
    await is('done');
  });

  test('what is pointed at in the plane is shown among the flowers, and the other way round', async ({ page }) => {
    await open(page);
    const { section } = playground(page);
    const row = (/** @type {string} */ name) => section.locator('.part').filter({ hasText: new RegExp(`^${name}`) });
    const path = (/** @type {number} */ at) => section.locator('.scatterlayer > .trace').nth(at);
    await expect(section.locator('.scatterlayer > .trace')).toHaveCount(9);
    const box = await section.locator('.scatterlayer .points path').last().boundingBox(); // the optimum's star
    if (!box) throw new Error('no star is drawn');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2 + 1, box.y + box.height / 2);
    await expect(row('DPO')).toHaveClass(/aside/);
    await expect(row('optimum')).not.toHaveClass(/aside/);
    await row('DPO').hover();
    await expect(row('DPO')).not.toHaveClass(/aside/);
    await expect(row('RLHF')).toHaveClass(/aside/);
    await expect(path(1)).toHaveCSS('opacity', '0.25'); // RLHF
    await expect(path(4)).toHaveCSS('opacity', '1'); // DPO
    await expect(path(0)).toHaveCSS('opacity', '1'); // the frontier helps to read both
    await section.locator('.block-title').hover();
    await expect(section.locator('.aside')).toHaveCount(0);
  });

  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    test(`on a phone nothing is wider than the screen, and axe finds nothing, ${colorScheme}`, async ({ page }) => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.emulateMedia({ colorScheme });
      await open(page);
      const { beta, is, section } = playground(page);
      await beta.press('ArrowLeft');
      await is('done');
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(
        0,
      );
      const { y } = /** @type {{y: number}} */ (await section.locator('.plot').boundingBox());
      expect(y, 'the picture begins on the first screen').toBeLessThan(844);
      const { violations } = await axe(page).withTags(STANDARDS).include('#playground').analyze();
      expect(faults(violations)).toEqual([]);
    });
  }
});

test('before Python is ready the last value waits, and a reload keeps it', async ({ page }) => {
  await page.goto('/');
  const { beta, code, is } = playground(page);
  await beta.press('ArrowRight');
  await beta.press('ArrowRight');
  await beta.press('ArrowRight');
  await ready(page);
  await is('done');
  expect((await code()).match(BETA)?.[1]).toBe('0.65');
  await page.reload();
  await expect(beta).toHaveValue('0.65');
  await expect(beta).toBeEnabled();
});

onOnePage('a block that gets controls', () => {
  test('a long run is ended when the hand has moved on', async ({ page }) => {
    await open(page);
    const { section, write, is, output, code, messages } = block(page, 'reward-model');
    await write(
      'import time\nn = 3  # @param {type:"slider", min:0, max:9, step:1}\nprint("began", n)\n' +
        'if n > 3:\n    time.sleep(1000)\nprint("ended", n)',
    );
    const slider = section.getByRole('slider', { name: 'n' });
    await slider.press('ArrowRight');
    await is('running');
    await expect(output).toContainText('began 4');
    await slider.press('Home');
    await is('done');
    expect(await code()).toContain('n = 0  #');
    await expect(output).toHaveText(/began 0\s+ended 0/);
    await expect(messages).not.toContainText('Stopped');
  });

  test('a block gets controls when its code has the comments', async ({ page }) => {
    await open(page);
    const { section, write, is, output } = block(page, 'reward-model');
    await expect(section.locator('.controls')).toHaveCount(0);
    await write(
      [
        '# who',
        'name = "a"  # @param {type:"string"}',
        'loud = False  # @param {type:"boolean"}',
        'n = 2  # @param {type:"integer"}',
        'print(name * n, loud)',
      ].join('\n'),
    );
    const name = section.getByRole('textbox', { name: 'name who' });
    await name.fill('"; import os #');
    await name.press('Enter');
    await is('done');
    await expect(output).toHaveText(`"; import os #"; import os # False`);
    await section.getByRole('checkbox', { name: 'loud' }).check();
    await expect(output).toContainText('True');
    const n = section.getByRole('spinbutton', { name: 'n' });
    await n.fill('1');
    await n.press('Tab');
    await expect(output).toHaveText(`"; import os # True`);
  });
});

for (const [width, height] of [
  [1280, 800],
  [768, 1024],
  [390, 844],
]) {
  test(`at ${width} px nothing moves but the control and what is in the pictures`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page);
    const { beta, pairs, method, section, run, is } = playground(page);
    await run();
    await is('done');
    await page.evaluate(() => {
      const host = /** @type {any} */ (window);
      host.shifts = [];
      new PerformanceObserver((list) => {
        // Also what follows a key at once, which the browser would forgive.
        for (const entry of /** @type {any[]} */ (list.getEntries()))
          for (const { node } of entry.sources)
            host.shifts.push(
              `${entry.value} ${node?.id || node?.className?.baseVal || node?.className || node?.nodeName}`,
            );
      }).observe({ type: 'layout-shift' });
    });
    const sizes = () =>
      section.evaluate((block) =>
        [block, ...block.querySelectorAll('figure, .output')].map(({ clientWidth, clientHeight }) => [
          clientWidth,
          clientHeight,
        ]),
      );
    const before = await sizes();
    for (const move of [
      () => beta.press('Home'),
      () => beta.press('ArrowRight'),
      () => pairs.press('Home'),
      () => section.getByRole('slider', { name: /^noise/ }).press('End'),
      () => method.selectOption('DPO'),
      () => beta.press('End'),
    ]) {
      await move();
      await is('done');
      expect(await sizes()).toEqual(before);
    }
    expect(await page.evaluate(() => /** @type {any} */ (window).shifts)).toEqual([]);
  });
}

test('by keyboard alone: Tab goes from control to control, arrows, letters and Space move them', async ({ page }) => {
  await open(page, '/ledger/');
  const switches = block(page, 'switches');
  await switches.section.getByRole('button', { name: 'Run' }).focus();
  const first = switches.section.getByRole('checkbox').first();
  for (let tabs = 0; tabs < 8 && !(await first.evaluate((box) => box === document.activeElement)); tabs += 1)
    await page.keyboard.press('Tab');
  await expect(first).toBeFocused();
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect.poll(switches.code).toMatch(/constant_feature = False [\s\S]*stored_pairs = True /);
  await switches.is('done');
  await expect(switches.output).toContainText('1 of 6 faults repaired: pairs');

  await open(page);
  const { beta, code, is, show, editor } = playground(page);
  await beta.focus();
  await page.keyboard.press('ArrowLeft');
  for (const key of ['End', 'ArrowRight', 'ArrowLeft']) {
    await page.keyboard.press('Tab');
    await page.keyboard.press(key);
  }
  await page.keyboard.press('Tab');
  await page.keyboard.press('d');
  await expect
    .poll(async () => [...(await code()).matchAll(/^\w+ = (.*?) {2}# @param/gm)].map(([, value]) => value))
    .toEqual(['0.45', '1000', '0.05', '41', '"DPO"']);
  await is('done');
  await show.press('Enter');
  await expect(editor).toBeVisible();
});

test('by touch alone: a slider, a switch, a guess and the code', { tag: '@only-touch' }, async ({ page }) => {
  await open(page, '/ledger/');
  const switches = block(page, 'switches');
  await switches.section.getByRole('checkbox').nth(1).tap();
  await switches.is('done');
  await expect(switches.output).toContainText('2 of 6 faults repaired');
  const slider = page.locator('#guess-ledger').getByRole('slider');
  await slider.tap({ position: { x: 2, y: 10 } });
  await page.locator('#guess-ledger').getByText('What the run says').tap();
  await expect(page.locator('#guess-ledger .guessed')).toContainText('You guessed: 0 %');

  await open(page);
  const { beta, code, is, show, editor } = playground(page);
  await beta.tap({ position: { x: 2, y: 10 } });
  await expect.poll(code).toContain('beta = 0.25  # @param');
  await is('done');
  await show.tap();
  await expect(editor).toBeVisible();
});

test('code that is folded: the button, print, and without scripts', async ({ page, browser, baseURL }) => {
  await open(page);
  const { show, editor, section } = playground(page);
  await expect(show).toHaveAttribute('aria-expanded', 'false');
  await expect(editor).toBeHidden();
  await show.press('Enter');
  const hide = section.getByRole('button', { name: 'Hide code' });
  await expect(hide).toHaveAttribute('aria-expanded', 'true');
  await expect(editor).toBeVisible();
  await hide.click();
  await expect(editor).toBeHidden();
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  await expect(section.locator('.on-paper')).toContainText('playground.train(beta');
  await expect(section.locator('.on-paper')).toBeVisible();

  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(baseURL ?? '');
  const code = plain.locator('#playground .code');
  await expect(plain.locator('#playground').getByRole('slider').first()).toBeDisabled();
  await expect(plain.locator('#playground .show-code')).toBeHidden();
  await plain.locator('#playground .fold > summary').click();
  await expect(code).toBeVisible();
  await context.close();
});
