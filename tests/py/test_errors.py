"""Errors that teach: the usual cause, the line, the variables at the point of failure."""

import asyncio
import json

import numpy as np
import pytest
from error_cases import CASES, GIVEN, events_of, fits, says

from runtime.explain.hints_numpy import TENSORS
from runtime.explain.nan_notes import not_finite
from runtime.runner import Runner


@pytest.mark.parametrize(("source", "expected"), CASES, ids=[source.split("\n")[-1] for source, _ in CASES])
def test_the_usual_cause(source, expected):
    said = says(source)
    assert fits(said, expected), said


def test_what_is_said_for_pytorchs_functions_gives_what_they_give():
    x = np.array([[-1.0, 0.0, 700.0], [2.0, -800.0, 3.0]])
    given = {
        "np": np, "x": x, "a": x[:, :2], "b": x[:, 1:], "mask": x > 0, "value": 9.0, "low": -1.0, "high": 1.0,
        "seed": 0, "shape": (2, 2, 3), "axis": -1, "axes": (1, 0), "index": np.argsort(x, axis=-1),
    }  # fmt: skip
    gave = {name: eval(said, dict(given)) for name, said in TENSORS.items()}
    two = np.exp([2, -800, 3])
    np.testing.assert_allclose(gave["softmax"], [[0, 0, 1], two / two.sum()], atol=1e-12)
    np.testing.assert_allclose(gave["sigmoid"][0], [1 / (1 + np.e), 0.5, 1])
    np.testing.assert_allclose(gave["logsigmoid"][1], [-np.log1p(np.exp(-2)), -800, -np.log1p(np.exp(-3))])
    np.testing.assert_allclose(np.exp(gave["log_softmax"]).sum(axis=1), 1)
    np.testing.assert_allclose(gave["logsumexp"], [700, np.log(two.sum())])
    np.testing.assert_array_equal(gave["gather"], np.sort(x))
    np.testing.assert_array_equal(gave["masked_fill"] == 9, x > 0)
    assert {name: np.shape(gave[name]) for name in ("unsqueeze", "permute", "expand", "t", "mm", "cat")} == {
        "unsqueeze": (2, 3, 1), "permute": (3, 2), "expand": (2, 2, 3), "t": (3, 2), "mm": (2, 2), "cat": (4, 2),
    }  # fmt: skip


def error_of(*blocks):
    """The last error of blocks (id, source) that run one after the other."""
    events = []
    runner = Runner(events.append, GIVEN)
    for number, (block, source) in enumerate(blocks):
        asyncio.run(runner.run(number, block, source))
    json.dumps(events, allow_nan=False)  # they cross to the page
    return [event for event in events if event["type"] == "error"][-1]


def names(error):
    return [row["name"] for row in error["variables"]]


def test_the_variables_of_the_function_that_failed_its_line_first():
    error = error_of(("b", "def f(a, n):\n    unused = a\n    xs = [a]\n    return xs[n]\n\nf(7, 3)"))
    assert names(error) == ["xs", "n", "a", "unused"]
    assert error["variables"][1] == {"name": "n", "kind": "value", "type": "int", "shape": "", "summary": "3"}
    assert error["line"] == 4


def test_at_the_top_of_a_block_the_variables_that_it_names():
    error = error_of(("a", "other = 1\nx = np.ones((3, 2))"), ("b", "y = 2\nx + np.ones(5) * y"))
    assert names(error) == ["x", "y"]
    assert error["variables"][0]["shape"] == "(3, 2)"
    assert "live" not in names(error)


def test_an_error_in_a_function_of_another_block_says_where():
    error = error_of(("model", "def divide(a, b):\n    return a / b"), ("use", "x = 0\ndivide(1, x)"))
    assert (error["line"], error["where"]) == (2, {"block": "model", "line": 2, "function": "divide"})
    assert error["hint"] == "`b` is 0 here."
    assert names(error) == ["a", "b"]
    assert error_of(("b", "1 / 0"))["where"] is None


def test_a_missing_name_is_told_to_the_page():
    assert error_of(("b", "train_dpo()"))["about"] == "train_dpo"
    assert error_of(("b", "1 / 0"))["about"] is None


def test_values_are_looked_at_without_running_their_code():
    source = (
        "class Trap:\n"
        "    def __repr__(self): raise SystemError('looked')\n"
        "    __len__ = __eq__ = __getattr__ = __hash__ = __repr__\n"
        "    @property\n"
        "    def size(self): raise SystemError('looked')\n"
        "trap = Trap()\n"
        "many = [trap]\n"
        "undefined_name\n"
        "trap, many"
    )
    error = error_of(("b", source))
    assert error["name"] == "NameError"
    assert {row["name"]: row["summary"] for row in error["variables"]} == {"trap": "", "many": "[Trap]"}


def test_an_error_without_a_message_is_its_name():
    error = error_of(("b", "raise ValueError"))
    assert (error["message"], error["text"].split("\n")[-1]) == ("", "ValueError")


def test_a_memory_error_goes_by_its_common_name():
    error = error_of(("b", "np.zeros((10**6, 10**6))"))
    assert error["name"] == "MemoryError"


def test_sys_exit_says_that_python_goes_on():
    assert error_of(("b", "import sys\nsys.exit(3)"))["message"].startswith("3: ")
    assert error_of(("b", "import sys\nsys.exit()"))["message"].startswith("sys.exit() ends the block")


def warnings_of(source):
    return [event for event in events_of(source) if event["type"] == "warning"]


def test_a_warning_is_a_note_with_its_line_and_no_text_in_the_output():
    events = events_of("p = np.zeros(3)\nfor _ in range(100):\n    np.log(p)\nprint('end')")
    (note,) = [event for event in events if event["type"] == "warning"]
    assert (note["line"], note["name"]) == (3, "RuntimeWarning")
    assert "divide by zero" in note["message"]
    assert [event["type"] for event in events] == ["warning", "stdout", "done"]


def test_a_warning_from_inside_numpy_points_at_the_readers_line():
    (*_, note) = warnings_of("x = np.array([])\n\nx.mean()")
    assert note["line"] == 3


def test_a_second_run_warns_again_and_a_flood_is_bounded():
    events = []
    runner = Runner(events.append, GIVEN)
    for number in range(2):
        asyncio.run(runner.run(number, "b", "np.array(0.0) / 0"))
    assert [event["id"] for event in events if event["type"] == "warning"] == [0, 1]
    flood = "import warnings\nfor i in range(100): warnings.warn(f'no {i}')"
    assert len(warnings_of(flood)) == 10


@pytest.fixture
def silent(monkeypatch):
    """NumPy as it is in a browser, where it cannot know."""
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            "p = np.array([0.5, 0.0])\n\nloss = -np.log(p)",
            "`loss` holds 1 of 2 values that are infinite",
            "`p` has a 0",
        ),
        ("p = np.array([0.5, -1.0])\n\nloss = -np.log(p).mean()", "`loss` is nan", "below 0, down to -1"),
        ("n = np.zeros(2)\n\nx = np.zeros(2) / n", "`x` holds 2 of 2 values that are nan", "0 / 0 is nan"),
        ("z = np.array([800.0])\n\ne = np.exp(z)", "`e` holds 1 of 1 values that are infinite", "`z` goes up to 800"),
        ("def f(x): return np.log(x)\n\ny = f(np.zeros(1))", "`y` holds 1 of 1 values that are infinite", None),
    ],
)
def test_a_value_that_is_not_finite_is_noted_with_its_line(silent, source, message, hint):
    (note,) = warnings_of(source)
    assert (note["message"], note["line"]) == (message, 3)
    assert (note["hint"] is None) if hint is None else hint in note["hint"]


def test_an_infinity_that_was_meant_is_not_noted(silent):
    assert warnings_of("best = np.inf\nx = np.ones(3)") == []
    assert warnings_of("x = np.ones(3)\ny = float('-inf')") == []


def test_no_block_of_the_lesson_is_noted(lesson, blocks):
    assert {name: list(not_finite(source, vars(lesson))) for name, source in blocks.items()} == dict.fromkeys(
        blocks, []
    )


def test_what_led_to_an_error_is_told_with_its_lines():
    source = "try:\n    {}['beta']\nexcept KeyError as missing:\n    raise ValueError('no beta') from missing"
    error = error_of(("b", source))
    assert error["history"] == ["Its cause: `KeyError: 'beta'` (line 2)"]
    assert "direct cause of the following" in error["text"] and 'Block "b", line 2' in error["text"]
    assert "runner.py" not in error["text"]


@pytest.mark.parametrize(
    ("source", "history"),
    [
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    missing_name", "It came up while this was handled: `Zero"),
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError from None", None),
        ("error = ValueError('x')\nerror.add_note('in pair 17')\nraise error", "in pair 17"),
        ("raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])", "It holds `ValueError: a`"),
        ("a = ValueError('a')\nb = ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a", "Its cause: `Value"),
        ("1 / 0", None),
    ],
)
def test_notes_groups_and_contexts_are_told_and_from_none_hides(source, history):
    said = error_of(("b", source))["history"]
    assert (said[0].startswith(history) if history else said == []), said


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("beta = 0.0\nx = np.ones(2) / beta", "`beta` is 0: a number / 0 is infinite, and 0 / 0 is nan."),
        (
            "BETA = 0.0\ndef shift(w, beta=BETA):\n    return w / beta\nx = shift(np.ones(2))",
            "`BETA` is 0, and `shift` divides by it.",
        ),
        (
            "SIGMA = 0\ndef score(w):\n    return w / SIGMA\ndef both(w): return score(w) + 1\nx = both(np.ones(2))",
            "`SIGMA` is 0, and `score` divides by it.",
        ),
        (
            "none = 0.0\ndef scaled(w, by):\n    return w / by\nx = scaled(np.ones(2), by=none)",
            "`none` is 0, and `scaled` divides by it.",
        ),
        ("BETA = 0.0\ndef scaled(w):\n    BETA = 1\n    return w / BETA\nx = scaled(np.array([1e308]) * 10)", None),
    ],
)
def test_a_value_that_is_not_finite_names_the_setting_that_is_0(silent, source, cause):
    (note,) = [event for event in events_of(source) if event["type"] == "warning"]
    assert note["hint"] == cause
