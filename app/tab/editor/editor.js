/** CodeMirror for one block of Python. It edits; it does not run anything. */
import { closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab, undo } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { Annotation, EditorState, Prec, StateEffect, StateField, Transaction } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { assist } from './completion.js';

/** @type {import('@codemirror/state').StateEffectType<number | null>} */
const setErrorLine = StateEffect.define();

/** The line that an error came from, until the code changes. */
const errorLine = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setErrorLine)) return markLine(transaction.state, effect.value);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** On what a control changes: whether it goes on with the change before it. */
const goesOn = Annotation.define();

/** What is typed without such a pause is undone in one. */
const PAUSE_MS = 500;

/** @param {Transaction} transaction */
const timeOf = (transaction) => transaction.annotation(Transaction.time) ?? 0;

/** When the code was last changed. */
const changedAt = StateField.define({
  create: () => 0,
  update: (at, transaction) => (transaction.docChanged ? timeOf(transaction) : at),
});

/** As CodeMirror's own, but for a gesture on a control, which is undone in one however long it takes. */
const undoing = [
  changedAt,
  history({
    newGroupDelay: Infinity,
    joinToEvent: (transaction, adjacent) =>
      transaction.annotation(goesOn) ??
      (adjacent && timeOf(transaction) - transaction.startState.field(changedAt) < PAUSE_MS),
  }),
];

/** @param {EditorState} state @param {number | null} line from 1 */
function markLine({ doc }, line) {
  if (!line || line > doc.lines) return Decoration.none;
  const mark = Decoration.line({ class: 'cm-error-line', attributes: { 'aria-invalid': 'true' } });
  return Decoration.set(mark.range(doc.line(line).from));
}

/**
 * @param {object} options
 * @param {string} options.source
 * @param {string} options.label for screen readers
 * @param {(source: string) => void} options.onChange
 * @param {() => void} options.onRun Ctrl/Cmd+Enter
 * @param {() => void} options.onRunAndNext Shift+Enter
 * @param {import('./completion-answers.js').Assistant} options.assistant completes and explains
 */
export function createEditor({ source, label, onChange, onRun, onRunAndNext, assistant }) {
  /** @param {() => void} action */
  const command = (action) => () => {
    action();
    return true;
  };
  let layingOut = false;
  const view = new EditorView({
    state: EditorState.create({
      doc: source,
      extensions: [
        assist(assistant),
        Prec.highest(
          keymap.of([
            { key: 'Mod-Enter', run: command(onRun) },
            // Also on a Mac, where Mod is the Command key: readers have the habit of notebooks.
            { key: 'Ctrl-Enter', run: command(onRun) },
            { key: 'Shift-Enter', run: command(onRunAndNext) },
            { key: 'Escape', run: leave },
          ]),
        ),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        // Signs that nobody sees, such as a space of no width, are seen.
        highlightSpecialChars(),
        lineNumbers(),
        undoing,
        bracketMatching(),
        closeBrackets(),
        indentOnInput(),
        highlightActiveLine(),
        indentUnit.of('    '),
        EditorState.tabSize.of(4),
        python(),
        syntaxHighlighting(classHighlighter),
        errorLine,
        // Laying out asks for a scroll, which makes CodeMirror measure; the page stays where it is.
        EditorView.scrollHandler.of(() => {
          const stay = layingOut;
          layingOut = false;
          return stay;
        }),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });

  return {
    dom: view.dom,
    get source() {
      return view.state.doc.toString();
    },
    /** Lays the code out though it may be far from the screen: CodeMirror guesses heights until it has to scroll. */
    layOut() {
      const measure = () => {
        layingOut = true;
        view.dispatch({ effects: EditorView.scrollIntoView(Math.floor(view.state.doc.length / 2)) });
      };
      measure();
      // The first measure finds the height of a line, the second draws as many as that leaves room for.
      requestAnimationFrame(() => requestAnimationFrame(measure));
    },
    focus: () => view.focus(),
    /** @param {{x: number, y: number}} place in the window */
    focusAt(place) {
      view.focus();
      view.dispatch({ selection: { anchor: view.posAtCoords(place, false) } });
    },
    /**
     * Another text in place of a part; cursor and scroll stay where they are.
     * @param {{from: number, to: number, insert: string}} change
     * @param {boolean} joins whether it is undone together with the change before
     */
    replace: (change, joins) => view.dispatch({ changes: change, annotations: joins ? goesOn.of(true) : [] }),
    /** Whether there was something to undo. */
    undo: () => undo(view),
    /** @param {string} text */
    setSource: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    /** @param {number | null} line from 1 */
    markError: (line) => view.dispatch({ effects: setErrorLine.of(line) }),
    /** Puts the cursor there. @param {number} line from 1 */
    goTo(line) {
      const at = view.state.doc.line(Math.min(line, view.state.doc.lines)).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
  };
}

/**
 * Escape leaves the editor, so that Tab moves on; a list of completions that is open is closed first.
 * @param {EditorView} view
 */
function leave(view) {
  if (completionStatus(view.state) === 'active') return false;
  const section = view.dom.closest('section');
  const run = section?.querySelector('button.run');
  if (!(run instanceof HTMLElement)) return false;
  run.focus();
  return true;
}
