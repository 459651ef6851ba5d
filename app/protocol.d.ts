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

/** From the page to the worker. */
export type Request =
  | { type: 'run'; id: number; block: string; source: string }
  | { type: 'stop'; id: number }
  | { type: 'names'; id: number; source: string }
  | { type: 'interrupt'; buffer: Int32Array };

/** From the worker to the page, about one run. */
export type RunEvent =
  | { type: 'stdout' | 'stderr'; id: number; text: string }
  | { type: 'display'; id: number; slot: string; mime: string; data: unknown }
  | { type: 'progress'; id: number; done: number; total: number }
  | { type: 'folded'; id: number; characters: number; limit: number }
  | { type: 'note'; id: number; text: string }
  | { type: 'error'; id: number; name: string; message: string; text: string; line: number | null; full?: boolean }
  | { type: 'done'; id: number; status: 'ok' | 'error' | 'stopped'; seconds: number };

/** From the worker to the page, about the worker. */
export type WorkerEvent =
  | { type: 'step' | 'failed'; text: string }
  | { type: 'ready'; python: string; numpy: string }
  | { type: 'names'; id: number; names: Names | null };

export type Response = RunEvent | WorkerEvent;

/** What the build wrote down of one block. */
export interface Recorded {
  text: string;
  charts: { slot: string; figure: Figure }[];
  tables: { slot: string; table: Table }[];
}
