"""Stop: a signal ends code that computes, a cancellation ends code that waits.

The page sends both, since it does not know which it is. Whichever comes first counts: a run that cleans up after the
one must not be ended by the other.
"""

import asyncio
import contextvars
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any

from runtime.explain.errors import FOLDER


class Stopper:
    """Carries out one run at a time, and ends it on a signal or when told to."""

    def __init__(self) -> None:
        self._run_id: int | None = None
        self._task: asyncio.Task | None = None
        self._signals = 0  # that the run has had
        self._interrupted = 0  # how often it was, by signal or by message
        # One for all runs: what libraries keep in it, such as NumPy's print options, holds from block to block.
        self._context = contextvars.copy_context()

    async def carry_out(self, run_id: int, work: Coroutine[Any, Any, None]) -> None:
        """Await `work`. A signal that comes too late for it finds nobody."""
        self._run_id, self._task = run_id, asyncio.get_running_loop().create_task(work, context=self._context)
        self._signals = self._interrupted = 0
        # Anew for every run: the block before may have set a handler of its own.
        signal.signal(signal.SIGINT, self._on_signal)
        try:
            await self._task
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._run_id, self._task = None, None

    def stop(self, run_id: int, nth: int) -> None:
        """End a run that waits, for the `nth` time. One that computes cannot be told; it gets the signal."""
        if self._task and run_id == self._run_id and nth > self._interrupted:
            self._interrupted = nth
            self._task.cancel()

    def _on_signal(self, _: int, frame: FrameType | None) -> None:
        if not self._task:
            return
        self._signals += 1
        if self._signals <= self._interrupted:
            return
        self._interrupted = self._signals
        computes = asyncio.current_task(self._task.get_loop()) is self._task
        if computes or _is_in_a_block(frame):
            raise KeyboardInterrupt
        self._task.cancel()


def _is_in_a_block(frame: FrameType | None) -> bool:
    """Whether code of a block is on the stack: a task that it started, say."""
    while frame:
        if frame.f_code.co_filename.startswith(FOLDER):
            return True
        frame = frame.f_back
    return False
