"""Pictures as plain data: SVG texts with what is said to each, which the page shows as images and never as markup."""

import re
from collections.abc import Sequence
from typing import Any

MIME = "application/vnd.preference-lab.picture+json"

Part = dict[str, Any]
Picture = dict[str, Any]
KEYS = {"title", "summary", "arrangement", "parts", "numbers"}
PART = {"svg": str, "label": str, "note": str, "alt": str, "width": (int, float), "height": (int, float)}
ARRANGEMENTS = ["rows", "tiles"]
LARGEST = 4096  # of a width or a height in the picture's units: beyond it the page would be nothing else


def part(svg: str, label: str, note: str, alt: str) -> Part:
    """One image: what stands beside it (a label and, in smaller letters, a note), and what it shows, in words.

    The root of `svg` says its width and height, so that the page can keep its place.
    """
    sizes = [re.search(rf"""<svg[^>]*\b{side}=["']([\d.]+)""", svg) for side in ("width", "height")]
    if not all(sizes):
        raise ValueError("the SVG's root has no width or no height")
    width, height = (min(float(size[1]), LARGEST) for size in sizes if size)
    return {"svg": svg, "label": label, "note": note, "alt": alt, "width": width, "height": height}


def picture(
    title: str, summary: str, parts: Sequence[Part], *, arrangement: str = "rows",
    columns: Sequence[str] = (), rows: Sequence[Sequence[Any]] = (),
) -> Picture:  # fmt: skip
    """Images below each other (`rows`) or side by side (`tiles`), and the numbers that they show as a table.

    The first column names the rows of the table.
    """
    if arrangement not in ARRANGEMENTS:
        raise ValueError(f"an arrangement is rows or tiles, not {arrangement!r}")
    numbers = {"columns": list(columns), "rows": [[str(cell) for cell in row] for row in rows]}
    return {"title": title, "summary": summary, "arrangement": arrangement, "parts": list(parts), "numbers": numbers}


def is_picture(value: Any) -> bool:
    """Whether `value` is what `picture` makes, or so like it that the page can show it."""
    if not isinstance(value, dict) or value.keys() != KEYS:
        return False
    texts = all(isinstance(value[key], str) for key in ("title", "summary")) and value["arrangement"] in ARRANGEMENTS
    parts = isinstance(value["parts"], list) and all(map(_is_part, value["parts"]))
    return texts and parts and _is_table(value["numbers"])


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == PART.keys() and all(
        isinstance(value[key], kind) for key, kind in PART.items()
    )  # fmt: skip


def _is_table(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"columns", "rows"}:
        return False
    lines = [value["columns"], *value["rows"]] if isinstance(value["rows"], list) else [None]
    return all(isinstance(line, list) and all(isinstance(cell, str) for cell in line) for line in lines)
