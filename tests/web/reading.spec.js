/** The page before, and without, any Python. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readLesson } from '../../app/site/cells.js';
import { PAGES } from '../../app/site/pages.js';
import { TOP } from '../../app/tools/tools.js';
import { axe, block, blockIds, expect, faults, onOnePage, open, press, recorded, test } from './page.js';

test('a first visit reads at once and shows what was recorded', async ({ page }) => {
  await page.goto('/', { waitUntil: 'commit' });
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const first = block(page, 'preferences');
  await expect(first.section).toHaveAttribute('data-state', 'recorded');
  await expect(first.section.locator('.block-state')).toHaveText('recorded');
  await expect(first.output).toContainText('pairs      200');
  await expect(page.locator('#status')).toContainText(/Python|lesson/);
  await first.section.scrollIntoViewIfNeeded();
  await expect(first.section.locator('.js-plotly-plot')).toBeVisible();
});

onOnePage('the lesson as it is published', () => {
  test('after a jump to between two blocks the contents show where that is', async ({ page }) => {
    await open(page);
    const current = page.locator('nav[aria-label="Contents"] a[aria-current="location"]');
    await page.evaluate(() => document.getElementById('playground')?.scrollIntoView({ behavior: 'instant' }));
    await expect(current).toHaveText('Playground');
    // The block's head is in the lower half, and what is above it is prose alone.
    await page.evaluate(() => {
      const { top } = /** @type {HTMLElement} */ (document.getElementById('preferences')).getBoundingClientRect();
      window.scrollBy({ top: top - 0.55 * window.innerHeight, behavior: 'instant' });
    });
    await expect(current).toHaveText('Preference data');
    await expect(current).not.toHaveAttribute('data-block');
  });

  test('the contents show the state of each block', async ({ page }) => {
    await open(page);
    const link = page
      .getByRole('navigation', { name: 'Contents' })
      .getByRole('link', { name: 'Bradley-Terry training' });
    await expect(link).toHaveAttribute('data-state', 'recorded');
    await block(page, 'reward-model').runToEnd();
    await expect(link).toHaveAttribute('data-state', 'done');
  });

  test('every block is a named group with an editor, Run, Reset and an output', async ({ page }) => {
    await open(page);
    const ids = await blockIds(page);
    expect(ids.length).toBeGreaterThan(20);
    for (const id of ids) {
      const { section, editor, output } = block(page, id);
      const title = await section.locator('.block-title').textContent();
      await expect(page.getByRole('group', { name: String(title), exact: true })).toHaveAttribute('id', id);
      const show = section.getByRole('button', { name: 'Show code' });
      if (await show.count()) await show.click();
      await expect(editor).toHaveCount(1);
      await expect(section.getByRole('button', { name: 'Run' })).toHaveCount(1);
      await expect(output).toHaveCount(1);
      expect(await section.evaluate((element) => element.querySelector('button.reset')?.textContent)).toBe('Reset');
    }
  });

  test('formulas are there for eyes and for screen readers', async ({ page }) => {
    await open(page);
    expect(await page.locator('math').count()).toBeGreaterThan(50);
    expect(await page.locator('.katex-html').count()).toBe(await page.locator('math').count());
    await expect(page.locator('.katex-error')).toHaveCount(0);
  });

  test('recorded charts are drawn as they come near, with a text beside each', async ({ page }) => {
    await open(page);
    for (const id of await blockIds(page)) {
      const { charts } = await recorded(page, id);
      const figures = page.locator(`section#${id} figure.chart`);
      await expect(figures).toHaveCount(charts.length);
      for (let i = 0; i < charts.length; i += 1) {
        await figures.nth(i).scrollIntoViewIfNeeded();
        await expect(figures.nth(i).locator('.main-svg').first()).toBeVisible();
        const plot = figures.nth(i).locator('.plot');
        await expect(plot).toHaveRole('img');
        await expect(plot).toHaveAccessibleName(charts[i].data.layout.meta.title);
        await expect(plot).toHaveAccessibleDescription(
          new RegExp(charts[i].data.layout.meta.summary.slice(0, 12).replace(/[^\w ]/g, '.')),
        );
      }
    }
  });

  for (const width of [320, 390, 768, 1280, 1920]) {
    test(`at ${width} px nothing is wider than the page`, { tag: '@engine' }, async ({ page }) => {
      await page.setViewportSize({ width, height: 800 });
      await open(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(
        0,
      );
    });
  }

  test('a chart takes the colours of the theme that is chosen', { tag: '@engine' }, async ({ page }) => {
    await open(page);
    const theme = page.getByRole('button', { name: /Theme/ });
    const choose = async (/** @type {string} */ name) => {
      for (let i = 0; i < 3 && (await theme.textContent()) !== `Theme: ${name}`; i += 1) await press(theme);
      await expect(theme).toHaveText(`Theme: ${name}`);
    };
    /** How bright the brightest part of the page's two colours is. */
    const brightness = () =>
      page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color].map((one) => Math.max(...(one.match(/\d+/g) ?? []).slice(0, 3).map(Number)));
      });
    await choose('light');
    const [paper, ink] = await brightness();
    expect(paper).toBeGreaterThan(200);
    expect(ink).toBeLessThan(100);
    await page.locator('#train-reward figure').scrollIntoViewIfNeeded();
    const line = page.locator('#train-reward .scatterlayer .js-line').first();
    await expect(line).toBeVisible();
    const stroke = () => line.evaluate((path) => getComputedStyle(path).stroke);
    const light = await stroke();
    await choose('dark');
    const [night, chalk] = await brightness();
    expect(night).toBeLessThan(100);
    expect(chalk).toBeGreaterThan(200);
    await expect.poll(stroke).not.toBe(light);
  });
});

test('with JavaScript off all text and all recorded output is there', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto('/');
  await expect(page.locator('noscript p')).toBeVisible();
  await expect(page.locator('#ppo-train .code')).toContainText('def train_ppo');
  await expect(page.locator('#ppo-train').getByRole('log')).toContainText('step 149');
  await expect(page.locator('#ppo-train figcaption')).toContainText('optimum');
  await expect(page.locator('#ppo-train').getByRole('button', { name: 'Run' })).toBeHidden();
  const check = page.locator('details.check').first();
  await expect(check.locator('p').first()).toBeHidden();
  await check.locator('summary').click();
  await expect(check.locator('p').first()).toBeVisible();
  await context.close();
});

test('nothing jumps while Python starts and charts load', async ({ page }) => {
  await page.addInitScript(() => {
    /** @type {any} */ (window).shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries()))
        if (!entry.hadRecentInput) /** @type {any} */ (window).shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await open(page);
  for (const id of ['preferences', 'train-reward', 'ppo-train', 'compare']) {
    await page.locator(`#${id} figure.chart`).scrollIntoViewIfNeeded();
    await expect(page.locator(`#${id} .main-svg`).first()).toBeVisible();
  }
  expect(await page.evaluate(() => /** @type {any} */ (window).shift)).toBeLessThan(0.02);
});

for (const [width, id] of /** @type {const} */ ([
  [1280, 'log-ratios-claim-2'],
  [390, 'dpo'],
])) {
  test(`at ${width} px an address leads to #${id} while the page is being laid out, and the place stays`, {
    tag: '@engine',
  }, async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await page.setViewportSize({ width, height: 720 });
    await page.goto('/');
    await expect(page.locator('#dpo-train .cm-editor')).toHaveCount(1);
    await page.evaluate((there) => {
      location.hash = there;
    }, id);
    // It is the last that is laid out.
    await expect(page.locator('main .prose').last()).toHaveCSS('content-visibility', 'visible');
    const below = () =>
      page.evaluate((there) => {
        const [bar, place] = [document.querySelector('.bar'), document.getElementById(there)];
        return Number(place?.getBoundingClientRect().top) - Number(bar?.getBoundingClientRect().bottom);
      }, id);
    await expect.poll(below).toBeGreaterThanOrEqual(0);
    expect(await below()).toBeLessThan(60);
  });
}

for (const [width, least] of [
  [320, 44],
  [390, 44],
  [768, 32],
  [1280, 32],
]) {
  test(`at ${width} px the bar says all it has to say, and keeps its size`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 });
    await page.addInitScript(() => {
      const host = /** @type {any} */ (window);
      host.bars = new Set();
      const look = () => {
        const bar = document.querySelector('.bar');
        const shown = [...(bar?.querySelectorAll(':scope > button, .bar-actions > button:not([hidden])') ?? [])];
        const places = shown.map((button) => {
          const { x, y, width, height } = button.getBoundingClientRect();
          return `${button.id} ${[x, y, width, height].map(Math.round).join(' ')}`;
        });
        if (document.readyState === 'complete' && bar) host.bars.add(`${bar.clientHeight}: ${places.join(', ')}`);
        requestAnimationFrame(look);
      };
      look();
    });
    await open(page);
    const status = page.locator('#status');
    const bar = page.locator('.bar');
    const isWhole = async () =>
      expect(
        await status.evaluate(({ scrollHeight, clientHeight, scrollWidth, clientWidth }) => [
          scrollHeight - clientHeight,
          scrollWidth - clientWidth,
        ]),
      ).toEqual([0, 0]);
    await expect(status).toContainText('is ready');
    await isWhole();
    const { write, run, is } = block(page, 'preferences');
    await write('while True: pass');
    await run();
    await is('running');
    await expect(status).toHaveText('Running: Preference data');
    await isWhole();
    await bar.getByRole('button', { name: /Theme/ }).click();
    await bar.getByRole('button', { name: 'Stop' }).click();
    await expect(status).toContainText('is ready');
    expect(await page.evaluate(() => [.../** @type {any} */ (window).bars])).toHaveLength(1);
    for (const name of ['Variables', 'Take along', 'Theme: light', 'Stop', 'Run all']) {
      const button = bar.getByRole('button', { name });
      const { x, width: wide, height } = (await button.boundingBox()) ?? { x: -1, width: 0, height: 0 };
      expect(x, name).toBeGreaterThanOrEqual(0);
      expect(x + wide, name).toBeLessThanOrEqual(width);
      expect(Math.min(wide, height), name).toBeGreaterThanOrEqual(least);
      expect(await button.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), name).toBe(0);
    }
  });
}

test('on a phone the contents open on a click, and close behind the reader', { tag: '@touch' }, async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/');
  const nav = page.getByRole('navigation', { name: 'Contents' });
  await expect(page.getByRole('heading', { level: 1 })).toBeInViewport();
  await expect(nav.getByRole('link', { name: 'Train DPO' })).toBeHidden();
  await nav.getByRole('button', { name: 'Contents' }).click();
  await nav.getByRole('link', { name: 'Train DPO' }).click();
  await expect(block(page, 'dpo-train').section).toBeInViewport();
  await expect(nav.getByRole('link', { name: 'Train DPO' })).toBeHidden();
});

test('the download has all pages and runs with NumPy alone', async ({ page }) => {
  await page.goto('/');
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'rlhf-and-dpo.py' }).click();
  const file = await (await waiting).path();
  const { stdout } = await promisify(execFile)('.venv/bin/python', ['-I', file], { cwd: TOP });
  const ids = (await readLesson()).filter(({ kind }) => kind === 'block').map(({ id }) => id);
  const texts = await Promise.all(ids.map(async (id) => (await recorded(page, id)).text));
  // Native floating point may differ from WebAssembly's in the last digit that is printed, so lines are counted.
  expect(stdout.split('\n').length).toBe(texts.join('').split('\n').length);
  expect(stdout).toMatch(/^learned weights +0\.488 +0\.498$/m);
});

test('axe finds nothing to complain of, light or dark', async ({ page }) => {
  test.setTimeout(600_000); // it looks at every element of a long page
  await open(page);
  await block(page, 'train-reward').runToEnd();
  const broken = block(page, 'reward-model');
  await broken.write('1 / 0');
  await broken.runToEnd();
  await page.evaluate(() =>
    document.querySelectorAll('details.check').forEach((check) => {
      check.setAttribute('open', '');
    }),
  );
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    await page.locator('figure.chart').first().scrollIntoViewIfNeeded();
    await expect(page.locator('.main-svg').first()).toBeVisible();
    // What KaTeX draws is hidden from screen readers, who get MathML; it is half of all elements. All editors are
    // alike: two will do.
    const builder = axe(page).exclude('.katex-html').exclude('py-block:nth-of-type(n+4) .cm-editor');
    // The dark theme is other colours and nothing else.
    if (colorScheme === 'dark') builder.withRules(['color-contrast']);
    const { violations } = await builder.analyze();
    expect([colorScheme, ...faults(violations)]).toEqual([colorScheme]);
  }
});

for (const { path, name } of PAGES.slice(1)) {
  test(`axe finds nothing to complain of on the other pages: ${name}`, async ({ page }) => {
    await page.goto(`/${path}`);
    const { violations } = await axe(page).exclude('.katex-html').exclude('.cm-editor').analyze();
    expect(faults(violations)).toEqual([]);
  });
}

test('the theme follows the system until the reader chooses, and the choice is kept', async ({ page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/');
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background();
  expect(dark).not.toBe(light);
  const button = page.getByRole('button', { name: /Theme/ });
  await button.click();
  await expect(button).toHaveText('Theme: light');
  expect(await background()).toBe(light);
  await page.reload();
  await expect(button).toHaveText('Theme: light');
  expect(await background()).toBe(light);

  const other = await page.context().newPage();
  await other.goto('/ledger/');
  await other.getByRole('button', { name: 'Theme: light' }).click();
  await expect(button).toHaveText('Theme: dark');
  expect(await background()).toBe(dark);
  // A page that was put to sleep hears of it when the reader comes back; Playwright's browsers put none to sleep.
  await page.evaluate(() => {
    localStorage.setItem('preference-lab/theme', 'light');
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await expect(button).toHaveText('Theme: light');
  expect(await background()).toBe(light);
});
