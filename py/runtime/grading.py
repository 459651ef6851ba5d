"""Checks a reader's work by its results. Knows no exercise.

A check takes a `Work` and returns None or a sentence; the first check that has something to say speaks. Most are a
`Table`: a text of facts, and of rows of what may be wrong and the sentence for it.
What the reader's own functions do while they are checked, crashes included, stays without effect on the block's names.
"""

import builtins
import contextlib
import functools
import importlib
import inspect
import io
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any, NamedTuple, Protocol, TypedDict

import numpy as np

Emit = Callable[[dict[str, Any]], None]

LARGEST_COPY = 10_000_000  # bytes of one array that are kept, to be put back

NOT_CHECKED = "The block stops with an error, so there is nothing to check. Mend that first, then check again."
RIGHT_SO_FAR = "What there is to check is right, but the block stops with an error before its end. Mend that."


class Failed(Protocol):
    """What the runner says of a block that ended in an error: `unbound` are names that it did not get to bind."""

    @property
    def unbound(self) -> frozenset[str]: ...


class Verdict(TypedDict):
    """`message` may hold `code` in backquotes; `line` is the line of the block that failed, if one did."""

    passed: bool
    message: str
    line: int | None


@dataclass(frozen=True)
class Exercise:
    """`checks` in the order in which they speak, `hints` from a nudge to nearly there, `fact` for who has passed.

    `needs` are names of earlier blocks that the checks take, whether or not the reader's block uses them.
    """

    checks: tuple[Callable[["Work"], str | None], ...]
    hints: tuple[str, ...]
    fact: str
    needs: tuple[str, ...] = ()


class Refused(Exception):  # noqa: N818
    """Ends a check with its sentence, from however deep."""


class Missing(Refused):
    """A name that a check needs is not there."""


class Crashed(Exception):  # noqa: N818
    """A function of the reader's raised `error` while it was tried."""

    def __init__(self, function: str, error: BaseException) -> None:
        super().__init__(function)
        self.function = function
        self.error = error


class Work:
    """The names that a block left, for checks to look at."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise Missing(f"There is no `{name}` after your block has run. Keep that name: it is what gets checked.")
        return self._names[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._names.get(name, default)

    def takes(self, name: str, *args: Any) -> bool:
        """Whether `name` is a function that can be called with these arguments."""
        try:
            inspect.signature(self.get(name)).bind(*args)
        except (TypeError, ValueError):
            return False
        return True

    def call(self, name: str, *args: Any, copies: bool = True) -> Any:
        """What the reader's function returns for copies of `args`, which it may spoil, or for `args` themselves."""
        try:
            return self[name](*(_copy(arg) if copies else arg for arg in args))
        except (KeyboardInterrupt, Refused):
            raise
        except BaseException as error:
            raise Crashed(name, error) from error


class Facts(dict):
    """Names for the expressions of a table: facts, each worked out once, when first asked for, then the reader's names.

    `known` has facts by name: values, or code to get them by. `f` is all of this, `takes` and `call` are the work's.
    """

    def __init__(self, work: Work, known: Mapping[str, Any]) -> None:
        super().__init__(f=self, takes=work.takes, call=work.call)
        self.work = work
        self.known = known

    def __missing__(self, name: str) -> Any:
        if name in self.known:
            fact = self.known[name]
            self[name] = eval(fact, self) if isinstance(fact, CodeType) else fact
        elif hasattr(builtins, name):
            raise KeyError(name)  # so that Python looks there
        else:
            self[name] = self.work[name]
        return self[name]

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def but(self, **known: Any) -> "Facts":
        """The same, but for `known`; what was worked out is forgotten."""
        return Facts(self.work, {**self.known, **known})


class Text(NamedTuple):
    """What a table's text says."""

    facts: dict[str, CodeType]
    rows: list[tuple[CodeType, str]]


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text. One that begins with a space goes on with the one before."""
    return tuple(filter(None, re.sub(r"\n +", " ", text).split("\n")))


@functools.cache
def read(text: str) -> Text:
    """Facts, `name = expression`, and rows, `expression | sentence`.

    The expression of a row says whether its sentence does. After `= ` it is what a mistake makes of the `answer`.
    """
    facts, rows = {}, []
    for line in lines(text):
        name, is_fact, value = line.partition(" = ")
        if is_fact and name.isidentifier():
            facts[name] = compile(value, line, "eval")
            continue
        expression, _, said = line.partition(" |")
        if expression.startswith("= "):
            expression = f"alike(answer, {expression[2:]})"
        rows.append((compile(expression, line, "eval"), said.strip()))
    return Text(facts, rows)


@dataclass(frozen=True)
class Table:
    """A check. In each case the first row that holds speaks, its {fields} being facts; without a sentence it is silent.

    `scope` are names beside `WORDS` that expressions may use, `cases` facts that differ from case to case.
    """

    scope: Mapping[str, Any]
    text: str
    cases: tuple[Mapping[str, Any], ...] = ({},)

    def __call__(self, work: Work) -> str | None:
        text = read(self.text)
        facts = (Facts(work, {**WORDS, **self.scope, **text.facts, **case}) for case in self.cases)
        return next(filter(None, (speak(text.rows, case) for case in facts)), None)


def speak(rows: list[tuple[CodeType, str]], facts: Facts) -> str:
    """What the first row that holds says."""
    return next((said for holds, said in rows if eval(holds, facts)), "").format_map(facts)


def grade(exercise: Exercise, namespace: dict[str, Any], block: str, failed: Failed | None = None) -> Verdict:
    """The verdict on the block that has just run in `namespace`, which stays as it is.

    A block that failed is looked at, too, since a check often knows more than the error says. It never passes.
    """
    names = namespace if failed is None else {name: namespace[name] for name in namespace.keys() - failed.unbound}
    line, certain = None, False
    try:
        with untouched(namespace), _silent():
            said = next((said for check in exercise.checks if (said := check(Work(names)))), None)
            certain = said is not None
    except Missing as missing:
        said = str(missing)
    except Refused as refusal:
        said, certain = str(refusal), True
    except Crashed as crash:
        # By its name: the page of checks takes tables along in downloads, which have no runner.
        event = importlib.import_module("runtime.explain.errors").describe(crash.error, block)
        line = event["line"]
        where = f" in line {line}" if line else ""
        reason = f"{event['name']}: {event['message']}".rstrip(": ")
        said = f"Your `{crash.function}` was tried on other inputs and stopped{where}. {reason}."
    except Exception as error:
        # No check should get here; if one does, the reader is not to blame.
        name = type(error).__name__
        said = f"The check could not read your results ({name}: {error}). Compare their shapes with the starter’s."
    if failed is not None and said is None:
        said = RIGHT_SO_FAR
    elif failed is not None and not certain:
        said, line = NOT_CHECKED, None
    return Verdict(passed=said is None, message=exercise.fact if said is None else said, line=line)


def check(
    emit: Emit, run_id: int, exercise: Exercise, namespace: dict[str, Any], block: str, failed: Failed | None = None
) -> None:
    """Grade as a run: a verdict event, then done. Stop ends it like any other."""
    started, status = time.perf_counter(), "ok"
    try:
        emit({"type": "verdict", "id": run_id, **grade(exercise, namespace, block, failed)})
    except KeyboardInterrupt:
        status = "stopped"
    emit({"type": "done", "id": run_id, "status": status, "seconds": time.perf_counter() - started})


@contextlib.contextmanager
def untouched(namespace: dict[str, Any]) -> Iterator[None]:
    """Afterwards every name means what it meant, and arrays, lists, dicts and sets hold what they held."""
    bindings = dict(namespace)
    kept = [(value, _contents(value)) for name, value in bindings.items() if not name.startswith("__")]
    try:
        yield
    finally:
        for value, contents in kept:
            if contents is not None:
                _put_back(value, contents)
        namespace.clear()
        namespace.update(bindings)


def _contents(value: Any) -> Any:
    if type(value) in (list, dict, set):
        return value.copy()
    if isinstance(value, np.ndarray) and value.flags.writeable and value.nbytes <= LARGEST_COPY:
        return value.copy()
    return None


def _put_back(value: Any, contents: Any) -> None:
    if isinstance(value, np.ndarray):
        value[...] = contents
    elif isinstance(value, list):
        value[:] = contents
    else:
        value.clear()
        value.update(contents)


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, (np.ndarray, list, dict, set)) else value


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What the reader's functions print while they are tried is no part of the block's output."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), np.errstate(all="ignore"):
        yield


def number(value: Any) -> float | None:
    """A value as a float: plain, NumPy's, or written as text. None for all that is no single number."""
    if isinstance(value, str):
        try:
            return float(value.replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            return None
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(np.asarray(value).reshape(()))
    except (TypeError, ValueError):
        return None


def near(value: float, right: float, absolute: float = 0.006, relative: float = 0.004) -> bool:
    """Equal but for rounding to two digits."""
    return math.isfinite(value) and math.isfinite(right) and abs(value - right) <= absolute + relative * abs(right)


def alike(found: Any, right: Any) -> bool:
    """Whether two arrays are the same, shapes included, but for the order of their sums."""
    return np.shape(found) == np.shape(right) and np.allclose(found, right, rtol=1e-6, atol=1e-9)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))


def is_blank(value: Any) -> bool:
    """Whether the reader has not begun with a number, or with a row of three, of which the first is given."""
    if isinstance(value, (list, tuple)):
        return len(value) == 3 and all(map(is_blank, value[1:]))
    return value is None or ((found := number(value)) is not None and math.isnan(found))


def kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing" if value is None else f"{value!r:.40}"


WORDS = {"np": np} | {one.__name__: one for one in (alike, cosine, is_blank, near, number)}  # of every table
