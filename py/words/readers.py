"""A reader's taste over words: the prior, and words and stories that a posterior is about."""

import numpy as np

from preflab.picks import Taste, Z
from words import network
from words.grammar import END, VOCABULARY


def prior(weights: np.ndarray, own: float = 0.5, alike: float = 0.2, length: float = 0.5) -> np.ndarray:
    """Covariance (V, V) of what words may be worth: a part of each word's own, one that words share as far as the
    network's embeddings are alike, and one that all words share, which is a taste for length. END is worth 0.
    """
    E = network.parts(weights).embedding
    E = E - E[END + 1 :].mean(axis=0)
    E = E / np.linalg.norm(E, axis=1, keepdims=True)
    covariance = own * np.eye(len(E)) + alike * np.exp(3 * (E @ E.T - 1)) + length
    covariance[END] = covariance[:, END] = 0
    return covariance


def outstanding(taste: Taste, k: int = 7) -> np.ndarray:
    """Codes of the k words that are liked best, from the best, and of the k that are liked least, to the worst."""
    order = END + 1 + np.argsort(-taste.mean[END + 1 :])
    return np.concatenate([order[:k], order[-k:]])


def length_worth(taste: Taste, spoken: np.ndarray) -> tuple[float, float]:
    """What one more word is worth, words as often as they are spoken (V,), and half of its 90 % interval."""
    share = np.where(np.arange(len(VOCABULARY)) == END, 0, spoken) / spoken[END + 1 :].sum()
    return float(share @ taste.mean), float(Z * np.sqrt(share @ taste.cov @ share))


def differing(first: Taste, second: Taste, k: int = 5) -> np.ndarray:
    """Codes of the k words about which two readers differ most surely: the gap in units of its own spread."""
    spread = np.sqrt(np.diag(first.cov) + np.diag(second.cov))
    spread[END] = np.inf
    return np.argsort(-abs(first.mean - second.mean) / spread)[:k]
