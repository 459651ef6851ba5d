/** What a reader does on the page, in words. */
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect } from '@playwright/test';
import { sourceOf } from '../../app/output/kinds/picture.js';
import { isText, textOf } from '../../app/output/output-items.js';

export { expect };

/** @param {Page} page */
const isFirefox = (page) => page.context().browser()?.browserType().name() === 'firefox';

/**
 * Tells what nobody caught in the page. From Firefox Playwright hears of workers, too: of one that is ended in the
 * middle of Python ("uncaught exception: undefined"), of a stack that was full and is answered. There the page tells.
 * @param {Page} page @param {(what: string) => void} tell
 */
async function tellUncaught(page, tell) {
  if (!isFirefox(page)) {
    page.on('pageerror', (error) => tell(String(error)));
    return;
  }
  await page.exposeFunction('uncaught', tell);
  await page.addInitScript(() => {
    const { uncaught } = /** @type {any} */ (window);
    addEventListener('error', ({ error, message }) => uncaught(String(error ?? message)));
    addEventListener('unhandledrejection', (event) => event.defaultPrevented || uncaught(String(event.reason)));
  });
}

/**
 * What must not happen on any page: an error that nobody caught, a request to another host, something that the page's
 * Content-Security-Policy refused.
 * @param {Page} page
 */
export async function watch(page) {
  /** @type {string[]} */
  const wrong = [];
  await tellUncaught(page, (what) => wrong.push(`uncaught: ${what}`));
  page.context().on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:\d+\/|blob:http:\/\/127\.0\.0\.1:\d+\/|data:)/.test(request.url()))
      wrong.push(`left the host: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()}: ${response.url()}`);
  });
  await page.exposeFunction('refused', (/** @type {string} */ what) => {
    wrong.push(`refused by the policy: ${what}`);
  });
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) =>
      /** @type {any} */ (window).refused(`${effectiveDirective} ${blockedURI} ${sourceFile}:${lineNumber}`),
    ),
  );
  // A worker's violations do not reach the page, but its console does.
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content.Security.Policy/i.test(message.text())) wrong.push(message.text());
  });
  return wrong;
}

/** `SNAPSHOT=off npm test -- web`: the same tests, and Python starts without its snapshot. */
export const SNAPSHOT = process.env.SNAPSHOT !== 'off';

/** @typedef {{page: Page, wrong: string[]}} Watched */

/** @param {import('@playwright/test').Browser} browser @returns {Promise<Watched>} a visitor's first page */
async function visit(browser) {
  const context = await browser.newContext();
  if (!SNAPSHOT) {
    await context.addInitScript(() => {
      const { search, hash } = window.location;
      if (window.top === window && !search.includes('snapshot='))
        window.history.replaceState(null, '', `${search ? `${search}&` : '?'}snapshot=off${hash}`);
    });
  }
  const page = await context.newPage();
  return { page, wrong: await watch(page) };
}

/** Puts back what a test has left, but what has run: the next one finds the page as it found it. @param {Page} page */
async function tidy(page) {
  await page.keyboard.press('Escape');
  await page.evaluate(() => {
    const press = (/** @type {string} */ what) => {
      for (const button of document.querySelectorAll(what)) /** @type {HTMLElement} */ (button).click();
    };
    press('#stop:enabled'); // Playwright's click would wait for one that has been disabled meanwhile.
    press('section.block[data-edited] button.reset');
    press('.show-code[aria-expanded="true"]');
    for (const details of document.querySelectorAll('details[open]')) details.removeAttribute('open');
    /** @type {HTMLElement | null} */ (document.querySelector(':popover-open'))?.hidePopover();
    /** @type {HTMLElement} */ (document.activeElement)?.blur();
    window.history.replaceState(null, '', window.location.pathname);
    window.scrollTo({ top: 0, behavior: 'instant' });
  });
  await page.mouse.move(0, 0);
  const { viewport, colorScheme = 'light' } = base.info().project.use;
  await page.emulateMedia({ colorScheme });
  if (viewport) await page.setViewportSize(viewport);
}

/** The page of the group of tests that is under way. @type {Watched & {group: string} | undefined} */
let shared;

const extend = /** @type {typeof base.extend<{group: string, watched: Watched}>} */ (base.extend);

/** Every test fails on what must not happen. */
export const test = extend({
  group: ['', { option: true }],
  watched: async ({ browser, group }, use) => {
    if (shared && shared.group !== group) {
      await shared.page.context().close();
      shared = undefined;
    }
    const visited = shared ?? (await visit(browser));
    if (group) shared = { ...visited, group };
    await use(visited);
    if (!group) await visited.page.context().close();
    // After a test that failed, Playwright goes on in another process, and so on another page.
    else if (base.info().status === base.info().expectedStatus) await tidy(visited.page);
  },
  context: ({ watched }, use) => use(watched.page.context()),
  page: async ({ watched: { page, wrong } }, use) => {
    await use(page);
    expect(wrong).toEqual([]);
  },
});

/**
 * Tests that use one page, one after the other: to open it costs more than most of them do. What has run stays run, so
 * a test that looks at what has not is the first, or names blocks that no other runs.
 * @param {string} group @param {() => void} tests
 */
export function onOnePage(group, tests) {
  test.describe(group, () => {
    test.describe.configure({ mode: 'default' });
    test.use({ group });
    tests();
  });
}

/** @typedef {import('@playwright/test').Page} Page */

/** @param {Page} page */
export const ready = (page) =>
  expect(page.locator('html')).toHaveAttribute('data-python', 'ready', { timeout: 120_000 });

/** Opens an address, unless a test before on the same page has. @param {Page} page @param {string} [address] */
export async function open(page, address = '/') {
  if (page !== shared?.page || new URL(page.url()).pathname !== address) await page.goto(address);
  await ready(page);
}

/**
 * Replaces the code. Playwright's `fill` selects by the DOM, which an update of the editor before the typing
 * undoes; its own key does not. Several lines are pasted: typed ones would be indented, and 300,000 letters take a
 * minute. So is all in Firefox, where `insertText` types: the editor would close each bracket and quote.
 * @param {import('@playwright/test').Locator} editor @param {string} code
 */
export async function fill(editor, code) {
  await editor.press('ControlOrMeta+a');
  if (!code.includes('\n') && !isFirefox(editor.page())) return editor.page().keyboard.insertText(code);
  await editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    // Firefox makes one of `data`, and takes no `clipboardData`.
    const firefox = { dataType: 'text/plain', data: text };
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, ...firefox, bubbles: true, cancelable: true }));
  }, code);
}

/**
 * A click, or a tap where there are fingers. In Firefox a key: there a page that is still being laid out moves between
 * Playwright's look at a button and the click. So a test that Firefox takes, too, clicks in no other way,
 * but on what no key presses.
 * @param {import('@playwright/test').Locator} locator of what a key presses, or of something in it
 */
export async function press(locator) {
  if (base.info().project.use.hasTouch) return locator.tap();
  if (!isFirefox(locator.page())) return locator.click();
  const pressed = locator.locator('xpath=ancestor-or-self::*[self::a or self::button or self::summary][1]');
  // A click waits until it would be taken; a key waits for nothing.
  await pressed.scrollIntoViewIfNeeded();
  await expect(pressed).toBeEnabled();
  await pressed.press('Enter');
}

/** @param {Page} page @param {string} id */
export function block(page, id) {
  const section = page.locator(`section#${id}`);
  // A control may be a box for text, too.
  const editor = section.getByRole('textbox', { name: /^Code/ });
  const run = () => press(section.getByRole('button', { name: 'Run' }));
  return {
    section,
    editor,
    run,
    output: section.getByRole('log'),
    messages: section.locator('.messages'),
    reset: section.getByRole('button', { name: 'Reset' }),
    /** @param {string | RegExp} state */
    is: (state, timeout = 120_000) => expect(section).toHaveAttribute('data-state', state, { timeout }),
    /** Replaces the code. @param {string} code */
    async write(code) {
      // What is near the screen gets its editor first.
      await section.scrollIntoViewIfNeeded();
      await fill(editor, code);
    },
    /** All its code, also what the editor has not drawn. */
    code: () => section.evaluate((element) => /** @type {any} */ (element.closest('py-block')).source),
    /** Runs it and waits for its end. */
    async runToEnd() {
      await run();
      await expect(section).toHaveAttribute('data-state', /done|error/, { timeout: 120_000 });
    },
  };
}

/** When all editors are there. @param {Page} page */
export const furnished = (page) =>
  expect.poll(() => page.locator('py-block:not(:has(.cm-editor))').count(), { timeout: 120_000 }).toBe(0);

/**
 * Runs blocks one after the other, `times` each, and gives the milliseconds from each click to its end.
 * @param {Page} page
 * @param {string[]} ids
 * @param {number} times
 */
export const runs = (page, ids, times) =>
  page.evaluate(
    async ([ids, times]) => {
      /** @type {number[]} */
      const took = [];
      for (let i = 0; i < times; i += 1) {
        for (const id of ids) {
          const section = /** @type {HTMLElement} */ (document.getElementById(id));
          await new Promise((resolve) => {
            const begun = performance.now();
            const watcher = new MutationObserver(() => {
              if (section.dataset.state !== 'done') return;
              watcher.disconnect();
              took.push(performance.now() - begun);
              // After what else is to be done at a run's end.
              setTimeout(resolve);
            });
            watcher.observe(section, { attributeFilter: ['data-state'] });
            /** @type {HTMLElement} */ (section.querySelector('button.run')).click();
          });
        }
      }
      return took;
    },
    /** @type {const} */ ([ids, times]),
  );

/** The ids of all blocks, in order. @param {Page} page */
export const blockIds = (page) => page.locator('section.block').evaluateAll((sections) => sections.map(({ id }) => id));

/**
 * What the build recorded of a block: its text, and what else it shows.
 * @param {Page} page @param {string} id @param {string} [site] where another host's page is open
 */
export async function recorded(page, id, site = '/') {
  /** @type {import('../../app/output/output-items.js').Item[]} */
  const items = await (await page.request.get(`${site}recorded/${id}.json`)).json();
  const of = (/** @type {string} */ kind) =>
    items.flatMap((item) => (!isText(item) && item.kind === kind ? [item] : []));
  return { text: textOf(items), charts: of('chart'), pictures: of('picture'), tables: of('table') };
}

/** @param {Page} page @param {string} id */
export async function gaveWhatWasRecorded(page, id) {
  const { text, charts, pictures, tables } = await recorded(page, id);
  const { section, output } = block(page, id);
  expect(await output.evaluate((log) => log.textContent)).toBe(text);
  await expect(section.locator('figure.chart')).toHaveCount(charts.length);
  for (const { slot, data } of charts) {
    await expect(section.locator(`figure[data-slot="${slot}"] .summary`)).toHaveText(data.layout.meta.summary);
  }
  await expect(section.locator('figure.picture-figure')).toHaveCount(pictures.length);
  for (const { slot, data } of pictures) {
    const sources = await section
      .locator(`figure[data-slot="${slot}"] img`)
      .evaluateAll((all) => all.map((image) => image.getAttribute('src')));
    expect(sources).toEqual(data.parts.map((/** @type {{svg: string}} */ { svg }) => sourceOf(svg)));
    await expect(section.locator(`figure[data-slot="${slot}"] .summary`)).toHaveText(data.summary);
  }
  await expect(section.locator('figure.table-figure')).toHaveCount(tables.length);
  for (const { slot, data } of tables) {
    const cells = await section
      .locator(`figure[data-slot="${slot}"] tbody :is(th, td)`)
      .evaluateAll((all) => all.map(({ textContent }) => textContent));
    expect(cells).toEqual(data.rows.flat().map((/** @type {any} */ cell) => cell.text ?? cell));
  }
}

/**
 * axe for a page without frames: it runs in the page itself and tells of faults alone, which takes a third of the time.
 * @param {Page} page
 */
export const axe = (page) => new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });

/** All that WCAG asks for up to 2.2 AA, and what is good practice. */
export const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * What axe has found, a line each.
 * @param {{id: string, nodes: {html: string}[]}[]} violations
 */
export const faults = (violations) =>
  violations.map(({ id, nodes }) => {
    const some = nodes.slice(0, 3).map(({ html }) => html.slice(0, 160));
    return `${id}: ${some.join(' | ')}`;
  });
