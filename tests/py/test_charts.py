"""Every picture of the lesson can be read: axes with titles, roles the page has colours for, a summary."""

import inspect
import json
import math
import pathlib
import re

import numpy as np
import pytest

from lessons import charts
from runtime import figures

CHARTS = [
    name for name, f in vars(charts).items() if inspect.isfunction(f) and f.__module__.startswith("lessons.charts")
]
STYLE = pathlib.Path(__file__).parents[2] / "app/style/theme.css"


@pytest.fixture
def drawn(ran):
    """{name: the last figure that the lesson draws by this function}."""
    return {name: figure for name, figure in ran[1].items() if name in CHARTS}


def test_every_chart_is_drawn_by_some_block(drawn):
    assert set(drawn) == set(CHARTS)


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_legible(drawn, name):
    figure = drawn[name]
    json.dumps(figure, allow_nan=False)
    meta = figure["layout"]["meta"]
    assert meta["title"] and not meta["title"].endswith(".")
    assert meta["summary"].endswith(".") and re.search(r"\d", meta["summary"]), "says nothing"
    assert "nan" not in meta["summary"]
    axes = [axis for key, axis in figure["layout"].items() if re.match(r"[xy]axis", key)]
    assert len(axes) == 2 * meta["panels"]
    assert all(axis["title"]["text"] for axis in axes)
    colours = set(re.findall(r"--role-([\w-]+):", STYLE.read_text("utf-8")))
    for trace in figure["data"]:
        assert trace["meta"]["role"].lower().replace(" ", "-") in colours
        assert trace["name"]
        assert "color" not in json.dumps(trace), "colours are the page's"
        assert len(trace["x"]) == len(trace["y"]) > 0


def test_one_name_stands_in_the_legend_once(drawn):
    for name, figure in drawn.items():
        shown = [trace["name"] for trace in figure["data"] if trace.get("showlegend", True)]
        assert len(shown) == len(set(shown)), name


def test_short_keeps_what_can_be_seen():
    assert figures.short(np.array([math.pi, np.nan, 1e-9])) == [3.1416, None, 1e-9]
    assert figures.short([1, 2]) == [1.0, 2.0]
    assert figures.short(["a"]) == ["a"]


def test_arrows_are_one_trace_with_gaps():
    trace = figures.arrows([[0, 0], [1, 1]], [[2, 3], [4, 5]], "n", "guide")
    assert trace["x"] == [0, 2, None, 1, 4, None]
    assert trace["y"] == [0, 3, None, 1, 5, None]


def test_histogram_counts_everything_once():
    values = np.random.default_rng(0).uniform(-1, 1, 500)
    trace = figures.histogram(values, np.linspace(-1, 1, 11), "n", "guide")
    assert sum(trace["y"]) == 500
