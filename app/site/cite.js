/** What makes the site easy to cite and to link: tags for finders, all claims with their code, errata, references. */
import { escapeHtml } from '../output/html.js';
import { highlight } from './markdown.js';

/** @typedef {import('./record.js').Recording} Recording */
/** @typedef {import('./cells.js').Cell} Cell */

const AUTHOR = 'Preference Lab contributors';

/**
 * What was wrong on these pages and no longer is, the latest first.
 * @type {{date: string, where: string, was: string, is: string}[]} where: the id of a block or heading
 */
export const ERRATA = [
  {
    date: '2026-11-29',
    where: 'ask-which-estimator',
    was: 'k3’s slope there is π_ref/π − 1, here 19',
    is: 'It is 1 − π_ref/π, here −19.',
  },
  {
    date: '2026-11-29',
    where: 'which-fault-kills',
    was: 'Labels that never err touch only the two claims about noise',
    is: 'They kill only these two; whether RLHF scores higher turns with them, too.',
  },
  {
    date: '2026-11-29',
    where: 'words',
    was: 'Stories of at most 13 words',
    is: 'A policy can tell 14; the corpus has none longer than 13.',
  },
  {
    date: '2026-11-29',
    where: 'words-critic',
    was: 'Returns of which all is paid at the end',
    is: 'Their score is; the log-ratio is charged word by word.',
  },
  {
    date: '2026-11-29',
    where: 'verifiable',
    was: 'The first number of the answer is to be the sum of the context’s numbers',
    is: 'The checker adds up the context’s last three.',
  },
  {
    date: '2026-11-29',
    where: 'variants',
    was: 'The pairs come from our policy',
    is: 'They come from the reference.',
  },
  {
    date: '2026-11-29',
    where: 'over-optimisation',
    was: 'The annotator does not care for the hue',
    is: 'In this world they do where it is extreme; at the start the taste has no slope there.',
  },
  {
    date: '2026-11-29',
    where: 'stale-pairs',
    was: '95 % intervals over 8, 10 and 20 seeds, 1.96 standard errors wide to each side',
    is: 'By Student’s t, as in the ledger: 7 to 21 % wider.',
  },
  {
    date: '2026-11-29',
    where: 'mistake-3',
    was: 'With ten pairs only DPO has no end',
    is: 'RLHF’s reward model has none there, either: it is stopped after 100 epochs.',
  },
  {
    date: '2026-11-29',
    where: 'evaluate',
    was: 'All four intervals miss the exact value by 1.4 half-widths',
    is: 'It lies 1.4 half-widths from the mean, and so 0.4 outside.',
  },
];

/**
 * For search engines, scholars and previews. With the site's address (`SITE_URL` in the build's environment) they say
 * it, too, and show a picture.
 * @param {{path: string, title: string, description: string}} page
 * @param {string} [site] the address of its root
 */
export function metaTags({ path, title, description }, site = process.env.SITE_URL) {
  /** @type {[kind: 'name' | 'property', name: string, content: string][]} */
  const tags = [
    ['property', 'og:type', 'article'],
    ['property', 'og:title', title],
    ['property', 'og:description', description],
    ['name', 'twitter:card', site ? 'summary_large_image' : 'summary'],
    ['name', 'citation_title', title],
    ['name', 'citation_author', AUTHOR],
    ['name', 'citation_publication_date', '2026'],
  ];
  if (site) {
    const root = site.endsWith('/') ? site : `${site}/`;
    tags.push(['property', 'og:url', root + path], ['property', 'og:image', `${root}screenshot.png`]);
    tags.push(['name', 'citation_public_url', root + path]);
  }
  return tags.map(([kind, name, content]) => `<meta ${kind}="${name}" content="${escapeHtml(content)}">`).join('\n  ');
}

/** @param {typeof ERRATA} [errata] @param {(id: string) => string} [href] */
export function errataHtml(errata = ERRATA, href = (id) => `#${id}`) {
  if (!errata.length) return '<p>None is known.</p>';
  const items = errata.map(
    ({ date, where, was, is }) =>
      `<li><time>${date}</time> <a href="${escapeHtml(href(where))}">${escapeHtml(where)}</a>: ` +
      `<s>${escapeHtml(was)}</s> ${escapeHtml(is)}</li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}

/**
 * Every claim, with an address of its own: its block, the code that decides, what the code compared, the verdict.
 * @param {Cell[]} cells @param {Recording} recording @param {(id: string) => string} href
 */
export function allClaimsHtml(cells, { claims = {}, evidence = {} }, href) {
  const parts = cells.flatMap(({ kind, id, title }) => {
    if (kind !== 'block' || !claims[id]) return [];
    const items = claims[id].map((sentence, at) => {
      const { code = '', measured = [] } = evidence[id]?.[at] ?? {};
      const name = `claim-${id}-${at + 1}`;
      const values = measured.length ? `<p>${measured.map(escapeHtml).join('<br>')}</p>` : '';
      const links = `<a href="${href(id)}">Its block</a> · <a href="#${name}">link to this claim</a>`;
      return (
        `<details id="${name}"><summary>${escapeHtml(sentence)}</summary>` +
        `<p>Holds on the recorded run. ${links}</p>` +
        `<pre><code translate="no">${highlight(code)}</code></pre>${values}</details>`
      );
    });
    return [`<section><h4><a href="${href(id)}">${escapeHtml(title)}</a></h4>${items.join('')}</section>`];
  });
  return `<div class="all-claims">${parts.join('')}</div>`;
}

const ARXIV = /arXiv\s+(\d{4}\.\d{5})/g;

/** `arXiv 1506.02438` in prose leads there. @param {string} html */
export const linkReferences = (html) => html.replaceAll(ARXIV, '<a href="https://arxiv.org/abs/$1">arXiv $1</a>');

/** The works of a list of references, by who wrote them and when. @param {string} markdown */
export function worksIn(markdown) {
  /** @type {Map<string, string>} */
  const works = new Map();
  for (const entry of markdown.replaceAll(/\n {2}/g, ' ').matchAll(/^- (.+?) \((\d{4})\), \*(.+?)\*/gm)) {
    const [, who, year, title] = entry;
    works.set(`${who}|${year}`, title);
  }
  return works;
}

/**
 * In prose `Ethayarajh and others (2024)`, or with a comma, shows the work's title on hover and leads to the
 * references.
 * @param {string} html @param {Map<string, string>} works @param {string} href of the list
 */
export function citeWorks(html, works, href) {
  let cited = html;
  for (const [key, title] of works) {
    const [who, year] = key.split('|');
    cited = cited.replaceAll(
      new RegExp(`(?<![\\w*])${who}(?: \\(${year}\\)|, ${year})(?![^<]*</a>)`, 'g'),
      (said) => `<a class="cite" href="${href}" title="${escapeHtml(title)}">${said}</a>`,
    );
  }
  return cited;
}
