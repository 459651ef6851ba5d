"""What blocks find in place of threads, a keyboard and a terminal."""

import asyncio
import builtins
import sys
import threading
import time

import pytest

from runtime.in_a_worker import HELP, settle_in, sleep_in_slices
from runtime.runner import Runner


@pytest.fixture
def run(monkeypatch):
    for owner, name in [
        (time, "sleep"), (threading.Thread, "start"), (builtins, "input"), (builtins, "help"), (sys, "breakpointhook"),
        (sys, "setrecursionlimit"), (asyncio, "Runner"), (asyncio, "new_event_loop"),
    ]:  # fmt: skip
        monkeypatch.setattr(owner, name, getattr(owner, name))  # brought back afterwards
    outer = asyncio.run
    monkeypatch.setattr(asyncio, "run", outer)
    settle_in()
    events = []
    runner = Runner(events.append)

    def run_block(source):
        events.clear()
        outer(runner.run(1, "block", source))
        printed = "".join(event["text"] for event in events if event["type"] == "stdout")
        return printed, next((event for event in events if event["type"] == "error"), None)

    return run_block


def test_sleep_lasts_as_long_as_it_says():
    started = time.monotonic()
    sleep_in_slices(0.11)
    assert 0.11 <= time.monotonic() - started < 0.5
    with pytest.raises(ValueError, match="non-negative"):
        sleep_in_slices(-1)


@pytest.mark.parametrize("source", ["input('name? ')", "x = list(map(input, 'a'))", "def ask(): return input()\nask()"])
def test_input_says_what_to_do_instead(run, source):
    _, error = run(source)
    assert error["message"] == "input() has no keyboard here: give the variable a value instead"


@pytest.mark.parametrize(
    "source",
    [
        "import code\ncode.interact(banner='')\nprint('on')",
        "import cmd\nclass Shell(cmd.Cmd):\n    def do_EOF(self, line): return True\nShell().cmdloop()\nprint('on')",
    ],
)
def test_who_did_not_call_input_is_not_told_of_it(run, source):
    printed, error = run(source)
    assert error is None
    assert printed.endswith("on\n")


@pytest.mark.parametrize("source", ["breakpoint()", "import pdb; pdb.set_trace()", "import pdb; pdb.run('1')"])
def test_in_place_of_a_debugger_the_variables_are_listed(run, source):
    _, error = run(f"def f(beta):\n    {source}\n    return beta\nf(0.5)")
    assert error["message"].startswith("there is no debugger here")
    assert [row["name"] for row in error["variables"]][:1] == ["beta"]


def test_help_prints(run):
    printed, error = run("def f(beta):\n    '''What f does.'''\nhelp(f)")
    assert error is None
    assert "f(beta)\n    What f does.\n" in printed
    printed, error = run("import math\nhelp(math.exp)\nhelp('pass')")
    assert "Return e raised to the power of x." in printed
    assert "null operation" in printed
    assert run("help()") == (HELP + "\n", None)


def test_a_thread_says_why_it_does_not_start(run):
    _, error = run("import threading\nthreading.Thread(target=print).start()")
    assert error["message"].startswith("threads cannot start here")
