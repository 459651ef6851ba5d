"""Lets each chapter run under plain `python`, where no page has run the chapters before it."""

import contextlib
import io
import pathlib
from typing import Any

from lessons.block_globals import GIVEN


def chapters_before(chapter: str) -> dict[str, Any]:
    """The names that a chapter may use: what every block is given, and what earlier chapters define."""
    here = pathlib.Path(chapter).resolve()
    namespace = dict(GIVEN)
    earlier = [path for path in sorted(here.parent.glob("[0-9]*.py")) if path.name < here.name]
    if earlier:
        # Only the one before: its own first cell asks for those before it, and so on.
        namespace["__file__"] = str(earlier[-1])
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(earlier[-1].read_text("utf-8"), earlier[-1], "exec"), namespace)
    return namespace | {"__file__": str(here)}
