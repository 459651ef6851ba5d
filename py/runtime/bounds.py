"""How much of a chart, a table or a picture is sent to the page. What is left out is said."""

from typing import Any

import numpy as np

MOST_TRACES = 60
MOST_POINTS = 5_000  # of one trace: more than a screen has columns of pixels
MOST_ROWS = 500
MOST_PARTS = 24  # of one picture
MOST_SVG = 400_000  # characters of all its parts


def bounded_chart(figure: dict) -> dict:
    """`figure` with at most MOST_TRACES traces of MOST_POINTS points; its summary says what is not drawn."""
    data, layout = figure["data"], figure["layout"]
    said = []
    if len(data) > MOST_TRACES:
        said.append(f"Only the first {MOST_TRACES} of {len(data):,} traces are drawn.")
    traces = []
    for trace in data[:MOST_TRACES]:
        points = max((len(trace[axis]) for axis in ("x", "y") if _is_series(trace.get(axis))), default=0)
        step = -(-points // MOST_POINTS)
        if step > 1:
            said.append(f"“{trace.get('name', 'trace')}” has {points:,} points; 1 of every {step:,} is drawn.")
        traces.append(_every(trace, points, step) if step > 1 else trace)
    if not said:
        return figure
    meta = layout.get("meta") if isinstance(layout.get("meta"), dict) else {}
    summary = " ".join([str(meta.get("summary", "")), *said]).strip()
    return {**figure, "data": traces, "layout": {**layout, "meta": {**meta, "summary": summary}}}


def bounded_table(table: dict) -> dict:
    """`table` with at most MOST_ROWS rows; its title says how many there are."""
    rows = table["rows"]
    if len(rows) <= MOST_ROWS:
        return table
    title = f"{table['title']} (the first {MOST_ROWS} of {len(rows):,} rows)"
    return {**table, "rows": rows[:MOST_ROWS], "title": title}


def bounded_picture(picture: dict) -> dict:
    """`picture` with at most MOST_PARTS images of MOST_SVG characters; its summary says how many are left out."""
    parts, room = [], MOST_SVG
    for part in picture["parts"][:MOST_PARTS]:
        room -= len(part["svg"])
        if room < 0:
            break
        parts.append(part)
    bounded = {**picture, "parts": parts, "numbers": _bounded_numbers(picture["numbers"])}
    if len(parts) < len(picture["parts"]):
        said = f"Only the first {len(parts)} of {len(picture['parts']):,} images are shown."
        bounded["summary"] = f"{picture['summary']} {said}".strip()
    return bounded


def _bounded_numbers(numbers: dict) -> dict:
    return {**numbers, "rows": numbers["rows"][:MOST_ROWS]}


def _is_series(value: Any) -> bool:
    return isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _every(value: Any, length: int, step: int) -> Any:
    """`value` with one of every `step` items of each series that is `length` long: x, y, error bars, sizes."""
    if isinstance(value, dict):
        return {key: _every(item, length, step) for key, item in value.items()}
    return value[::step] if _is_series(value) and len(value) == length else value
