/** The messages between the page and the Python worker. Plain JSON, but for the interrupt buffer. */

export interface Names {
  defines: string[];
  uses: string[];
}

/** A Plotly figure made in Python: dicts and lists. `meta` is ours. */
export interface Figure {
  data: Record<string, any>[];
  layout: { meta?: { title?: string; summary?: string; panels?: number } } & Record<string, any>;
}

/** A table made in Python. A cell with a tone carries a verdict. */
export interface Table {
  title: string;
  columns: string[];
  rows: (string | { text: string; tone: string })[][];
}

/** A picture made in Python: SVG texts, what stands beside each, and the numbers that they show. */
export interface Picture {
  title: string;
  summary: string;
  arrangement: 'rows' | 'tiles';
  parts: { svg: string; label: string; note: string; alt: string; width: number; height: number }[];
  numbers: { columns: string[]; rows: string[][] };
}

/** Stories made in Python. Each word comes with what it is worth; null is a word that nobody judged. */
export interface Stories {
  title: string;
  stories: { label: string; words: [word: string, worth: number | null][] }[];
  note: string;
}

/**
 * Cards to choose from. What is taken is one more sign in `picks`, which the control `name` of the block holds;
 * `given` is what it holds, and differs from the choices in it where `damage` says why.
 */
export interface Choices {
  title: string;
  name: string;
  given: string;
  picks: string;
  asked: string;
  note: string;
  damage: string;
  /** What may be saved of the choices, as JSON lines; '' before there are any. */
  lines: string;
  cards: { text: string; svg: string | null }[];
  none: boolean;
  /** Another block's control that the choices may be written into, too. */
  onward: { block: string; name: string; label: string } | null;
}

/** One value in a table of variables; py/runtime/safe_inspect.py makes it. `shape` is '' for what has none. */
export interface Row {
  name: string;
  kind: 'value' | 'function';
  type: string;
  shape: string;
  summary: string;
}

/** A completion: `detail` is a signature or a shape. */
export interface Item {
  label: string;
  kind: 'function' | 'class' | 'module' | 'value' | 'property' | 'keyword';
  detail: string;
}

/** What is known of a name; not `live` if it is only in the text, so far. */
export interface Help {
  name: string;
  kind: Item['kind'];
  signature: string;
  doc: string;
  value: string;
  live: boolean;
}

/** About the live names. The answers are Item[], Help or null, and Row[]. */
export type Question =
  | { kind: 'complete'; base: string; source: string }
  | { kind: 'help'; path: string; source: string }
  | { kind: 'variables' };

/**
 * `hint`: the usual cause, code in backticks. `about`: the name that was missing. `where`: the line that failed, if in
 * another block. `full`: no memory is left.
 */
export interface ErrorEvent {
  type: 'error';
  id: number;
  name: string;
  message: string;
  text: string;
  line: number | null;
  hint?: string | null;
  /** The code without the signs that Python stopped at. */
  mended?: string | null;
  about?: string | null;
  where?: { block: string; line: number; function: string } | null;
  variables?: Row[];
  /** Notes and earlier errors, code in backticks. */
  history?: string[];
  full?: boolean;
}

/** From the page to the worker. `nth`: a run may be interrupted more than once, each time by a message and a signal. */
export type Request =
  | { type: 'ask'; id: number; question: Question }
  | { type: 'run'; id: number; block: string; source: string }
  | { type: 'stop'; id: number; nth: number }
  | { type: 'forget'; block: string }
  | { type: 'check'; id: number; block: string }
  | { type: 'names'; id: number; source: string }
  | { type: 'interrupt'; buffer: Int32Array };

/**
 * From the worker to the page, about one run. `total` is 0 where it is not known. `changed`: names that the run changed
 * or took away without binding them in its code.
 */
export type RunEvent =
  | { type: 'stdout' | 'stderr'; id: number; text: string }
  | { type: 'texts'; id: number; parts: [stream: 'stdout' | 'stderr' | 'value', text: string][] }
  | { type: 'display'; id: number; slot: string; mime: string; data: unknown }
  | { type: 'progress'; id: number; done: number; total: number; seconds: number }
  | { type: 'folded'; id: number; characters: number; limit: number }
  | { type: 'note'; id: number; text: string }
  | { type: 'verdict'; id: number; passed: boolean; message: string; line: number | null }
  | ErrorEvent
  | { type: 'warning'; id: number; name: string; message: string; line: number | null; hint: string | null }
  | { type: 'done'; id: number; status: 'ok' | 'error' | 'stopped'; seconds: number; changed?: string[] };

/** From the worker to the page, about the worker. `begun`: the run's own code is next, and may be interrupted. */
export type WorkerEvent =
  | { type: 'step' | 'failed'; text: string }
  | { type: 'ready'; python: string; numpy: string }
  | { type: 'names'; id: number; names: Names | null }
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'begun'; id: number };

export type Response = RunEvent | WorkerEvent;

/** What the build wrote down of one block. */
export type Recorded = import('../output/output-items.js').Item[];

/** What the build tells a page of the site that it is one of: see app/tab/site.js. */
export interface Site {
  /** The path of this page from the site's root. */
  page: string;
  pages: { path: string; name: string; file: string }[];
  /** What a reader takes along of all pages is called, without its ending. */
  all: string;
  /** The paths of other pages, by the ids of their blocks and headings. */
  addresses: Record<string, string>;
  /** The blocks of other pages, as published. */
  cells: { id: string; title: string; source: string; page: string; names: Names }[];
  /** The ids of all blocks of all pages, in their order. */
  order: string[];
  /** The worked answers of this page's exercises. */
  answers: Record<string, string>;
}

/** What the build wrote down for the downloads: see app/shared/export.js. */
export interface TakeAlong {
  cells: { kind: 'prose' | 'block' | 'solution'; id: string; title: string; source: string; page: string }[];
  /** The page's Python by module name. */
  modules: Record<string, string>;
  /** Python that makes a module from its text. */
  loader: string;
  /** Python that defines what the page gives to every block. */
  given: { python: string; jupyter: string };
}
