"""Tables as plain data: what each cell says, never how it looks."""

from collections.abc import Sequence
from typing import Any

MIME = "application/vnd.preference-lab.table+json"

Cell = str | dict[str, str]
Table = dict[str, Any]


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table whose first column names its rows. Cells become text, but for those that `toned` made."""
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row has {len(row)} cells and the table {len(columns)} columns: {row}")
    return {
        "title": title,
        "columns": list(columns),
        "rows": [[cell if isinstance(cell, dict) else str(cell) for cell in row] for row in rows],
    }


def is_table(value: Any) -> bool:
    """Whether `value` is what `table` makes, or so like it that the page can show it."""
    if not isinstance(value, dict) or {"title", "columns", "rows"} != value.keys():
        return False
    title, columns, rows = value["title"], value["columns"], value["rows"]
    texts = isinstance(columns, list) and all(isinstance(text, str) for text in [title, *columns])
    return texts and isinstance(rows, list) and all(isinstance(row, list) and all(map(_is_cell, row)) for row in rows)


def _is_cell(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("text"), str))


def toned(text: str, tone: str) -> Cell:
    """A cell that says yes, no or open, by its colour and its sign as well as its words."""
    if tone not in ("yes", "no", "open"):
        raise ValueError(f"a tone is yes, no or open, not {tone!r}")
    return {"text": text, "tone": tone}
