/** The browser's own print, of a page that nobody has scrolled. */
import { expect, open, test } from './page.js';

test('on paper are all charts, dark on white, and all code, with nothing cut', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page);
  const charts = await page.locator('figure.chart').count();
  expect(charts).toBeGreaterThan(8);
  // A browser says that it prints, and prints what is there when that was heard.
  const drawn = () =>
    page.evaluate(() => {
      dispatchEvent(new Event('beforeprint'));
      const all = document.querySelectorAll(
        '.plot .main-svg .plot, .plot .main-svg .bars, .plot .main-svg .scatterlayer',
      );
      const plots = new Set([...all].map((svg) => svg.closest('figure')));
      dispatchEvent(new Event('afterprint'));
      return plots.size;
    });
  await expect.poll(drawn, { timeout: 120_000 }).toBe(charts);

  for (const _ of ['once', 'and again']) await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.setViewportSize({ width: 695, height: 1000 }); // A4, less its margins
  const looks = await page.evaluate(() => {
    const light = (/** @type {Element} */ one) => getComputedStyle(one).color;
    const wide = (/** @type {Element} */ one) => one.scrollWidth > one.clientWidth + 1;
    return {
      ink: light(document.body),
      tick: getComputedStyle(/** @type {Element} */ (document.querySelector('.main-svg .xtick text'))).fill,
      off: [...document.querySelectorAll('figure.chart')].filter((figure) => {
        const right = (/** @type {Element | null} */ one) => Number(one?.getBoundingClientRect().right);
        return right(figure.querySelector('.main-svg')) > right(figure) + 1;
      }).length,
      cut: [...document.querySelectorAll('.on-paper, .output pre')].filter(wide).length,
      code: [...document.querySelectorAll('.on-paper')].filter((one) => one.textContent).length,
      blocks: document.querySelectorAll('py-block').length,
    };
  });
  const dark = (/** @type {string} */ rgb) => (rgb.match(/\d+/g) ?? []).slice(0, 3).every((part) => Number(part) < 110);
  expect(dark(looks.ink), looks.ink).toBe(true);
  expect(dark(looks.tick), looks.tick).toBe(true);
  expect(looks.off).toBe(0);
  expect(looks.cut).toBe(0);
  expect(looks.code).toBe(looks.blocks);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await expect(page.locator('.on-paper')).toHaveCount(0);
});

test('code is on paper before all that print needs has come, and without JavaScript', async ({
  page,
  browser,
  baseURL,
}) => {
  await page.goto('/', { waitUntil: 'commit' });
  await page.locator('footer').waitFor({ state: 'attached' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  const printed = page.locator('section#preferences').getByText('def sample_pairs').filter({ visible: true });
  await expect(printed).toHaveCount(1);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await expect(printed).toHaveCount(1);

  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const plain = await context.newPage();
  await plain.goto('/');
  await plain.emulateMedia({ media: 'print' });
  await expect(plain.locator('section#preferences .code')).toBeVisible();
  await context.close();
});

test('on paper the theme is light, whichever was chosen, and tables with many columns are whole', async ({ page }) => {
  await page.goto('/ledger/?theme=dark');
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 695, height: 1000 });
  const widths = await page
    .locator('.table-figure table')
    .evaluateAll((all) => all.map((table) => table.scrollWidth - Number(table.parentElement?.clientWidth)));
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('html')).toHaveCSS('color-scheme', 'light');
  expect(widths.length).toBeGreaterThan(3);
  expect(Math.max(...widths)).toBeLessThanOrEqual(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(695);
});
