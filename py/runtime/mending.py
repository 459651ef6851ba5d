"""What a block may break of Python itself, and what is put back before and after each run.

What a block sets in other modules, such as `np.set_printoptions`, is not touched: the next block finds it.
"""

import builtins
import sys
from sys import getprofile, gettrace, setprofile, setrecursionlimit, settrace
from typing import Any

# How many calls may be under way. The error of a recursion holds all of them, and they go one inside the other: past
# twice this depth the browser's own stack can end there, and Python with it.
DEEPEST = 3_000
SEARCHED = ("path", "meta_path", "path_hooks")  # of sys: where modules come from


class Python:
    """Python as it is now: its own names, its modules, where it looks for more, how deep it may go."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = dict(vars(builtins))
        self._modules = dict(sys.modules)
        self._searched = [(getattr(sys, name), list(getattr(sys, name))) for name in SEARCHED]
        self._depth = sys.getrecursionlimit()
        self._hooks = gettrace(), getprofile()

    def mend(self) -> None:
        """Put back what is gone. Nothing is imported for it, and no function of Python's is called by name."""
        builtins.__dict__.update(self.names)
        if gettrace() is not self._hooks[0]:
            settrace(self._hooks[0])
        if getprofile() is not self._hooks[1]:
            setprofile(self._hooks[1])
        setrecursionlimit(self._depth)
        sys.modules.update(self._modules)
        for name, (places, entries) in zip(SEARCHED, self._searched, strict=True):
            places += [entry for entry in entries if entry not in places]
            setattr(sys, name, places)
        if not callable(vars(builtins).get("_", print)):
            del builtins._  # doctest leaves the last value there, for a terminal's reader
