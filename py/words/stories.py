"""Stories for the page to show, their words coloured by a reward."""

from collections.abc import Sequence

import numpy as np

from preflab.picks import Read, answered
from runtime import stories
from runtime.choices import card, choices, question
from words.grammar import CODES, text
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


def choose(options: np.ndarray, read: Read, name: str, note: str = "", lines: str = "") -> dict:
    """The cards of the first question that has no answer yet: options (n, 4, T).

    `name` is the block's control that holds the choices.
    """
    return question(
        "Which of these stories do you like best?", name, read, options, lambda story: card(f"{text(story)}."),
        note=note, lines=lines,
    )  # fmt: skip


def agree(answer: object, name: str, about: str) -> dict:
    """Two cards, yes and no, until one of them is taken: about what was chosen until then, if anything was."""
    done = bool(answered(answer, about))
    cards = [card("That is me."), card("That is not me.")] if about and not done else []
    picks = str(answer) if done else f"{about} " if about else ""
    return choices(
        "Was this you?", name, picks, cards, given=str(answer), asked="Thank you." if done else "", none=False
    )
