"""Plotly figures as plain dicts: what to draw, never in which colour.

A trace says its `role` (chosen, rejected, reference, reward model, RLHF, DPO, optimum, true,
guide, or a method such as IPO); the page gives a role the same colour in every chart. A figure is one panel or two,
with a title and a summary in words that says what the picture shows, made from the same data.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Trace = dict[str, Any]
Panel = dict[str, Any]
DIGITS = 5  # more cannot be seen, and would only make the messages longer


def line(x: Any, y: Any, name: str, role: str, *, dash: str = "solid", width: float = 2.5) -> Trace:
    """A line through (x, y). A second series of one role is told apart by its dash."""
    style = {"dash": dash, "width": width}
    return {**_xy(x, y), "type": "scatter", "mode": "lines", "line": style, **_who(name, role)}


def level(y: float, x: Sequence[float], name: str, role: str) -> Trace:
    """A dashed horizontal line at y from x[0] to x[1]: a value to be compared with."""
    return line(x, [y, y], name, role, dash="dash", width=1.8)


def points(
    x: Any, y: Any, name: str, role: str, *, size: float = 6, opacity: float = 1.0,
    symbol: str = "circle", error: Any = None, label: str = "",
) -> Trace:  # fmt: skip
    """Markers at (x, y), with vertical error bars of half-width `error` if given.

    With `label` ("middle right", "top left", ...) each says its name on that side of it.
    """
    marker = {"size": size, "opacity": opacity, "symbol": symbol}
    trace = {**_xy(x, y), "type": "scatter", "mode": "markers", "marker": marker}
    if label:
        trace |= {"mode": "markers+text", "text": [name] * len(trace["x"]), "textposition": label}
    return trace | _error(error) | _who(name, role)


def band(x: Any, low: Any, high: Any, name: str, role: str) -> Trace:
    """The area between two curves over x, such as an interval that narrows."""
    x, low, high = np.asarray(x), np.asarray(low), np.asarray(high)
    outline = line(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]), name, role, width=0)
    return outline | {"fill": "toself", "hoverinfo": "skip"}


def marked_line(x: Any, y: Any, name: str, role: str, *, dash: str = "solid", error: Any = None) -> Trace:
    """A line with a marker at each point, for few points."""
    return line(x, y, name, role, dash=dash) | {"mode": "lines+markers"} | _error(error)


def bars(x: Any, y: Any, name: str, role: str, *, error: Any = None) -> Trace:
    """Vertical bars of height y at x, with error bars of half-width `error` if given."""
    return {**_xy(x, y), "type": "bar", **_error(error), **_who(name, role)}


def histogram(values: Any, edges: Any, name: str, role: str) -> Trace:
    """Counts of `values` between `edges`, as touching bars."""
    counts, edges = np.histogram(values, edges)
    trace = bars((edges[:-1] + edges[1:]) / 2, counts, name, role)
    return trace | {"width": short(np.diff(edges))}


def arrows(start: Any, end: Any, name: str, role: str, *, width: float = 1.2) -> Trace:
    """An arrow from each row of `start` (n, 2) to the same row of `end`, as a single trace."""
    start, end = np.asarray(start), np.asarray(end)
    gap = np.full(len(start), np.nan)
    x = np.column_stack([start[:, 0], end[:, 0], gap]).ravel()
    y = np.column_stack([start[:, 1], end[:, 1], gap]).ravel()
    head = {"symbol": "arrow", "angleref": "previous", "size": [0, 6 + 2 * width, 0] * len(start)}
    return line(x, y, name, role, width=width) | {"mode": "lines+markers", "marker": head}


def step_axis(steps: int) -> tuple[list[int], dict]:
    """For a chart that grows over so many steps: where its level lines end, and a horizontal axis with room for all."""
    return [0, steps - 1], {"range": [0, steps]}


def panel(traces: list[Trace], x: str, y: str, *, xaxis: dict | None = None, yaxis: dict | None = None) -> Panel:
    """Traces on one pair of axes. `x` and `y` are the axis titles, with their units."""
    return {
        "traces": traces,
        "xaxis": {"title": {"text": x}, **(xaxis or {})},
        "yaxis": {"title": {"text": y}, **(yaxis or {})},
    }


def figure(panels: Panel | list[Panel], title: str, summary: str, **layout: Any) -> dict:
    """A figure of one panel or of several side by side; `layout` is Plotly's, for the rare need."""
    panels = panels if isinstance(panels, list) else [panels]
    layout["meta"] = {"title": title, "summary": summary, "panels": len(panels)}
    if len(panels) > 1:
        layout["grid"] = {"rows": 1, "columns": len(panels), "pattern": "independent"}
    data = []
    named: set[str] = set()
    for number, part in enumerate(panels, start=1):
        suffix = "" if number == 1 else str(number)
        layout[f"xaxis{suffix}"], layout[f"yaxis{suffix}"] = part["xaxis"], part["yaxis"]
        for trace in part["traces"]:
            # A name stands in the legend once, though it may be drawn in every panel.
            repeat = {"showlegend": False} if trace["name"] in named else {}
            named.add(trace["name"])
            data.append({**trace, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", **repeat})
    return {"data": data, "layout": layout}


def short(values: Any) -> list:
    """A list of numbers rounded to what can be seen; NaN becomes None, a gap in a line."""
    values = np.asarray(values)
    if values.dtype.kind not in "fiu":
        return values.tolist()
    return [float(f"{v:.{DIGITS}g}") if np.isfinite(v) else None for v in values.tolist()]


def _xy(x: Any, y: Any) -> Trace:
    return {"x": short(x), "y": short(y)}


def _who(name: str, role: str) -> Trace:
    return {"name": name, "legendgroup": name, "meta": {"role": role}}


def _error(half_width: Any) -> Trace:
    if half_width is None:
        return {}
    return {"error_y": {"type": "data", "array": short(half_width), "visible": True}}
