/** Check it yourself: a reader's loss is judged in the page, and everything is recomputed there. */
import { block, expect, onOnePage, open, test } from './page.js';

const BETWEEN = /def my_loss[\s\S]*?\n\n\njudge\("DPO", my_loss\)/;

const PASTED = [
  [
    'IPO',
    'def my_loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):\n' +
      '    gap = (policy_chosen - ref_chosen) - (policy_rejected - ref_rejected)\n' +
      '    return ((gap - 1 / beta) ** 2).mean()\n',
    "Line 6. IPO's target is 1/(2·beta), and here it is 1/beta.",
  ],
  [
    'PPO',
    'def my_loss(logps, old_logps, advantages, epsilon):\n' +
      '    ratio = np.exp(old_logps - logps)\n' +
      '    clipped = np.clip(ratio, 1 - epsilon, 1 + epsilon)\n' +
      '    return -np.minimum(ratio * advantages, clipped * advantages).mean()\n',
    'Line 5. The ratio is inverted',
  ],
  [
    'GRPO advantages',
    'def my_loss(rewards):\n' +
      '    gap = rewards - rewards.mean(axis=1, keepdims=True)\n' +
      '    return gap / (rewards.std(axis=1, keepdims=True) + 1e-4)\n',
    'Line 6. The deviation has ddof 0',
  ],
];

onOnePage('a loss of the reader', () => {
  for (const [family, code, said] of PASTED) {
    test(`a mistake in a pasted loss is named with its line: ${family}`, async ({ page }) => {
      await open(page, '/check/');
      const { code: original, write, runToEnd, output } = block(page, 'check-loss');
      const text = await original();
      expect(text).toMatch(BETWEEN);
      await write(text.replace(BETWEEN, () => `${code}\n\njudge("${family}", my_loss)`));
      await runToEnd();
      await expect(output).toContainText(said);
      await expect(output).toContainText('in place of');
    });
  }

  test('what is no loss gets a sentence', async ({ page }) => {
    await open(page, '/check/');
    const { write, runToEnd, output } = block(page, 'check-loss');
    await write('from judging.judge import judge\n\njudge("DPO", "my loss")');
    await runToEnd();
    await expect(output).toContainText('`judge` takes a function');
  });
});

test('one button recomputes every block of the site, and all equal what was recorded', async ({ page }) => {
  test.setTimeout(600_000);
  await open(page, '/check/');
  const box = page.locator('#recompute');
  await box.getByRole('button', { name: /Recompute all \d+ blocks/ }).click();
  await expect(box).toHaveAttribute('data-state', 'equal', { timeout: 580_000 });
  await expect(box.getByRole('status')).toHaveText(
    /^(\d+) of \1 blocks equal what was recorded, to the last character\.$/,
  );
});
