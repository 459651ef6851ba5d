"""Annotators: who prefers which of two outputs, and how often they err."""

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import aligned, sigmoid


def preference_probability(first_rewards: ArrayLike, second_rewards: ArrayLike) -> np.ndarray:
    """P(first is preferred) = sigmoid(r1 - r2), shape (n,), rewards in nats (Bradley and Terry 1952)."""
    first_rewards, second_rewards = aligned(1, first_rewards=first_rewards, second_rewards=second_rewards)
    return sigmoid(first_rewards - second_rewards)


def label_pairs(
    first: ArrayLike, second: ArrayLike, first_rewards: ArrayLike, second_rewards: ArrayLike, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Chosen and rejected, each (n, ...), as a Bradley-Terry annotator labels outputs with these rewards (n,).

    Raises ValueError if the shapes do not fit.
    """
    first, second = aligned(first=first, second=second)
    prefers_first = preference_probability(first_rewards, second_rewards)
    if len(prefers_first) != len(first):
        raise ValueError(f"There are {len(first)} pairs, but {len(prefers_first)} rewards.")
    return _swap(first, second, rng.random(len(first)) >= prefers_first)


def flip_labels(
    chosen: ArrayLike, rejected: ArrayLike, rate: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Chosen and rejected with each pair swapped with probability `rate`, whatever its rewards.

    Raises ValueError unless 0 <= rate <= 1, or if the shapes do not fit.
    """
    chosen, rejected = aligned(chosen=chosen, rejected=rejected)
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be from 0 to 1, and is {rate}.")
    return _swap(chosen, rejected, rng.random(len(chosen)) < rate)


def _swap(first: np.ndarray, second: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    which = which.reshape(-1, *[1] * (first.ndim - 1))
    return np.where(which, second, first), np.where(which, first, second)
