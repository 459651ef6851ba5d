/**
 * Draws figures with Plotly, which is loaded when the first chart nears the screen. Owns how charts look:
 * a trace says its role, and the style sheet says which colour that role has in the present theme.
 *
 * @typedef {import('../shared/protocol.js').Figure} Figure
 */
import { element } from '../tab/dom/element.js';
import { fits, frameOf, isLines, roomyAxes } from './live-chart.js';
import { whenIdle } from '../tab/dom/idle.js';

const NARROW = 560; // px: below it, panels stand one above the other

const CONFIG = { displayModeBar: false, responsive: false };

/** @type {Promise<any> | undefined} */
let loading;
/** Undefined where it cannot be had; the next chart tries again. */
const plotly = () => (loading ??= import('plotly.js-basic-dist-min').then(
  (module) => module.default ?? module,
  () => { loading = undefined; },
));

/** What each element shows, or will show once it is near the screen. @type {Map<HTMLElement, Figure>} */
const figures = new Map();

/** Charts that were near the screen once, or that a run has drawn: they are kept up to date. @type {Set<HTMLElement>} */
const near = new Set();

/** Charts of a run that are far from the screen. @type {Set<HTMLElement>} */
const far = new Set();

/** What was drawn last in full, but for its numbers. @type {WeakMap<HTMLElement, string>} */
const frames = new WeakMap();

/** Charts of the run that is under way. @type {Set<HTMLElement>} */
const growing = new Set();

/** @type {Set<HTMLElement>} */
const due = new Set();

const nearness = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) approach(/** @type {HTMLElement} */ (target));
  }
}, { rootMargin: '600px 0px' });

/** @param {HTMLElement} plot */
function approach(plot) {
  near.add(plot);
  nearness.unobserve(plot);
  redraw(plot);
}

/** What a run drew far from the screen, one chart whenever the page has nothing else to do. */
function drawFar() {
  whenIdle(() => {
    const [next] = far;
    if (!next) return;
    far.delete(next);
    approach(next);
    drawFar();
  });
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => redraw(/** @type {HTMLElement} */ (target))));

/** Shows `figure` in `plot` as soon as that nears the screen. @param {HTMLElement} plot @param {Figure} figure */
export function showChartWhenNear(plot, figure) {
  figures.set(plot, figure);
  nearness.observe(plot);
  sizes.observe(plot);
}

/**
 * Shows `figure` in `plot`: at the next frame, or when the page is idle if that is far from the screen. There may be more to
 * come, until `chartIsDone`.
 * @param {HTMLElement} plot @param {Figure} figure
 */
export function showChart(plot, figure) {
  if (!figures.has(plot)) showChartWhenNear(plot, figure);
  figures.set(plot, figure);
  growing.add(plot);
  if (near.has(plot)) {
    redraw(plot);
  } else {
    if (!far.size) drawFar();
    far.add(plot);
  }
}

/** No more is to come of a run. @param {HTMLElement} plot */
export function chartIsDone(plot) {
  if (growing.delete(plot)) redraw(plot);
}

/** @param {HTMLElement} plot */
export function removeChart(plot) {
  figures.delete(plot);
  growing.delete(plot);
  near.delete(plot);
  far.delete(plot);
  due.delete(plot);
  nearness.unobserve(plot);
  sizes.unobserve(plot);
  loading?.then((Plotly) => Plotly?.purge(plot));
}

/** Draws every chart again, in the colours of a new theme: what is on the screen first. */
export function redrawCharts() {
  colours = undefined;
  const far = (/** @type {HTMLElement} */ plot) => Math.abs(plot.getBoundingClientRect().top);
  for (const plot of [...figures.keys()].sort((a, b) => far(a) - far(b))) {
    frames.delete(plot); // one that grows, too, is drawn anew
    redraw(plot);
  }
}

/** Drawing a growing chart takes a third of the time at most: the rest is the reader's, and the worker's where both share a core. */
const REST = 2;

let drawing = false;

/** However often it is asked, a chart is drawn once a frame, or less often if that takes long. @param {HTMLElement} plot */
function redraw(plot) {
  if (!near.has(plot) || !figures.has(plot)) return;
  due.add(plot);
  if (!drawing) drawDue();
}

/** @param {number} ms */
const frameAfter = (ms) => new Promise((resolve) => { setTimeout(requestAnimationFrame, ms, resolve); });

/** One chart a frame, so that between two of them the page answers. */
async function drawDue() {
  drawing = true;
  let rest = 0;
  for (let [plot] = due; plot; [plot] = due) {
    await frameAfter(rest);
    const Plotly = await plotly();
    if (!Plotly) due.clear();
    if (!due.delete(plot)) continue;
    const begun = performance.now();
    await draw(Plotly, plot);
    rest = growing.has(plot) ? REST * (performance.now() - begun) : 0;
  }
  drawing = false;
}

/** Plotly's short way: only lines move. */
const AT_ONCE = { mode: 'immediate', transition: { duration: 0 }, frame: { duration: 0, redraw: false } };

/** @param {any} Plotly @param {HTMLElement} plot */
async function draw(Plotly, plot) {
  const figure = figures.get(plot);
  if (!figure || !plot.clientWidth) return;
  const grows = growing.has(plot) && isLines(figure);
  const frame = `${plot.clientWidth} ${plot.clientHeight} ${frameOf(figure)}`;
  try {
    if (grows && frames.get(plot) === frame && fits(figure, (axis) => rangeOf(plot, axis))) {
      const { data } = figure;
      await Plotly.animate(plot, { data: data.map(({ x, y }) => ({ x, y })), traces: [...data.keys()] }, AT_ONCE);
      return;
    }
    const { data, layout } = dress(grows ? { ...figure, layout: { ...figure.layout, ...roomyAxes(figure) } } : figure, plot.clientWidth);
    await Plotly.react(plot, data, { ...layout, width: plot.clientWidth, height: plot.clientHeight }, CONFIG);
    frames.set(plot, frame);
  } catch {
    plot.textContent = 'This chart could not be drawn.';
  }
}

/** @param {HTMLElement} plot @param {string} axis such as yaxis2 @returns {import('./live-chart.js').Range | undefined} */
function rangeOf(plot, axis) {
  // Where Plotly keeps what it has worked out; the layout that it was given need not say it.
  const { type, range } = /** @type {any} */ (plot)._fullLayout?.[axis] ?? {};
  return type === 'linear' ? range : undefined;
}

/** What `plot` shows. @param {HTMLElement} plot */
export const figureOf = (plot) => figures.get(plot);

/**
 * The chart of `plot` as a file: on white, in the light theme's colours, with its title.
 * @param {HTMLElement} plot
 * @param {'svg' | 'png'} format
 * @returns {Promise<Blob | undefined>} undefined where the chart or the library cannot be had
 */
export async function chartPicture(plot, format) {
  const figure = figures.get(plot);
  const Plotly = await plotly();
  if (!figure || !Plotly) return undefined;
  const { width, height } = PICTURE;
  const { data, layout } = dress(figure, width, inLightTheme(palette));
  // The title stands above the legend, which makes room for both.
  const title = { text: `<b>${figure.layout.meta?.title ?? ''}</b><br>`, side: 'top', font: { size: 15 } };
  const onWhite = { ...layout, showlegend: true, legend: { ...layout.legend, title }, margin: { l: 16, r: 24, t: 16, b: 16 }, paper_bgcolor: 'white', plot_bgcolor: 'white' };
  const address = await Plotly.toImage({ data, layout: onWhite, config: CONFIG }, { format, width, height, scale: format === 'png' ? 2 : 1 });
  // A data: address, taken apart by hand: a strict policy need not let scripts fetch one.
  const [head, body] = [address.slice(0, address.indexOf(',')), address.slice(address.indexOf(',') + 1)];
  const bytes = head.endsWith(';base64') ? Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0)) : decodeURIComponent(body);
  return new Blob([bytes], { type: format === 'svg' ? 'image/svg+xml' : 'image/png' });
}

/** Pixels: the same from every screen. */
const PICTURE = { width: 880, height: 440 };

/** What `read` finds in the light theme. The style sheet gives colours by the theme of the whole page; nothing is painted in between. @template T @param {() => T} read */
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

/** The colours of the present theme. @type {((name: string) => string) | undefined} */
let colours;

/** @returns {(name: string) => string} the colour of a custom property in the present theme */
function palette() {
  if (colours) return colours;
  const probe = element('span');
  document.body.append(probe);
  /** @type {Map<string, string>} */
  const known = new Map();
  for (const name of PROPERTIES) {
    probe.style.color = `var(${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  colours = (name) => known.get(name) ?? '';
  return colours;
}

/** The roles that a trace may have; the style sheet gives each its colour. */
const ROLES = ['chosen', 'rejected', 'reference', 'reward model', 'RLHF', 'DPO', 'optimum', 'true', 'guide',
  'IPO', 'KTO', 'SimPO', 'ORPO', 'cDPO', 'rDPO', 'REINFORCE', 'RLOO', 'GRPO'];

/** @param {string} role */
const property = (role) => `--role-${role.toLowerCase().replaceAll(' ', '-')}`;

const PROPERTIES = ['--ink', '--ink-2', '--rule', '--paper', ...ROLES.map(property)];

/** The figure in the page's clothes. @param {Figure} figure @param {number} width */
function dress({ data, layout }, width, colour = palette()) {
  const font = { family: getComputedStyle(document.documentElement).getPropertyValue('--sans'), size: width < NARROW ? 12 : 13, color: colour('--ink-2') };
  return {
    data: data.map((trace) => colourTrace(trace, colour)),
    layout: {
      ...layout,
      ...dressAxes(layout, colour),
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
      uirevision: 'keep',
    },
  };
}

/** @param {Record<string, any>} trace @param {(name: string) => string} colour */
function colourTrace(trace, colour) {
  const role = ROLES.includes(trace.meta?.role) ? trace.meta.role : 'guide';
  const own = colour(property(role));
  return {
    ...trace,
    ...(trace.type === 'scatter' && { line: { ...trace.line, color: own } }),
    ...(trace.fill && { fillcolor: faint(own) }),
    marker: { ...trace.marker, color: own, ...(trace.mode === 'markers' && { line: { width: 0.5, color: colour('--paper') } }) },
    ...(trace.error_y && { error_y: { ...trace.error_y, color: trace.type === 'bar' ? colour('--ink') : own, thickness: 1.5, width: 4 } }),
  };
}

/** The same colour, to see through. @param {string} colour as getComputedStyle writes it: rgb(r, g, b) */
const faint = (colour) => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.18)');

/** @param {Record<string, any>} layout @param {(name: string) => string} colour */
function dressAxes(layout, colour) {
  const style = { gridcolor: colour('--rule'), zerolinecolor: colour('--rule'), linecolor: colour('--ink-2'), automargin: true, ticks: 'outside', ticklen: 4, tickcolor: 'rgba(0,0,0,0)' };
  return Object.fromEntries(Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name)).map(([name, axis]) => (
    [name, { ...style, ...axis, title: { standoff: 8, font: { size: 12.5 }, ...axis.title } }])));
}

/** @param {{rows: number, columns: number}} grid @param {number} width */
const stack = (grid, width) => width < NARROW
  ? { ...grid, rows: grid.columns, columns: 1, ygap: 0.32 }
  : { ...grid, xgap: 0.22 };
