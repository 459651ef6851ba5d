"""Stories for the page to show, their words coloured by a reward."""

from collections.abc import Sequence

import numpy as np

from runtime import stories
from words.grammar import CODES
from words.grammar import words as words_of


def coloured(title: str, told: np.ndarray, reward: np.ndarray, labels: Sequence[str] = (), note: str = "") -> dict:
    """Stories (n, T), each word with its reward (V,), under labels (n of them, or none)."""
    labels = labels or [""] * len(told)
    rows = [
        (label, [(word, reward[CODES[word]]) for word in words_of(story)])
        for label, story in zip(labels, told, strict=True)
    ]
    return stories.stories(title, rows, note)


def weighed(title: str, told: np.ndarray, worth: np.ndarray, labels: Sequence[str] = (), note: str = "") -> dict:
    """Stories (n, T), each word with a number of its own place, worth (n, T)."""
    labels = labels or [""] * len(told)
    rows = [
        (label, list(zip(words_of(story), numbers, strict=False)))
        for label, story, numbers in zip(labels, told, worth, strict=True)
    ]
    return stories.stories(title, rows, note)


def plain(title: str, told: np.ndarray, labels: Sequence[str] = (), note: str = "") -> dict:
    """Stories (n, T) that nobody has judged."""
    labels = labels or [""] * len(told)
    rows = [(label, [(word, None) for word in words_of(story)]) for label, story in zip(labels, told, strict=True)]
    return stories.stories(title, rows, note)
