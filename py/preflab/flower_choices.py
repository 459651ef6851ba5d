"""What a reader is asked about flowers: answers of the lesson's reference, four to a context, and a prior."""

import warnings
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from preflab import picks
from preflab.playground import REFERENCE

PRIOR = np.eye(5)  # each part of a flower may be worth about 1 a unit, either way
HEAP = 40  # answers to a context, of which four are shown


class Asked(NamedTuple):
    """n questions, the last of which repeat earlier ones."""

    questions: picks.Questions
    contexts: np.ndarray  # (n, 4)
    flowers: np.ndarray  # (n, 4, 5)


@lru_cache(4)
def ask(n: int = 16, seed: int = 1) -> Asked:
    """n questions, and some of them again."""
    rng = np.random.default_rng(seed)
    contexts = rng.standard_normal((n, 4))
    contexts[:, 0] = 1.0
    heaps = (contexts @ REFERENCE)[:, None] + rng.standard_normal((n, HEAP, 5))
    questions = picks.questions(heaps, PRIOR, seed)
    first = np.where(questions.again < 0, np.arange(len(questions.again)), questions.again)
    return Asked(questions, contexts[first], heaps.reshape(-1, 5)[questions.cards])


def pairs(asked: Asked, learned: picks.Learned) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contexts (k, 4), chosen and rejected flowers (k, 5) of the choices that are trained on."""
    rows = np.flatnonzero(learned.trained)
    return np.repeat(asked.contexts[rows], 3, axis=0), *picks.pairs(asked.flowers[rows], learned.taken[rows])


def of_simulated(asked: Asked, taste: np.ndarray, seed: int) -> picks.Learned:
    """What is learned of a simulated annotator with a taste (5,), who answers as a reader does."""
    return _learn(asked, picks.simulated(asked.flowers, taste, seed))[1]


def _learn(asked, text):
    read = picks.read(text, len(asked.flowers))
    return read, picks.learn(asked.flowers, read.taken, asked.questions.again, PRIOR)


def of_reader(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The weights (5,) that a reader's choices tell, and their pairs: contexts (k, 4), chosen and rejected (k, 5).

    What cannot be read is a warning. Raises ValueError where there is no choice to train on.
    """
    asked = ask()
    read, learned = _learn(asked, text)
    if not learned.trained.any():
        raise ValueError(read.damage or "There is no choice of a card yet that could be trained on.")
    if read.damage:
        warnings.warn(read.damage, stacklevel=2)
    return learned.taste.mean, *pairs(asked, learned)
