/** The page words/: what it weighs, its slider into Goodhart's law, its taste, and stories as they are read. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { TOP } from '../../app/tools/tools.js';
import { block, expect, onOnePage, open, test } from './page.js';

const ADDRESS = '/words/';

test('words/ adds at most 150 KB, compressed', () => {
  const dist = join(TOP, 'dist');
  const packs = readdirSync(join(dist, 'assets')).filter((name) => /^words-.*\.pack$/.test(name));
  expect(packs).toHaveLength(1);
  const files = [join('assets', packs[0]), 'words/index.html'];
  const sizes = files.map((name) => {
    const file = join(dist, name);
    return existsSync(`${file}.br`) ? readFileSync(`${file}.br`).length : brotliCompressSync(readFileSync(file)).length;
  });
  expect(Math.min(...sizes)).toBeGreaterThan(1000);
  expect(sizes[0] + sizes[1]).toBeLessThan(150_000);
});

test('who reads and runs the lesson fetches nothing of words/; that page fetches it when it runs', async ({ page }) => {
  /** @type {string[]} */
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  page.on('worker', (worker) => asked.push(worker.url()));
  const ofWords = () => asked.filter((path) => /\/words[/-]/.test(path));
  await open(page);
  await block(page, 'preferences').runToEnd();
  expect(ofWords()).toEqual([]);
  await open(page, ADDRESS);
  await block(page, 'words-setup').runToEnd();
  expect(ofWords().some((path) => path.includes('words-'))).toBe(true);
});

onOnePage('the page words/', () => {
  test('beta turned down by its slider: the proxy rises, the stories fall to its favourite words', async ({ page }) => {
    await open(page, ADDRESS);
    const { section, is, output } = block(page, 'words-goodhart');
    const beta = section.getByRole('slider', { name: /^beta_goodhart/ });
    const proxy = async () => Number((await output.textContent())?.match(/proxy (-?[\d.]+)/)?.[1]);
    const recorded = await proxy();
    await beta.press('Home');
    await is('done');
    await expect(output).toContainText('beta 0.1');
    expect(await proxy()).toBeGreaterThan(recorded + 1);
    await expect(section.locator('.stories').last()).toContainText(/happy.*happy.*happy/);
    await beta.press('End');
    await expect(output).toContainText('beta 4:');
    await expect(section.locator('.stories').last()).not.toContainText(/happy.*happy.*happy/);
  });

  test('a taste is mixed by sliders, and its words are marked in the stories', async ({ page }) => {
    await open(page, ADDRESS);
    const { section, is } = block(page, 'words-pairs');
    await section.getByRole('slider', { name: /^kindness/ }).press('Home');
    await is('done');
    await section.getByRole('slider', { name: /^spookiness/ }).press('End');
    await expect(section.locator('.stories-figure')).toContainText('spooky taste');
    const marked = section.locator('.word.up').filter({ hasText: /^(ghost|dark|witch)/ });
    await expect(marked.first()).toBeVisible();
  });

  test('a story shows its numbers while the focus is on it', async ({ page }) => {
    await open(page, ADDRESS);
    const story = page.locator('section#words-goodhart .stories').last().locator('li').first();
    const worth = story.locator('.worth').first();
    const visible = () => worth.evaluate((element) => getComputedStyle(element).opacity === '1');
    expect(await visible()).toBe(false);
    await story.focus();
    await expect.poll(visible).toBe(true);
  });
});
