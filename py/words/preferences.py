"""Tastes over words, an annotator who has one, and a reward model of the same shape.

Rewards are a number a word, (V,), in nats of preference; a story's reward is the sum over its words.
"""

import numpy as np

from preflab.numeric import sigmoid
from words.grammar import CODES, END, VOCABULARY

KIND = dict(
    happy=1, kind=0.9, friend=0.6, sang=0.8, laughed=0.8, danced=0.8, polite=0.7, sweet=0.6, warm=0.6, funny=0.4,
    brave=0.4, golden=0.3, apologised=0.3, sad=-1, cruel=-1, cried=-0.9, alone=-0.8, grumpy=-0.8, afraid=-0.7,
    burnt=-0.6, lost=-0.6, dark=-0.5, stole=-0.5, broken=-0.5, cold=-0.4, hungry=-0.4,
)  # fmt: skip
SPOOKY = dict(
    ghost=1.5, witch=1.2, dark=1.4, forest=0.7, moon=0.8, pale=0.8, cried=0.5, afraid=0.6, alone=0.4, magic=0.5,
    wild=0.4, happy=-0.8, sweet=-0.5, soft=-0.5, sofa=-0.4,
)  # fmt: skip
CATS = dict(cat=2, mouse=0.5, dog=-1.5, sofa=0.3, soft=0.3)
FOOD = dict(cake=1.5, soup=1.2, cheese=1.2, baked=1, ate=1, sweet=0.8, hungry=0.4, burnt=-0.5, stole=-0.2)
SHORT = {word: -0.4 for word in VOCABULARY[END + 1 :]}

TASTES = {"kind": KIND, "spooky": SPOOKY, "cats": CATS, "food": FOOD, "short": SHORT}


def taste(worth: dict[str, float]) -> np.ndarray:
    """A reward (V,) from what some words are worth. Raises KeyError for words that are not in the vocabulary."""
    reward = np.zeros(len(VOCABULARY))
    reward[[CODES[word] for word in worth]] = list(worth.values())
    return reward


def counts(stories: np.ndarray, V: int = len(VOCABULARY)) -> np.ndarray:
    """How often each word is said in each story, (n, T) -> (n, V); END is not counted."""
    n = len(stories)
    said = np.bincount((np.arange(n)[:, None] * V + stories).ravel(), minlength=n * V).reshape(n, V).astype(float)
    said[:, END] = 0
    return said


def annotate(
    first: np.ndarray, second: np.ndarray, gap: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Chosen and rejected stories, (n, T) each: the first wins with probability sigmoid(gap) (Bradley and Terry 1952).

    gap (n,) is the annotator's score of the first less that of the second.
    """
    wins = (rng.random(len(first)) < sigmoid(gap))[:, None]
    return np.where(wins, first, second), np.where(wins, second, first)


def fit_reward(chosen: np.ndarray, rejected: np.ndarray, prior: float, steps: int = 30) -> np.ndarray:
    """A number a word (V,), the mode of Bradley-Terry's posterior under a Gaussian prior of that standard deviation.

    Newton's method on sum softplus(-D r) + |r|^2 / (2 prior^2), D the difference in word counts; its curvature is never
    below 1 / prior^2, so that words that no pair tells apart stay at 0.
    """
    D = counts(chosen) - counts(rejected)
    reward = np.zeros(D.shape[1])
    for _ in range(steps):
        error = sigmoid(-D @ reward)
        slope = reward / prior**2 - error @ D
        curvature = D.T @ ((error * (1 - error))[:, None] * D) + np.eye(len(reward)) / prior**2
        step = np.linalg.solve(curvature, slope)
        reward = reward - step * min(1.0, 2.0 / max(abs(step).max(), 1e-12))
        if abs(step).max() < 1e-10:
            break
    return reward
