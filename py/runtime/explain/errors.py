"""An exception as an event: message, the reader's own line, usual cause, variables at the point of failure."""

import ast
import linecache
import re
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from runtime.display import Emit, Event

if TYPE_CHECKING:
    from runtime.explain.error_context import Failure
    from runtime.safe_inspect import Row

FOLDER = "/lesson/"  # a block's file name begins so; frames of other files are not the reader's
MOST_VARIABLES = 30
MOST_WARNINGS = 10
MOST_HISTORY = 12


def describe(error: BaseException, block: str, source: str = "", given: Collection[str] = ()) -> Event:
    """An error event of a run of `source` as `block`; `given` are names that need not be told.

    `line` is in `block`; `where` is the line that failed, if that is in another block.

    `about` is the name that a NameError misses: the page knows which block defines it. `history` is what led to the
    error: its notes, the errors that a group holds, and those that came before it, each as a sentence with its line.
    `mended` is the source without signs from elsewhere, where that is what Python stopped at.
    """
    # What explains errors is loaded with the first of them: Python starts quicker without.
    from runtime.explain.error_context import Failure
    from runtime.explain.hints import hint
    from runtime.explain.typed_anew import typed_anew

    name = "MemoryError" if isinstance(error, MemoryError) else type(error).__name__
    own = [line for frame, line in traceback.walk_tb(error.__traceback__) if _file(frame) == f"{FOLDER}{block}.py"]
    last = _last(error.__traceback__)
    if isinstance(error, SyntaxError) and (error.filename or "").startswith(FOLDER):
        line, message = error.lineno, error.msg
        text = "".join(traceback.format_exception_only(error))
        failure = Failure(error, _all_said(error, message), source, line)
        last = None
        mended = typed_anew(source) if error.filename == f"{FOLDER}{block}.py" else None
    else:
        line, message = (own[-1] if own else None), _message(error)
        text = _traceback(error, f"{name}: {message}" if message else name)
        failure = _failure(error, last)
        mended = None
    return {
        "type": "error",
        "name": name,
        "message": message,
        "text": text.replace(f'File "{FOLDER}', 'Block "').replace('.py", line', '", line').rstrip(),
        "line": line,
        "hint": _or_else(None, hint, failure),
        "mended": mended,
        "about": error.name if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) else None,
        "where": _where(last, block),
        "variables": _or_else([], _variables, last, given) if last else [],
        "history": _history(error, block),
    }


def _or_else(otherwise: Any, tell: Callable[..., Any], *of: Any) -> Any:
    """What explains an error looks at values that may fail at any look; the error is told all the same."""
    try:
        return tell(*of)
    except Exception:
        return otherwise


def _traceback(error: BaseException, said: str) -> str:
    """The traceback, of the reader's frames alone. What came before the error stands above it, as Python has it."""
    whole = traceback.TracebackException.from_exception(error)
    if not (whole.__cause__ or whole.__context__ or whole.exceptions or hasattr(error, "__notes__")):
        return "".join(traceback.format_list(_own(whole.stack))) + said
    _keep_own(whole)
    return "".join(whole.format())


def _own(stack: traceback.StackSummary) -> traceback.StackSummary:
    return traceback.StackSummary.from_list([frame for frame in stack if frame.filename.startswith(FOLDER)])


def _keep_own(error: traceback.TracebackException) -> None:
    error.stack = _own(error.stack)
    for other in [error.__cause__, error.__context__, *(error.exceptions or [])]:
        if other:
            _keep_own(other)


def _history(error: BaseException, block: str) -> list[str]:
    """What Python knows of an error besides its message. `raise ... from None` hides what was before."""
    said = _notes(error)
    if isinstance(error, BaseExceptionGroup):
        said += [f"It holds {_in_words(one, block)}" for one in error.exceptions[:MOST_HISTORY]]
    seen = {id(error)}
    while len(said) < MOST_HISTORY:
        cause, context = error.__cause__, None if error.__suppress_context__ else error.__context__
        before = cause or context
        if before is None or id(before) in seen:
            return said
        seen.add(id(before))
        said.append(f"{'Its cause' if cause else 'It came up while this was handled'}: {_in_words(before, block)}")
        said += _notes(before)
        error = before
    return said


def _in_words(error: BaseException, block: str) -> str:
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if _file(frame) == f"{FOLDER}{block}.py"]
    message = in_words(error)
    where = f" (line {lines[-1]})" if lines else ""
    return f"`{type(error).__name__}{f': {message}' if message else ''}`{where}"


def _file(frame: types.FrameType) -> str:
    return frame.f_code.co_filename


def _last(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The innermost place in the reader's code."""
    last = None
    while trace:
        if _file(trace.tb_frame).startswith(FOLDER):
            last = trace
        trace = trace.tb_next
    return last


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        given = "" if error.code is None else f"{in_words(error)}: "
        return f"{given}sys.exit() ends the block; Python itself goes on"
    if isinstance(error, MemoryError):
        return in_words(error) or "not enough memory for this"
    return in_words(error)


def in_words(value: Any) -> str:
    """`str(value)`; where its own `__str__` fails, that."""
    try:
        return str(value)
    except Exception as error:
        return f"its own __str__ fails with {type(error).__name__}"


def _notes(error: BaseException) -> list[str]:
    notes = getattr(error, "__notes__", [])
    return list(map(in_words, notes)) if isinstance(notes, (list, tuple)) else []


def _all_said(error: SyntaxError, message: str) -> str:
    """Python adds what it thinks was meant only where it prints an error."""
    meant = re.search(r"Did you mean '\w+'", traceback.format_exception_only(error)[-1])
    return f"{message}. {meant[0]}" if meant and meant[0] not in message else message


def _source(filename: str) -> str:
    return "".join(linecache.getlines(filename))


def _failure(error: BaseException, place: types.TracebackType | None) -> "Failure":
    from runtime.explain.error_context import Failure

    if not place:
        return Failure(error, in_words(error))
    frame = place.tb_frame
    source = _source(_file(frame))
    # A failing call has left the reader's frame; what it was called with is still there.
    return Failure(
        error, in_words(error), source, place.tb_lineno, frame, _node(source, place), (frame.f_locals, frame.f_globals)
    )


def _node(source: str, place: types.TracebackType) -> ast.AST | None:
    """The expression that was being evaluated."""
    position = next(islice(place.tb_frame.f_code.co_positions(), place.tb_lasti // 2, None), None)
    if not position or None in position:
        return None
    line, end_line, column, end_column = position
    wanted = (line, column, end_line, end_column)
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return None
    here = [
        node
        for node in nodes
        if isinstance(node, (ast.expr, ast.AugAssign, ast.Assign))
        and (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == wanted
    ]
    return here[-1] if here else None


def _where(place: types.TracebackType | None, block: str) -> dict[str, Any] | None:
    """Where it failed, if that is in a function of another block."""
    if not place or _file(place.tb_frame) == f"{FOLDER}{block}.py":
        return None
    other = _file(place.tb_frame).removeprefix(FOLDER).removesuffix(".py")
    return {"block": other, "line": place.tb_lineno, "function": place.tb_frame.f_code.co_name}


def _variables(place: types.TracebackType, given: Collection[str]) -> "list[Row]":
    """The variables of the innermost function, or those that the block names; those of the line come first."""
    from runtime import safe_inspect

    frame = place.tb_frame
    names = set(frame.f_code.co_names) | set(frame.f_code.co_varnames)
    at_top = frame.f_code.co_flags & 0x1 == 0  # no CO_OPTIMIZED: the block itself
    values = {name: value for name, value in frame.f_locals.items() if name in names or not at_top}
    shown = {name: value for name, value in values.items() if _is_of_use(name, value) and name not in given}
    line = linecache.getline(_file(frame), place.tb_lineno)
    mentioned = re.findall(r"\w+", line)
    order = sorted(shown, key=lambda name: mentioned.index(name) if name in mentioned else len(mentioned))
    return [safe_inspect.row(name, shown[name]) for name in order[:MOST_VARIABLES]]


def _is_of_use(name: str, value: Any) -> bool:
    from runtime import safe_inspect

    is_other = safe_inspect.is_function(value) or issubclass(type(value), (type, types.ModuleType))
    return not (name.startswith((".", "__")) or is_other)


_MEANS = {"Mean of empty slice": "There is nothing to take the mean of: the array is empty here."}


@contextmanager
def warnings_as_events(emit: Emit) -> Iterator[Collection[Any]]:
    """Warnings become quiet notes with the reader's line, each once, rather than text among the output.

    Gives the notes so far.
    """
    said: set[tuple[str, int | None]] = set()

    def note(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any) -> None:
        line = _line_of(filename, lineno)
        text = str(message)
        if (text, line) in said or len(said) >= MOST_WARNINGS:
            return
        said.add((text, line))
        emit({"type": "warning", "name": category.__name__, "message": text, "line": line, "hint": _MEANS.get(text)})

    with warnings.catch_warnings():
        warnings.showwarning = note
        yield said


def _line_of(filename: str, lineno: int) -> int | None:
    if filename.startswith(FOLDER):
        return lineno
    frame = sys._getframe()
    while frame and not _file(frame).startswith(FOLDER):
        frame = frame.f_back
    return frame.f_lineno if frame else None
