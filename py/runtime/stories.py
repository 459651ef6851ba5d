"""Stories as plain data: which words they have and what each is worth, never how that looks."""

from collections.abc import Iterable, Sequence
from typing import Any

MIME = "application/vnd.preference-lab.stories+json"
MOST_STORIES = 100

Stories = dict[str, Any]


def stories(title: str, told: Iterable[tuple[str, Sequence[tuple[str, float | None]]]], note: str = "") -> Stories:
    """Stories under a title, each with its label ("before", "beta 0.5", ...) and its words, and a note for the reader.

    A word comes with what it is worth; None is a word that nobody judged.
    """
    rows = [
        {"label": label, "words": [[word, None if worth is None else float(worth)] for word, worth in words]}
        for label, words in told
    ]
    return {"title": title, "stories": rows, "note": note}


def is_stories(value: Any) -> bool:
    """Whether `value` is what `stories` makes, or so like it that the page can show it."""
    if not isinstance(value, dict) or {"title", "stories", "note"} != value.keys():
        return False
    told = value["stories"]
    texts = isinstance(value["title"], str) and isinstance(value["note"], str)
    return texts and isinstance(told, list) and all(map(_is_story, told))


def bounded(value: Stories) -> Stories:
    """`value` with at most MOST_STORIES stories; its title says how many there are."""
    told = value["stories"]
    if len(told) <= MOST_STORIES:
        return value
    title = f"{value['title']} (the first {MOST_STORIES} of {len(told):,})"
    return {**value, "title": title, "stories": told[:MOST_STORIES]}


def _is_story(value: Any) -> bool:
    if not isinstance(value, dict) or {"label", "words"} != value.keys():
        return False
    words = value["words"]
    return isinstance(value["label"], str) and isinstance(words, list) and all(map(_is_word, words))


def _is_word(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return value[1] is None or isinstance(value[1], (int, float))
