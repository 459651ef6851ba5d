/**
 * The lesson with the code as it is now, as a Python file or as a Jupyter notebook: pure functions from the build's
 * lesson.json and the sources of blocks. Both are the same list of cells.
 *
 * @typedef {import('./protocol.js').TakeAlong} TakeAlong
 * @typedef {{kind: 'text' | 'code', id: string, source: string, folded?: boolean}} Cell
 */

/**
 * The modules that `source` imports, of those there are.
 * @param {string} source
 * @param {string[]} names such as preflab.losses
 */
function imported(source, names) {
  return names.filter((name) => {
    const [packageName, module] = name.split('.');
    const whole = new RegExp(`\\b(from|import)\\s+${packageName}\\.${module}\\b`);
    const part = new RegExp(`\\bfrom\\s+${packageName}\\s+import\\s+(\\([^)]*|[^\\n]*)\\b${module}\\b`);
    return whole.test(source) || part.test(source);
  });
}

/**
 * What `source` needs of the modules, each after those it needs itself.
 * @param {string} source
 * @param {Record<string, string>} modules
 * @returns {string[]}
 */
export function modulesFor(source, modules) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {string} text @param {string[]} above */
  const visit = (text, above) => {
    for (const name of imported(text, Object.keys(modules))) {
      if (found.has(name) || above.includes(name)) continue;
      visit(modules[name], [...above, name]);
      found.add(name);
    }
  };
  visit(source, []);
  return [...found];
}

/**
 * @param {TakeAlong} lesson
 * @param {Map<string, string>} sources of edited blocks, by id
 * @param {string} intro Markdown
 * @param {string} given Python that defines what the page gives
 * @returns {Cell[]}
 */
function cellsOf({ cells: lesson, modules, loader }, sources, intro, given) {
  /** @type {Cell[]} */
  const cells = [];
  let texts = 0;
  const text = (/** @type {string} */ source) => cells.push({ kind: 'text', id: `text-${(texts += 1)}`, source });
  /** @type {Set<string>} */
  const loaded = new Set();
  /** Python that uses modules of the page comes after a cell that makes them out of their texts. @param {Cell} cell */
  const code = (cell) => {
    const names = modulesFor(cell.source, modules).filter((name) => !loaded.has(name));
    const texts = names.map((name) => `load("${name}", r'''${modules[name]}''')`);
    if (names.length)
      cells.push({
        kind: 'code',
        id: `modules-for-${cell.id}`,
        source: [...(loaded.size ? [] : [`${loader}\n`]), ...texts].join('\n\n'),
        folded: true,
      });
    names.forEach((name) => loaded.add(name));
    cells.push(cell);
  };

  text(intro);
  code({ kind: 'code', id: 'given', source: given, folded: true });
  for (const { kind, id, title, source } of lesson) {
    if (kind === 'prose') {
      text(plainMarkdown(source));
    } else if (kind === 'solution') {
      text(`<details><summary><b>A worked answer</b></summary>\n\n\`\`\`python\n${source}\n\`\`\`\n\n</details>`);
    } else {
      const now = dedent(sources.get(id) ?? source);
      text(`<a id="${id}"></a>**${title}**${now === source ? '' : ' (edited)'}`);
      code({ kind: 'code', id, source: now });
    }
  }
  return cells;
}

/**
 * The lesson as one page shows it, after the blocks of other pages that it needs.
 * @param {TakeAlong} lesson
 * @param {string} page
 * @param {Set<string>} needed ids of blocks
 * @returns {TakeAlong}
 */
export function onePage(lesson, page, needed) {
  const others = lesson.cells.filter(({ kind, id, page: of }) => kind === 'block' && of !== page && needed.has(id));
  const source = '## From other pages\n\nWhat the blocks of this page take from those of others.';
  const note = { kind: /** @type {const} */ ('prose'), id: '', title: '', source, page };
  const own = lesson.cells.filter((cell) => cell.page === page);
  return { ...lesson, cells: others.length ? [note, ...others, ...own] : own };
}

/**
 * As textwrap.dedent has it, which Pyodide applies to every block: code that was pasted with all its lines further in.
 * @param {string} source
 */
export function dedent(source) {
  const lines = source.replaceAll(/^[ \t]+$/gm, '').split('\n');
  const margins = lines.filter(Boolean).map((line) => line.match(/^[ \t]*/)?.[0] ?? '');
  const margin = margins.reduce((least, one) => {
    let alike = 0;
    while (alike < Math.min(least.length, one.length) && least[alike] === one[alike]) alike += 1;
    return one.slice(0, alike);
  }, margins[0] ?? '');
  return lines.map((line) => line.slice(margin.length)).join('\n');
}

/**
 * What a file of Python cannot hold as it is, and a block can: `await` outside of functions, and `from __future__`
 * below other code. Where in doubt, yes: then it runs all the same.
 * @param {string} source without margin
 */
export function needsThePage(source) {
  const code = source
    .replaceAll(/"""[\s\S]*?"""|'''[\s\S]*?'''/g, '""')
    .replaceAll(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (text) =>
      /\{.*\b(await|async)\b/.test(text) ? text : '""',
    )
    .replaceAll(/#.*/g, '');
  if (/^from\s+__future__\s/m.test(code)) return true;
  /** How far in the function stands that a line is in, if in any. @type {number | undefined} */
  let within;
  for (const line of code.split('\n').filter((text) => text.trim())) {
    const margin = line.search(/\S/);
    if (within !== undefined && margin <= within) within = undefined;
    if (within !== undefined) continue;
    if (/^\s*(async\s+)?def\b/.test(line)) within = margin;
    else if (/\bawait\b|\basync\s+(for|with)\b/.test(line)) return true;
  }
  return false;
}

/** Python that runs a block as the page does. */
const RUN_BLOCK = `def run_block(name, source):
    """Runs a block as the page does: it may await, and import from __future__."""
    import ast
    import asyncio
    import inspect
    import linecache

    path = f"<{name}>"
    linecache.cache[path] = len(source), None, source.splitlines(keepends=True), path
    code = compile(source, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, globals()))
    else:
        exec(code, globals())
`;

/** As Python writes it. @param {string} text */
const pythonText = (text) =>
  /'''|\\|'$/.test(text) ? JSON.stringify(text).replaceAll('\u007f', '\\x7f') : `'''${text}'''`;

/**
 * Blocks that Python cannot read: a file that holds one of them stops there, as the page does.
 * @param {TakeAlong} lesson @param {Map<string, string>} sources of blocks, by id
 * @param {(source: string) => Promise<unknown>} names what Python finds in a source: null if it cannot read it
 * @returns {Promise<{id: string, title: string}[]>} in the lesson's order; empty where Python cannot be asked
 */
export async function unreadable({ cells }, sources, names) {
  const edited = cells.filter(({ kind, id, source }) => kind === 'block' && (sources.get(id) ?? source) !== source);
  const read = await Promise.all(edited.map(({ id }) => names(sources.get(id) ?? '')));
  return edited.filter((_, i) => read[i] === null).map(({ id, title }) => ({ id, title }));
}

/** The sentence about them, for before the file is saved; '' if there is none. @param {{title: string}[]} blocks */
export function saidOfUnreadable(blocks) {
  const titles = blocks.map(({ title }) => `“${title}”`);
  const all = titles.length > 1 ? `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}` : titles.join('');
  return all && `Python cannot read the code of ${all}: the file will run as far as that, and then say why it stops.`;
}

const BOX = /^::: +([\w-]+) *(.*)$/;
const RESULT = 'What the run says';

/**
 * The lesson's Markdown in what every notebook understands: boxes become quotations, checks and the results of guesses
 * open on a click, ids become anchors.
 * @param {string} markdown
 */
export function plainMarkdown(markdown) {
  /** @type {'check' | 'box' | undefined} */
  let inside;
  return markdown
    .replace(/^::: picture [\s\S]*?^:::\n*/gm, '') // drawn by the page alone
    .replace(/^::: guess \S+ (.*)\n((?:- .*\n)+)\n/gm, `**Guess first:** $1\n\n$2\n::: check ${RESULT}\n`)
    .split('\n')
    .map((line) => {
      const box = line.match(BOX);
      if (box) {
        inside = box[1] === 'check' ? 'check' : 'box';
        const kind = box[1].replaceAll('-', ' ');
        return inside === 'check'
          ? `<details><summary>${box[2] === RESULT ? '' : '<b>Quick check:</b> '}${box[2]}</summary>\n`
          : `> **${kind[0].toUpperCase()}${kind.slice(1)}: ${box[2]}**\n>`;
      }
      if (line.trim() === ':::') {
        const end = inside === 'check' ? '\n</details>' : '';
        inside = undefined;
        return end;
      }
      const heading = line.match(/^(#+ .*?) *\{#([\w-]+)\}$/);
      if (heading) return `<a id="${heading[2]}"></a>\n\n${heading[1]}`;
      return inside === 'box' ? `> ${line}`.trimEnd() : line;
    })
    .join('\n');
}

/** @param {number} edited how many blocks */
const whose = (edited) =>
  edited ? `with your edits of ${edited} ${edited === 1 ? 'block' : 'blocks'}` : 'as it was published';

/** @param {TakeAlong} lesson @param {Map<string, string>} sources */
const countEdited = ({ cells }, sources) =>
  cells.filter(({ kind, id, source }) => kind === 'block' && (sources.get(id) ?? source) !== source).length;

/**
 * A Python file in the percent format, which editors show as cells. It needs NumPy.
 * @param {TakeAlong} lesson
 * @param {Map<string, string>} [sources]
 * @param {{id: string}[]} [unread] blocks that Python cannot read: the rest of the file must be readable all the same
 */
export function pythonFile(lesson, sources = new Map(), unread = []) {
  const intro =
    `# RLHF and DPO\n\nThe lesson of Preference Lab ${whose(countEdited(lesson, sources))}. ` +
    'It runs from top to bottom with NumPy alone, and prints what the page prints; the page also draws.';
  const comment = (/** @type {string} */ text) =>
    text
      .split('\n')
      .map((line) => `# ${line}`.trimEnd())
      .join('\n');
  let known = false; // whether the file has run_block by now
  /** @param {Cell} cell */
  const code = ({ id, source }) => {
    if (!needsThePage(source) && !unread.some((block) => block.id === id)) return source.trimEnd();
    const call = `run_block("${id}", ${pythonText(`${source.trimEnd()}\n`)})`;
    const first = known ? '' : `${RUN_BLOCK}\n\n`;
    known = true;
    return first + call;
  };
  return cellsOf(lesson, sources, intro, lesson.given.python)
    .map((cell) =>
      cell.kind === 'text' ? `# %% [markdown]\n${comment(cell.source)}\n` : `# %% id="${cell.id}"\n${code(cell)}\n`,
    )
    .join('\n');
}

/**
 * A notebook, nbformat 4.5. It needs NumPy and Plotly.
 * @param {TakeAlong} lesson
 * @param {Map<string, string>} [sources]
 */
export function notebookFile(lesson, sources = new Map()) {
  const intro =
    `*The lesson of Preference Lab ${whose(countEdited(lesson, sources))}. ` +
    'It needs NumPy and Plotly: `%pip install numpy plotly`. ' +
    'Run all cells: the first two, which are folded, define what the page gives to every block, the charts among it.*';
  /** @param {string} text nbformat keeps lines apart, each with its end */
  const lines = (text) => text.trimEnd().split(/(?<=\n)/);
  const cells = cellsOf(lesson, sources, intro, lesson.given.jupyter).map(({ kind, id, source, folded }) =>
    kind === 'text'
      ? { cell_type: 'markdown', id, metadata: {}, source: lines(source) }
      : {
          cell_type: 'code',
          id,
          metadata: folded ? { jupyter: { source_hidden: true } } : {},
          execution_count: null,
          outputs: [],
          source: lines(source),
        },
  );
  const metadata = {
    kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
    language_info: { name: 'python' },
  };
  return `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}
