/** `::: guess`: a form, and a result that opens without any script. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainMarkdown } from '../../app/shared/export.js';
import { citations, readLesson } from '../../app/site/cells.js';
import { scaleOf } from '../../app/site/guesses.js';
import { proseHeight } from '../../app/site/height.js';
import { markdown } from '../../app/site/markdown.js';

const CHOICE = `::: guess up Does $x$ rise?
- yes, by $\\beta$
- no

It *falls*.

Far.
:::
`;
const SCALE = '::: guess share How *many*?\n- 0 to 100 by 5 %\n\nSome.\n:::\n';
const { render } = markdown();

test('answers to choose from are native radio buttons with labels, in a named group', () => {
  const html = render(CHOICE);
  assert.match(html, /<guess-first class="guess" id="guess-up"><fieldset><legend id="guess-up-asks">.*Does <eq /);
  assert.equal(html.match(/<label><input type="radio" name="guess-up" /g)?.length, 2);
  assert.match(html, /value="no"> <span>no<\/span><\/label>/);
  assert.match(html, /value="yes, by \$\\beta\$"> <span>yes, by <eq /);
  assert.match(html, /<\/fieldset><details><summary>What the run says<\/summary>\s*<p>It <em>falls<\/em>\.<\/p>/);
  assert.match(html, /<p>Far\.<\/p>\s*<\/details><\/guess-first>/);
  assert.doesNotMatch(html, /<ul>|<li>/);
});

test('a scale is a native range with its ends and its unit', () => {
  const html = render(SCALE);
  assert.match(
    html,
    /<input type="range" aria-labelledby="guess-share-asks" min="0" max="100" step="5" data-unit=" %">/,
  );
  assert.match(html, /<span>0 %<\/span>.*<span>100 %<\/span>/);
  assert.deepEqual(scaleOf('-1 to 2.5'), { min: '-1', max: '2.5', step: '1', unit: '' });
  assert.equal(scaleOf('up to you'), undefined);
});

test('a list elsewhere stays a list, and two guesses do not mix', () => {
  const html = render(`${CHOICE}\n- a list\n- of two\n\n${SCALE}`);
  assert.equal(html.match(/<li>/g)?.length, 2);
  assert.equal(html.match(/<guess-first/g)?.length, 2);
  assert.equal(html.match(/<\/details><\/guess-first>/g)?.length, 2);
});

test('a guess without an id, a question or answers is a mistake', () => {
  for (const wrong of [
    '::: guess Why?\n- a\n- b\n\nSo.\n:::',
    '::: guess up\n- a\n- b\n\nSo.\n:::',
    '::: guess up Why?\nSo.\n:::',
    '::: guess up Why?\n- only one\n\nSo.\n:::',
  ])
    assert.throws(() => render(wrong), /A guess/, wrong);
});

test('the result is closed, so a page is no taller for it', () => {
  const longer = CHOICE.replace('Far.', 'Far. '.repeat(400));
  assert.equal(proseHeight(longer), proseHeight(CHOICE));
  assert.ok(proseHeight(CHOICE) > proseHeight('Does it rise?'));
});

test('a notebook has the question, its answers, and the result in what opens', () => {
  const plain = plainMarkdown(`${CHOICE}\nAfter.`);
  assert.match(plain, /^\*\*Guess first:\*\* Does \$x\$ rise\?\n\n- yes, by \$\\beta\$\n- no\n/);
  assert.match(
    plain,
    /<details><summary>What the run says<\/summary>\n\nIt \*falls\*\.\n\nFar\.\n\n<\/details>\n\nAfter\./,
  );
  assert.doesNotMatch(plain, /Quick check|:::/);
});

test('the pages ask at least ten times, and each result cites the run', async () => {
  const prose = (await readLesson()).filter(({ kind }) => kind === 'prose').map(({ source }) => source);
  const found = prose.flatMap((source) => source.match(/^::: guess [\s\S]*?^:::$/gm) ?? []);
  assert.ok(found.length >= 10);
  for (const guess of found) {
    const result = guess.slice(guess.lastIndexOf('\n- '));
    assert.ok(citations(result).length > 0, guess);
    assert.equal(citations(guess).length, citations(result).length, `the question tells: ${guess}`);
    assert.doesNotMatch(guess, /\b(right|wrong|correct|mistaken)\b/i, guess);
  }
});
