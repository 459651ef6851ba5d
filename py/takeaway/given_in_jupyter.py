"""What the page gives to every block: np, charts, flowers, tables, live, progress, show. Dicts are drawn."""

from base64 import b64encode
from html import escape

import numpy as np  # noqa: F401
import plotly.graph_objects as go
from IPython import get_ipython
from IPython.display import HTML, display
from IPython.lib.pretty import pretty

from lessons import charts, flowers, tables  # noqa: F401

COLOURS = {"guide": "#8b929b"}  # of each role, as on the page


def show(value):
    """Show a value or a chart below the cell."""
    display(value)


def live(chart, *args, **kwargs):
    """On the page this redraws as the loop goes on. Here the last state is drawn when the cell has ended."""
    _held[chart.__name__] = chart, args, kwargs


def progress(steps, total=None):
    """Iterate over `steps`; only the page shows how far."""
    return iter(steps)


def _coloured(trace):
    """The trace in the colour of its role."""
    role = str(trace.get("meta", {}).get("role")).lower().replace(" ", "-")
    colour = COLOURS.get(role, COLOURS["guide"])
    dressed = trace | {"marker": trace.get("marker", {}) | {"color": colour}}
    if trace.get("type") == "scatter":
        dressed["line"] = trace.get("line", {}) | {"color": colour}
    if trace.get("fill"):
        dressed["fillcolor"] = f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.18)"
    if "error_y" in trace:
        ink = "#1c2127" if trace["type"] == "bar" else colour
        dressed["error_y"] = trace["error_y"] | {"thickness": 1.5, "color": ink}
    return dressed


def _draw(figure):
    meta = figure["layout"].get("meta", {})
    layout = {"template": "plotly_white", "height": 440, "bargap": 0.35, **figure["layout"]}
    if "title" in meta:
        layout["title"] = {"text": meta["title"]}
    drawing = go.Figure({"data": [_coloured(trace) for trace in figure["data"]], "layout": layout})
    try:
        drawing.show()
    except ValueError:  # Plotly asks for nbformat, which the kernel's environment need not have
        display(HTML(drawing.to_html(full_html=False, include_plotlyjs="cdn")))
    if "summary" in meta:
        display(HTML(f"<p>{escape(meta['summary'])}</p>"))


def _tabulate(table):
    def cell(value):
        text = value["text"] if isinstance(value, dict) else str(value)
        return f'<td style="text-align: left; white-space: pre-line">{escape(text)}</td>'

    head = "".join(f'<th style="text-align: left">{escape(column)}</th>' for column in table["columns"])
    rows = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in table["rows"])
    display(HTML(f"<table><caption>{escape(table['title'])}</caption><tr>{head}</tr>{rows}</table>"))


def _hang(picture):
    """The parts as images: what is in their SVG cannot reach the notebook."""

    def image(part):
        source = b64encode(part["svg"].encode(errors="replace")).decode()
        head = f"<b>{escape(part['label'])}</b> {escape(part['note'])}"
        size = f"max-width: 100%; width: {float(part['width'])}px"
        return (
            f'<div style="flex: none; max-width: 100%">{head}<br>'
            f'<img src="data:image/svg+xml;base64,{source}" alt="{escape(part["alt"])}" style="{size}"></div>'
        )

    parts = "".join(map(image, picture["parts"]))
    wrap = "flex-wrap: wrap; gap: 1em" if picture["arrangement"] == "tiles" else "flex-direction: column"
    said = f"<p><b>{escape(picture['title'])}.</b> {escape(picture['summary'])}</p>"
    display(HTML(f'<div style="display: flex; {wrap}">{parts}</div>{said}'))


def _tell(stories):
    def said(word, worth):
        if not worth:
            return escape(word)
        style = f"text-decoration: underline {'solid #007a5a' if worth > 0 else 'dotted #b83a78'}"
        return f'<span style="{style}" title="{worth:+.2f}">{escape(word)}</span>'

    rows = "".join(
        f"<li><b>{escape(story['label'])}</b> {' '.join(said(*word) for word in story['words'])}</li>"
        for story in stories["stories"]
    )
    display(HTML(f"<p>{escape(stories['title'])}</p><ul>{rows}</ul><p>{escape(stories['note'])}</p>"))


def _lay_out(choices):
    """The cards with their numbers; to choose, write one into the cell."""

    def face(card):
        if not card["svg"]:
            return escape(card["text"])
        source = b64encode(card["svg"].encode(errors="replace")).decode()
        return f'<img src="data:image/svg+xml;base64,{source}" alt="{escape(card["text"])}">'

    cards = "".join(f"<li>{face(card)}</li>" for card in choices["cards"])
    said = " ".join(filter(None, (choices["asked"], choices["note"], choices["damage"])))
    how = f"Write the number of the one that you like best behind the others in <code>{escape(choices['name'])}</code>."
    display(HTML(f"<p><b>{escape(choices['title'])}</b> {escape(said)}</p><ol>{cards}</ol><p>{how}</p>"))


def _display(value):
    """How a cell shows a dict: a chart, a table, a picture, stories, cards or what it says."""
    if {"data", "layout"} <= value.keys():
        _draw(value)
    elif {"title", "columns", "rows"} == value.keys():
        _tabulate(value)
    elif {"title", "summary", "arrangement", "parts", "numbers"} == value.keys():
        _hang(value)
    elif {"title", "stories", "note"} == value.keys():
        _tell(value)
    elif {"cards", "picks", "given"} <= value.keys():
        _lay_out(value)
    else:
        print(pretty(value))


def _draw_held(*_):
    states = list(_held.values())
    _held.clear()
    for chart, args, kwargs in states:
        display(chart(*args, **kwargs))


_held = {}
get_ipython().events.register("post_run_cell", _draw_held)
get_ipython().display_formatter.ipython_display_formatter.for_type(dict, _display)
