"""`asyncio.run` in a block, where the page's own event loop is running already.

Pyodide can wait inside that loop only where the browser can switch stacks, and found out whether it can where the
snapshot was made. So the coroutine gets a loop of its own, which runs to its end while the page's stands still. It
knows time and tasks; what comes from the browser, such as a promise, it cannot wait for: `await` in the block can.
"""

import asyncio
import sys
import time
from asyncio import base_events, events, runners, tasks
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


def settle_in() -> None:
    """Put what is here in the place of asyncio's own."""
    asyncio.run, asyncio.Runner, asyncio.new_event_loop = run, Runner, OwnLoop
    page = sys.modules.get("pyodide.webloop")
    if page:
        page.WebLoop.run_until_complete = run_until_complete


class _Clock:
    """In place of a selector of sockets: there are none."""

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("asyncio.run() would wait for ever: nothing is left that could wake it")
        if timeout > 0:
            time.sleep(timeout)
        return []

    def close(self) -> None:
        pass


class OwnLoop(base_events.BaseEventLoop):
    """A loop that may run inside another one."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Clock()

    def run_forever(self) -> None:
        with _outer_loop_aside():
            super().run_forever()

    def run_until_complete(self, future: Any) -> Any:
        with _outer_loop_aside():
            return super().run_until_complete(future)

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


@contextmanager
def _outer_loop_aside() -> Iterator[None]:
    """Meanwhile nothing runs, as far as asyncio can tell."""
    outer = events._get_running_loop()
    task = tasks.current_task() if outer else None
    if task:
        tasks._leave_task(outer, task)
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(outer)
        if task:
            tasks._enter_task(outer, task)


class Runner:
    """`asyncio.Runner`: several coroutines, one after the other, in one loop."""

    def __init__(self, **_: Any) -> None:
        self._loop = OwnLoop()

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get_loop(self) -> OwnLoop:
        return self._loop

    def run(self, coroutine: Coroutine[Any, Any, Any], **_: Any) -> Any:
        if not asyncio.iscoroutine(coroutine):
            raise ValueError(f"a coroutine was expected, got {coroutine!r}")
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        if self._loop.is_closed():
            return
        try:
            with _outer_loop_aside():
                runners._cancel_all_tasks(self._loop)
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


def run(main: Coroutine[Any, Any, Any], **_: Any) -> Any:
    """`asyncio.run`: the coroutine's value, once it has come to its end."""
    with Runner() as runner:
        return runner.run(main)


def run_until_complete(_: asyncio.AbstractEventLoop, future: Any) -> Any:
    """What `asyncio.get_event_loop()` gives is the page's loop, which is running."""
    if asyncio.iscoroutine(future):
        return run(future)
    raise RuntimeError("the loop of this task is running, and this block in it: write `await` before the task instead")
