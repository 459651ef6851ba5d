"""The recipe that the article publishes, in our own code, so that its figures can be held against those it prints.

Nothing is repaired here. What is wrong with the recipe is said where it happens; what it should be is the lesson.

All draws come from NumPy's legacy generator, in the published order, so that seed 42 gives the published draws. Some
draws reach no figure; they are made all the same, since those after them depend on it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.random import RandomState

TASTE = np.array([1.0, 0.8, 0.0, -0.3, 0.0])  # the annotator's, called true weights
STEPS, BATCH = 150, 32
SPREAD = 0.1  # of PPO's samples; DPO's log-probs assume 1.0
CHECKPOINTS = [0, 50, 100, 149]


class Recipe(NamedTuple):
    """What one run of the recipe gives. Histories have one entry a step; drift is mean((W - W_ref)^2)."""

    chosen: np.ndarray  # of the first pair, (5,)
    rejected: np.ndarray  # of the first pair, (5,)
    weights: np.ndarray  # of the reward model, (5,)
    bias: float  # of the reward model
    wrong_labels: float  # share of the training pairs in which the truly worse answer was chosen
    ranked_right: float  # share of the training pairs that the reward model ranks as the true taste does
    losses: np.ndarray  # of the reward model, in nats
    accuracy: float  # on held-out pairs
    gap: float  # mean score gap of the held-out pairs
    rewards: np.ndarray  # of PPO's batches, less the penalty
    penalties: np.ndarray  # called KL
    dpo_losses: np.ndarray  # in nats
    scores: dict[str, tuple[float, float]]  # true score of reference, RLHF and DPO: mean and std
    drift: dict[str, float]  # of RLHF, DPO, and RLHF without the penalty
    free_reward: float  # of the last batch without the penalty


def run(seed: int = 42) -> Recipe:
    """Run the whole recipe once."""
    return run_all([seed])[0]


def run_all(seeds: Iterable[int]) -> list[Recipe]:
    """Run the whole recipe once for each seed, all at the same time: every array has the seeds as its first axis."""
    rng = _Generators(seeds)
    chosen, rejected = _label(rng.randn(200, 5), rng.randn(200, 5))
    weights, bias, losses = _reward_model(chosen, rejected)
    true_gap, learned_gap = (chosen - rejected) @ TASTE, np.matvec(chosen - rejected, weights)
    gaps = np.matvec(np.subtract(*_label(rng.randn(50, 5), rng.randn(50, 5))), weights)

    reference = 0.1 * rng.randn(4, 5)
    rlhf, rewards, penalties = _ppo(rng, reference, weights, bias)
    dpo, dpo_losses = _dpo(rng, reference)
    policies = {"reference": reference, "RLHF": rlhf, "DPO": dpo}
    # Contexts have mean zero and no constant feature, so every mean here is zero but for chance.
    scores = {name: rng.randn(500, 4) @ policy @ TASTE for name, policy in policies.items()}
    free, free_rewards, _ = _ppo(rng, reference, weights, bias, beta=0.0)

    drift = {name: ((policy - reference) ** 2).mean(axis=(1, 2)) for name, policy in policies.items()}
    drift["without KL"] = ((free - reference) ** 2).mean(axis=(1, 2))
    return [
        Recipe(
            chosen[i, 0], rejected[i, 0], weights[i], float(bias[i]),
            float((true_gap[i] < 0).mean()), float((np.sign(learned_gap[i]) == np.sign(true_gap[i])).mean()), losses[i],
            float((gaps[i] > 0).mean()), float(gaps[i].mean()), rewards[i], penalties[i], dpo_losses[i],
            {name: (float(score[i].mean()), float(score[i].std())) for name, score in scores.items()},
            {name: float(drift[name][i]) for name in ("RLHF", "DPO", "without KL")},
            float(free_rewards[i, -1]),
        )
        for i in range(len(weights))
    ]  # fmt: skip


class _Generators:
    """NumPy's legacy generators, one a seed, that draw side by side."""

    def __init__(self, seeds: Iterable[int]) -> None:
        self.each = [RandomState(seed) for seed in seeds]

    def randn(self, *shape: int) -> np.ndarray:
        """Normal draws, (seeds, *shape): the same for each seed as it would draw alone."""
        return np.array([rng.randn(*shape) for rng in self.each])

    def steps(self, *widths: int) -> Iterator[list[np.ndarray]]:
        """For each step of training a batch of draws of each width, (seeds, BATCH, width), in the order drawn."""
        draws = self.randn(STEPS, BATCH * sum(widths))
        for step in range(STEPS):
            parts = np.split(draws[:, step], BATCH * np.cumsum(widths[:-1]), axis=1)
            yield [part.reshape(-1, BATCH, width) for part, width in zip(parts, widths, strict=True)]


def _label(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chosen and rejected, (seeds, n, 5) each. The labels never err, so maximum likelihood has no finite answer."""
    first_wins = (first @ TASTE > second @ TASTE)[..., None]
    return np.where(first_wins, first, second), np.where(first_wins, second, first)


def _reward_model(chosen: np.ndarray, rejected: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights, bias, losses = np.zeros((len(chosen), 5)), np.zeros(len(chosen)), []
    difference = chosen - rejected
    for _ in range(100):
        doubt = 1 - _sigmoid(np.matvec(difference, weights))  # the bias cancels
        losses.append(-np.log(1 - doubt + 1e-8).mean(axis=-1))
        weights = weights + 0.01 * (doubt[..., None] * difference).mean(axis=1)
        bias = bias + 0.01 * doubt.mean(axis=-1)  # so its gradient is 0; this is the one that was published
    return weights, bias, np.transpose(losses)


def _ppo(
    rng: _Generators, reference: np.ndarray, weights: np.ndarray, bias: np.ndarray, beta: float = 0.1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    policy, rewards, penalties = reference.copy(), [], []
    for contexts, noise, _ in rng.steps(4, 5, 5):  # the last is drawn, and used for no figure
        outputs = contexts @ policy + SPREAD * noise
        # A squared distance: without 1 / (2 sigma^2) it is no KL, and the sampling noise is nearly all of it.
        penalty = beta * ((outputs - contexts @ reference) ** 2).mean(axis=-1)
        reward = np.matvec(outputs, weights) + bias[:, None] - penalty
        # The advantage is clipped; there is no ratio.
        clipped = np.clip(reward - reward.mean(axis=-1, keepdims=True), -0.2, 0.2)
        # The reward model's weights stand where the score of the sampled output belongs.
        policy = policy + 0.005 * contexts.mT @ (clipped[..., None] * weights[:, None, :]) / BATCH
        rewards.append(reward.mean(axis=-1))
        penalties.append(penalty.mean(axis=-1))
    return policy, np.transpose(rewards), np.transpose(penalties)


def _dpo(rng: _Generators, reference: np.ndarray, beta: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    policy, losses = reference.copy(), []
    for contexts, first, second in rng.steps(4, 5, 5):
        # Pairs that do not depend on their context: the expected gradient is 0.
        difference = np.subtract(*_label(first, second))
        doubt = 1 - _sigmoid(beta * (difference * (contexts @ (policy - reference))).sum(axis=-1))
        losses.append(-np.log(1 - doubt + 1e-8).mean(axis=-1))
        policy = policy + 0.01 * beta * contexts.mT @ (doubt[..., None] * difference) / BATCH
    return policy, np.transpose(losses)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


class Figure(NamedTuple):
    """One line of figures of the article: what it prints, and what its recipe gives."""

    name: str
    printed: tuple[str, ...]
    given: tuple[str, ...]

    @property
    def agreeing(self) -> int:
        """How many of the printed figures the recipe gives, to every digit printed."""
        return sum(_same(p, g) for p, g in zip(self.printed, self.given, strict=True))


def figures(recipe: Recipe) -> Iterator[Figure]:
    """Every line of figures that the article prints, beside what `recipe` gives."""
    at = CHECKPOINTS
    free = recipe.drift["without KL"]
    yield _figure("first preferred answer", "0.497 -0.139 0.648 1.523 -0.234", recipe.chosen)
    yield _figure("first rejected answer", "-0.234 -0.469 -0.463 -0.466 0.242", recipe.rejected)
    yield _figure("learned weights", "0.741 0.596 0.024 -0.233 0.013", recipe.weights)
    yield _figure("reward-model loss, first and last", "0.6931 0.3842", recipe.losses[[0, -1]], ".4f")
    yield _figure("held-out accuracy", "88.0%", [recipe.accuracy], ".1%")
    yield _figure("mean held-out gap", "1.247", [recipe.gap])
    yield _figure("PPO reward at steps 0, 50, 100, 149", "-0.0312 0.1847 0.2953 0.3521", recipe.rewards[at], ".4f")
    yield _figure("“KL” at steps 0, 50, 100, 149", "0.0024 0.0198 0.0415 0.0587", recipe.penalties[at], ".4f")
    yield _figure("DPO loss at steps 0, 50, 100, 149", "0.6931 0.5842 0.5123 0.4678", recipe.dpo_losses[at], ".4f")
    yield _figure("true score of the reference, mean and std", "0.0234 0.8912", recipe.scores["reference"], ".4f")
    yield _figure("true score of RLHF, mean and std", "0.3856 0.9234", recipe.scores["RLHF"], ".4f")
    yield _figure("true score of DPO, mean and std", "0.3412 0.8756", recipe.scores["DPO"], ".4f")
    yield _figure("drift of RLHF", "0.0587", [recipe.drift["RLHF"]], ".7f")
    yield _figure("drift of DPO", "0.0412", [recipe.drift["DPO"]], ".7f")
    yield _figure("drift without KL", "0.2341", [free], ".7f")
    yield _figure("reward without KL", "0.5892", [recipe.free_reward], ".4f")
    yield _figure("drift without KL, as a multiple", "4.0x", [free / recipe.drift["RLHF"]], ".2fx")


def _figure(name: str, printed: str, values: object, form: str = ".3f") -> Figure:
    unit = "x" if form.endswith("x") else ""
    written = tuple(f"{value:{form.removesuffix('x')}}{unit}" for value in np.asarray(values, float))
    return Figure(name, tuple(printed.split()), written)


def _same(printed: str, given: str) -> bool:
    """Is `given`, rounded to the digits of `printed`, the same number?"""
    digits = len(printed.rstrip("x%").partition(".")[2])
    return f"{float(given.rstrip('x%')):.{digits}f}" == printed.rstrip("x%")
