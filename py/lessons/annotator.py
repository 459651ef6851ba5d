"""Whose taste the lesson's charts show. The block that makes the pairs says it, and each title then does."""

from typing import Any

from runtime import figures

_whose = ""


def annotator(whose: str = "") -> None:
    """From now on the charts say that this is whose taste they show; '' is the lesson's simulated annotator."""
    global _whose
    _whose = whose


def figure(panels: figures.Panel | list[figures.Panel], title: str, summary: str, **layout: Any) -> dict:
    """A figure whose title says whose taste it shows, if that is not the simulated annotator's."""
    return figures.figure(panels, title_of(title), summary, **layout)


def title_of(title: str) -> str:
    """The title of another picture, with the same words behind it."""
    return f"{title} ({_whose})" if _whose else title
