/** The reader as annotator: cards are chosen, the code keeps the choices, and what is learned of them is shown. */
import { readFile } from 'node:fs/promises';
import { axe, block, expect, faults, fill, onOnePage, open, press, STANDARDS, test } from './page.js';

/** @param {import('./page.js').Page} page @param {string} id @param {string} name of its control */
function chooser(page, id, name) {
  const all = block(page, id);
  const figure = all.section.locator('.choices-figure');
  return {
    ...all,
    figure,
    cards: figure.locator('.card'),
    asked: figure.locator('figcaption .summary'),
    undo: figure.getByRole('button', { name: 'Undo' }),
    none: figure.getByRole('button', { name: 'None of these' }),
    /** What the code says was chosen. */
    picks: async () => (await all.code()).match(new RegExp(`^${name} = "(.*?)" {2}# @param`, 'm'))?.[1],
    /** The next question is there. @param {number} number @param {number} of */
    isAsked: async (number, of) => {
      const said = number > of ? `All ${of} are answered` : `Question ${number} of ${of}`;
      await expect(figure.locator('figcaption')).toContainText(said, { timeout: 120_000 });
      await expect(figure).not.toHaveAttribute('data-waits');
    },
  };
}

/** @param {import('./page.js').Page} page @param {string} address @param {string} id of a block with cards */
async function axeFindsNothing(page, address, id) {
  await open(page, address);
  await block(page, id).section.scrollIntoViewIfNeeded();
  await expect(block(page, id).section.locator('.card').first()).toBeEnabled();
  const { violations } = await axe(page).withTags(STANDARDS).include(`#${id}`).analyze();
  expect(faults(violations)).toEqual([]);
}

/** tests/py/test_picks.py has more tastes, without a page. @type {Record<string, number>} */
const CATS = { cat: 4, mouse: 1, dog: -3 };

onOnePage('stories', () => {
  test('axe finds nothing in cards with text', ({ page }) => axeFindsNothing(page, '/words/', 'words-your-taste'));

  test('a friend’s link shows where two tastes differ, and a damaged one says so', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open(page, '/words/');
    const { cards, isAsked } = chooser(page, 'words-your-taste', 'story_picks');
    for (let number = 1; number <= 4; number += 1) {
      await press(cards.first());
      await isAsked(number + 1, 24);
    }
    await page.getByRole('button', { name: 'Take along' }).click();
    const panel = page.getByRole('dialog', { name: 'Take it along' });
    await panel.getByRole('button', { name: 'Copy a link' }).click();
    await expect(panel.getByRole('status')).toContainText('the edits of 1 block');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await page.keyboard.press('Escape');

    const two = block(page, 'words-two-readers');
    const field = two.section.getByRole('textbox', { name: /friend_picks/ });
    await expect(field).toBeEnabled();
    await field.fill(link);
    await field.press('Enter');
    await expect(two.output).toContainText('reader 1: you\nreader 2: your friend', { timeout: 60_000 });
    await expect(two.output).toContainText('the same story in 4 of 4 questions');
    await field.fill(link.slice(0, -20));
    await field.press('Enter');
    await expect(two.output).toContainText('The link is damaged', { timeout: 60_000 });
    await expect(field).toHaveValue(link.slice(0, -20));
  });

  test('a friend of cats chooses twenty times by keys alone, and the page learns it', async ({ page }) => {
    await open(page, '/words/');
    const { section, cards, isAsked, picks, is, output, figure } = chooser(page, 'words-your-taste', 'story_picks');
    await section.scrollIntoViewIfNeeded();
    await expect(cards.first()).toBeEnabled();
    await cards.first().focus();
    let pressed = '';
    for (let number = 1; number <= 24; number += 1) {
      const told = await cards.locator('.says').allTextContents();
      const worths = told.map((story) => story.split(/\W/).reduce((sum, word) => sum + (CATS[word] ?? 0), 0));
      const best = String(worths.indexOf(Math.max(...worths)) + 1);
      await page.keyboard.press(best);
      pressed += best;
      await isAsked(number + 1, 24);
      expect(await picks()).toBe(pressed);
      if (number < 24) await expect(cards.first()).toBeFocused();
    }
    // Not Undo: whoever presses once more than is asked would delete the last choice.
    await expect(figure.locator('figcaption')).toBeFocused();
    await is('done');
    await expect(output).toContainText('Choice 24:');
    await expect(output).toContainText('of 20');
    // Ties are taken by place.
    await expect(output).toContainText(/Asked again, you took the same one [234] of 4 times/);
    const liked = Object.keys(CATS).filter((word) => CATS[word] > 0);
    const found = section.locator('.chart .xtick').filter({ hasText: new RegExp(`^(${liked.join('|')})$`) });
    await expect(found).not.toHaveCount(0);
    await expect(section.locator('.chart')).toContainText('your taste');

    const optimum = block(page, 'words-your-optimum');
    await optimum.runToEnd();
    await optimum.is('done');
    await expect(optimum.section.locator('.stories li').last()).toContainText(new RegExp(Object.keys(CATS).join('|')));
    const training = block(page, 'words-your-training');
    await training.runToEnd();
    await training.is('done');
    await expect(training.output).toContainText('45 comparisons trained on, 15 held out, from you');

    const was = chooser(page, 'words-was-it-you', 'was_it_you');
    await was.runToEnd();
    await was.cards.first().press('1');
    await expect(was.output).toContainText('You agree. Of all that was held out');
    expect(await was.picks()).toBe(`${pressed} 1`);
  });
});

test('flowers are chosen twenty times; Undo, none of these and a reload have it all', {
  tag: ['@touch', '@engine'],
}, async ({ page }) => {
  await open(page);
  const { section, cards, isAsked, picks, undo, none, output, figure, is } = chooser(
    page,
    'your-flowers',
    'flower_picks',
  );
  await expect(figure).toContainText('Nobody has chosen yet');
  await expect(cards).toHaveCount(4);
  await expect(cards.first()).toHaveAccessibleName(/^1 .*petals on .* stem$/);
  await expect(section.locator('.chart').first()).toContainText('simulated annotator');
  await press(cards.nth(2));
  await isAsked(2, 20);
  await expect(output).toContainText(/Choice 1: card \d was expected \(\d+%\), and you took/);
  await expect(output).toContainText('too few to tell');
  await press(none);
  await isAsked(3, 20);
  expect(await picks()).toBe('3-');
  await press(undo);
  await isAsked(2, 20);
  expect(await picks()).toBe('3');
  for (let number = 2; number <= 20; number += 1) {
    await press(cards.nth(number % 4));
    await isAsked(number + 1, 20);
  }
  await is('done');
  const all = '33412341234123412341';
  expect(await picks()).toBe(all);
  await expect(cards).toHaveCount(0);
  await expect(section.locator('.chart').first()).toContainText('your taste');

  await page.reload();
  await expect.poll(picks, { timeout: 60_000 }).toBe(all);
  await expect(figure).toContainText('What was chosen before is in the code');
});

onOnePage('flowers', () => {
  test('axe finds nothing in cards with pictures', ({ page }) => axeFindsNothing(page, '/', 'your-flowers'));

  test('the keys of the cards: a number chooses, - is none of these, Ctrl+Z takes the last choice back', async ({
    page,
  }) => {
    await open(page);
    const { section, cards, isAsked, picks } = chooser(page, 'your-flowers', 'flower_picks');
    await section.scrollIntoViewIfNeeded();
    await expect(cards.first()).toBeEnabled();
    await cards.first().focus();
    for (const [key, after] of /** @type {const} */ ([
      ['2', '2'],
      ['-', '2-'],
      ['ControlOrMeta+z', '2'],
      ['ControlOrMeta+z', ''],
    ])) {
      await page.keyboard.press(key);
      await isAsked(after.length + 1, 20);
      expect(await picks()).toBe(after);
    }
  });

  test('a choice that cannot run leaves the cards usable, and a key that is held answers once', async ({ page }) => {
    await open(page);
    const { cards, figure, isAsked, picks } = chooser(page, 'your-flowers', 'flower_picks');
    const other = block(page, 'policy');
    await other.write('while True: pass');
    await other.run();
    await other.is('running');
    await press(cards.nth(1));
    await expect(figure).toHaveAttribute('data-waits');
    await page.getByRole('button', { name: 'Stop' }).click();
    await other.is(/stale|error/);
    await expect(figure).not.toHaveAttribute('data-waits');
    expect(await picks()).toBe('2');
    await press(cards.first());
    await isAsked(2, 20);
    expect(await picks()).toBe('2');
    await cards.first().focus();
    for (let repeats = 0; repeats < 20; repeats += 1) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await isAsked(3, 20);
    expect(await picks()).toBe('21');
  });

  test('with none of the cards taken all blocks run, and say what is missing', async ({ page }) => {
    await open(page);
    const { none, isAsked, figure } = chooser(page, 'your-flowers', 'flower_picks');
    await press(none);
    await isAsked(2, 20);
    await expect(figure.getByRole('button', { name: 'Train the lesson' })).toHaveCount(0);
    const flowers = block(page, 'flowers-for-you');
    await flowers.runToEnd();
    await flowers.is('done');
    await expect(flowers.output).toContainText('No card has been taken yet');
  });

  test('the pairs are saved; one button passes them to the lesson, and its charts say whose taste they show', async ({
    page,
  }) => {
    await open(page);
    const { cards, isAsked, figure } = chooser(page, 'your-flowers', 'flower_picks');
    for (let number = 1; number <= 8; number += 1) {
      await press(cards.nth(number % 4));
      await isAsked(number + 1, 20);
    }
    // Firefox, as it is driven here, tells of no download.
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      figure.getByRole('button', { name: 'Save the pairs' }).click(),
    ]);
    const saidLines = (await readFile(await saved.path(), 'utf8')).trim().split('\n');
    const lines = saidLines.map((line) => JSON.parse(line));
    expect(lines).toHaveLength(18); // eight questions, two of them held out, three pairs each
    expect(Object.keys(lines[0])).toEqual(['prompt', 'chosen', 'rejected']);
    await figure.getByRole('button', { name: 'Train the lesson on these' }).click();
    const data = block(page, 'preferences');
    await data.is('done');
    await expect(figure).toContainText('has your choices now');
    expect(await data.code()).toContain('your_picks = "23412341"  # your own');
    await expect(data.output).toContainText('the first 18 pairs are your own');
    await expect(data.section.locator('.chart')).toContainText('your taste, as learned');
    const model = block(page, 'train-reward');
    await model.runToEnd();
    await model.is('done');
    await expect(model.section.locator('.chart')).toContainText('your taste, as learned');
  });

  test('a damaged text is answered by a sentence, stays as it is, and one button goes on', async ({ page }) => {
    await open(page);
    const { section, cards, figure, picks, is, isAsked } = chooser(page, 'your-flowers', 'flower_picks');
    const field = section.getByRole('textbox', { name: /flower_picks/ });
    for (const text of ['9', '31x4', '3'.repeat(50), 'letters']) {
      await field.fill(text);
      await field.press('Enter');
      await expect(figure).toContainText('nothing is deleted');
      await is('done');
      expect(await picks()).toBe(text);
      await expect(cards).toHaveCount(0);
    }
    await field.fill('31x4');
    await field.press('Enter');
    await press(figure.getByRole('button', { name: 'Go on from the first 2' }));
    await isAsked(3, 20);
    expect(await picks()).toBe('31');
  });

  test('without its line of code a choice says so and changes nothing', async ({ page }) => {
    await open(page);
    const { section, cards, figure, code, isAsked } = chooser(page, 'your-flowers', 'flower_picks');
    await press(cards.first());
    await isAsked(2, 20);
    await section.getByRole('button', { name: 'Show code' }).click();
    const mine = (await code()).replace('flower_picks = "1"', 'flower_picks = str(1)');
    await fill(section.getByRole('textbox', { name: /^Code/ }), mine);
    await press(cards.first());
    await expect(figure.getByRole('alert')).toContainText('The code has no line flower_picks');
    expect(await code()).toBe(mine);
  });
});
