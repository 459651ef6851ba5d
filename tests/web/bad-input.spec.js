/** Code that goes wrong in every way: afterwards the page still works and no edit is lost. */
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
  for (const refused of ['script-src-attr inline', 'script-src-elem inline', 'script-src-elem https://example.invalid/x.js']) {
    await expect.poll(() => wrong.join('\n')).toContain(`refused by the policy: ${refused}`);
  }
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
  await page.close();
});

/**
 * @typedef {object} Input
 * @property {string} name
 * @property {string} code
 * @property {string} ends the block's state afterwards
 * @property {RegExp} says what the reader sees: messages, output and captions
 * @property {boolean} [stop] whether it has to be stopped
 */

const LOOP = 'while True: pass';
const SCRIPT = '<script>window.ran = 1</script><img src=x onerror=ran=1><a href="javascript:window.ran=1">a</a>';

/** @param {string} title @param {string} x */
const chart = (title, x) => `{"data": [{"type": "scatter", "mode": "markers", "name": '''${title}''', "x": ${x}, "y": ${x}, "text": '''${title}'''}], `
  + `"layout": {"xaxis": {"title": {"text": '''${title}'''}}, "meta": {"title": '''${title}''', "summary": '''${title}'''}}}`;

/** Python keeps running, and keeps its values. @type {Input[]} */
const GENTLE = [
  { name: 'an endless loop', code: LOOP, stop: true, ends: 'stale', says: /Stopped\./ },
  { name: 'an endless loop in a finally', code: `try:\n    ${LOOP}\nfinally:\n    ${LOOP}`, stop: true, ends: 'stale', says: /Stopped\./ },
  { name: 'an await that never ends', code: 'import asyncio\nawait asyncio.Event().wait()', stop: true, ends: 'stale', says: /Stopped\./ },
  { name: 'endless recursion', code: 'def f(n):\n    return f(n + 1)\n\n\nf(0)', ends: 'error', says: /RecursionError/ },
  { name: 'np.zeros(10**10)', code: 'np.zeros(10**10)', ends: 'error', says: /ValueError/ },
  { name: 'two arrays of 2 GB', code: 'np.zeros(2**28 - 1), np.zeros(2**28 - 1)', ends: 'error', says: /MemoryError/ },
  { name: 'a million printed lines', code: 'for i in range(10**6): print("line", i)', ends: 'done', says: /10,888,890 more characters were printed/ },
  { name: 'a million shown values', code: 'for i in range(10**6): show(i)', ends: 'done', says: /more values were shown/ },
  { name: 'one line of 10 MB', code: 'print("x" * 10**7)', ends: 'done', says: /more characters were printed/ },
  { name: '1,000 charts', code: `for i in range(1000): show(${chart('many', '[1, 2, 3]')})`, ends: 'done', says: /976 more charts/ },
  { name: 'a chart of a million points', code: `show(${chart('dense', 'np.arange(10**6) % 1000')})`, ends: 'done', says: /1,000,000 points; 1 of every 200 is drawn/ },
  { name: 'a chart that cannot be drawn', code: 'show({"data": [{"type": "scatter"}], "layout": {"xaxis": None, "meta": 5}})', ends: 'done', says: /could not be drawn/ },
  { name: 'print = None', code: 'print = None', ends: 'done', says: /^$/ },
  { name: 'del np', code: 'del np', ends: 'done', says: /^$/ },
  { name: 'sys.exit()', code: 'import sys\nsys.exit()', ends: 'error', says: /SystemExit/ },
  { name: 'input()', code: 'input()', ends: 'error', says: /no keyboard/ },
  { name: 'import torch', code: 'import torch', ends: 'error', says: /No module named 'torch'/ },
  { name: 'threads', code: 'import threading\nthreading.Thread(target=print).start()', ends: 'error', says: /threads cannot start here/ },
  { name: 'null characters', code: 'print("a\0b")', ends: 'error', says: /null/ },
  { name: 'a syntax error on the last line', code: 'a = 1\nb = (', ends: 'error', says: /SyntaxError.*line 2/ },
  { name: 'tabs mixed with spaces', code: 'if True:\n        a = 1\n\tb = 2', ends: 'error', says: /TabError.*line 3/ },
  { name: 'HTML and script in printed text', code: `print('''${SCRIPT}''')`, ends: 'done', says: /<script>window.ran/ },
  { name: 'HTML and script in a chart', code: `show(${chart(SCRIPT, '[1, 2]')})`, ends: 'done', says: /<script>window.ran/ },
  { name: 'HTML and script in an error', code: `raise ValueError('''${SCRIPT}''')`, ends: 'error', says: /<script>window.ran/ },
  { name: 'a huge paste', code: `x = [\n${'    1234567890,\n'.repeat(20_000)}]\nlen(x)`, ends: 'done', says: /20000/ },
];

/** Python is lost and starts anew. @type {Input[]} */
const ROUGH = [
  { name: 'an endless loop in except: pass', code: `while True:\n    try:\n        ${LOOP}\n    except:\n        pass`, stop: true, ends: 'stale', says: /restarting Python/ },
  { name: 'an endless loop inside NumPy', code: 'a = np.ones((4000, 4000))\na @ a', stop: true, ends: 'stale', says: /restarting Python/ },
  { name: 'recursion past the end of the stack', code: 'class A:\n    def __repr__(self):\n        return repr(self)\n\n\nA()', ends: 'stale', says: /ended in the middle/ },
  { name: 'memory grown until the heap is full', code: 'kept = []\nwhile True:\n    print("held", len(kept) * 128, "MB.")\n    kept.append(np.ones(2**24))', ends: 'stale', says: /MemoryError.*memory was full.*held 1\d{3} MB\.$/s },
  { name: 'the worker killed mid-run', code: LOOP, ends: 'stale', says: /ended in the middle/ },
];

/** @type {{input: string, 'the reader sees': string, 'seconds to usable again': string, 'edits lost': number}[]} */
const table = [];
test.afterAll(() => {
  if (table.length) console.table(table);
});

/** In place of all that is there, as the clipboard does it. @param {import('@playwright/test').Locator} editor @param {string} code */
async function paste(editor, code) {
  await editor.press('Control+a');
  await editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, code);
}

/**
 * Gives each input to one block; afterwards another block must run as ever, and all code must be as it was typed.
 * @param {import('./page.js').Page} page
 * @param {Input[]} inputs
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
      await (input.code.length > 10_000 ? paste(bad.editor, input.code) : bad.write(input.code));
      await bad.run();
      if (input.stop) {
        await bad.is('running');
        await page.waitForTimeout(200);
      }
      const started = Date.now();
      if (input.stop) await page.getByRole('button', { name: 'Stop' }).click();
      if (input.name.includes('killed')) {
        await bad.is('running');
        await page.evaluate(() => /** @type {any} */ (window).workers.at(-1).terminate());
      }
      await bad.is(input.ends, 90_000);
      let sees = '';
      await expect.poll(async () => {
        sees = await bad.section.evaluate((section) => ['.messages', '.output', '.charts'].map((part) => (
          [...section.querySelectorAll(`${part} > *`)].map((child) => child.textContent).join(' '))).join(' ').trim());
        return sees;
      }).toMatch(input.says);
      await probe.runToEnd();
      await expect(probe.output).toHaveText('usable 1 42');
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      const lost = (await Promise.all([first, bad, probe].map((one) => one.code()))).filter((now, i) => now !== code[i]).length;
      table.push({ input: input.name, 'the reader sees': (input.says.exec(sees)?.[0] ?? '').slice(0, 60), 'seconds to usable again': seconds, 'edits lost': lost });
      expect(lost).toBe(0);
    });
  }
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
}

test('after bad code the page works as before, with all values', async ({ page }) => {
  test.setTimeout(300_000);
  await open(page);
  await survives(page, GENTLE);
});

test('after code that takes Python down, Python starts again by itself', async ({ page }) => {
  test.setTimeout(300_000);
  await page.addInitScript(() => {
    /** @type {Worker[]} */
    const workers = [];
    Object.assign(window, { workers, Worker: new Proxy(Worker, {
      construct: (target, given) => {
        const worker = Reflect.construct(target, given);
        workers.push(worker);
        return worker;
      },
    }) });
  });
  await open(page);
  await survives(page, ROUGH);
});

test('whatever does not arrive at the start is said, edits are kept, and Try again starts Python', async ({ page }) => {
  test.setTimeout(180_000);
  const { code, write, is, output } = block(page, 'reward-model');
  await page.goto('/');
  await write('print("kept")');
  await page.waitForTimeout(500);
  const retry = page.getByRole('button', { name: 'Try again' });
  for (const part of ['**/core.js', '**/interpreter*', '**/pyodide.asm.mjs', '**/pyodide.asm.wasm', '**/*.pack']) {
    await page.route(part, (route) => route.abort());
    await page.reload();
    await expect(retry, part).toBeVisible({ timeout: 60_000 });
    await expect(page.locator('#status')).toContainText('Python could not start');
    expect(await code()).toBe('print("kept")');
    await page.unroute(part);
  }
  await page.route('**/pyodide.asm.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: 'not WebAssembly' }));
  await page.reload();
  await expect(retry).toBeVisible({ timeout: 60_000 });
  await page.unroute('**/pyodide.asm.wasm');
  await block(page, 'reward-model').run();
  await retry.click();
  await expect(retry).toBeHidden();
  await ready(page);
  await is('done');
  await expect(output).toHaveText('kept');
});
