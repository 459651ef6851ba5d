/** Lesson cells and what was recorded of them, to the HTML that a reader gets before any script runs. */
import { readFileSync } from 'node:fs';
import { pythonLanguage } from '@codemirror/lang-python';
import { classHighlighter, highlightCode } from '@lezer/highlight';
import katex from 'katex';
import MarkdownIt from 'markdown-it';
import container from 'markdown-it-container';
import texmath from 'markdown-it-texmath';
import { figureHtml } from '../output/kinds.js';
import { isText, textOf } from '../output/output-items.js';
import { cite } from './cells.js';
import { exerciseHtml } from './exercise-html.js';
import { blockHeight, proseHeight, tall } from './height.js';

/**
 * @typedef {import('./cells.js').Cell} Cell
 * @typedef {import('./record.js').Recording} Recording
 * @typedef {import('../output/output-items.js').Item} Item
 * @typedef {InstanceType<typeof MarkdownIt>} Md
 * @typedef {{level: number, id: string, text: string}} Heading
 */

const { escapeHtml } = new MarkdownIt().utils;

const BOXES = {
  'key-insight': 'Key insight',
  tip: 'Tip',
  warning: 'Warning',
  note: 'Note',
  'under-the-hood': 'Under the hood',
};

/** `::: check Question` opens on a click; `::: note Title` is a box. @param {Md} md */
function boxes(md) {
  /** @param {string} info @param {string} name */
  const title = (info, name) => md.renderInline(info.trim().slice(name.length).trim());
  md.use(container, 'check', {
    /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
    render: (tokens, index) =>
      tokens[index].nesting === 1
        ? `<details class="check"><summary><span class="box-kind">Quick check</span> ${title(tokens[index].info, 'check')}</summary>\n`
        : '</details>\n',
  });
  for (const [name, kind] of Object.entries(BOXES)) {
    md.use(container, name, {
      /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
      render: (tokens, index) =>
        tokens[index].nesting === 1
          ? `<div class="box ${name}" role="note"><p class="box-title"><span class="box-kind">${kind}</span> ${title(tokens[index].info, name)}</p>\n`
          : '</div>\n',
    });
  }
}

/** `::: picture one two` shows drawings of ./pictures, side by side; what it contains is their caption. @param {Md} md */
function pictures(md) {
  /** @param {string} name */
  const drawing = (name) => readFileSync(new URL(`./pictures/${name}.svg`, import.meta.url), 'utf8');
  md.use(container, 'picture', {
    /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
    render: (tokens, index) => {
      if (tokens[index].nesting !== 1) return '</figcaption></figure>\n';
      const names = tokens[index].info.trim().split(/\s+/).slice(1);
      return `<figure class="picture"><div>${names.map(drawing).join('')}</div><figcaption>\n`;
    },
  });
}

/** `## Heading {#id}`; every heading is noted for the table of contents. @param {Md} md @param {Heading[]} headings */
function headingIds(md, headings) {
  md.core.ruler.push('heading-ids', ({ tokens }) => {
    tokens.forEach((token, index) => {
      if (token.type !== 'heading_open') return;
      const inline = tokens[index + 1];
      const text = inline.children?.[inline.children.length - 1];
      const id = text?.content.match(/\s*\{#([\w-]+)\}$/);
      if (!text || !id) return;
      text.content = text.content.slice(0, id.index);
      token.attrSet('id', id[1]);
      headings.push({
        level: Number(token.tag[1]),
        id: id[1],
        text: (inline.children ?? []).map(({ content }) => content).join(''),
      });
    });
  });
}

/** Wide tables scroll by themselves, not the page. @param {Md} md */
function scrollingTables(md) {
  md.renderer.rules.table_open = () => '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n';
  md.renderer.rules.table_close = () => '</table></div>\n';
}

/** A browser that translates the page leaves code and formulas as they are. @param {Md} md */
function notTranslated(md) {
  md.renderer.rules.code_inline = (tokens, index) => `<code translate="no">${escapeHtml(tokens[index].content)}</code>`;
  for (const name of ['math_inline', 'math_inline_double', 'math_block']) {
    const rule = md.renderer.rules[name];
    if (rule) md.renderer.rules[name] = (...given) => rule(...given).replace(/<(eqn?)>/g, '<$1 translate="no">');
  }
}

/**
 * KaTeX for texmath, which keeps the first engine it is given and writes errors into the page; here they end the build.
 */
const formulas = {
  /** @type {unknown} */
  failure: undefined,
  /** @param {string} tex @param {import('katex').KatexOptions} options */
  renderToString(tex, options) {
    try {
      return katex.renderToString(tex, options);
    } catch (error) {
      formulas.failure ??= error;
      return '';
    }
  },
  /** Throws the first error since it was last asked. */
  check() {
    const { failure } = formulas;
    formulas.failure = undefined;
    if (failure) throw failure;
  },
};

/** @param {Heading[]} headings filled while the Markdown is rendered */
function markdown(headings) {
  const md = new MarkdownIt({ html: false, typographer: false });
  md.use(texmath, {
    engine: formulas,
    delimiters: 'dollars',
    katexOptions: { output: 'htmlAndMathml', strict: 'error', throwOnError: true },
  });
  boxes(md);
  pictures(md);
  scrollingTables(md);
  headingIds(md, headings);
  notTranslated(md);
  return md;
}

/**
 * Tokens that app/style/code.css leaves as they are: marked like the others, they were nine of ten elements of the
 * page.
 */
const PLAIN = new Set(['', 'tok-operator', 'tok-propertyName', 'tok-punctuation', 'tok-variableName']);

/** @param {string} source Python @returns {string} HTML with the editor's own token classes */
export function highlight(source) {
  let html = '';
  highlightCode(
    source,
    pythonLanguage.parser.parse(source),
    classHighlighter,
    (text, classes) => {
      html += PLAIN.has(classes) ? escapeHtml(text) : `<span class="${classes}">${escapeHtml(text)}</span>`;
    },
    () => {
      html += '\n';
    },
  );
  return html;
}

/** @param {Item[]} items of one block @param {string} id @param {string} title */
function recordedOutput(items, id, title) {
  const figures = items.flatMap((item) => (isText(item) ? [] : [figureHtml(item, id)]));
  const text = textOf(items);
  return (
    `<div class="output" translate="no" role="log" aria-label="Output: ${escapeHtml(title)}" tabindex="0">` +
    `${text ? `<pre class="stdout">${escapeHtml(text)}</pre>` : ''}</div>` +
    `<div class="charts" data-recorded="recorded/${id}.json">${figures.join('')}</div>`
  );
}

/** @param {Cell} cell @param {Recording} recording @param {string} [exercise] what an exercise adds */
function block({ id, title, source }, { items, names }, exercise = '') {
  const name = escapeHtml(title);
  return `<py-block ${tall(blockHeight(source, items[id]) + (exercise ? 4 : 0))}><section class="block" id="${id}" role="group" aria-labelledby="${id}-title" data-state="recorded"
  data-names="${escapeHtml(JSON.stringify(names[id]))}">
<div class="block-head"><span class="block-title" id="${id}-title">${name}</span><span class="block-state">recorded</span>${exercise && '<span class="passed" hidden>passed</span>'}
<span class="actions"><details class="copy"><summary aria-describedby="${id}-title">Copy</summary><span class="menu"><button type="button" data-copy="code">Code</button><button type="button" data-copy="output">Output</button></span></details><button type="button" class="reset" aria-describedby="${id}-title" hidden>Reset</button><button type="button" class="run" aria-describedby="${id}-title" disabled>Run</button>${exercise && `<button type="button" class="check-answer" aria-describedby="${id}-title" disabled>Check</button>`}</span></div>
<div class="code" translate="no"><pre tabindex="0" aria-label="Code: ${name}"><code>${highlight(source)}</code></pre></div>
<progress class="progress" aria-label="Progress: ${name}" max="1" value="0"></progress>
<div class="messages"></div>
${recordedOutput(items[id], id, title)}${exercise}
</section></py-block>`;
}

/** @param {Cell} cell @param {Recording} recording */
const solution = (
  { id, source },
  { solutions },
) => `<details class="check solution"><summary><span class="box-kind">Solution</span> Show a worked answer</summary>
<pre class="listing" translate="no" tabindex="0" aria-label="A worked answer"><code>${highlight(source)}</code></pre>
<p>It prints:</p><pre class="listing" translate="no" tabindex="0" aria-label="What it prints">${escapeHtml(textOf(solutions[id]))}</pre></details>`;

/** The table of contents. @param {(Heading | Cell)[]} entries in page order */
function contents(entries) {
  /** @type {{heading: Heading, blocks: Cell[]}[]} */
  const chapters = [];
  for (const entry of entries) {
    if ('level' in entry) {
      if (entry.level === 2) chapters.push({ heading: entry, blocks: [] });
    } else chapters[chapters.length - 1]?.blocks.push(entry);
  }
  return `<ol class="contents">${chapters.map(({ heading, blocks }) => `<li><a href="#${heading.id}">${escapeHtml(heading.text)}</a>${blocks.length ? `<ol>${blocks.map(({ id, title }) => `<li><a href="#${id}" data-block="${id}" data-state="recorded">${escapeHtml(title)}</a></li>`).join('')}</ol>` : ''}</li>`).join('')}</ol>`;
}

/**
 * @param {Cell[]} cells
 * @param {Recording} recording
 * @returns {{lesson: string, contents: string}} two pieces of HTML
 */
export function renderLesson(cells, recording) {
  /** @type {Heading[]} */
  const headings = [];
  const md = markdown(headings);
  /** @type {(Heading | Cell)[]} */
  const entries = [];
  const { exercises = {} } = recording;
  /** @param {Cell} cell */
  const exercise = ({ id }) => {
    const answer = cells.find((cell) => cell.kind === 'solution' && cell.id === id);
    if (!answer || !exercises[id]) return '';
    const { hints, needs } = exercises[id];
    return exerciseHtml({
      hints: hints.map((hint) => md.renderInline(hint)),
      needs: escapeHtml(JSON.stringify(needs)),
      code: highlight(answer.source),
      prints: escapeHtml(textOf(recording.solutions[id])),
    });
  };
  const html = cells.map((cell) => {
    if (cell.kind === 'prose') {
      const prose = md.render(cite(cell.source, recording.figures));
      formulas.check();
      entries.push(...headings.splice(0));
      return `<div class="prose" ${tall(proseHeight(cell.source))}>${prose}</div>`;
    }
    if (cell.kind === 'solution') return exercises[cell.id] ? '' : solution(cell, recording);
    if (cell.kind !== 'block') return '';
    entries.push(cell);
    return block(cell, recording, exercise(cell));
  });
  return { lesson: html.join('\n'), contents: contents(entries) };
}
