/** Running blocks: together, out of order, edited, failing, stopped. */
import { PAGES } from '../../app/site/pages.js';
import { block, blockIds, expect, fill, gaveWhatWasRecorded, onOnePage, open, press, ready, test } from './page.js';

for (const { path, name } of PAGES) {
  test(`Run all gives what was recorded: ${name}`, async ({ page }) => {
    await open(page, `/${path}`);
    await page.getByRole('button', { name: 'Run all' }).click();
    await expect(page.locator('#status')).toContainText('Running');
    await expect(page.getByRole('button', { name: 'Stop' })).toBeDisabled({ timeout: 270_000 });
    for (const id of await blockIds(page)) {
      await block(page, id).is('done');
      await gaveWhatWasRecorded(page, id);
    }
  });
}

const ENDLESS = {
  'a busy loop': 'while True: pass',
  'a long sleep': 'import time\ntime.sleep(1000)',
  'a training loop': 'for _ in progress(range(10**9)):\n    np.random.rand(100) @ np.ones(100)',
};

onOnePage('while a block runs', () => {
  test('a chart grows while its loop trains', async ({ page }) => {
    await open(page);
    await block(page, 'ppo-train').runToEnd();
    const { section, write, run, is } = block(page, 'ppo-train');
    await write(`${await block(page, 'ppo-train').code()}\ntrain_ppo(rm_weights, steps=1500, watch=draw_rlhf);`);
    await section.evaluate((element) => {
      const seen = new Set();
      const observer = new MutationObserver(() => seen.add(element.querySelector('.summary')?.textContent));
      observer.observe(element, { subtree: true, childList: true, characterData: true });
      Object.assign(window, { seen });
    });
    await run();
    await is('done');
    // A chart that is drawn at the end only would give one; how many frames a busy machine finds is its own affair.
    expect(await page.evaluate(() => /** @type {any} */ (window).seen.size)).toBeGreaterThan(4);
  });

  test('a chart that was zoomed shows all of what the next run draws', async ({ page }) => {
    await open(page);
    const train = block(page, 'ppo-train');
    await train.runToEnd();
    const drag = train.section.locator('.plot .nsewdrag').first();
    await drag.scrollIntoViewIfNeeded();
    const range = () =>
      train.section
        .locator('.plot')
        .first()
        .evaluate((plot) =>
          /** @type {any} */ (plot)._fullLayout?.xaxis.range.map((/** @type {number} */ end) => Math.round(end)),
        );
    const whole = await range();
    const box = /** @type {{x: number, y: number, width: number, height: number}} */ (await drag.boundingBox());
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.7, { steps: 5 });
    await page.mouse.up();
    await expect.poll(range).not.toEqual(whole);
    await train.runToEnd();
    await expect.poll(range).toEqual(whole);
  });

  test('text streams while a block runs, and a flood of it is folded', async ({ page }) => {
    await open(page);
    const { editor, output, messages, run, runToEnd, is, section } = block(page, 'ppo-setup');
    await fill(editor, 'import time\nprint("first")\ntime.sleep(1000)');
    await run();
    await expect(output).toHaveText('first');
    await is('running');
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect(messages).toContainText('Stopped.');
    await fill(editor, 'for i in range(5000): print("line", i)');
    await runToEnd();
    await expect(output).toContainText('line 4999');
    await expect(output).not.toContainText('line 2500');
    await section.getByRole('button', { name: /Show all 5,00\d lines/ }).click();
    await expect(output).toContainText('line 2500');
  });

  for (const [name, code] of Object.entries(ENDLESS)) {
    test(`Stop ends ${name} and keeps all values`, { tag: '@engine' }, async ({ page }) => {
      await open(page);
      const [kept, endless] = [block(page, 'reward-model'), block(page, 'ppo-setup')];
      await kept.write('answer = 42');
      await kept.runToEnd();
      await endless.write(`print("started", answer)\n${code}`);
      await endless.run();
      await endless.is('running');
      await expect(endless.output).toContainText('started 42');
      await press(page.getByRole('button', { name: 'Stop' }));
      await expect(endless.messages).toContainText('Stopped. Names that were assigned before keep their values.');
      await expect(page.locator('html')).toHaveAttribute('data-python', 'ready');
      await endless.write('print("still", answer)');
      await endless.runToEnd();
      await expect(endless.output).toHaveText('still 42');
      await kept.is('done');
    });
  }

  test('Stop in the moment of Run ends the run as ever and keeps all values', { tag: '@engine' }, async ({ page }) => {
    await open(page);
    const [kept, endless] = [block(page, 'reward-model'), block(page, 'ppo-setup')];
    await kept.write('answer = 42');
    await kept.runToEnd();
    await endless.write('print(answer)\nwhile True: pass');
    for (let i = 0; i < 10; i += 1) {
      // As soon as the page has sent the code: Python has not begun then.
      await endless.section.evaluate(async (section) => {
        const running = new Promise((resolve) => {
          const observer = new MutationObserver(() => section.dataset.state === 'running' && resolve(observer));
          observer.observe(section, { attributeFilter: ['data-state'] });
        });
        /** @type {HTMLElement} */ (section.querySelector('button.run')).click();
        (await running).disconnect();
        /** @type {HTMLElement} */ (document.querySelector('#stop')).click();
      });
      await endless.is('stale');
      await expect(endless.messages).toHaveText(/^Stopped\. Names that were assigned before keep their values\.$/);
    }
    await kept.is('done');
  });

  test('a run that swallows the signal is ended by a new Python; code is kept, values are not', {
    tag: '@engine',
  }, async ({ page }) => {
    await open(page);
    const [data, endless] = [block(page, 'preferences'), block(page, 'ppo-setup')];
    await data.runToEnd();
    const code =
      'while True:\n    try:\n        print("begun")\n        while True: pass\n    except BaseException: pass';
    await endless.write(code);
    await endless.run();
    await expect(endless.output).toContainText('begun');
    await press(page.getByRole('button', { name: 'Stop' }));
    await expect(endless.messages).toContainText('restarting Python');
    await data.is('recorded');
    await ready(page);
    expect(await endless.code()).toBe(code);
    await block(page, 'train-reward').runToEnd();
    await block(page, 'train-reward').is('done');
  });
});

onOnePage('a block and its code', () => {
  test('an edit that was not run yet already tells recorded outputs below from current ones', async ({ page }) => {
    await open(page);
    const [data, training, surrogate] = ['preferences', 'train-reward', 'ppo-step'].map((id) => block(page, id));
    await data.write((await data.code()).replace('default_rng(42))\n', 'default_rng(43))\n'));
    await data.is('stale');
    await training.is('stale');
    await surrogate.is('stale');
    await data.reset.click();
    for (const each of [data, training, surrogate]) await each.is('recorded');
  });

  test('a block first runs what it needs above, and only that', { tag: ['@engine', '@touch'] }, async ({ page }) => {
    await open(page);
    await block(page, 'train-reward').runToEnd();
    for (const id of ['preferences', 'reward-model', 'train-reward']) await block(page, id).is('done');
    for (const id of ['generalize', 'policy', 'faq-ppo']) await block(page, id).is('recorded');
  });

  test('an edit makes what follows stale, and running it again mends that', async ({ page }) => {
    await open(page);
    const [model, training, unseen] = ['reward-model', 'train-reward', 'generalize'].map((id) => block(page, id));
    await unseen.runToEnd();
    await training.write(`${await training.code()}\nprint("with more epochs")`);
    await training.is('stale');
    await unseen.is('stale');
    await model.is('done');
    await unseen.runToEnd();
    await training.is('done');
    await expect(training.output).toContainText('with more epochs');
    await unseen.is('done');
  });

  test('edit, run, reset', { tag: ['@engine', '@touch'] }, async ({ page }) => {
    await open(page);
    const { editor, output, reset, is, code, runToEnd, section } = block(page, 'reward-model');
    const original = await code();
    await expect(reset).toBeHidden();
    await fill(editor, 'print("mine", 6 * 7)');
    await runToEnd();
    await expect(output).toHaveText(/mine 42/);
    await press(reset);
    expect(await code()).toBe(original);
    await is('recorded');
    await expect(output).toContainText('sigmoid(-1000, 0, 1000)');
    await expect(section.locator('figure.chart')).toHaveCount(0);
  });

  test('the last expression is shown, and a chart that is no longer drawn goes away', async ({ page }) => {
    await open(page);
    const { editor, output, section, runToEnd } = block(page, 'preferences');
    await expect(section.locator('figure.chart')).toHaveCount(1);
    await fill(editor, 'x = 40\nx + 2');
    await runToEnd();
    await expect(output).toHaveText('42');
    await expect(section.locator('figure.chart')).toHaveCount(0);
  });

  test('an error names its line, marks it in the editor, and shows no frames of ours', {
    tag: ['@engine', '@touch'],
  }, async ({ page }) => {
    await open(page);
    const { editor, is, messages, section, run } = block(page, 'ppo-setup');
    await fill(editor, 'a = 1\nb = 0\nprint("before")\na / b');
    await run();
    await is('error');
    await expect(messages).toContainText('ZeroDivisionError: division by zero (line 4)');
    await expect(section.locator('.cm-error-line')).toHaveText('a / b');
    await expect(section.getByRole('log')).toHaveText('before');
    await press(messages.getByText('Traceback'));
    const trace = await messages.locator('pre').innerText();
    expect(trace).toContain('Block "ppo-setup", line 4');
    expect(trace).not.toMatch(/runner|pyodide|site-packages|\/lesson\//);
    await fill(editor, 'a = 1');
    await expect(section.locator('.cm-error-line')).toHaveCount(0);
  });

  test('a block below a failing one says which one failed', async ({ page }) => {
    await open(page);
    const [model, training] = [block(page, 'reward-model'), block(page, 'train-reward')];
    await model.write('def train_reward_model(*pairs):\n    return 1\n\n\nundefined_name');
    await training.run();
    await model.is('error');
    await expect(training.messages).toContainText('it needs “Bradley-Terry training”, which failed');
    await expect(model.messages).toContainText('NameError');
  });

  test('a syntax error is marked, and what the block defined before still counts', async ({ page }) => {
    await open(page);
    const [model, training] = [block(page, 'reward-model'), block(page, 'train-reward')];
    await model.write('def train_reward_model(z:\n    return z');
    await model.runToEnd();
    await model.is('error');
    await expect(model.messages).toContainText('SyntaxError');
    await training.run();
    await expect(training.messages).toContainText('Bradley-Terry training');
  });

  test('two clicks on Run run it once more, not twice at once', async ({ page }) => {
    await open(page);
    const { section, output, is, write } = block(page, 'few-pairs');
    await write('import time\nprint("began")\ntime.sleep(0.1)\nprint("ended")');
    // The second click comes as soon as the block runs.
    const states = await section.evaluate(async (element) => {
      const run = /** @type {HTMLElement} */ (element.querySelector('button.run'));
      /** @type {(string | undefined)[]} */
      const seen = [];
      const ended = new Promise((resolve) => {
        new MutationObserver(() => {
          const { state } = element.dataset;
          if (state === 'running' && !seen.includes(state)) run.click();
          if (state !== seen.at(-1)) seen.push(state);
          if (state === 'done' && seen.filter((one) => one === 'running').length > 1) resolve(seen);
        }).observe(element, { attributeFilter: ['data-state'] });
      });
      run.click();
      await ended;
      return seen;
    });
    expect(states).toEqual(['queued', 'running', 'queued', 'running', 'done']);
    await expect(output).toHaveText(/^began\s+ended\s*$/);
    await is('done');
  });

  test('HTML in printed text stays text', { tag: '@engine' }, async ({ page }) => {
    await open(page);
    const { editor, output, runToEnd } = block(page, 'ppo-setup');
    await fill(editor, 'print("<img src=x onerror=alert(1)> <b>bold</b>")');
    await runToEnd();
    await expect(output).toHaveText('<img src=x onerror=alert(1)> <b>bold</b>');
    await expect(output.locator('img, b')).toHaveCount(0);
  });

  test('a sign that nobody sees is seen in the editor, and the message says what to do', async ({ page }) => {
    await open(page);
    const setup = block(page, 'ppo-setup');
    await setup.write('x = 1\u200b + 2');
    await setup.runToEnd();
    await expect(setup.messages).toContainText('A sign that nobody sees came along with the code');
    await expect(setup.editor.locator('.cm-specialChar')).toHaveCount(1);
  });

  test('what another block changed in place is made anew for whoever needs it', async ({ page }) => {
    await open(page);
    const [spoils, policy] = [block(page, 'generalize'), block(page, 'policy')];
    await spoils.write('rm_weights[:] = 0');
    await spoils.runToEnd();
    await spoils.reset.click();
    await policy.runToEnd();
    await gaveWhatWasRecorded(page, 'policy');
  });

  test('a progress bar that writes over its line leaves its last state, also when it is copied', async ({ page }) => {
    await open(page);
    const setup = block(page, 'ppo-setup');
    await setup.write('for i in range(3): print(f"epoch {i}/2", end="\\r")');
    await setup.runToEnd();
    await expect(setup.output).toHaveText('epoch 2/2');
    expect(await setup.section.evaluate((section) => /** @type {any} */ (section.closest('py-block')).outputText)).toBe(
      'epoch 2/2',
    );
  });
});

test('no signal of the page is lost', { tag: '@engine' }, async ({ page }) => {
  await page.addInitScript(() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function post(/** @type {any} */ message, /** @type {any} */ ...rest) {
      if (message?.type === 'interrupt') Object.assign(window, { signals: message.buffer });
      return postMessage.call(this, message, ...rest);
    };
    // Long before it is needed: browsers take their time until one hears.
    Object.assign(window, { channel: new BroadcastChannel('signals') });
  });
  await open(page);
  const { write, run, is, output } = block(page, 'ppo-setup');
  await write(
    'import signal\nfrom js import BroadcastChannel\nchannel = BroadcastChannel.new("signals")\ncame = 0\n' +
      'def count(*_):\n    global came\n    came += 1\n    channel.postMessage(came)\n' +
      'signal.signal(signal.SIGINT, count)\nprint("begun")\nwhile came < 2000: pass\nprint("came", came)',
  );
  await run();
  await expect(output).toContainText('begun');
  await page.evaluate(async () => {
    const { signals, channel } = /** @type {any} */ (window);
    for (let sent = 1; sent <= 2000; sent += 1) {
      const seen = new Promise((resolve, reject) => {
        channel.onmessage = resolve;
        setTimeout(reject, 60_000, new Error(`signal ${sent} was lost`));
      });
      Atomics.store(signals, 0, 2);
      await seen;
    }
  });
  await expect(output).toContainText('came 2000');
  await is('done');
});

test('without SharedArrayBuffer everything runs, and Stop restarts Python and says so', { tag: '@engine' }, async ({
  page,
}) => {
  await open(page, process.env.PAGE_URL_PLAIN);
  expect(await page.evaluate(() => typeof SharedArrayBuffer)).toBe('undefined');
  await block(page, 'train-reward').runToEnd();
  await block(page, 'train-reward').is('done');
  const endless = block(page, 'ppo-setup');
  await endless.write('while True: pass');
  await endless.run();
  await endless.is('running');
  await press(page.getByRole('button', { name: 'Stop' }));
  await expect(endless.messages).toContainText('restarting Python');
  await expect(page.locator('#status')).toContainText(/Python/);
  await ready(page);
  expect(await endless.code()).toBe('while True: pass');
  await block(page, 'train-reward').runToEnd();
  await block(page, 'train-reward').is('done');
});

test('a press into code whose editor has not come yet brings it, with the cursor there', { tag: '@touch' }, async ({
  page,
}) => {
  await page.route('**/interpreter*', () => {}); // Python never starts: far editors would not come by themselves
  await page.goto('/');
  await page.waitForFunction(() => customElements.get('py-block'));
  const had = await page.evaluate(() => {
    const code = /** @type {HTMLElement} */ (document.querySelector('#ppo-train .code'));
    code.scrollIntoView({ block: 'center', behavior: 'instant' });
    const range = document.createRange();
    range.selectNodeContents(/** @type {Node} */ (code.querySelector('code')));
    const { left, top } = range.getClientRects()[0];
    const before = code.querySelectorAll('.cm-editor').length;
    code.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, clientX: left + 1, clientY: top + 4 }));
    return before;
  });
  expect(had).toBe(0);
  const { editor, code } = block(page, 'ppo-train');
  await expect(editor).toBeFocused();
  await page.keyboard.type('x = 1; ');
  expect(await code()).toMatch(/^x = 1; def train_ppo/);
});

test('a click into code whose editor comes at once leaves the focus there', async ({ page }) => {
  await page.route('**/interpreter*', () => {}); // Python never starts: far editors would not come by themselves
  await page.goto('/');
  await page.waitForFunction(() => customElements.get('py-block'));
  const first = block(page, 'preferences');
  await first.section.locator('.code').click();
  await expect(first.editor).toBeVisible();
  const { section, editor, code } = block(page, 'ppo-train');
  const listing = section.locator('.code');
  const position = await listing.evaluate((element) => {
    window.requestIdleCallback = () => 0; // nor does this one, when it nears the screen
    element.scrollIntoView({ block: 'center', behavior: 'instant' });
    const range = document.createRange();
    range.selectNodeContents(/** @type {Node} */ (element.querySelector('code')));
    const [{ left, top }] = range.getClientRects();
    const place = element.getBoundingClientRect();
    return { x: left + 1 - place.left, y: top + 4 - place.top };
  });
  await expect(editor).toHaveCount(0);
  await listing.click({ position });
  await expect(editor).toBeFocused();
  await page.keyboard.type('x = 1; ');
  expect(await code()).toMatch(/^x = 1; def train_ppo/);
});

test('Ctrl+Enter runs on a Mac, too', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'platform', { value: 'MacIntel' }));
  await open(page);
  const setup = block(page, 'ppo-setup');
  // Playwright's own key for "select all" goes by the machine, and not by what the page is told.
  await setup.section.evaluate((section) =>
    /** @type {any} */ (section.closest('py-block')).replaceSource('print("ran")'),
  );
  await setup.editor.press('Control+Enter');
  await expect(setup.output).toHaveText('ran');
  expect(await setup.code()).toBe('print("ran")');
});
