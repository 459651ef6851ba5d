"""Runs one block: source in, events out.

Events are plain JSON. Each carries the `id` of its run, so that a late one can be known and dropped:
stdout {text}, stderr {text}, texts {parts: [[stdout | stderr | value, text], ...]} for many that take turns,
display {slot, mime, data}, progress {done, total, seconds},
note {text}, warning and error {name, message, line, hint, ...} (see errors.py),
done {status: ok | error | stopped, seconds, changed?}: names whose values the run changed or took away without binding
them in its own code.
"""

import ast
import asyncio
import inspect
import io
import signal
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import groupby
from threading import current_thread, main_thread
from time import monotonic, perf_counter
from typing import Any

from pyodide.code import CodeRunner

from runtime import display
from runtime.dependencies import names
from runtime.display import Display, Emit, Event
from runtime.explain.errors import FOLDER, describe, warnings_as_events
from runtime.explain.nan_notes import not_finite
from runtime.marks import Mark, marks
from runtime.mending import Python
from runtime.shadows import Shadows

MOST_TEXT = 1_000_000  # characters that one run may print
BROKEN = (
    "What this block did cannot be told: it, or one before it, changed a part of Python that the page itself uses. "
    "Loading the page anew brings that back; your code is kept."
)
EAGER_WRITES = 200  # the first writes go out at once, later ones are joined
JOIN_SECONDS = 0.03


@dataclass(frozen=True)
class Failed:
    """A block that ended in an error. `unbound`: names that it was to bind and did not get to."""

    unbound: frozenset[str]


class Runner:
    """Runs blocks one after the other in one namespace.

    `given` are names that every block may use without defining them. They and Python's own names come back before each
    run, so that `del np` in one block cannot break the next; what a block gives to one of them stays (shadows.py).
    """

    def __init__(self, emit: Emit, given: dict[str, Any] | None = None) -> None:
        self._emit = emit
        self._given = {"__name__": "__main__", **(given or {})}
        self._python = Python()
        self._shadows = Shadows(_named({**self._python.names, **self._given}))
        # As in a script: what looks for its own module, such as pickle or doctest, finds the blocks' names.
        self._main = types.ModuleType("__main__")
        self.namespace: dict[str, Any] = vars(self._main)
        self._marks: dict[str, Mark] = {}  # of the names as the last run left them
        self._own_marks = marks(self._given)
        # What a run keeps of its streams, such as a logging handler, goes on to write into the run that is under way.
        self._stdout, self._stderr = _Stream("stdout"), _Stream("stderr")
        self.failed: Failed | None = None  # about the last run

    async def run(self, run_id: int, block: str, source: str, begun: Callable[[], None] | None = None) -> None:
        """Run `source` as the block `block`. Every exception becomes an event; none leaves.

        A signal may come once `begun` was called: what is done before is the runner's own work.
        """
        emit = _tagged(self._emit, run_id)
        started = perf_counter()
        try:
            await self._run(emit, block, source, begun or (lambda: None))
        except BaseException as error:
            # A block can break what its own end is told with, such as `ast.parse`. A run without an end would last.
            stopped = isinstance(error, (KeyboardInterrupt, asyncio.CancelledError))
            if not stopped:
                emit({"type": "error", "name": type(error).__name__, "message": BROKEN, "text": BROKEN, "line": None})
            status = "stopped" if stopped else "error"
            emit({"type": "done", "status": status, "seconds": perf_counter() - started})

    async def _run(self, emit: Emit, block: str, source: str, begun: Callable[[], None]) -> None:
        output = self._stdout.output = self._stderr.output = _Output(emit)
        shown = Display(output.before(emit))
        token = display.current.set(shown)
        started = perf_counter()
        self._python.mend()
        resolved = self._shadows.begin(block, source, self.namespace)
        self._restore_names()
        before = dict(self.namespace)
        status, self.failed = "ok", None
        try:
            notes = warnings_as_events(output.before(emit))
            with redirect_stdout(self._stdout), redirect_stderr(self._stderr), notes as said, _main(self._main):
                try:
                    begun()
                    value = await self._evaluate(block, source)
                finally:
                    self._python.mend()  # our own code goes on
                if value is not None:
                    shown.flush()
                    shown.show(value)
            for note in [] if said else not_finite(source, self.namespace):
                emit({"type": "warning", **note})
        except (KeyboardInterrupt, asyncio.CancelledError):
            status = "stopped"
        except BaseException as error:
            status = "error"
            failure = error
        try:
            shown.flush()
        except BaseException as error:
            # What ended the block is told, not what became of its last chart after that.
            if status == "ok":
                status, failure = "stopped" if isinstance(error, KeyboardInterrupt) else "error", error
        with _undisturbed():
            output.flush()
            display.current.reset(token)
            for name in [name for name in self.namespace if not isinstance(name, str)]:
                del self.namespace[name]  # put there by way of globals(): nobody could use it by its name
            own = self._shadows.names
            self._shadows.end(block, self.namespace, source)
            for said in resolved:
                emit({"type": "warning", "name": "Your name", "message": said, "line": None, "hint": None})
            if status == "error":
                emit(describe(failure, block, source, self._given.keys() - own))
                parsed = names(source)
                bound = parsed["defines"] if parsed else before  # what does not parse binds nothing
                self.failed = Failed(frozenset(name for name in bound if before.get(name) is self.namespace.get(name)))
            seconds = perf_counter() - started
            changed = self._changed(source)
            emit({"type": "done", "status": status, "seconds": seconds, **({"changed": changed} if changed else {})})

    def _changed(self, source: str) -> list[str]:
        """Names that hold something else than before this run, or nothing, though its code does not bind them."""
        before, self._marks = self._marks, marks(self.namespace)
        bound = (names(source) or {"defines": []})["defines"]
        return sorted(
            name
            for name, mark in before.items()
            if name not in bound and mark != self._own_marks.get(name) and self._marks.get(name) != mark
        )

    def forget(self, block: str) -> None:
        """`block` is as it was published: what it gave to names that Python or the page has is gone."""
        self._shadows.forget(block, self.namespace)

    def _restore_names(self) -> None:
        kept = self._shadows.names
        for name in self._python.names.keys() - kept | {"__builtins__"}:
            self.namespace.pop(name, None)
        self.namespace.update({name: value for name, value in self._given.items() if name not in kept})

    async def _evaluate(self, block: str, source: str) -> Any:
        code = CodeRunner(
            source, filename=f"{FOLDER}{block}.py", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        ).compile()
        if code.code.co_flags & inspect.CO_COROUTINE:
            return await code.run_async(self.namespace)
        return code.run(self.namespace)


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith("__")}


@contextmanager
def _main(module: types.ModuleType) -> Iterator[None]:
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextmanager
def _undisturbed() -> Iterator[None]:
    """The block has ended: a signal that comes now was meant for it, and must not end what tells of it."""
    if current_thread() is not main_thread():
        yield  # no signal comes here
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tagged(emit: Emit, run_id: int) -> Emit:
    return lambda event: emit({"id": run_id, **event})


class _Output:
    """What one run prints and which values it shows, in order: joined into few events and bounded."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._pending: list[tuple[str, str]] = []  # stream and text
        self._writes = 0
        self._sent = 0
        self._dropped = 0
        self._since = 0.0  # when the oldest text that is held was written
        self._sent_at = 0.0

    def write(self, kind: str, text: str) -> None:
        room = MOST_TEXT - self._sent
        if room <= 0:
            # A loop that prints a million lines should not wait for what nobody will see.
            self._dropped += len(text)
            return
        self._sent += len(text)
        self._dropped += max(0, len(text) - room)
        self._hold(kind, text[:room], last=len(text) >= room)

    def before(self, emit: Emit) -> Emit:
        """An emit that first sends the text that came before it, so that order is kept.

        Of many values that are shown in turn, each is one more text.
        """

        def ordered(event: Event) -> None:
            if event.get("mime") == display.TEXT and not self._is_due():
                self._hold("value", event["data"] + "\n")
                return
            self._writes += 1
            self.send()
            emit(event)

        return ordered

    def _hold(self, kind: str, text: str, last: bool = False) -> None:
        now = monotonic()
        if not self._pending:
            self._since = now
        self._pending.append((kind, text))
        self._writes += 1
        # print() writes its text and its line's end apart; they should travel together.
        if last or now - self._since > JOIN_SECONDS or (text.endswith("\n") and self._is_due()):
            self.send()

    def _is_due(self) -> bool:
        """Whether what is written now goes out at once."""
        return self._writes <= EAGER_WRITES or monotonic() - self._sent_at > JOIN_SECONDS

    def flush(self) -> None:
        self.send()
        if self._dropped:
            self._emit({"type": "folded", "characters": self._dropped, "limit": MOST_TEXT})
            self._dropped = 0

    def send(self) -> None:
        held, self._pending = self._pending, []
        self._sent_at = monotonic()
        parts = [[kind, "".join(text for _, text in some)] for kind, some in groupby(held, key=lambda part: part[0])]
        parts = [part for part in parts if part[1]]
        if len(parts) == 1 and parts[0][0] != "value":
            self._emit({"type": parts[0][0], "text": parts[0][1]})
        elif parts:
            self._emit({"type": "texts", "parts": parts})


class _Stream(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, kind: str) -> None:
        self.output: _Output | None = None  # that of the last run
        self._kind = kind

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes str, not {type(text).__name__}")
        if self.output:
            self.output.write(self._kind, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        if self.output:
            self.output.send()
