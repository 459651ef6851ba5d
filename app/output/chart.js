/**
 * Draws figures with Plotly, which is loaded when the first chart nears the screen. Owns how charts look:
 * a trace says its role, and the style sheet says which colour that role has in the present theme.
 *
 * @typedef {import('../shared/protocol.js').Figure} Figure
 */
import { element } from '../tab/dom/element.js';
import { whenIdle } from '../tab/dom/idle.js';
import { late } from '../tab/dom/late.js';
import { pointAt } from './linked.js';
import { fits, frameOf, isLines, roomyAxes } from './live-chart.js';

const NARROW = 560; // px: below it, panels stand one above the other

const CONFIG = { displayModeBar: false, responsive: false };

/** The library, as soon as it is there: what must be drawn at once cannot wait for it. @type {any} */
let loaded;
export const loadPlotly = late(async () => {
  const module = await import('plotly.js-basic-dist-min');
  loaded = module.default ?? module;
  return loaded;
});

/** One chart of the page. */
class Plot {
  element;
  /** What it shows, or will show once it is near the screen. @type {Figure} */
  figure;
  /** It was near the screen once, or a run has drawn it: it is kept up to date. */
  near = false;
  /** More may come of the run that is under way. */
  grows = false;
  /** Counts runs: what the reader has zoomed into holds for one of them, as the next may draw elsewhere. */
  runs = 0;
  /** What was drawn last in full, but for its numbers. */
  frame = '';
  /** What was drawn last as it shall stay. @type {Figure | undefined} */
  whole;

  /** @param {HTMLElement} element @param {Figure} figure */
  constructor(element, figure) {
    this.element = element;
    this.figure = figure;
  }

  /** However often it is asked, a chart is drawn once a frame, or less often if that takes long. */
  redraw() {
    if (!this.near || plots.get(this.element) !== this) return;
    due.add(this);
    if (!drawing) drawDue();
  }

  approach() {
    this.near = true;
    watchers().near.unobserve(this.element);
    this.redraw();
  }

  /** @param {any} Plotly */
  async draw(Plotly) {
    const { element: plot, figure } = this;
    if (printing || plots.get(plot) !== this || !plot.clientWidth) return;
    const grows = this.grows && isLines(figure);
    const frame = `${plot.clientWidth} ${plot.clientHeight} ${frameOf(figure)}`;
    if (this.whole === figure && this.frame === frame) return;
    try {
      if (grows && this.frame === frame && fits(figure, (axis) => rangeOf(plot, axis))) {
        const { data } = figure;
        await Plotly.animate(plot, { data: data.map(({ x, y }) => ({ x, y })), traces: [...data.keys()] }, AT_ONCE);
        return;
      }
      const dressed = grows ? { ...figure, layout: { ...figure.layout, ...roomyAxes(figure) } } : figure;
      const { data, layout } = dress(dressed, plot.clientWidth);
      const isNew = !(/** @type {any} */ (plot)._fullLayout);
      await Plotly.react(
        plot,
        data,
        { ...layout, uirevision: this.runs, width: plot.clientWidth, height: plot.clientHeight },
        CONFIG,
      );
      if (isNew) tellOfHover(/** @type {any} */ (plot));
      this.frame = frame;
      this.whole = dressed === figure ? figure : undefined;
    } catch {
      plot.textContent = 'This chart could not be drawn.';
    }
  }
}

/** @type {Map<Element, Plot>} */
const plots = new Map();

/** To be drawn at the next frames. @type {Set<Plot>} */
const due = new Set();

/** Of a run, and far from the screen: one is drawn whenever the page has nothing else to do. @type {Set<Plot>} */
const far = new Set();

/** @type {{near: IntersectionObserver, size: ResizeObserver} | undefined} */
let watching;

/** Made for the first chart: the build reads this file, too, and has no document. */
const watchers = () =>
  (watching ??= {
    near: new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) if (isIntersecting) plots.get(target)?.approach();
      },
      { rootMargin: '600px 0px' },
    ),
    size: new ResizeObserver((entries) => entries.forEach(({ target }) => plots.get(target)?.redraw())),
  });

function drawFar() {
  whenIdle(() => {
    const [next] = far;
    if (!next) return;
    far.delete(next);
    next.approach();
    drawFar();
  });
}

/** Shows `figure` in `element` as soon as that nears the screen. @param {HTMLElement} element @param {Figure} figure */
export function showChartWhenNear(element, figure) {
  const known = plots.get(element);
  if (known) known.figure = figure;
  else plots.set(element, new Plot(element, figure));
  watchers().near.observe(element);
  watchers().size.observe(element);
}

/**
 * Shows `figure` in `element`: at the next frame, or when the page is idle if that is far from the screen. There may be
 * more to come, until `chartIsDone`.
 * @param {HTMLElement} element @param {Figure} figure
 */
export function showChart(element, figure) {
  if (!plots.has(element)) showChartWhenNear(element, figure);
  const plot = /** @type {Plot} */ (plots.get(element));
  plot.figure = figure;
  if (!plot.grows) plot.runs += 1;
  plot.grows = true;
  if (plot.near) {
    plot.redraw();
  } else {
    if (!far.size) drawFar();
    far.add(plot);
  }
}

/** No more is to come of a run. @param {HTMLElement} element */
export function chartIsDone(element) {
  const plot = plots.get(element);
  if (!plot?.grows) return;
  plot.grows = false;
  plot.redraw();
}

/** @param {HTMLElement} element */
export function removeChart(element) {
  const plot = plots.get(element);
  if (!plot) return;
  plots.delete(element);
  far.delete(plot);
  due.delete(plot);
  watchers().near.unobserve(element);
  watchers().size.unobserve(element);
  loaded?.purge(element);
}

/** Pixels: what a sheet of A4 has between its margins. */
const PAPER = 660;

/** Nothing is drawn for the screen meanwhile: a sheet's width is no reason to. */
let printing = false;

/** Ends when all is drawn: the library has more to do than what is there at once. @type {Promise<unknown>} */
let onPaper = Promise.resolve();

/** Draws every chart at once, as it shall be printed. */
export function chartsForPaper() {
  if (!loaded) return;
  printing = true;
  /** @type {Promise<unknown>[]} */
  const drawn = [];
  inLightTheme(() => {
    for (const { element: plot, figure } of plots.values()) {
      const { data, layout } = dress(figure, PAPER);
      drawn.push(loaded.react(plot, data, { ...layout, width: PAPER, height: PAPER / 2 }, CONFIG));
    }
  });
  onPaper = Promise.allSettled(drawn);
}

/** Afterwards: those that nobody had seen before are taken away again. */
export async function chartsForScreen() {
  printing = false;
  await onPaper;
  if (printing) return; // again
  for (const plot of plots.values()) {
    plot.frame = '';
    if (plot.near) plot.redraw();
    else loaded?.purge(plot.element);
  }
}

/** Draws every chart again, in the colours of a new theme: what is on the screen first. */
export function redrawCharts() {
  colours = undefined;
  const distance = (/** @type {Plot} */ { element }) => Math.abs(element.getBoundingClientRect().top);
  for (const plot of [...plots.values()].sort((a, b) => distance(a) - distance(b))) {
    plot.frame = ''; // one that grows, too, is drawn anew
    plot.redraw();
  }
}

/**
 * Drawing a growing chart takes a third of the time at most: the rest is the reader's, and the worker's where both
 * share a core.
 */
const REST = 2;

let drawing = false;

/** @param {number} ms */
const frameAfter = (ms) =>
  new Promise((resolve) => {
    setTimeout(requestAnimationFrame, ms, resolve);
  });

/** One chart a frame, so that between two of them the page answers. */
async function drawDue() {
  drawing = true;
  let rest = 0;
  for (let [plot] = due; plot; [plot] = due) {
    await frameAfter(rest);
    const Plotly = await loadPlotly();
    if (!Plotly) due.clear();
    if (!due.delete(plot)) continue;
    const begun = performance.now();
    await plot.draw(Plotly);
    rest = plot.grows ? REST * (performance.now() - begun) : 0;
  }
  drawing = false;
}

/** Plotly's short way: only lines move. */
const AT_ONCE = { mode: 'immediate', transition: { duration: 0 }, frame: { duration: 0, redraw: false } };

/**
 * @param {HTMLElement} plot
 * @param {string} axis such as yaxis2
 * @returns {import('./live-chart.js').Range | undefined}
 */
function rangeOf(plot, axis) {
  // Where Plotly keeps what it has worked out; the layout that it was given need not say it.
  const { type, range } = /** @type {any} */ (plot)._fullLayout?.[axis] ?? {};
  return type === 'linear' ? range : undefined;
}

/** @param {HTMLElement & {on: (event: string, listener: (event: any) => void) => void}} plot */
function tellOfHover(plot) {
  plot.on('plotly_hover', ({ points: [point] }) => pointAt(plot, point.customdata ?? point.data.meta?.role));
  plot.on('plotly_unhover', () => pointAt(plot));
}

/** What helps to read all the others. */
const GUIDE = 'guide';

/**
 * Draws what is not `name` faintly, without Plotly: this must be done before the hand has moved on.
 * @param {HTMLElement} plot @param {string} [name] a role in small letters; without one, or where nothing has it, all
 *   is drawn as it was
 */
export function emphasise(plot, name) {
  const traces = /** @type {{uid: string, meta?: {role?: string}}[]} */ (/** @type {any} */ (plot)._fullData ?? []);
  const roleOf = (/** @type {typeof traces[0]} */ { meta }) => String(meta?.role).toLowerCase();
  const isThere = traces.some((trace) => roleOf(trace) === name);
  for (const trace of traces) {
    const drawn = /** @type {SVGElement | null} */ (plot.querySelector(`.trace${trace.uid}`));
    drawn?.classList.toggle('aside', isThere && ![name, GUIDE].includes(roleOf(trace)));
  }
}

/** What `plot` shows. @param {HTMLElement} plot */
export const figureOf = (plot) => plots.get(plot)?.figure;

/**
 * The chart of `plot` as a file: on white, in the light theme's colours, with its title.
 * @param {HTMLElement} plot
 * @param {'svg' | 'png'} format
 * @returns {Promise<Blob | undefined>} undefined where the chart or the library cannot be had
 */
export async function chartPicture(plot, format) {
  const figure = figureOf(plot);
  const Plotly = await loadPlotly();
  if (!figure || !Plotly) return undefined;
  const { width, height } = PICTURE;
  const { data, layout } = inLightTheme(() => dress(figure, width));
  // The title stands above the legend, which makes room for both.
  const title = { text: `<b>${figure.layout.meta?.title ?? ''}</b><br>`, side: 'top', font: { size: 15 } };
  const onWhite = {
    ...layout,
    showlegend: true,
    legend: { ...layout.legend, title },
    margin: { l: 16, r: 24, t: 16, b: 16 },
    paper_bgcolor: 'white',
    plot_bgcolor: 'white',
  };
  const address = await Plotly.toImage(
    { data, layout: onWhite, config: CONFIG },
    { format, width, height, scale: format === 'png' ? 2 : 1 },
  );
  // A data: address, taken apart by hand: a strict policy need not let scripts fetch one.
  const [head, body] = [address.slice(0, address.indexOf(',')), address.slice(address.indexOf(',') + 1)];
  const bytes = head.endsWith(';base64')
    ? Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0))
    : decodeURIComponent(body);
  return new Blob([bytes], { type: format === 'svg' ? 'image/svg+xml' : 'image/png' });
}

/** Pixels: the same from every screen. */
const PICTURE = { width: 880, height: 440 };

/**
 * What `read` finds in the light theme. The style sheet gives colours by the theme of the whole page; nothing is
 * painted in between.
 * @template T
 * @param {() => T} read
 */
function inLightTheme(read) {
  const { dataset } = document.documentElement;
  const { theme } = dataset;
  const before = colours;
  try {
    dataset.theme = 'light';
    colours = undefined;
    return read();
  } finally {
    dataset.theme = theme;
    colours = before;
  }
}

/** The colours of the present theme, by custom property. @type {Map<string, string> | undefined} */
let colours;

/** What asks the style sheet; it is never seen. @type {HTMLElement | undefined} */
let probe;

/** @param {string} name of a custom property @returns {string} its colour in the present theme, as rgb(r, g, b) */
function colour(name) {
  colours ??= new Map();
  const known = colours.get(name);
  if (known) return known;
  if (!probe) {
    probe = element('span', { hidden: true });
    document.body.append(probe);
  }
  probe.style.color = `var(${name}, var(--role-guide))`;
  const found = getComputedStyle(probe).color;
  colours.set(name, found);
  return found;
}

/**
 * app/style/theme.css says which roles there are, and each one's colour.
 * @param {unknown} role of whatever figure a reader makes
 */
const colourOf = (role) =>
  colour(
    `--role-${String(role)
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, '-')}`,
  );

/** The figure in the page's clothes. @param {Figure} figure @param {number} width */
function dress({ data, layout }, width) {
  const font = {
    family: getComputedStyle(document.documentElement).getPropertyValue('--sans'),
    size: width < NARROW ? 12 : 13,
    color: colour('--ink-2'),
  };
  return {
    data: data.map(colourTrace),
    layout: {
      ...layout,
      ...dressAxes(layout),
      ...(layout.grid && { grid: stack(layout.grid, width) }),
      font,
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      margin: { l: 8, r: 12, t: 8, b: 8 },
      legend: { orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom', ...layout.legend },
      hoverlabel: { bgcolor: colour('--paper'), bordercolor: colour('--rule'), font: { color: colour('--ink') } },
      bargap: 0.35,
      // A finger that scrolls the page must not zoom the chart.
      dragmode: matchMedia('(pointer: coarse)').matches ? false : 'zoom',
    },
  };
}

/** @param {Record<string, any>} trace */
function colourTrace(trace) {
  const own = colourOf(trace.meta?.role);
  return {
    ...trace,
    ...(trace.type === 'scatter' && { line: { ...trace.line, color: own } }),
    ...(trace.fill && { fillcolor: faint(own) }),
    marker: {
      ...trace.marker,
      color: own,
      ...(trace.mode === 'markers' && { line: outline(trace.marker?.symbol) }),
    },
    ...(trace.error_y && {
      error_y: { ...trace.error_y, color: trace.type === 'bar' ? colour('--ink') : own, thickness: 1.5, width: 4 },
    }),
  };
}

/** Of a marker: an open one is nothing else. @param {unknown} symbol */
const outline = (symbol) => (/-open$/.test(String(symbol)) ? { width: 2 } : { width: 0.5, color: colour('--paper') });

/** The same colour, to see through. @param {string} rgb as getComputedStyle writes it */
const faint = (rgb) => rgb.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.18)');

/** @param {Record<string, any>} layout */
function dressAxes(layout) {
  const style = {
    gridcolor: colour('--rule'),
    zerolinecolor: colour('--rule'),
    linecolor: colour('--ink-2'),
    automargin: true,
    ticks: 'outside',
    ticklen: 4,
    tickcolor: 'rgba(0,0,0,0)',
  };
  return Object.fromEntries(
    Object.entries(layout)
      .filter(([name]) => /^[xy]axis\d*$/.test(name))
      .map(([name, axis]) => [
        name,
        { ...style, ...axis, title: { standoff: 8, font: { size: 12.5 }, ...axis.title } },
      ]),
  );
}

/** @param {{rows: number, columns: number}} grid @param {number} width */
const stack = (grid, width) =>
  width < NARROW ? { ...grid, rows: grid.columns, columns: 1, ygap: 0.32 } : { ...grid, xgap: 0.22 };
