"""Checks a reader's work by its results. Knows no exercise.

A check takes a `Work` and returns None or a sentence; the first check that has something to say speaks. Most are a
`Table`: rows of what may be wrong and the sentence for it, over facts that are worked out when a row asks for them.
What the reader's own functions do while they are checked, crashes included, stays without effect on the block's names.
"""

import contextlib
import inspect
import io
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from runtime.display import Emit
from runtime.runner import Failed, describe

LARGEST_COPY = 10_000_000  # bytes of one array that are kept, to be put back

NOT_CHECKED = "The block stops with an error, so there is nothing to check. Mend that first, then check again."
RIGHT_SO_FAR = "What there is to check is right, but the block stops with an error before its end. Mend that."


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


class Facts:
    """What the rows of a table look at, each worked out once, when first asked for, from `known` and other facts.

    A value of `known` that can be called is how to get the fact. A name that is no fact is one of the reader's.
    """

    def __init__(self, work: Work, known: Mapping[str, Any]) -> None:
        self.work = work
        self._known = known

    def __getattr__(self, name: str) -> Any:
        fact = self._known[name] if name in self._known else self.work[name]
        value = fact(self) if name in self._known and callable(fact) else fact
        setattr(self, name, value)
        return value

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def but(self, **known: Any) -> "Facts":
        """The same, but for `known`; what was worked out is forgotten."""
        return Facts(self.work, {**self._known, **known})


Row = tuple[Callable[[Facts], Any], str | None]


@dataclass(frozen=True)
class Table:
    """A check. In each case the first row that holds speaks, its {fields} being facts; None says: no more of this case.

    `cases` are facts that differ from case to case.
    """

    facts: Mapping[str, Any]
    rows: tuple[Row, ...]
    cases: tuple[Mapping[str, Any], ...] = ({},)

    def __call__(self, work: Work) -> str | None:
        for case in self.cases:
            facts = Facts(work, {**self.facts, **case})
            said = next((said for holds, said in self.rows if holds(facts)), None)
            if said is not None:
                return said.format_map(facts)
        return None


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
        event = describe(crash.error, block)
        line = event["line"]
        where = f" in line {line}" if line else ""
        reason = f"{event['name']}: {event['message']}".rstrip(": ")
        said = f"Your `{crash.function}` was tried on other inputs and stopped{where}. {reason}."
    except Exception as error:
        # No check should get here; if one does, the reader is not to blame.
        kind = type(error).__name__
        said = f"The check could not read your results ({kind}: {error}). Compare their shapes with the starter’s."
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
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), np.errstate(
        all="ignore"
    ):
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


def alike(found: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether arrays are the same one by one, shapes included, but for the order of their sums."""
    pairs = zip(found, right, strict=True)
    return all(np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-9) for a, b in pairs)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))


Mistake = tuple[Callable[[Any], Any], str]


def diagnose(pairs: Iterable[tuple[Any, float]], mistakes: Iterable[Mistake], relative: float = 0.004) -> str | None:
    """The message of the first mistake that would give the reader's value in every case.

    `pairs` are (case, the reader's value); a mistake is (what it would give in a case, its message).
    Cases in which a mistake gives what is right tell nothing apart: leave them out.
    """
    pairs = list(pairs)
    for wrong, message in mistakes:
        if pairs and all(near(value, float(wrong(case)), relative=relative) for case, value in pairs):
            return message
    return None


@dataclass(frozen=True)
class Column:
    """A number that the reader gives for several cases: what is right, what else is taken for it, how it is asked for.

    `reach` of a right value is how far another run of it may lie, `noise` what sampling does to a right answer.
    """

    title: str
    name: str
    asked: str
    several: str  # for who gives more than one number
    right: Callable[[Any], float]
    reach: Callable[[float], float]
    mistakes: Iterable[Mistake]
    noise: Callable[[Any], float] = lambda case: 0.0

    def holds(self, case: Any, value: float, absolute: float = 0.006, relative: float = 0.004) -> bool:
        return near(value, self.right(case), absolute + self.noise(case), relative)

    def is_near(self, case: Any, value: float) -> bool:
        return abs(value - self.right(case)) <= self.reach(self.right(case))

    def problem(self, pairs: list[tuple[Any, float]]) -> str | None:
        """What is wrong with the reader's values, given as (case, value)."""
        # Where rounding would let both pass, a mistake that fits to two digits is the better guess.
        exact = all(self.holds(case, value, 0.0055, 0.0) for case, value in pairs)
        said = None if exact else diagnose(pairs, self.mistakes, relative=0.0)
        wrong = [(case, value) for case, value in pairs if not self.holds(case, value)]
        if said or not wrong:
            return said
        (case, value), *_ = wrong
        digits = " Give it at least two digits after the point." if abs(value - self.right(case)) < 0.06 else ""
        asked = f"at {case.case} you have {value:.4g}. It should be {self.asked}.{digits}"
        return diagnose(wrong, self.mistakes) or f"{self.title} is not right yet: {asked}"


def problem(columns: Sequence[Column], cases: list[Any], rows: list[Sequence[float]], after: str) -> str | None:
    """What is wrong with rows of two numbers, one row a case."""
    first, second = columns
    pairs = list(zip(cases, rows, strict=True))
    if all(first.holds(case, b) and second.holds(case, a) for case, (a, b) in pairs):
        return f"The two columns are swapped: after {after} comes {first.title}, then {second.title}."
    said = (column.problem([(case, row[i]) for case, row in pairs]) for i, column in enumerate(columns))
    return next(filter(None, said), None)


def read_row(cells: Any, whose: str, key: str, columns: Sequence[Column]) -> tuple[float, ...]:
    """The numbers of a row that a reader made; the first says of which case it is."""
    if isinstance(cells, dict):
        cells = list(cells.values())
    if not isinstance(cells, (list, tuple, np.ndarray)) or len(cells) != 3:
        names = ", ".join((key, *(column.name for column in columns)))
        raise Refused(f"{whose} should be three numbers, ({names}), and is {_kind(cells)}.")
    for column, cell in zip(columns, list(cells)[1:], strict=True):
        if is_blank(cell):
            raise Refused(f"`{column.name}` is still empty. It should be {column.asked}.")
        if number(cell) is None:
            raise Refused(f"`{column.name}` should be one number, and is {_kind(cell)}. {column.several}")
    return tuple(np.nan if value is None else value for value in map(number, cells))


def is_blank(value: Any, row_of: int = 0) -> bool:
    """Whether the reader has not begun with a number, or with a row of so many of which the first is given."""
    if row_of and isinstance(value, (list, tuple)):
        return len(value) == row_of and all(map(is_blank, value[1:]))
    return value is None or (not row_of and (read := number(value)) is not None and math.isnan(read))


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing" if value is None else f"{value!r:.40}"
