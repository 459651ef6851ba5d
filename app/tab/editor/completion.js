/**
 * Completion and help in an editor: on typing, on hover, and with Ctrl/Cmd+I. A CodeMirror extension; where the answers
 * come from is handed to it. It never waits for long: without an answer it goes by the text and by what Python always
 * has.
 *
 * @typedef {import('./completion-answers.js').Assistant} Assistant
 * @typedef {import('../../shared/protocol.js').Item} Item
 * @typedef {import('@codemirror/autocomplete').Completion} Completion
 * @typedef {import('@codemirror/autocomplete').CompletionContext} Context
 * @typedef {import('@codemirror/state').EditorState} State
 */
import {
  acceptCompletion,
  autocompletion,
  completionStatus,
  moveCompletionSelection,
  selectedCompletionIndex,
} from '@codemirror/autocomplete';
import { globalCompletion, localCompletionSource } from '@codemirror/lang-python';
import { syntaxTree } from '@codemirror/language';
import { Prec, StateEffect, StateField } from '@codemirror/state';
import {
  closeHoverTooltips,
  EditorView,
  hasHoverTooltips,
  hoverTooltip,
  keymap,
  showTooltip,
  tooltips,
} from '@codemirror/view';
import { helpBox } from './help-box.js';

/** How CodeMirror calls the kinds. */
const KINDS = {
  function: 'function',
  class: 'class',
  module: 'namespace',
  value: 'variable',
  property: 'property',
  keyword: 'keyword',
};
/** Names as Python has them: letters of any script. */
const PATH = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/** @param {Assistant} assistant */
export function assist(assistant) {
  return [
    // Enter is a new line, unless the reader has moved to a choice: code is typed faster than a list is read.
    autocompletion({
      override: [(context) => completions(context, assistant)],
      selectOnOpen: false,
      interactionDelay: 0,
      // Its own would come first, and take an Escape for a list that is only asked for: the editor has its keys later.
      defaultKeymap: false,
    }),
    hoverTooltip(async (view, pos, side) => {
      const path = pathAt(view.state, pos, side);
      const told = path && (await assistant.help(path, view.state.doc.toString()));
      return told ? { pos, create: () => ({ dom: helpBox(told) }) } : null;
    }),
    helpField,
    tooltips({ tooltipSpace: roomBetweenBars }),
    Prec.highest(
      keymap.of([
        { key: 'Mod-i', run: (view) => showHelp(view, assistant), preventDefault: true },
        { key: 'Escape', run: hideHelp },
        { key: 'Tab', run: takeCompletion },
      ]),
    ),
  ];
}

/** Tab takes the choice that the reader has moved to, else the first. @param {EditorView} view */
function takeCompletion(view) {
  if (completionStatus(view.state) !== 'active') return false;
  if ((selectedCompletionIndex(view.state) ?? -1) < 0) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

/** What neither the bar on top nor the panel at the foot covers. */
function roomBetweenBars() {
  const [bar, panel] = ['.bar', '#variables'].map((selector) =>
    document.querySelector(selector)?.getBoundingClientRect(),
  );
  return {
    top: bar?.bottom ?? 0,
    left: 0,
    bottom: panel?.height ? panel.top : window.innerHeight,
    right: document.documentElement.clientWidth,
  };
}

/**
 * @param {Context} context
 * @param {Assistant} assistant
 * @returns {Promise<import('@codemirror/autocomplete').CompletionResult | null>}
 */
export async function completions(context, assistant) {
  const node = syntaxTree(context.state).resolveInner(context.pos, -1);
  if (/String|Comment|Number/.test(node.name)) return null;
  const before = context.matchBefore(/(?:[\p{L}_][\p{L}\p{N}_]*\.)*[\p{L}_]?[\p{L}\p{N}_]*/u);
  if (!before || (!before.text && !context.explicit)) return null;
  const dot = before.text.lastIndexOf('.');
  const base = before.text.slice(0, Math.max(dot, 0));
  const from = before.from + dot + 1;
  const isAfterDot = dot >= 0 || context.state.sliceDoc(before.from - 1, before.from) === '.';
  if (isAfterDot && !base) return null; // what a call gives is not known before it has run
  const source = context.state.doc.toString();
  const live = await assistant.complete(base, source);
  if (context.aborted) return null;
  const hidden = context.state.sliceDoc(from, context.pos).startsWith('_');
  const options = base
    ? (live ?? wordsAfterDots(source)).map((item) =>
        optionOf(item, (label) => assistant.help(`${base}.${label}`, source)),
      )
    : merged(
        (live ?? []).map((item) => optionOf(item, (label) => assistant.help(label, source))),
        fromText(context),
        assistant.names(),
      );
  // While Python has not answered, each further sign asks again.
  const validFor = live && (hidden ? /^_[\p{L}\p{N}_]*$/u : /^(?!_)[\p{L}\p{N}_]*$/u);
  return { from, options: options.filter(({ label }) => hidden === label.startsWith('_')), validFor };
}

/** @param {Item} item @param {(label: string) => ReturnType<Assistant['help']>} help @returns {Completion} */
function optionOf({ label, kind, detail }, help) {
  const info = async () => {
    const told = await help(label);
    return told ? helpBox(told) : null;
  };
  return { label, type: KINDS[kind], detail, ...(kind === 'function' || kind === 'class' ? { info } : {}) };
}

/** Attributes that the text itself speaks of. @param {string} source @returns {Item[]} */
function wordsAfterDots(source) {
  const words = new Set([...source.matchAll(/\.([\p{L}_][\p{L}\p{N}_]*)/gu)].map(([, word]) => word));
  return [...words].map((label) => ({ label, kind: 'value', detail: '' }));
}

/** The names that the text binds, and Python's own. @param {Context} context @returns {Completion[]} */
function fromText(context) {
  return [localCompletionSource, globalCompletion].flatMap((source) => {
    const result = source(context);
    return result && 'options' in result ? [...result.options] : [];
  });
}

/** Each name once: what is live tells most. @param {...readonly Completion[]} lists */
function merged(...lists) {
  /** @type {Map<string, Completion>} */
  const known = new Map();
  for (const option of lists.flat()) if (!known.has(option.label)) known.set(option.label, option);
  return [...known.values()];
}

/**
 * The dotted name at a place in the code; undefined in texts and comments.
 * @param {State} state
 * @param {number} pos
 * @param {-1 | 0 | 1} side
 */
function pathAt(state, pos, side) {
  let node = syntaxTree(state).resolveInner(pos, side);
  if (node.name === '.' && node.parent) node = node.parent;
  if (node.name === 'PropertyName' && node.parent) return dotted(state.sliceDoc(node.parent.from, node.to));
  return /^(VariableName|MemberExpression)$/.test(node.name) ? dotted(state.sliceDoc(node.from, node.to)) : undefined;
}

/** The function whose brackets the place is in. @param {State} state @param {number} pos */
function callAround(state, pos) {
  for (
    let node = /** @type {import('@lezer/common').SyntaxNode | null} */ (syntaxTree(state).resolveInner(pos, -1));
    node;
    node = node.parent
  ) {
    const function_ = node.name === 'CallExpression' && pos > (node.firstChild?.to ?? pos) ? node.firstChild : null;
    if (function_) return dotted(state.sliceDoc(function_.from, function_.to));
  }
  return undefined;
}

/** @param {string} text */
const dotted = (text) => (PATH.test(text) ? text : undefined);

/** @type {import('@codemirror/state').StateEffectType<import('@codemirror/view').Tooltip | null>} */
const setHelp = StateEffect.define();

/** What the key has called up, until the cursor moves. @type {StateField<import('@codemirror/view').Tooltip | null>} */
const helpField = StateField.define({
  create: () => /** @type {import('@codemirror/view').Tooltip | null} */ (null),
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(setHelp)) return effect.value;
    return transaction.docChanged || transaction.selection ? null : shown;
  },
  provide: (field) => showTooltip.from(field),
});

/** What each editor last asked for by the key. @type {WeakMap<EditorView, object>} */
const asked = new WeakMap();

/** @param {EditorView} view @param {Assistant} assistant */
function showHelp(view, assistant) {
  const { state } = view;
  const pos = state.selection.main.head;
  const path = pathAt(state, pos, -1) ?? pathAt(state, pos, 1) ?? callAround(state, pos);
  if (!path) return true;
  const question = {};
  asked.set(view, question);
  assistant.help(path, state.doc.toString()).then((told) => {
    // The reader has moved on meanwhile, or pressed Escape.
    if (asked.get(view) !== question || view.state.doc !== state.doc || view.state.selection.main.head !== pos) return;
    const dom = helpBox(
      told ?? { name: path, kind: 'value', signature: '', doc: '', value: '', live: false, note: assistant.excuse() },
    );
    view.dispatch({
      effects: [
        setHelp.of({ pos, above: true, create: () => ({ dom }) }),
        EditorView.announce.of(dom.textContent ?? ''),
      ],
    });
  });
  return true;
}

/** Also what the mouse has called up, which may rest where it is. @param {EditorView} view */
function hideHelp(view) {
  asked.delete(view);
  if (!view.state.field(helpField) && !hasHoverTooltips(view.state)) return false;
  view.dispatch({ effects: [setHelp.of(null), closeHoverTooltips] });
  return true;
}
