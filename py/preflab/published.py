"""The recipe that the article publishes, in our own code, so that its figures can be held against those it prints.

What is wrong with the recipe is said where it happens. Each of its six faults can be repaired by name, alone or with
others; with none repaired it is the article's recipe, with all it is the lesson's, but for its draws. A repair brings
the lesson's step size for what it mends: a step size belongs to the gradient that it was found for.

All draws come from NumPy's legacy generator, in the published order, so that seed 42 gives the published draws. Some
draws reach no figure; they are made all the same, since those after them depend on it. What only a repair draws comes
from a generator of its own, so that two settings differ by what they repair and not by chance.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.random import RandomState

TASTE = np.array([1.0, 0.8, 0.0, -0.3, 0.0])  # the annotator's, called true weights
STEPS, BATCH = 150, 32
SPREAD = 0.1  # of PPO's samples; DPO's log-probs assume 1.0
CHECKPOINTS = [0, 50, 100, 149]

REPAIRS = {
    "contexts": "feature 0 of a context is always on",
    "pairs": "DPO trains on stored pairs, which the reference answered to their contexts",
    "step": "PPO's step has the ratio and the score of the sampled answer",
    "KL": "the KL is in nats, and all policies have the spread that it assumes",
    "bias": "the reward model has no bias",
    "labels": "labels err as Bradley and Terry say",
}
SETTINGS = [frozenset(some) for n in range(len(REPAIRS) + 1) for some in combinations(REPAIRS, n)]  # all 64


class Recipe(NamedTuple):
    """What one run of the recipe gives. Histories have one entry a step.

    Drift is mean((W - W_ref)^2), as published, and where the KL is repaired the KL in nats.
    """

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


def run(seed: int = 42, repairs: Iterable[str] = ()) -> Recipe:
    """Run the whole recipe once, with the named faults repaired: see REPAIRS."""
    return run_all([seed], repairs)[0]


def run_all(seeds: Iterable[int], repairs: Iterable[str] = ()) -> list[Recipe]:
    """Run the whole recipe once for each seed, all at the same time: every array has the seeds as its first axis."""
    return runner(seeds)(repairs)


def runner(seeds: Iterable[int]) -> Callable[[Iterable[str]], list[Recipe]]:
    """A function that runs the recipe for each seed with the repairs that it is given.

    Its calls share the draws, and the parts of the recipe that they have in common. Raises ValueError for what is not
    in REPAIRS.
    """
    return _runner(tuple(seeds))


@lru_cache(maxsize=1)  # so that to throw a switch costs only what it changes
def _runner(seeds: tuple[int, ...]) -> Callable[[Iterable[str]], list[Recipe]]:
    drawn, known = _draw(seeds), {}

    def part(make: Callable, on: frozenset[str], *given: object) -> object:
        """What `make` gives with the repairs that it looks at: worked out once."""
        key = make, frozenset(on)
        if key not in known:
            known[key] = make(drawn, key[1], *given)
        return known[key]

    def run_with(repairs: Iterable[str] = ()) -> list[Recipe]:
        on = frozenset(repairs)
        if unknown := on - REPAIRS.keys():
            raise ValueError(f"no repair is called {', '.join(sorted(unknown))}: there are {', '.join(REPAIRS)}")
        pairs = part(_pairs, on & {"contexts", "pairs", "labels"})
        # What a context adds to both answers of a pair is not in their difference, and a bias is in no advantage.
        model = part(_reward_model, on & {"labels"}, part(_pairs, on & {"labels"}))
        ppo = part(_ppo, on - {"bias", "pairs"}, model.weights)
        dpo = part(_dpo, on - {"bias", "step"}, pairs)
        return _recipes(drawn, on, pairs, model, ppo, dpo)

    return run_with


class _Draws(NamedTuple):
    """All that is drawn, each with the seeds as its first axis, in the order in which the article draws it."""

    pairs: np.ndarray  # first and second answers, (seeds, 2, 200, 5)
    held_out: np.ndarray  # the same, (seeds, 2, 50, 5)
    reference: np.ndarray  # weights, (seeds, 4, 5)
    ppo: np.ndarray  # of each step: contexts and noise, (seeds, STEPS, BATCH * 9)
    dpo: np.ndarray  # of each step: contexts, first and second answers, (seeds, STEPS, BATCH * 14)
    asked: np.ndarray  # contexts on which reference, RLHF and DPO are scored, (seeds, 3, 500, 4)
    free: np.ndarray  # as ppo
    # What only repairs use, from a generator of its own.
    contexts: np.ndarray  # of the pairs and the held-out pairs, (seeds, 250, 4)
    luck: np.ndarray  # uniform, for their labels, (seeds, 250)
    dpo_luck: np.ndarray  # uniform, for labels of DPO's new pairs, (seeds, STEPS, BATCH)
    order: np.ndarray  # which stored pairs are DPO's batch, (seeds, STEPS, BATCH)


def _draw(seeds: Iterable[int]) -> _Draws:
    shapes = [(2, 200, 5), (2, 50, 5), (4, 5), *[(STEPS, BATCH * 14)] * 2, (3, 500, 4), (STEPS, BATCH * 14)]
    each = []
    for seed in seeds:
        rng, extra = RandomState(seed), RandomState([seed, 64])
        draws = [rng.randn(*shape) for shape in shapes]
        draws[2] *= 0.1
        for ppo in (3, 6):  # what is drawn for no figure
            draws[ppo] = draws[ppo][:, : BATCH * 9].copy()
        draws += [extra.randn(250, 4), extra.random_sample(250), extra.random_sample((STEPS, BATCH))]
        each.append([*draws, extra.random_sample((STEPS, 200)).argsort(axis=1)[:, :BATCH]])
    return _Draws(*(np.array(drawn) for drawn in zip(*each, strict=True)))


def _steps(draws: np.ndarray, on: frozenset[str], *widths: int) -> Iterator[list[np.ndarray]]:
    """For each step of training its contexts and what else was drawn, of each width, (seeds, BATCH, width)."""
    for step in range(STEPS):
        parts = np.split(draws[:, step], BATCH * np.cumsum(widths[:-1]), axis=1)
        contexts, *rest = (part.reshape(-1, BATCH, width) for part, width in zip(parts, widths, strict=True))
        yield [_contexts(contexts, on), *rest]


def _contexts(drawn: np.ndarray, on: frozenset[str]) -> np.ndarray:
    """As published they have mean zero and no constant feature, so every mean answer is zero, whatever the weights."""
    if "contexts" not in on:
        return drawn
    constant = drawn.copy()
    constant[..., 0] = 1.0
    return constant


def _label(first: np.ndarray, second: np.ndarray, luck: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Chosen and rejected, (seeds, n, 5) each.

    Without luck the labels never err, so that maximum likelihood has no finite answer.
    """
    ahead = (first - second) @ TASTE
    first_wins = (ahead > 0 if luck is None else luck < _sigmoid(ahead))[..., None]
    return np.where(first_wins, first, second), np.where(first_wins, second, first)


class _Pairs(NamedTuple):
    chosen: np.ndarray  # (seeds, 200, 5)
    rejected: np.ndarray
    contexts: np.ndarray  # (seeds, 200, 4)
    gaps: np.ndarray  # chosen minus rejected of the held-out pairs, (seeds, 50, 5)


def _pairs(drawn: _Draws, on: frozenset[str]) -> _Pairs:
    contexts = _contexts(drawn.contexts, on)
    answers = np.concatenate([drawn.pairs, drawn.held_out], axis=2)
    if "pairs" in on:
        answers = answers + (contexts @ drawn.reference)[:, None]
    chosen, rejected = _label(answers[:, 0], answers[:, 1], drawn.luck if "labels" in on else None)
    return _Pairs(chosen[:, :200], rejected[:, :200], contexts[:, :200], (chosen - rejected)[:, 200:])


class _RewardModel(NamedTuple):
    weights: np.ndarray  # (seeds, 5)
    bias: np.ndarray  # (seeds,)
    losses: np.ndarray  # (seeds, epochs)


def _reward_model(drawn: _Draws, on: frozenset[str], pairs: _Pairs) -> _RewardModel:
    difference = pairs.chosen - pairs.rejected
    weights, bias, losses = np.zeros((len(difference), 5)), np.zeros(len(difference)), []
    rate = 0.5 if "labels" in on else 0.01  # labels that err have a minimum, and this comes there
    for _ in range(100):
        doubt = 1 - _sigmoid(np.matvec(difference, weights))  # the bias cancels
        losses.append(-np.log(1 - doubt + 1e-8).mean(axis=-1))
        weights = weights + rate * (doubt[..., None] * difference).mean(axis=1)
        bias = bias + 0.01 * doubt.mean(axis=-1)  # so its gradient is 0; this is the one that was published
    return _RewardModel(weights, bias, np.transpose(losses))


class _Trained(NamedTuple):
    """Of PPO with the penalty and without: (2, seeds, ...) each; of DPO: (seeds, ...)."""

    policy: np.ndarray
    histories: list[np.ndarray]  # rewards without the bias, penalties; or losses


def _ppo(drawn: _Draws, on: frozenset[str], weights: np.ndarray) -> _Trained:
    seeds = len(weights)
    spread, price = (1.0, 0.5) if "KL" in on else (SPREAD, 0.1)
    reference, weights = np.tile(drawn.reference, (2, 1, 1)), np.tile(weights, (2, 1))
    beta = np.repeat([price, 0.0], seeds)[:, None]
    policy, rewards, penalties = reference, [], []
    for contexts, noise in _steps(np.concatenate([drawn.ppo, drawn.free]), on, 4, 5):
        outputs = contexts @ policy + spread * noise
        away = (outputs - contexts @ reference) ** 2
        if "KL" in on:
            penalty = beta * (away.sum(axis=-1) - ((spread * noise) ** 2).sum(axis=-1)) / (2 * spread**2)
        else:
            # A squared distance: without 1 / (2 sigma^2) it is no KL, and the sampling noise is nearly all of it.
            penalty = beta * away.mean(axis=-1)
        reward = np.matvec(outputs, weights) - penalty
        centred = reward - reward.mean(axis=-1, keepdims=True)
        if "step" in on:
            advantages = centred / (reward.std(axis=-1, keepdims=True) + 1e-8)
            policy = _four_passes(policy, contexts, outputs, advantages, spread)
        else:
            # The advantage is clipped; there is no ratio.
            clipped = np.clip(centred, -0.2, 0.2)
            # The reward model's weights stand where the score of the sampled output belongs.
            policy = policy + 0.005 * contexts.mT @ (clipped[..., None] * weights[:, None, :]) / BATCH
        rewards.append(reward.mean(axis=-1))
        penalties.append(penalty.mean(axis=-1))
    histories = [np.transpose(history).reshape(2, seeds, -1) for history in (rewards, penalties)]
    return _Trained(policy.reshape(2, seeds, 4, 5), histories)


def _four_passes(
    old: np.ndarray, contexts: np.ndarray, outputs: np.ndarray, advantages: np.ndarray, spread: float
) -> np.ndarray:
    """The lesson's PPO step: the gradient of the clipped surrogate, four times over one batch.

    The step is 0.05 spread^2, so that in parts of the spread it is the lesson's at any spread.
    """
    policy, before = old, ((outputs - contexts @ old) ** 2).sum(axis=-1)
    for _ in range(4):
        away = outputs - contexts @ policy
        ratio = np.exp((before - (away**2).sum(axis=-1)) / (2 * spread**2))
        held = np.where(advantages > 0, ratio > 1.2, ratio < 0.8)
        pull = np.where(held, 0.0, ratio * advantages)[..., None] * away / spread**2
        policy = policy + 0.05 * spread**2 * contexts.mT @ pull / BATCH
    return policy


def _dpo(drawn: _Draws, on: frozenset[str], pairs: _Pairs) -> _Trained:
    policy, losses = drawn.reference, []
    beta = 0.5 if "KL" in on else 0.1
    rate = 0.5 if "pairs" in on else 0.01
    by_seed = np.arange(len(policy))[:, None]
    for step, (contexts, first, second) in enumerate(_steps(drawn.dpo, on, 4, 5, 5)):
        if "pairs" in on:
            pick = drawn.order[:, step]
            contexts, difference = pairs.contexts[by_seed, pick], (pairs.chosen - pairs.rejected)[by_seed, pick]
        else:
            # Pairs that do not depend on their context: if contexts have mean zero, the expected gradient is 0.
            difference = np.subtract(*_label(first, second, drawn.dpo_luck[:, step] if "labels" in on else None))
        doubt = 1 - _sigmoid(beta * (difference * (contexts @ (policy - drawn.reference))).sum(axis=-1))
        losses.append(-np.log(1 - doubt + 1e-8).mean(axis=-1))
        policy = policy + rate * beta * contexts.mT @ (doubt[..., None] * difference) / BATCH
    return _Trained(policy, [np.transpose(losses)])


def _recipes(
    drawn: _Draws, on: frozenset[str], pairs: _Pairs, model: _RewardModel, ppo: _Trained, dpo: _Trained
) -> list[Recipe]:
    """One record a seed."""
    policies = {"reference": drawn.reference, "RLHF": ppo.policy[0], "DPO": dpo.policy}
    # Without a constant feature every mean here is zero but for chance.
    scores = {
        name: _contexts(drawn.asked[:, i], on) @ policy @ TASTE for i, (name, policy) in enumerate(policies.items())
    }
    moved = {"RLHF": ppo.policy[0], "DPO": dpo.policy, "without KL": ppo.policy[1]}
    nats = drawn.reference[0].size / 2 if "KL" in on else 1.0  # sum / (2 sigma^2) at sigma 1, or the mean
    drift = {name: nats * ((policy - drawn.reference) ** 2).mean(axis=(1, 2)) for name, policy in moved.items()}
    difference = pairs.chosen - pairs.rejected
    true_gap, learned_gap = difference @ TASTE, np.matvec(difference, model.weights)
    gaps = np.matvec(pairs.gaps, model.weights)
    bias = np.zeros_like(model.bias) if "bias" in on else model.bias
    (rewards, free_rewards), (penalties, _) = ppo.histories
    return [
        Recipe(
            pairs.chosen[i, 0], pairs.rejected[i, 0], model.weights[i], float(bias[i]),
            float((true_gap[i] < 0).mean()), float((np.sign(learned_gap[i]) == np.sign(true_gap[i])).mean()),
            model.losses[i], float((gaps[i] > 0).mean()), float(gaps[i].mean()), rewards[i] + bias[i], penalties[i],
            dpo.histories[0][i],
            {name: (float(score[i].mean()), float(score[i].std())) for name, score in scores.items()},
            {name: float(values[i]) for name, values in drift.items()}, float(free_rewards[i, -1] + bias[i]),
        )
        for i in range(len(bias))
    ]  # fmt: skip


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
