"""The runner by its events: no browser, no page."""

import ast
import asyncio
import logging
import sys
import time

import numpy as np
import pytest

from runtime import runner as runner_module
from runtime.display import Display, current, display, live, progress, show
from runtime.runner import FOLDER, Runner

GIVEN = {"np": np, "display": display, "live": live, "progress": progress, "show": show}


@pytest.fixture
def events():
    return []


@pytest.fixture
def run(events):
    """Runs a block and returns the events of that run alone."""
    runner = Runner(events.append, GIVEN)
    ids = iter(range(1, 1000))

    def run_block(source, block="block"):
        events.clear()
        asyncio.run(runner.run(next(ids), block, source))
        return list(events)

    return run_block


def of(events, kind):
    return [event for event in events if event["type"] == kind]


def text(events):
    return "".join(event["text"] for event in of(events, "stdout"))


def test_prints_then_the_last_expression_then_done(run):
    first, second, third = run("print('hello')\n1 + 1")
    assert (first["type"], first["text"]) == ("stdout", "hello\n")
    assert (second["type"], second["mime"], second["data"]) == ("display", "text/plain", "2")
    assert (third["type"], third["status"]) == ("done", "ok")


def test_every_event_carries_the_id_of_its_run(run):
    assert {event["id"] for event in run("print(1)\n2")} == {1}
    assert {event["id"] for event in run("print(1)\n2")} == {2}


def test_blocks_share_their_names(run):
    run("x = 20", "a")
    assert of(run("x + 1", "b"), "display")[0]["data"] == "21"


def test_none_and_a_trailing_semicolon_show_nothing(run):
    assert of(run("None"), "display") == of(run("1 + 1;"), "display") == []


def test_given_names_come_back(run):
    run("del np\ndel progress")
    assert of(run("np.arange(3).sum()"), "display")[0]["data"] == repr(np.int64(3))


def test_display_shows_any_number_of_values_as_show_does(run):
    result = run("display(1, 'a', {'data': [], 'layout': {}}, display_id='x')\nshow(2)")
    assert [event["data"] for event in of(result, "display")] == ["1", "'a'", {"data": [], "layout": {}}, "2"]
    assert display(1) is None  # where nobody looks


def test_a_figure_crosses_as_plain_json(run):
    source = "{'data': [{'y': np.array([1.0, np.nan]), 'n': np.int64(3)}], 'layout': {}}"
    (event,) = of(run(source), "display")
    assert event["mime"] == "application/vnd.plotly.v1+json"
    assert event["data"] == {"data": [{"y": [1.0, None], "n": 3}], "layout": {}}


def test_text_streams_line_by_line(run, events):
    seen = []
    runner = Runner(lambda event: seen.append((time.monotonic(), event["type"])))
    asyncio.run(runner.run(1, "b", "import time\nprint('a')\ntime.sleep(0.2)\nprint('b')"))
    first, second = [moment for moment, kind in seen if kind == "stdout"]
    assert second - first > 0.15


def test_much_text_is_joined_and_bounded(run, monkeypatch):
    monkeypatch.setattr(runner_module, "MOST_TEXT", 10_000)
    result = run("for i in range(20_000): print(i)")
    assert len(of(result, "stdout")) < 1000
    assert len(text(result)) == 10_000
    (folded,) = of(result, "folded")
    assert folded["characters"] == sum(len(f"{i}\n") for i in range(20_000)) - 10_000


IN_TURNS = {
    "print('step', i); print('warning', i, file=sys.stderr)": ["stdout", "stderr"],
    "print('step', i); show(i)": ["stdout", "value"],
    "show(i); print('warning', i, file=sys.stderr)": ["value", "stderr"],
}


@pytest.mark.parametrize(("both", "streams"), IN_TURNS.items())
def test_what_takes_turns_is_joined_like_one_stream(run, both, streams, monkeypatch):
    monkeypatch.setattr(runner_module, "JOIN_SECONDS", 1000)
    result = run(f"import sys\nfor i in range(1500): {both}")
    (joined,) = [event["parts"] for event in of(result, "texts")]
    assert len(result) < 250
    assert len(joined) > 2700
    assert [kind for kind, _ in joined[-2:]] == streams
    assert all(text.endswith(f"{1500 - (len(joined) - i + 1) // 2}\n") for i, (_, text) in enumerate(joined))


def test_a_value_that_is_shown_late_is_not_held_back():
    seen = []
    runner = Runner(lambda event: seen.append((time.monotonic(), event)), GIVEN)
    source = "import time\nfor i in range(500): show(i)\ntime.sleep(0.1)\nshow('late')\ntime.sleep(0.2)"
    asyncio.run(runner.run(1, "b", source))
    assert any(event["type"] == "texts" for _, event in seen)
    late = [moment for moment, event in seen if event.get("data") == "'late'"]
    assert seen[-1][0] - late[0] > 0.15


def test_text_and_charts_keep_their_order(run):
    source = "print('before')\nshow({'data': [], 'layout': {}})\nprint('after')"
    assert [event["type"] for event in run(source)] == ["stdout", "display", "stdout", "done"]


def test_an_error_names_the_readers_line_and_no_frame_of_ours(run):
    run("def divide(a, b):\n    return a / b", "first")
    *_, error, done = run("x = 1\n\ndivide(x, 0)", "second")
    assert (error["name"], error["message"], error["line"]) == ("ZeroDivisionError", "division by zero", 3)
    assert 'Block "second", line 3' in error["text"]
    assert 'Block "first", line 2' in error["text"]
    assert "return a / b" in error["text"]
    assert "runner" not in error["text"] and "pyodide" not in error["text"]
    assert done["status"] == "error"


def test_an_error_inside_numpy_points_at_the_block(run):
    *_, error, _ = run("a = np.ones(2)\na @ np.ones(3)")
    assert (error["name"], error["line"]) == ("ValueError", 2)
    assert "site-packages" not in error["text"]


@pytest.mark.parametrize(
    ("source", "name", "line"),
    [
        ("x = 1\ny = (2", "SyntaxError", 2),
        ("def f():\nreturn 1", "IndentationError", 2),
        ("\tx = 1\n        y = 2", "IndentationError", 1),
        ("nope", "NameError", 1),
        ("import torch_of_tomorrow", "ModuleNotFoundError", 1),
        ("import sys\nsys.exit(3)", "SystemExit", 2),
        ("f = lambda: f()\n\nf()", "RecursionError", 1),
        ("raise KeyError('k')", "KeyError", 1),
    ],
)
def test_error_lines(run, source, name, line):
    *_, error, done = run(source)
    assert (error["name"], error["line"], done["status"]) == (name, line, "error")
    assert FOLDER not in error["text"]


def test_null_characters_are_an_error_like_any_other(run):
    *_, error, _ = run("x = 1\0")
    assert "null" in error["message"]


def test_what_was_printed_before_an_error_stays(run):
    assert [event["type"] for event in run("print('so far')\n1 / 0")] == ["stdout", "error", "done"]


def test_stop_keeps_what_was_assigned(run):
    (done,) = run("x = 7\nraise KeyboardInterrupt")
    assert done["status"] == "stopped"
    assert of(run("x"), "display")[0]["data"] == "7"


def test_a_block_may_await(run):
    assert text(run("import asyncio\nawait asyncio.sleep(0)\nprint('woke')")) == "woke\n"


def test_live_charts_are_drawn_now_and_then_and_last(run):
    source = (
        "def chart(values): return {'data': [{'y': list(values)}], 'layout': {}}\n"
        "ys = []\n"
        "for i in progress(range(2000)):\n"
        "    ys.append(i)\n"
        "    live(chart, ys)\n"
    )
    result = run(source)
    charts = of(result, "display")
    assert {event["slot"] for event in charts} == {"chart"}
    assert len(charts) < 200
    assert charts[-1]["data"]["data"][0]["y"] == list(range(2000))
    last = of(result, "progress")[-1] | {"id": 0, "seconds": 0}
    assert last == {"type": "progress", "id": 0, "done": 2000, "total": 2000, "seconds": 0}


def test_a_loop_is_timed_by_the_clock_of_python():
    now, events = [7.0], []
    token = current.set(Display(events.append, clock=lambda: now[0]))
    try:
        for _ in progress(range(2)):
            now[0] += 1.5
    finally:
        current.reset(token)
    assert [(event["done"], event["seconds"]) for event in events] == [(0, 0), (1, 1.5), (2, 3)]


def test_a_live_chart_that_fails_at_the_end_is_an_error(run):
    result = run("def chart(): return 1 / 0\nlive(chart)")
    assert of(result, "error")[0]["name"] == "ZeroDivisionError"
    late = run(
        "n = 0\n"
        "def chart():\n"
        "    global n\n"
        "    n += 1\n"
        "    return {'data': [], 'layout': {}} if n < 2 else 1 / 0\n"
        "live(chart)\n"
        "live(chart)"
    )
    assert of(late, "error")[0]["name"] == "ZeroDivisionError"
    assert late[-1]["status"] == "error"


@pytest.mark.parametrize(
    ("ends_in", "status", "told"),
    [("raise ValueError", "error", ["ValueError"]), ("raise KeyboardInterrupt", "stopped", []), ("", "stopped", [])],
)
def test_how_the_block_ended_is_told_and_not_its_last_chart_after_that(run, ends_in, status, told):
    """The last row: Stop comes while the last chart is drawn."""
    fails = "1 / 0" if ends_in else "raise KeyboardInterrupt"
    result = run(
        f"drawn = 0\ndef chart():\n    global drawn\n    drawn += 1\n    if drawn > 1:\n        {fails}\n"
        f"    return {{'data': [], 'layout': {{}}}}\nlive(chart)\nlive(chart)\n{ends_in}"
    )
    assert [event["name"] for event in of(result, "error")] == told
    assert result[-1]["status"] == status


CLASS = "class Odd(Exception):\n    "
ODD = {
    "a message that fails": (f"{CLASS}def __str__(self): raise ValueError\nraise Odd", "Odd", "fails with ValueError"),
    "a message that is no text": (f"{CLASS}def __str__(self): return 5\nraise Odd", "Odd", "fails with TypeError"),
    "notes that are none": (f"{CLASS}__notes__ = 5\nraise Odd('a')", "Odd", "a"),
    "a note that fails": (
        f"{CLASS}def __str__(self): raise ValueError\ne = KeyError(1)\ne.__notes__ = [Odd()]\nraise e",
        "KeyError",
        "1",
    ),
    "a cause that fails": (
        f"{CLASS}def __str__(self): raise ValueError\nraise ValueError('a') from Odd()",
        "ValueError",
        "a",
    ),
    "an error that hides all": (f"{CLASS}def __getattribute__(self, n): raise KeyError\nraise Odd", "KeyError", "page"),
    "a value that hides its class": (
        "class Odd:\n    @property\n    def __class__(self): raise ValueError\nodd = Odd()\nodd.x + 1",
        "AttributeError",
        "no attribute 'x'",
    ),
    "a value that hides what it holds": (
        "class Odd:\n    __slots__ = ()\n    def __getattr__(self, n): raise ValueError(n)\nodd = Odd()\nodd.x",
        "ValueError",
        "x",
    ),
    "names that are no names": ("globals()[5] = globals()[None] = 3\nmissing", "NameError", "'missing'"),
    "a broken ast": ("import ast\nast.parse, kept = None, ast.parse\n1 / 0", "TypeError", "page itself uses"),
}


@pytest.mark.parametrize(("source", "name", "says"), ODD.values(), ids=ODD)
def test_however_odd_an_error_is_the_run_ends_and_the_next_one_works(run, source, name, says, monkeypatch):
    monkeypatch.setattr("ast.parse", ast.parse)  # put back after the block that breaks it
    result = run(source)
    assert [(event["name"], says in event["message"]) for event in of(result, "error")] == [(name, True)]
    assert result[-1]["status"] == "error"
    monkeypatch.undo()
    assert text(run("print(1 + 1)")) == "2\n"


def test_a_huge_value_is_cut_and_said_so(run):
    (event,) = of(run("'x' * 100_000"), "display")
    assert len(event["data"]) < 21_000
    assert event["data"].endswith("(100,002 characters in all)")


def test_stderr_is_told_from_stdout(run):
    result = run("import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out')")
    assert [(event["type"], event["text"]) for event in result[:-1]] == [
        ("stdout", "out\n"), ("stderr", "err\n"), ("stdout", "out\n"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "change"),
    [
        ("x = np.ones(3)", "x[:] = 0"),
        ("x = [1, [2]]", "x[1].append(3)"),
        ("x = {'a': np.ones(2)}", "x['a'] *= 2"),
        ("x = np.random.default_rng(0)", "print(x.normal())"),
        ("class A: pass\nx = A()\nx.n = 1", "x.n = 2"),
        ("from collections import deque\nx = deque([1])", "x.append(2)"),
        ("x = 1", "del x"),
        ("x = 1", "globals().pop('x')"),
        ("x = np.ones(3)", "y = x.view()\ny[0] = 2"),
    ],
)
def test_a_run_tells_which_names_of_others_it_changed_or_took_away(run, made, change):
    assert "changed" not in run(made, "a")[-1]
    assert "changed" not in run("print(x)" if "normal" not in change else "print(type(x))", "b")[-1]
    assert "x" in run(change, "b")[-1]["changed"]
    assert "changed" not in run("1", "b")[-1]


def test_a_name_that_the_block_binds_itself_is_no_change_of_anothers(run):
    run("x = np.ones(3)", "a")
    assert "changed" not in run("x = np.zeros(3)\nx[0] = 1", "b")[-1]


def test_what_refers_to_itself_or_is_large_is_marked_all_the_same(run):
    run("x = []\nx.append(x)\nbig = np.zeros((3000, 3000))", "a")
    assert run("x.append(1)\nbig[:] = 1", "b")[-1]["changed"] == ["big", "x"]


def test_what_keeps_a_stream_goes_on_to_print_in_the_block_that_runs(run):
    source = "import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info('hello')"
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        for _ in range(2):
            assert [event["text"] for event in of(run(source), "stderr")] == ["INFO:root:hello\n"]
    finally:
        root.handlers = handlers
    run("import sys\nkept = sys.stdout", "a")
    assert text(run("print('there', file=kept)", "b")) == "there\n"


@pytest.mark.parametrize(
    "steps", ["zip([1, 2], [3, 4])", "enumerate('ab')", "(i for i in range(2))", "map(str, [1, 2])"]
)
def test_progress_goes_over_anything_without_a_share_where_there_is_no_length(run, steps):
    result = run(f"for step in progress({steps}): print(step)")
    assert result[-1]["status"] == "ok"
    assert len(text(result).splitlines()) == 2
    assert of(result, "progress")[-1]["total"] == 0
    assert of(run("for step in progress((i for i in range(2)), total=2): pass"), "progress")[-1]["total"] == 2


SHADOWS = [
    ("input = np.array([1.0, 2.0])", "print(input.mean())", "1.5\n"),
    ("progress = []", "progress.append(1)\nprint(progress)", "[1]\n"),
    ("sum = 3", "print(sum + 1)", "4\n"),
    ("charts = {'a': 1}", "print(charts['a'])", "1\n"),
    ("def len(x): return 'mine'", "print(len([1]))", "mine\n"),
    ("max = 3", "def f(): return max\nprint(f())", "3\n"),
    ("id = 7", "print([id for _ in range(2)])", "[7, 7]\n"),
    ("global_name = 'list'\nglobals()[global_name] = 5", "print(list)", "5\n"),
]


@pytest.mark.parametrize(("given", "used", "printed"), SHADOWS)
def test_a_name_of_pythons_or_the_pages_that_a_block_gives_a_value_stays_the_readers(run, given, used, printed):
    for _ in range(2):
        run(given, "a")
        assert text(run(used, "b")) == printed


UNFIT = [
    ("print = None", "print('x')", "is None"),
    ("print = 3", "print('x')", "cannot be called"),
    ("print = None", "list(map(print, 'x'))", "is None"),
    ("progress = []", "for i in progress(range(1)): print('x')", "cannot be called"),
    ("np = None", "print('x' * np.arange(2)[1])", "is None"),
    ("np = 5", "print('x' * np.arange(2)[1])", "has no `arange`"),
]


@pytest.mark.parametrize(("given", "used", "why"), UNFIT)
def test_what_does_not_fit_the_next_block_does_not_break_it(run, given, used, why):
    given_name = given.split(" =")[0]
    run(given, "a")
    result = run(used, "b")
    assert text(result) == "x\n"
    (said,) = of(result, "warning")
    assert f"`{given_name}`" in said["message"] and "`a`" in said["message"] and why in said["message"]
    assert "changed" not in result[-1]
    # It is the reader's all the same, where that fits.
    assert of(run(f"assert {given_name} == {given.split('= ')[1]}", "c"), "error") == []


def test_a_function_of_another_block_is_not_broken_by_a_third(run):
    run("def train(): print('trained')", "a")
    run("def both(): train()", "b")
    run("print = None", "c")
    assert text(run("both()", "d")) == "trained\n"


def test_a_name_is_as_it_was_once_its_block_gives_it_nothing_or_is_reset(events):
    runner = Runner(events.append, GIVEN)

    def run(source, block):
        events.clear()
        asyncio.run(runner.run(1, block, source))
        return text(events)

    run("input = 5", "a")
    run("x = 1", "a")
    assert run("print(callable(input))", "b") == "True\n"
    run("input = 5\nprogress = 6", "a")
    runner.forget("another")
    assert run("print(input, progress)", "b") == "5 6\n"
    runner.forget("a")
    assert run("print(callable(input), callable(progress))", "b") == "True True\n"
    run("input = 5", "a")
    run("input = input * 2", "b")
    runner.forget("a")  # it is b's by now
    assert run("print(input)", "c") == "10\n"


def test_a_change_of_a_readers_own_value_under_a_given_name_is_told(run):
    run("progress = []", "a")
    assert run("progress.append(1)", "b")[-1]["changed"] == ["progress"]
    assert "changed" not in run("del np", "c")[-1]


AS_A_SCRIPT = {
    "pickle of a dataclass": (
        "import pickle\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Pair:\n    chosen: int\n\n\n"
        "print(pickle.loads(pickle.dumps(Pair(3))))",
        "Pair(chosen=3)\n",
    ),
    "a copy of an enum by pickle": (
        "import enum, pickle\nclass Side(enum.Enum):\n    LEFT = 1\n"
        "print(pickle.loads(pickle.dumps(Side.LEFT)) is Side.LEFT)",
        "True\n",
    ),
    "from __main__ import f": ("def f(): return 7\nfrom __main__ import f as g\nprint(g())", "7\n"),
    "import __main__": ("x = 7\nimport __main__\n__main__.x += 1\nprint(x, __main__.__name__)", "8 __main__\n"),
    "a ClassVar of which the annotation is a text": (
        "from __future__ import annotations\nfrom dataclasses import dataclass, fields\nfrom typing import ClassVar\n"
        "@dataclass\nclass A:\n    count: ClassVar[int] = 0\n    beta: float = 0.1\n\n\n"
        "print([field.name for field in fields(A)])",
        "['beta']\n",
    ),
    "the types of which the annotations are texts": (
        "from typing import get_type_hints\nclass A: pass\nclass B:\n    a: 'A'\nprint(get_type_hints(B)['a'] is A)",
        "True\n",
    ),
}


@pytest.mark.parametrize(("source", "printed"), AS_A_SCRIPT.values(), ids=AS_A_SCRIPT)
def test_a_block_is_the_main_module_as_a_script_is(run, source, printed):
    before = sys.modules["__main__"]
    result = run(source)
    assert (text(result), of(result, "error")) == (printed, [])
    assert sys.modules["__main__"] is before


def test_doctest_finds_the_examples_of_all_blocks(run):
    run('def double(x):\n    """\n    >>> double(2)\n    5\n    """\n    return 2 * x', "a")
    one = 'def one():\n    """\n    >>> one()\n    1\n    """\n    return 1\n'
    result = run(f"import doctest\n{one}print(doctest.testmod())", "b")
    assert "Failed example:\n    double(2)" in text(result)
    assert "Expected:\n    5\nGot:\n    4" in text(result)
    assert "failed=1, attempted=2" in text(result)


def test_all_names_may_go(run):
    run("x = 1\nglobals().clear()", "a")
    assert text(run("print(__name__, np.arange(2))", "b")) == "__main__ [0 1]\n"
