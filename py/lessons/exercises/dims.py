"""What is checked in the challenge of fifty features: what was learned, and from how many pairs."""

from typing import Any

import numpy as np

from runtime.grading import Exercise, Refused, Work, number

WIDE_DIM = 50


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))


def _wide(work: Work, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return work["wide_pairs"](n, np.random.default_rng(seed))


def _ranking(work: Work, weights: np.ndarray) -> float:
    """Share of pairs that nobody was trained on which `weights` ranks as the taste does."""
    gap = np.subtract(*_wide(work, 2000, 1234))
    return (np.sign(gap @ weights) == np.sign(gap @ work["wide_taste"])).mean()


def _learned(work: Work, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return work["train_reward_model"](*pairs)[0]


def _wide_shape(weights: Any, whose: str) -> np.ndarray:
    if isinstance(weights, tuple):
        raise Refused(
            f"{whose} holds {len(weights)} things in one tuple. `train_reward_model` returns the weights and the"
            " losses: take the first."
        )
    weights = np.asarray(weights)
    if weights.dtype.kind not in "fiu" or weights.shape != (WIDE_DIM,):
        raise Refused(
            f"{whose} should be {WIDE_DIM} numbers, one weight a feature, and is of shape {weights.shape}. "
            "The pairs of this challenge are `wide_pairs`, not `preferred` and `rejected`."
        )
    return weights


def _wide_problem(work: Work, weights: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], whose: str) -> str | None:
    """What is wrong with weights that were learned from `pairs`."""
    if not np.isfinite(weights).all():
        return f"{whose} holds NaN or infinity: the training has run off. Try a smaller learning rate."
    if not weights.any():
        return f"{whose} is still all zeros. Train a reward model on the wide pairs."
    if not weights[len(work["rm_weights"]) :].any():
        if _cosine(weights[: len(work["rm_weights"])], np.asarray(work["rm_weights"])) > 0.9999:
            return (
                "Those are the weights of the five-feature model, padded with zeros. Train on the wide pairs: nothing"
                " tells the model which features matter."
            )
        if _cosine(weights, work["wide_taste"]) < 0.9999:
            return (
                "Only five features have a weight. That only these matter is what the annotator knows and the model"
                " does not: learn all 50."
            )
    if _cosine(weights, work["wide_taste"]) > 0.9999:
        return "That is the annotator’s own taste. A reward model has to learn it from the pairs."
    ranked = _ranking(work, weights)
    if ranked < 0.42:
        return (
            f"It ranks only {ranked:.0%} of fresh pairs right, worse than a coin: it has learned the opposite. "
            "The first argument of the training is the *preferred* answers."
        )
    difference = pairs[0] - pairs[1]
    loss = np.logaddexp(0.0, -difference @ weights).mean()
    best = _learned(work, pairs)
    if _cosine(weights, _learned(work, (pairs[0], 0 * pairs[1]))) > max(0.97, _cosine(weights, best)):
        return (
            "It has learned from the preferred answers alone. What counts in a pair is the *difference*, preferred"
            " minus rejected."
        )
    if 0.62 < loss < 0.7:
        return (
            f"On the pairs it was trained on it still pays {loss:.3f} nats, and ln 2 = 0.693 is what knowing nothing"
            " costs. It needs more epochs, or a larger learning rate."
        )
    if ranked < _ranking(work, best) - 0.06:
        return (
            f"It ranks {ranked:.0%} of fresh pairs right, and the same pairs can teach {_ranking(work, best):.0%}. "
            "Are all of them used, and all 50 features?"
        )
    return None


def wide_function_learns(work: Work) -> str | None:
    """`train_wide` on other numbers of pairs and other draws."""
    if not work.takes("train_wide", 300, np.random.default_rng(1)):
        return None
    learned = []
    for n, seed in ((300, 1), (700, 2)):
        weights = _wide_shape(work.call("train_wide", n, np.random.default_rng(seed)), "What `train_wide` returns")
        if not weights.any() and np.any(work["wide_weights"]):
            return None  # filled in without the function
        said = _wide_problem(work, weights, _wide(work, n, seed), "What `train_wide` returns")
        if said:
            return said
        learned.append(weights)
    if np.array_equal(*learned):
        return (
            "`train_wide` returns the same weights whatever `n` and `rng` it is given. "
            "Train on the pairs that it draws itself, `wide_preferred` and `wide_rejected`."
        )
    return None


def wide_weights_learned(work: Work) -> str | None:
    weights = _wide_shape(work["wide_weights"], "`wide_weights`")
    said = _wide_problem(work, weights, _wide(work, 200, 42), "`wide_weights`")
    # Weights from more pairs owe nothing to these 200.
    return None if said and _ranking(work, weights) > 0.85 and _cosine(weights, work["wide_taste"]) < 0.9999 else said


def enough_pairs(work: Work) -> str | None:
    """The number of pairs that brings fifty features to where five were, over several draws."""
    enough, target = work.get("enough"), float(work["ranking_accuracy"])
    if enough is None:
        return (
            "Half done: the training works. Now `enough`: try `train_wide` with more and more pairs until "
            f"`wide_ranking` is about as high as five features had it, {target:.1%}."
        )
    pairs = number(enough)
    if pairs is None or not np.isfinite(pairs) or pairs <= 0:
        return "`enough` should be one number, of pairs."
    if pairs <= 1:
        return "`enough` looks like a share. It should be a number of pairs, such as 200."
    if pairs > 20_000:
        return (
            f"{pairs:,.0f} pairs are more than enough. Look for the size at which the ranking *first* gets to"
            f" {target:.1%}."
        )
    reached = _ranking_after(work, int(pairs))
    if reached < target - 0.02:
        return (
            f"After {pairs:.0f} pairs the ranking is right in {reached:.1%} on average over five draws, and the goal is"
            f" {target:.1%}. It takes more."
        )
    if _ranking_after(work, int(pairs) // 3) > target:
        return (
            f"{pairs:.0f} pairs do, but a third of them would do as well. Look for the size at which the ranking"
            f" *first* gets to {target:.1%}."
        )
    return None


def _ranking_after(work: Work, n: int, draws: int = 5) -> float:
    return float(np.mean([_ranking(work, _learned(work, _wide(work, max(n, 1), 50 + draw))) for draw in range(draws)]))


EXERCISE = Exercise(
    needs=("rm_weights", "ranking_accuracy", "train_reward_model"),
    checks=(wide_function_learns, wide_weights_learned, enough_pairs),
    hints=(
        "There is nothing about five in `train_reward_model`: it takes pairs of any width.",
        (
            "`weights, losses = train_reward_model(wide_preferred, wide_rejected)`, and the function returns the first"
            " of the two."
        ),
        (
            "For `enough`, call `wide_ranking(train_wide(n, np.random.default_rng(42)))` for n = 200, 500, 1000, 2000,"
            " and see where it gets to `ranking_accuracy`."
        ),
    ),
    fact=(
        "Ten times the features want about ten times the pairs: 45 weights should be zero, and each of them has to be "
        "shown to be."
    ),
)
