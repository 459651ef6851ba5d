/** Cells and what was recorded of them, to the pages that a reader gets before any script runs. */
import { escapeHtml } from '../output/html.js';
import { blockHtml, solutionHtml } from './block-html.js';
import { cite } from './cells.js';
import { allClaimsHtml, citeWorks, ERRATA, errataHtml, linkReferences, metaTags, worksIn } from './cite.js';
import { proseHeight, tall } from './height.js';
import { headingIds, markdown } from './markdown.js';
import { ALL } from './pages.js';

/**
 * @typedef {import('./cells.js').Cell} Cell
 * @typedef {import('./record.js').Recording} Recording
 * @typedef {import('./pages.js').Page} Page
 * @typedef {import('./markdown.js').Heading} Heading
 * @typedef {import('../shared/protocol.js').Site} Site
 * @typedef {{page: Page, lesson: string, contents: string, turn: string, site: Site}} Rendered HTML, and what the
 *   page's scripts must know of the site
 */

/** @param {{path: string}} page @returns {string} from this page to the site's root, relative */
export const rootOf = ({ path }) => '../'.repeat(path.split('/').length - 1) || './';

/**
 * @param {Cell[]} cells
 * @param {Cell} cell
 * @param {Recording} recording
 * @param {(text: string) => string} inline Markdown
 */
function exerciseOf(cells, { id }, { exercises = {} }, inline) {
  const answer = cells.find((cell) => cell.kind === 'solution' && cell.id === id);
  if (!answer || !exercises[id]) return undefined;
  return { ...exercises[id], hints: exercises[id].hints.map(inline), answer };
}

/**
 * The parts of one page, with what its contents list.
 * @param {Page} page @param {Cell[]} cells those of this page @param {Recording} recording
 * @param {(id: string) => string} href
 * @param {Cell[]} all those of all pages
 */
function partsOf(page, cells, recording, href, all) {
  /** @type {Heading[]} */
  const headings = [];
  const made = {
    claims: () => allClaimsHtml(all, recording, href),
    errata: () => errataHtml(ERRATA, href),
  };
  const md = markdown({ headings, href, made });
  const works = worksIn(
    all.find(({ kind, source }) => kind === 'prose' && source.includes('{#references}'))?.source ?? '',
  );
  // The first page carries no byte that it can do without: its citations lead nowhere.
  const cited = (/** @type {string} */ html) =>
    page.path ? citeWorks(html, works, href('references')) : linkReferences(html);
  /** @type {(Heading | Cell)[]} */
  const entries = [];
  const html = cells.map((cell) => {
    if (cell.kind === 'prose') {
      const prose = cited(md.render(cite(cell.source, recording.figures)));
      entries.push(...headings.splice(0));
      return `<div class="prose" ${tall(proseHeight(cell.source))}>${prose}</div>`;
    }
    if (cell.kind === 'solution') return recording.exercises?.[cell.id] ? '' : solutionHtml(cell, recording);
    if (cell.kind !== 'block') return '';
    entries.push(cell);
    return blockHtml(cell, recording, exerciseOf(cells, cell, recording, md.inline));
  });
  return { page, cells, entries, lesson: html.join('\n') };
}

/** @typedef {ReturnType<typeof partsOf>} Parts */

/** @param {Cell} block */
const blockEntry = ({ id, title }) =>
  `<li><a href="#${id}" data-block="${id}" data-state="recorded">${escapeHtml(title)}</a></li>`;

/**
 * The chapters of a page, with their blocks on the page itself.
 * @param {Parts} parts
 * @param {string} address
 * @param {boolean} here
 */
function chaptersOf({ entries }, address, here) {
  /** @type {{heading: Heading, blocks: Cell[]}[]} */
  const chapters = [];
  /** Blocks before the first of them. @type {Cell[]} */
  const first = [];
  for (const entry of entries) {
    if (!('level' in entry)) (chapters.at(-1)?.blocks ?? first).push(entry);
    else if (entry.level <= 2) chapters.push({ heading: entry, blocks: [] });
  }
  const items = chapters.map(({ heading: { id, text }, blocks }) => {
    const inner = here && blocks.length ? `<ol>${blocks.map(blockEntry).join('')}</ol>` : '';
    return `<li><a href="${here ? '' : address}#${id}">${escapeHtml(text)}</a>${inner}</li>`;
  });
  const list = `<ol class="chapters">${here ? first.map(blockEntry).join('') : ''}${items.join('')}</ol>`;
  return here ? list : `<details><summary>Chapters</summary>${list}</details>`;
}

/**
 * The table of contents: every page with its chapters, the reader's own with its blocks.
 * @param {Parts[]} all
 * @param {Page} here
 */
function contentsOf(all, here) {
  const items = all.map((parts) => {
    const { page } = parts;
    const address = rootOf(here) + page.path;
    const current = page === here ? ' aria-current="page"' : '';
    const chapters = chaptersOf(parts, address, page === here);
    return `<li><a class="page" href="${address}"${current}>${page.name}</a>${chapters}</li>`;
  });
  return `<ol class="contents">${items.join('')}</ol>`;
}

/** To the page before and the page after. @param {Page[]} pages @param {Page} here */
function turnOf(pages, here) {
  const at = pages.indexOf(here);
  const link = (/** @type {Page | undefined} */ page, /** @type {'prev' | 'next'} */ rel) =>
    page ? `<a rel="${rel}" href="${rootOf(here) + page.path}"><span>${page.name}</span></a>` : '';
  return `${link(pages[at - 1], 'prev')}${link(pages[at + 1], 'next')}`;
}

/** The page of each block and heading. @param {Cell[]} cells @returns {Record<string, string>} */
const addressesOf = (cells) =>
  Object.fromEntries(
    cells.flatMap(({ kind, id, source, page }) => {
      if (kind === 'prose') return headingIds(source).map((heading) => [heading, page]);
      return kind === 'block' ? [[id, page]] : [];
    }),
  );

/** The worked answers among these cells. @param {Cell[]} cells */
const answersIn = (cells) =>
  Object.fromEntries(cells.flatMap(({ kind, id, source }) => (kind === 'solution' ? [[id, source]] : [])));

/**
 * A block of another page. Nothing above can need what a later page defines: of its blocks only the names are told.
 * @param {Recording} recording @param {Page[]} later @returns {(cell: Cell) => Site['cells'][number]}
 */
const unseen =
  ({ names }, later) =>
  ({ id, title, source, page }) => ({
    id,
    title,
    source: later.some(({ path }) => path === page) ? '' : source,
    page,
    names: names[id],
  });

/** None are later than a page that is none of them. @param {Page} page @param {Page[]} pages */
const laterThan = (page, pages) => (pages.includes(page) ? pages.slice(pages.indexOf(page) + 1) : []);

/**
 * What a page must know of the site.
 * @param {Page} page @param {Page[]} pages @param {Cell[]} cells of all pages, in their order
 * @param {Recording} recording
 * @param {Cell[]} own those whose worked answers the page has
 * @returns {Site}
 */
function siteOf(page, pages, cells, recording, own) {
  const blocks = cells.filter(({ kind }) => kind === 'block');
  return {
    page: page.path,
    pages: pages.map(({ path, name, file }) => ({ path, name, file })),
    all: ALL,
    addresses: Object.fromEntries(Object.entries(addressesOf(cells)).filter(([, path]) => path !== page.path)),
    cells: blocks.filter((block) => block.page !== page.path).map(unseen(recording, laterThan(page, pages))),
    order: blocks.map(({ id }) => id),
    answers: answersIn(own),
  };
}

/**
 * @param {Page[]} pages
 * @param {Cell[]} cells of all pages, in their order
 * @param {Recording} recording
 * @returns {Rendered[]}
 */
export function renderPages(pages, cells, recording) {
  const addresses = addressesOf(cells);
  const all = pages.map((page) => {
    const own = cells.filter((cell) => cell.page === page.path);
    return partsOf(
      page,
      own,
      recording,
      (id) => {
        const path = addresses[id];
        return path === undefined || path === page.path ? `#${id}` : `${rootOf(page)}${path}#${id}`;
      },
      cells,
    );
  });
  return all.map(({ page, cells: own, lesson }) => ({
    page,
    lesson,
    contents: contentsOf(all, page),
    turn: turnOf(pages, page),
    site: siteOf(page, pages, cells, recording, own),
  }));
}

/**
 * The page that shows one block, and the HTML of each block for it.
 * @param {Page} page @param {Page[]} pages the others @param {Cell[]} cells @param {Recording} recording
 * @returns {{rendered: Rendered, blocks: {id: string, html: string}[]}}
 */
export function renderEmbed(page, pages, cells, recording) {
  const blocks = cells.filter(({ kind }) => kind === 'block');
  const addresses = addressesOf(cells);
  const md = markdown({ headings: [], href: (id) => `${rootOf(page)}${addresses[id] ?? ''}#${id}` });
  return {
    blocks: blocks.map((cell) => ({
      id: cell.id,
      html: blockHtml(cell, recording, exerciseOf(cells, cell, recording, md.inline)),
    })),
    rendered: {
      page,
      lesson: '',
      contents: '',
      turn: '',
      site: siteOf(page, pages, cells, recording, cells),
    },
  };
}

/** A closing tag in it would end the element. @param {unknown} data */
const json = (data) => JSON.stringify(data).replaceAll('<', '\\u003c');

/**
 * index.html with one page in it.
 * @param {string} template whose own addresses are relative to the site's root
 * @param {Rendered} rendered
 * @param {string} [root] from this page
 */
export function fillPage(template, { page, lesson, contents, turn, site }, root = rootOf(page)) {
  /** @type {[string, string][]} */
  const parts = [
    ['<!-- title -->', `${page.title} · Preference Lab`],
    ['<!-- description -->', escapeHtml(page.description)],
    ['<!-- meta -->', metaTags(page)],
    ['<!-- file -->', page.file],
    [
      '<!-- without -->',
      lesson
        ? 'You can read everything, recorded outputs included; charts and Run need it.'
        : `This block needs it; <a href="${root}">the lesson</a> can be read without.`,
    ],
    ['<!-- all -->', ALL],
    ['<!-- contents -->', contents],
    ['<!-- lesson -->', lesson],
    ['<!-- turn -->', turn],
    ['<!-- site -->', json(site)],
  ];
  const own = template.replaceAll('"./', `"${root}`).replace('<html ', lesson ? '<html ' : '<html data-embed ');
  return parts.reduce((html, [mark, part]) => html.replaceAll(mark, () => part), own);
}
