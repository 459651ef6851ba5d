"""The bookkeeping of the ledger: what many seeds gave, stacked, as one record a seed."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from preflab.published import CHECKPOINTS
from preflab.seeds import Seeds


class SeedRun(NamedTuple):
    """What one seed of the repaired recipe gives; `published.Recipe` has the same names where both have the thing."""

    weights: np.ndarray  # of the reward model, (5,)
    losses: np.ndarray  # of the reward model, first and last, in nats
    accuracy: float  # on unseen pairs
    gap: float  # mean score gap of the unseen pairs
    rewards: np.ndarray  # of PPO's batches, at the checkpoints
    kls: np.ndarray  # exact, in nats, at the checkpoints
    dpo_losses: np.ndarray  # in nats, at the checkpoints
    wrong_labels: float  # share of the training pairs in which the truly worse answer was chosen
    ranked_right: float  # share of the training pairs that the reward model ranks as the true taste does
    scores: dict[str, tuple[float, float]]  # true score of each policy: mean and std, exact
    drift: dict[str, float]  # KL in nats, exact
    free_reward: float  # of the last batch without a KL penalty
    efficiency: dict[tuple[str, int], float]  # score gained per score possible at that KL, by method and pairs
    chosen_shift: float  # mean log-ratio of the chosen answers under DPO's policy, in nats
    stray_cost: float  # what twice DPO's shift adds to its loss, in nats
    bad_batch: float  # how much further REINFORCE moved than PPO on one bad batch


def collect(**stacked: object) -> list[SeedRun]:
    """One SeedRun a seed, from its fields with the seeds as first axis (in a dict, of each of its values).

    Histories are (steps, seeds), as training gives them; they are cut to the checkpoints, `losses` to first and last.
    Raises TypeError if a field is missing, or one is unknown.
    """
    for name, at in (("losses", [0, -1]), ("rewards", CHECKPOINTS), ("kls", CHECKPOINTS), ("dpo_losses", CHECKPOINTS)):
        stacked[name] = np.asarray(stacked[name])[at].T
    seeds = len(stacked["weights"])
    return [SeedRun(**{name: _of_seed(values, i) for name, values in stacked.items()}) for i in range(seeds)]


def _of_seed(values: object, i: int) -> object:
    if isinstance(values, dict):
        return {key: _of_seed(value, i) for key, value in values.items()}
    return tuple(part[i] for part in values) if isinstance(values, tuple) else values[i]


def descend(
    loss_and_grad: Callable,
    start: np.ndarray,
    data_sets: list[tuple],
    seeds: Iterable,
    *,
    lr: float,
    steps: int,
    batch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Train on several stacks of pairs at once, each with its own draws from the same seeds, as training on one does.

    A data set is contexts, preferred and rejected, (seeds, n, features) each, with n at least `batch`. Returns the
    last weights (sets, seeds, 4, 5) and the loss of each batch (steps, sets, seeds).
    """
    seeds = list(seeds)
    draws = [Seeds(seeds) for _ in data_sets]
    by_seed = np.arange(len(seeds))[:, None]
    weights, losses = start + np.zeros((len(data_sets), len(seeds), 1, 1)), []
    for _ in range(steps):
        batches = []
        for rng, arrays in zip(draws, data_sets, strict=True):
            pick = rng.choice(arrays[0].shape[-2], size=batch, replace=False)  # (seeds, batch)
            batches.append([array[by_seed, pick] for array in arrays])
        loss, gradient = loss_and_grad(weights, *(np.array(parts) for parts in zip(*batches, strict=True)))
        weights = weights - lr * gradient
        losses.append(loss)
    return weights, np.array(losses)
