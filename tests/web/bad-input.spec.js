/** Code that goes wrong in every way: afterwards the page still works and no edit is lost. */
import { GENTLE, OF_AN_ENGINE, ROUGH } from '../bad-inputs.js';
import { block, expect, open, ready, test, watch } from './page.js';

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
  for (const refused of [
    'script-src-attr inline',
    'script-src-elem inline',
    'script-src-elem https://example.invalid/x.js',
  ]) {
    await expect.poll(() => wrong.join('\n')).toContain(`refused by the policy: ${refused}`);
  }
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
  await page.close();
});

/** @type {{input: string, 'the reader sees': string, 'seconds to usable again': string, 'edits lost': number}[]} */
const table = [];
test.afterAll(() => {
  if (table.length) console.table(table);
});

/**
 * Gives each input to one block; afterwards another block must run as ever, and all code must be as it was typed.
 * @param {import('./page.js').Page} page
 * @param {import('../bad-inputs.js').Input[]} inputs
 */
async function survives(page, inputs) {
  const [first, bad, probe] = ['preferences', 'reward-model', 'policy'].map((id) => block(page, id));
  const code = ['answer = 42', '', 'print("usable", len([answer]), np.sum(answer))'];
  await first.write(code[0]);
  await probe.write(code[2]);
  await first.runToEnd();
  for (const input of inputs) {
    await test.step(input.name, async () => {
      code[1] = input.code;
      await bad.write(input.code);
      await bad.run();
      if (input.stop) {
        await bad.is('running');
        if (input.begun) await expect(bad.output).toContainText(input.begun);
      }
      const started = Date.now();
      if (input.stop) await page.getByRole('button', { name: 'Stop' }).click();
      if (input.name.includes('killed')) {
        await bad.is('running');
        await page.evaluate(() => /** @type {any} */ (window).workers.at(-1).terminate());
      }
      await bad.is(new RegExp(`^(${input.ends})$`));
      let sees = '';
      await expect
        .poll(async () => {
          sees = await bad.section.evaluate((section) =>
            ['.messages', '.output', '.charts']
              .map((part) => [...section.querySelectorAll(`${part} > *`)].map((child) => child.textContent).join(' '))
              .join(' ')
              .trim(),
          );
          return sees;
        })
        .toMatch(input.says);
      await probe.runToEnd();
      await expect(probe.output).toHaveText('usable 1 42');
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      const now = await Promise.all([first, bad, probe].map((one) => one.code()));
      const lost = now.filter((text, i) => text !== code[i]).length;
      table.push({
        input: input.name,
        'the reader sees': (input.says.exec(sees)?.[0] ?? '').slice(0, 60),
        'seconds to usable again': seconds,
        'edits lost': lost,
      });
      expect(now).toEqual(code);
    });
  }
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
}

test('after bad code the page works as before, with all values', { tag: '@engine' }, async ({ page, browserName }) => {
  test.slow(); // as many inputs as other files have tests
  await open(page);
  await survives(page, browserName === 'chromium' ? GENTLE : OF_AN_ENGINE);
});

test('after code that takes Python down, Python starts again by itself', { tag: '@engine' }, async ({ page }) => {
  await page.addInitScript(() => {
    /** @type {Worker[]} */
    const workers = [];
    Object.assign(window, {
      workers,
      Worker: new Proxy(Worker, {
        construct: (target, given) => {
          const worker = Reflect.construct(target, given);
          workers.push(worker);
          return worker;
        },
      }),
    });
  });
  await open(page);
  await survives(page, ROUGH);
});

test('whatever does not arrive at the start is said, edits are kept, and Try again starts Python', async ({ page }) => {
  const { code, write, is, output } = block(page, 'check-loss');
  await page.goto('/check/'); // it opens more quickly than the lesson
  await write('print("kept")');
  const retry = page.getByRole('button', { name: 'Try again' });
  for (const part of [
    '**/core.js',
    '**/donkey*',
    '**/interpreter*',
    '**/pyodide.asm.mjs',
    '**/pyodide.asm.wasm',
    '**/*.pack',
  ]) {
    await page.route(part, (route) => route.abort());
    await page.reload();
    await expect(retry, part).toBeVisible();
    await expect(page.locator('#status')).toContainText('Python could not start');
    expect(await code()).toBe('print("kept")');
    await page.unroute(part);
    await retry.click();
    await ready(page);
    expect(await code()).toBe('print("kept")');
  }
  await page.route('**/pyodide.asm.wasm', (route) =>
    route.fulfill({ contentType: 'application/wasm', body: 'not WebAssembly' }),
  );
  await page.reload();
  await expect(retry).toBeVisible();
  await page.unroute('**/pyodide.asm.wasm');
  await block(page, 'check-loss').run();
  await retry.click();
  await expect(retry).toBeHidden();
  await ready(page);
  await is('done');
  await expect(output).toHaveText('kept');
});

test('a part that comes late and does not come is said to who asks for it; a reload has it', {
  tag: '@engine',
}, async ({ page }) => {
  const { section, editor, messages, run, is } = block(page, 'policy');
  await page.context().route(/\/(editor|plotly|recompute|register)[\w.-]*\.js/, (route) => route.abort());
  await open(page, '/check/');
  const recompute = page.locator('#recompute');
  await expect(recompute).toContainText('This button did not load');
  await open(page);
  const listing = section.locator('.code');
  for (const _ of [1, 2]) {
    await listing.click();
    await expect(messages).toContainText('The editor did not load');
  }
  expect((await messages.textContent())?.match(/did not load/g)).toHaveLength(1);
  await run();
  await is('done');
  await page.context().unrouteAll();
  await page.reload();
  await listing.click();
  await expect(editor).toBeVisible();
  await expect(messages).not.toContainText('did not load');
  await expect(section.locator('.main-svg').first()).toBeVisible();
  await page.goto('/check/');
  await expect(recompute.getByRole('button', { name: 'Recompute' })).toBeEnabled();
});

test('signs that came out of a text are typed anew by one press, but not over what was typed since', async ({
  page,
}) => {
  await open(page);
  const { write, runToEnd, messages, output, code } = block(page, 'policy');
  await write('x = 3 − 1  # minus: −\nprint（x）');
  await runToEnd();
  const mend = messages.getByRole('button', { name: 'Type the sign anew' });
  await write('mine = 1');
  await mend.click();
  await expect(messages).toContainText('The code has changed since');
  expect(await code()).toBe('mine = 1');
  await write('x = 3 − 1  # minus: −\nprint（x）');
  await runToEnd();
  await mend.click();
  expect(await code()).toBe('x = 3 - 1  # minus: −\nprint(x)');
  await runToEnd();
  await expect(output).toHaveText('2');
});
