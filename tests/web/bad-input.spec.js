/** Code that goes wrong in every way: afterwards the page still works and no edit is lost. */
import { expect, test, watch } from './page.js';

test('the policy stands: nothing that is put into the page runs as script', async ({ browser, baseURL }) => {
  const page = await browser.newPage({ baseURL });
  const wrong = await watch(page);
  await page.goto('/');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = "inline script"';
    const image = document.createElement('div');
    image.innerHTML = '<img src="data:," onerror="window.ran = \'handler\'">';
    const link = document.createElement('a');
    link.href = 'javascript:window.ran = "link"';
    const foreign = document.createElement('script');
    foreign.src = 'https://example.invalid/x.js';
    document.body.append(script, image, link, foreign);
    link.click();
  });
  for (const refused of ['script-src-attr inline', 'script-src-elem inline', 'script-src-elem https://example.invalid/x.js']) {
    await expect.poll(() => wrong.join('\n')).toContain(`refused by the policy: ${refused}`);
  }
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
  await page.close();
});
