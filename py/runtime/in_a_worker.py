"""What Python does otherwise in a browser's worker: one thread, no keyboard, no terminal."""

import builtins
import importlib
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from runtime import own_loop
from runtime.explain.errors import FOLDER
from runtime.mending import DEEPEST

HELP = "help(name) prints what Python knows of a name. In the editor, put the cursor on it and press Ctrl+I."


def settle_in() -> None:
    """Put what is here in the place of Python's own. Once, before the first block."""
    time.sleep = sleep_in_slices
    threading.Thread.start = no_threads
    builtins.input = no_input
    builtins.help = print_help
    sys.breakpointhook = no_debugger
    sys.setrecursionlimit = set_recursion_limit
    own_loop.settle_in()


class FetchedLater:
    """Fetches packages that Python did not start with, each when it is first imported.

    The first of `sys.meta_path`; it finds nothing itself, but leaves that to those after it.
    """

    def __init__(self, packages: tuple[str, ...], fetch: Callable[[str], None]) -> None:
        self._packages, self._fetch = set(packages), fetch

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        package = name.partition(".")[0]
        if package not in self._packages:
            return
        self._fetch(package)  # where it fails, the next import tries again
        self._packages.remove(package)
        if not self._packages:
            sys.meta_path.remove(self)
        importlib.invalidate_caches()


def sleep_in_slices(seconds: float) -> None:
    """`time.sleep` that Stop can end: WebAssembly looks for signals between Python's steps only.

    It waits by looking at the clock, as WebAssembly's own sleep does. Pyodide's would call into the page where that is
    possible, and whether it is was found out where the snapshot was made.
    """
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def set_recursion_limit(limit: int, _set: Callable[[int], None] = sys.setrecursionlimit) -> None:
    """`sys.setrecursionlimit`, as far as the browser can go: `sys.getrecursionlimit()` tells how far that is."""
    _set(min(limit, DEEPEST))


def no_threads(thread: object) -> None:
    """A browser's worker is one thread, and Python's own message does not say so."""
    raise RuntimeError("threads cannot start here: Python has the one thread that the browser gives it")


def no_input(prompt: object = "") -> str:
    """`input` in a worker would wait for ever. Code of libraries that asks is told that nothing more will be typed."""
    frame = sys._getframe(1)
    if frame.f_code.co_filename.startswith(FOLDER):
        raise RuntimeError("input() has no keyboard here: give the variable a value instead")
    if _is_asked_by("bdb", frame):
        no_debugger()
    raise EOFError("nothing can be typed here")


def no_debugger(*_: Any, **__: Any) -> None:
    """The error shows what a debugger would: where the block is, and the variables there."""
    raise RuntimeError("there is no debugger here: the block ends at this line, and its variables are listed")


def print_help(*things: Any) -> None:
    """Python's `help`, which without a name would wait for a keyboard."""
    if not things:
        print(HELP)
        return
    from pydoc import Helper

    Helper(output=sys.stdout).help(*things)


def _is_asked_by(module: str, frame: FrameType | None) -> bool:
    while frame:
        if frame.f_globals.get("__name__") == module:
            return True
        frame = frame.f_back
    return False
