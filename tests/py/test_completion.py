"""Completion, help and the table of variables: from live values, without running anything."""

import json
import time

import numpy as np
import pytest

from runtime.completion import answer, complete, explain, variables
from runtime.safe_inspect import row

LOOKED = []


class Trap:
    """Says so if anybody looks."""

    field = 1

    def __init__(self, size, beta=0.1):
        self.size = size

    def method(self, x, y=2):
        """Adds."""

    @property
    def costly(self):
        LOOKED.append("costly")

    def __getattr__(self, name):
        LOOKED.append(name)

    def __dir__(self):
        LOOKED.append("dir")

    def __repr__(self):
        LOOKED.append("repr")

    __len__ = __bool__ = __eq__ = __hash__ = __str__ = __repr__


def train(pairs, *, beta=0.1, ref=np.ones(3)):  # noqa: B008
    """Train by DPO.

    More of it.
    """


NAMESPACE = {
    "__name__": "__main__", "np": np, "trap": Trap(3), "Trap": Trap, "train": train, "x": np.ones((20, 4)), "beta": 0.1,
    "runs": {"a": 1}, "many": [1, 2, 3], "f": lambda a: a,
}  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_looked():
    LOOKED.clear()
    yield
    assert LOOKED == []


def labels(base="", source="", namespace=NAMESPACE):
    return {item["label"]: item for item in complete(namespace, base, source)}


def test_names_live_built_in_and_of_the_language():
    names = labels()
    assert {"x", "train", "print", "while"} <= names.keys()
    assert names["x"] == {"label": "x", "kind": "value", "detail": "array (20, 4)"}
    assert names["train"]["detail"] == "(pairs, *, beta=0.1, ref=…)"
    assert names["np"]["kind"] == "module"
    assert "__name__" not in names


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("np", {"zeros": "function", "linalg": "module", "pi": "value", "ndarray": "class"}),
        ("np.linalg", {"norm": "function"}),
        ("x", {"T": "property", "mean": "function", "shape": "property"}),
        ("x.T", {"mean": "function"}),
        ("trap", {"size": "value", "method": "function", "costly": "property", "field": "value"}),
        ("Trap", {"method": "function"}),
        ("runs", {"keys": "function"}),
        ("many", {"append": "function"}),
    ],
)
def test_what_can_follow_a_dot(base, expected):
    found = {label: item["kind"] for label, item in labels(base).items()}
    assert expected.items() <= found.items()


@pytest.mark.parametrize("base", ["nobody", "trap.costly", "trap.other", "x.nothing", "trap.costly.x"])
def test_where_code_would_have_to_run_there_is_no_answer(base):
    assert complete(NAMESPACE, base) == []
    assert explain(NAMESPACE, base) is None


def test_modules_that_the_text_imports_before_it_ran():
    assert "dumps" in labels("js", "import json as js\njs.")
    assert labels("surely_not_there", "import surely_not_there") == {}


def test_help_on_the_readers_function():
    assert explain(NAMESPACE, "train") == {
        "name": "train", "kind": "function", "signature": "(pairs, *, beta=0.1, ref=…)",
        "doc": "Train by DPO.", "value": "", "live": True,
    }  # fmt: skip
    assert explain(NAMESPACE, "trap.method")["signature"] == "(x, y=2)"
    assert explain(NAMESPACE, "Trap")["signature"] == "(size, beta=0.1)"


def test_help_on_numpy_and_values():
    log = explain(NAMESPACE, "np.log")
    assert (log["doc"], log["signature"][:3]) == ("Natural logarithm, element-wise.", "(x,")
    assert explain(NAMESPACE, "np.mean")["doc"].startswith("Compute the arithmetic mean")
    assert explain(NAMESPACE, "x.max")["signature"].startswith("(axis=None, out=None")
    assert explain(NAMESPACE, "many.append")["signature"] == "(object, /)"
    assert explain(NAMESPACE, "x")["value"] == "float64 array (20, 4): 1 to 1, mean 1"
    assert explain(NAMESPACE, "beta")["value"] == "float: 0.1"
    assert explain(NAMESPACE, "len")["doc"].startswith("Return the number of items")


def test_help_on_what_the_text_defines_but_has_not_run():
    source = 'def step(w,\n         lr=0.1):\n    """One step\n    down.\n\n    More."""\n    return (w\n'
    told = explain({}, "step", source)
    assert (told["signature"], told["doc"], told["live"]) == ("(w, lr=0.1)", "One step down.", False)
    assert explain({}, "class_", source) is None


def test_variables_are_the_readers_values_before_functions():
    rows = variables({"f": train, **NAMESPACE}, {"np": np})
    assert [row["name"] for row in rows] == ["trap", "x", "beta", "runs", "many", "f", "Trap", "train"]
    json.dumps(rows, allow_nan=False)


def test_a_given_name_that_was_assigned_anew_is_the_readers():
    assert [row["name"] for row in variables({"show": 3, "np": np}, {"np": np, "show": train})] == ["show"]


@pytest.mark.parametrize(
    ("value", "type_", "shape", "summary"),
    [
        (np.array([1.0, 2.5]), "float64 array", "(2,)", "[1. , 2.5]"),
        (np.arange(100).reshape(20, 5), "int64 array", "(20, 5)", "0 to 99, mean 49.5"),
        (np.array([np.nan] + [1.0] * 9), "float64 array", "(10,)", "1 to 1, mean 1; 1 not finite"),
        (np.full(9, np.inf), "float64 array", "(9,)", "no finite number in it"),
        (np.zeros((0, 3)), "float64 array", "(0, 3)", "empty"),
        (np.arange(10) > 4, "bool array", "(10,)", "50% true"),
        (np.full(1, None), "object array", "(1,)", ""),
        (np.float64(0.25), "float64", "", "0.25"),
        (0.1 + 0.2, "float", "", "0.3"),
        (10**100, "int", "", "a whole number of 333 bits"),
        (True, "bool", "", "True"),
        (None, "None", "", "None"),
        ("a" * 500, "str", "500", "'" + "a" * 77 + " …"),
        ([1, [2], np.ones(3), Trap(1)], "list", "4", "[1, list, array (3,), Trap]"),
        ({"a": 1, "b": np.ones((2, 2))}, "dict", "2", "{'a': 1, 'b': array (2, 2)}"),
        (range(10), "range", "", ""),
        (train, "function", "", "(pairs, *, beta=0.1, ref=…)"),
        (np.random.default_rng(0), "Generator", "", ""),
        (Trap(1), "Trap", "", ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_row(value, type_, shape, summary):
    told = row("name", value)
    assert (told["type"], told["shape"], told["summary"]) == (type_, shape, summary)


def test_a_huge_array_is_summarised_at_once():
    huge = np.broadcast_to(np.arange(10.0), (10**8, 10))  # 8 GB, were it real
    started = time.perf_counter()
    assert row("huge", huge)["summary"] == "about 0 to 9, mean 4.5"
    assert time.perf_counter() - started < 1


def test_questions_of_the_page():
    assert answer(NAMESPACE, {}, {"kind": "help", "path": "len", "source": ""})["kind"] == "function"
    assert answer(NAMESPACE, {}, {"kind": "complete", "base": "np.linalg", "source": ""})
    assert answer(NAMESPACE, NAMESPACE, {"kind": "variables"}) == []
    assert answer(NAMESPACE, {}, {"kind": "other"}) is None
