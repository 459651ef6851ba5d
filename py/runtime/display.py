"""What a block shows while it runs: values, charts, tables and pictures that grow, progress.

Blocks call `show`, `live` and `progress`. The runner points them at the run that is under way;
in plain Python, where nobody looks, they do nothing but iterate.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from runtime import choices, pictures, stories, tables
from runtime.bounds import bounded_chart, bounded_picture, bounded_table

TEXT = "text/plain"
CHART = "application/vnd.plotly.v1+json"

KINDS = (tables.is_table, pictures.is_picture, stories.is_stories, choices.is_choices)  # what is shown beside charts

Event = dict[str, Any]
Emit = Callable[[Event], None]

INTERVAL = 0.05  # seconds between two updates of one chart or bar: about what an eye can follow
LONGEST_REPR = 20_000
MOST_FIGURES = 24  # charts, tables and sets of stories that one run may show
MOST_SHOWN = 200_000  # characters of other values
VALUE_COST = 100  # characters that a value counts on top of its own


class Display:
    """The display events of one run. What changes at every step is sent at most every INTERVAL."""

    def __init__(self, emit: Emit, clock: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self.clock = clock
        self._due: dict[str, float] = {}
        self._held: dict[str, Callable[[], Event]] = {}
        self._count = 0
        self._figures: set[str] = set()
        self._shown = 0
        self._left_out = {"charts and tables": 0, "values": 0}
        self.looping = False  # whether a `progress` is under way

    def show(self, value: Any, slot: str | None = None) -> None:
        """Send a value now: charts and tables as such, the rest as its repr."""
        self._count += 1
        slot = slot or f"out-{self._count}"
        if is_chart(value) or any(is_one(value) for is_one in KINDS):
            self._figures.add(slot)
            kind, full = "charts and tables", len(self._figures) > MOST_FIGURES
        else:
            kind, full = "values", self._shown > MOST_SHOWN
        if full:
            self._figures.discard(slot)
            self._left_out[kind] += 1
            return
        mime, data = bundle(value)
        if mime == TEXT:
            self._shown += len(data) + VALUE_COST
        self._emit({"type": "display", "slot": slot, "mime": mime, "data": data})

    def often(self, key: str, make: Callable[[], Event]) -> None:
        """Send `make()` if `key` is due, else hold it for `flush`. Making it costs nothing until then."""
        now = self.clock()
        if now < self._due.get(key, -math.inf):
            self._held[key] = make
            return
        self._held.pop(key, None)
        self._emit(make())
        # The time is read again: a chart that is slow to make must not fill the whole loop.
        self._due[key] = self.clock() + max(INTERVAL, 20 * (self.clock() - now))

    def flush(self) -> None:
        """Send what is held, so that the last state of every chart is the one that stays."""
        held, self._held = self._held, {}
        for make in held.values():
            self._emit(make())
        for kind, number in self._left_out.items():
            if number:
                text = f"… {number:,} more {kind} were shown; the page keeps the first ones."
                self._emit({"type": "note", "text": text})
        self._left_out = dict.fromkeys(self._left_out, 0)


current: ContextVar[Display | None] = ContextVar("current", default=None)


def show(value: Any) -> None:
    """Show a value or a chart below the block, in the order of the calls."""
    display = current.get()
    if display:
        display.show(value)


def display(*values: Any, **_: Any) -> None:
    """`show` under the name that it has in notebooks, for any number of values."""
    for value in values:
        show(value)


def live(chart: Callable[..., dict], *args: Any, **kwargs: Any) -> None:
    """Show `chart(*args)` and keep it up to date: call it at each step, it draws when it is time."""
    display = current.get()
    if not display:
        return

    def event() -> Event:
        mime, data = bundle(chart(*args, **kwargs))
        return {"type": "display", "slot": chart.__name__, "mime": mime, "data": data}

    display.often(f"live {chart.__name__}", event)


def progress(steps: Iterable, total: int | None = None) -> Iterator:
    """Iterate over `steps` and show how far the loop is. `total` is its length if it has none.

    What has no length, such as a `zip`, shows how many steps are done.

    Of loops within loops the outermost one shows.
    """
    display = current.get()
    if not display or display.looping:
        yield from steps
        return
    total = total if total is not None else _length(steps)
    begun = display.clock()

    def event(done: int) -> Event:
        # By Python's clock: the page may be too busy to hear of each step at once.
        seconds = display.clock() - begun
        return {"type": "progress", "done": done, "total": total, "seconds": seconds}

    display.looping = True
    try:
        done = 0
        for step in steps:
            display.often("progress", lambda done=done: event(done))
            yield step
            done += 1
        display.often("progress", lambda: event(done))
    finally:
        display.looping = False


def _length(steps: Iterable) -> int:
    """How many steps there are; 0 where that is not known."""
    try:
        return len(steps)  # type: ignore[arg-type]
    except TypeError:
        return 0


def bundle(value: Any) -> tuple[str, Any]:
    """The MIME type and JSON data of a value."""
    if is_chart(value):
        return CHART, plain(bounded_chart(value))
    if tables.is_table(value):
        return tables.MIME, plain(bounded_table(value))
    if pictures.is_picture(value):
        return pictures.MIME, plain(bounded_picture(value))
    if stories.is_stories(value):
        return stories.MIME, plain(stories.bounded(value))
    if choices.is_choices(value):
        return choices.MIME, plain(value)
    text = repr(value)
    if len(text) > LONGEST_REPR:
        text = f"{text[:LONGEST_REPR]}… ({len(text):,} characters in all)"
    return TEXT, text


def is_chart(value: Any) -> bool:
    """Whether `value` is a Plotly figure as a dict."""
    if not isinstance(value, dict) or not {"data", "layout"} <= value.keys() or not isinstance(value["layout"], dict):
        return False
    return isinstance(value["data"], list) and all(isinstance(trace, dict) for trace in value["data"])


def plain(value: Any) -> Any:
    """JSON for NumPy's arrays and scalars; NaN and infinity, which JSON has not, become None."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
