/** The lesson's Markdown, with formulas, boxes and quick checks, to HTML. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonLanguage } from '@codemirror/lang-python';
import { classHighlighter, highlightCode } from '@lezer/highlight';
import katex from 'katex';
import MarkdownIt from 'markdown-it';
import container from 'markdown-it-container';
import texmath from 'markdown-it-texmath';
import { escapeHtml } from '../output/html.js';
import { TOP } from '../tools/tools.js';
import { guesses } from './guesses.js';

/**
 * @typedef {InstanceType<typeof MarkdownIt>} Md
 * @typedef {{level: number, id: string, text: string}} Heading
 */

const BOXES = {
  'key-insight': 'Key insight',
  tip: 'Tip',
  warning: 'Warning',
  note: 'Note',
  'under-the-hood': 'Under the hood',
};

/**
 * What stands between `::: name Title` and `:::`.
 * @param {Md} md @param {string} name @param {(title: string) => string} open @param {string} close
 */
function box(md, name, open, close) {
  md.use(container, name, {
    /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
    render: (tokens, index) =>
      tokens[index].nesting === 1
        ? open(md.renderInline(tokens[index].info.trim().slice(name.length).trim()))
        : `${close}\n`,
  });
}

/** `::: check Question` opens on a click; `::: note Title` is a box. @param {Md} md */
function boxes(md) {
  const label = (/** @type {string} */ kind) => `<span class="box-kind">${kind}</span>`;
  box(
    md,
    'check',
    (title) => `<details class="check"><summary>${label('Quick check')} ${title}</summary>\n`,
    '</details>',
  );
  for (const [name, kind] of Object.entries(BOXES)) {
    box(
      md,
      name,
      (title) => `<div class="box ${name}" role="note"><p class="box-title">${label(kind)} ${title}</p>\n`,
      '</div>',
    );
  }
}

/**
 * `::: picture one two` shows drawings of ./pictures, side by side; what it contains is their caption.
 * @param {Md} md
 */
function pictures(md) {
  /** @param {string} name */
  const drawing = (name) => readFileSync(join(TOP, `app/site/pictures/${name}.svg`), 'utf8');
  md.use(container, 'picture', {
    /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
    render: (tokens, index) => {
      if (tokens[index].nesting !== 1) return '</figcaption></figure>\n';
      const names = tokens[index].info.trim().split(/\s+/).slice(1);
      return `<figure class="picture"><div>${names.map(drawing).join('')}</div><figcaption>\n`;
    },
  });
}

/**
 * `::: made name` stands for HTML that the build makes.
 * @param {Md} md @param {Record<string, () => string>} made
 */
function madeParts(md, made) {
  md.use(container, 'made', {
    /** @type {(tokens: {nesting: number, info: string}[], index: number) => string} */
    render: (tokens, index) => {
      if (tokens[index].nesting !== 1) return '';
      const name = tokens[index].info.trim().slice('made'.length).trim();
      if (!made[name]) throw new Error(`The build makes no ::: made ${name}`);
      return `${made[name]()}\n`;
    },
  });
}

/**
 * `::: recompute` is a button that runs every block of the site (app/tab/recompute); what it contains is for who has no
 * scripts.
 * @param {Md} md
 */
function recompute(md) {
  box(
    md,
    'recompute',
    () => '<div class="recompute" id="recompute"><button type="button" disabled>Recompute</button>\n',
    '</div>',
  );
}

const HEADING_ID = /\s*\{#([\w-]+)\}$/;

/** The ids of the headings of a Markdown text. @param {string} source @returns {string[]} */
export const headingIds = (source) =>
  source.split('\n').flatMap((line) => (line.startsWith('#') ? (line.match(HEADING_ID)?.[1] ?? []) : []));

/** `## Heading {#id}`; every heading is noted for the table of contents. @param {Md} md @param {Heading[]} headings */
function headingsWithIds(md, headings) {
  md.core.ruler.push('heading-ids', ({ tokens }) => {
    tokens.forEach((token, index) => {
      if (token.type !== 'heading_open') return;
      const inline = tokens[index + 1];
      const text = inline.children?.[inline.children.length - 1];
      const id = text?.content.match(HEADING_ID);
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
  let tables = 0;
  md.renderer.rules.table_open = () => {
    tables += 1;
    return `<div class="table" tabindex="0" role="region" aria-label="Table ${tables}"><table>\n`;
  };
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

const MARKUP = /\$|\\[a-z]|\*\*|\]\(|\{#|:::/i;

/**
 * A formula that is not closed on its line, or other markup that is none, would stand in the page as it was typed: it
 * ends the build.
 * @param {Md} md
 */
function nothingAsTyped(md) {
  md.core.ruler.push('nothing-as-typed', ({ tokens }) => {
    for (const { type, content } of tokens.flatMap(({ children }) => children ?? []))
      if (type === 'text' && MARKUP.test(content)) throw new Error(`This would be shown as it was typed: ${content}`);
  });
}

/**
 * `[text](#id)` finds its block or heading on whatever page it is.
 * @param {Md} md
 * @param {(id: string) => string} href
 */
function linksBetweenPages(md, href) {
  md.core.ruler.push('links-between-pages', ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === 'link_open' ? String(token.attrGet('href')) : '';
      if (target.startsWith('#')) token.attrSet('href', href(target.slice(1)));
    }
  });
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

/**
 * @param {object} [options]
 * @param {Heading[]} [options.headings] filled while Markdown is rendered
 * @param {(id: string) => string} [options.href] the address of a block or a heading
 * @param {Record<string, () => string>} [options.made] what the build makes, by its name
 * @returns {{render: (text: string) => string, inline: (text: string) => string}} both throw on a formula that is wrong
 */
export function markdown({ headings = [], href = (id) => `#${id}`, made = {} } = {}) {
  const md = new MarkdownIt({ html: false, typographer: false });
  const katexOptions = { output: 'htmlAndMathml', strict: 'error', throwOnError: true };
  md.use(texmath, { engine: formulas, delimiters: 'dollars', katexOptions });
  boxes(md);
  guesses(md);
  pictures(md);
  recompute(md);
  madeParts(md, made);
  scrollingTables(md);
  headingsWithIds(md, headings);
  notTranslated(md);
  linksBetweenPages(md, href);
  nothingAsTyped(md);
  const checked = (/** @type {string} */ html) => {
    formulas.check();
    return html;
  };
  return { render: (text) => checked(md.render(text)), inline: (text) => checked(md.renderInline(text)) };
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
