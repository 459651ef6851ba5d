"""What is too much for the page is bounded, and said."""

import asyncio

import numpy as np

from runtime.bounds import MOST_POINTS, MOST_ROWS, MOST_TRACES, bounded_chart, bounded_table
from runtime.display import MOST_FIGURES, bundle, show
from runtime.runner import Runner


def chart(*traces, **meta):
    return {"data": list(traces), "layout": {"meta": meta} if meta else {}}


def run(source):
    events = []
    asyncio.run(Runner(events.append, {"np": np, "show": show, "chart": chart}).run(1, "block", source))
    return events


def test_what_is_small_enough_is_left_alone():
    small = chart({"name": "a", "x": np.arange(MOST_POINTS), "y": [1] * MOST_POINTS}, summary="All of it.")
    assert bounded_chart(small) is small


def test_a_long_trace_keeps_every_nth_point_of_all_that_belongs_to_a_point():
    n = 10 * MOST_POINTS
    errors = {"type": "data", "array": np.arange(n)}
    long = {"name": "a", "x": np.arange(n), "y": list(range(n)), "error_y": errors}
    bounded = bounded_chart(chart(long, summary="Dots."))
    trace = bounded["data"][0]
    assert len(trace["x"]) == len(trace["y"]) == len(trace["error_y"]["array"]) == MOST_POINTS
    assert trace["x"][1] == trace["y"][1] == trace["error_y"]["array"][1] == 10
    assert bounded["layout"]["meta"]["summary"] == "Dots. “a” has 50,000 points; 1 of every 10 is drawn."


def test_more_traces_than_can_be_told_apart():
    bounded = bounded_chart(chart(*[{"x": [1], "y": [1]}] * 1000))
    assert len(bounded["data"]) == MOST_TRACES
    assert "Only the first 60 of 1,000 traces" in bounded["layout"]["meta"]["summary"]


def test_a_long_table():
    bounded = bounded_table({"title": "Long", "columns": ["a"], "rows": [["1"]] * 10_000})
    assert len(bounded["rows"]) == MOST_ROWS
    assert bounded["title"] == "Long (the first 500 of 10,000 rows)"


def test_what_only_looks_like_a_chart_or_a_table_is_text():
    for odd in [
        {"data": 5, "layout": {}}, {"data": [1], "layout": {}}, {"data": [], "layout": None},
        {"title": 1, "columns": 2, "rows": 3}, {"title": "a", "columns": [1], "rows": []},
        {"title": "a", "columns": ["b"], "rows": [[{"text": 5}]]},
    ]:
        assert bundle(odd) == ("text/plain", repr(odd))


def test_a_thousand_charts_and_a_million_values():
    events = run("for _ in range(1000): show(chart({'x': [1], 'y': [1]}))\nfor i in range(10**5): show(i)")
    shown = [event["mime"] for event in events if event["type"] == "display"]
    joined = "".join(text for event in events if event["type"] == "texts" for _, text in event["parts"])
    assert shown.count("application/vnd.plotly.v1+json") == MOST_FIGURES
    assert 1000 < shown.count("text/plain") + joined.count("\n") < 3000
    notes = [event["text"] for event in events if event["type"] == "note"]
    assert notes[0].startswith("… 976 more charts and tables") and "more values" in notes[1]
