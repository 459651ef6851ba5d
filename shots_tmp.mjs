import { chromium } from '@playwright/test';
import { serve } from './app/tools/serve.js';
import { chromiumPath } from './tests/browsers.js';
const { url, close } = await serve('dist', { port: 0 });
const browser = await chromium.launch({ executablePath: await chromiumPath(), args: ['--no-sandbox'] });
for (const [w, scheme] of [[1280, 'light'], [390, 'dark']]) {
  const page = await browser.newPage({ viewport: { width: w, height: 900 }, colorScheme: scheme });
  for (const [path, ids] of [['/', ['your-flowers', 'flowers-for-you']], ['/words/', ['words-your-taste', 'words-was-it-you', 'words-two-readers', 'words-your-training']]]) {
    await page.goto(new URL(path, url).href);
    for (const id of ids) {
      const s = page.locator(`section#${id}`);
      await s.scrollIntoViewIfNeeded();
      await page.waitForTimeout(2500);
      await s.screenshot({ path: `/tmp/pickshots/${id}-${w}-${scheme}.png` });
    }
  }
  if (w === 1280) {
    await page.goto(url);
    await page.locator('html[data-python="ready"]').waitFor({ timeout: 120000 });
    for (const [path, id, n] of [['/', 'your-flowers', 20], ['/words/', 'words-your-taste', 24]]) {
      await page.goto(new URL(path, url).href);
      await page.locator('html[data-python="ready"]').waitFor({ timeout: 120000 });
      const s = page.locator(`section#${id}`);
      await s.scrollIntoViewIfNeeded();
      await s.locator('.card:enabled').first().focus();
      const times = [];
      for (let k = 1; k <= n; k++) {
        const t = await page.evaluate(async ([id, key]) => {
          const f = document.querySelector(`#${id} .choices-figure`);
          const before = f.querySelector('figcaption').textContent;
          const t = performance.now();
          f.querySelector('.card').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
          while (f.querySelector('figcaption').textContent === before) await new Promise((r) => requestAnimationFrame(r));
          return performance.now() - t;
        }, [id, String(1 + ((k * 3) % 4))]);
        times.push(Math.round(t));
        if (k === 5) { await page.waitForTimeout(500); await s.screenshot({ path: `/tmp/pickshots/${id}-5-${w}.png` }); }
        await page.waitForTimeout(300);
      }
      console.log(id, times.join(' '));
      await page.waitForTimeout(500); await s.screenshot({ path: `/tmp/pickshots/${id}-end-${w}.png` });
    }
  }
  await page.close();
}
await browser.close(); await close(); process.exit(0);
