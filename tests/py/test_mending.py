"""What a block breaks of Python itself is whole again for the page and for the next block."""

import asyncio
import sys

import pytest

from runtime import in_a_worker
from runtime.runner import Runner

BROKEN = [
    "import builtins\nbuiltins.__import__ = None",
    "import builtins\nbuiltins.__import__ = None\n1 / 0",
    "import builtins\nbuiltins.__build_class__ = builtins.isinstance = builtins.len = builtins.callable = None",
    "import builtins\nvars(builtins).clear()",
    "import builtins, sys\nprint = None\nbuiltins.len = None\n__builtins__ = {}\nsys.setrecursionlimit(60)",
    "import sys\nsys.modules.clear()",
    "import sys\ndel sys.modules['ast'], sys.modules['asyncio'], sys.modules['__main__']",
    "import sys\nsys.path.clear()\nsys.meta_path.clear()\nsys.path_hooks.clear()",
    "import sys\nsys.path = sys.meta_path = None",
    "import time, threading\ntime.perf_counter = time.time = threading.current_thread = None",
    "import sys\nsys.settrace(lambda *_: 1 / 0)\nsys.setprofile(lambda *_: 1 / 0)",
    "import sys\nsys.stdout = sys.stderr = None",
    "import sys\nsys.setrecursionlimit(10**9)",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_the_next_block_finds_what_this_one_broke(broken, monkeypatch):
    for owner, name in [("time", "perf_counter"), ("time", "time"), ("threading", "current_thread")]:
        monkeypatch.setattr(sys.modules[owner], name, getattr(sys.modules[owner], name))  # brought back afterwards
    whole = "import colorsys\ndef deep(n):\n    return n and deep(n - 1)\nclass A: pass\nprint(len('four'), deep(200))"
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    events = []
    runner = Runner(events.append)

    async def both():
        await runner.run(1, "a", broken)
        await runner.run(2, "b", whole)

    asyncio.run(both())
    assert [event["text"] for event in events if event["type"] == "stdout"] == ["4 0\n"]
    assert [event["status"] for event in events if event["type"] == "done"][1] == "ok"


def test_a_recursion_without_an_end_is_an_error_whatever_its_limit(monkeypatch):
    monkeypatch.setattr(sys, "setrecursionlimit", in_a_worker.set_recursion_limit)
    events = []
    source = "import sys\nsys.setrecursionlimit(10**9)\nprint(sys.getrecursionlimit())\ndef f(n): return f(n + 1)\nf(0)"
    asyncio.run(Runner(events.append).run(1, "a", source))
    assert events[0]["text"] == f"{in_a_worker.DEEPEST}\n"
    assert events[1]["name"] == "RecursionError"
    assert sys.getrecursionlimit() < in_a_worker.DEEPEST
