"""What is checked in the challenge of fifty features: what was learned, and from how many pairs."""

import numpy as np

from runtime.grading import Exercise, Facts, Table, cosine, number

# fmt: off (a row is what may be wrong and what is said then)


def draw(f: Facts, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return f.wide_pairs(n, np.random.default_rng(seed))


def train(f: Facts, n: int, seed: int) -> np.ndarray:
    return f.work.call("train_wide", n, np.random.default_rng(seed))


def ranking(f: Facts, weights: np.ndarray) -> float:
    """Share of pairs that nobody was trained on which `weights` ranks as the taste does."""
    gap = np.subtract(*draw(f, 2000, 1234))
    return (np.sign(gap @ weights) == np.sign(gap @ f.wide_taste)).mean()


def ranking_after(f: Facts, n: int) -> float:
    """That share for what can be learned from n pairs, over five draws."""
    learned = [f.train_reward_model(*draw(f, max(n, 1), 50 + seed))[0] for seed in range(5)]
    return float(np.mean([ranking(f, weights) for weights in learned]))


LEARNED = {  # about weights that were learned from `pairs`, as the reader gives them
    "weights": lambda f: np.asarray(f.given),
    "count": lambda f: len(f.given),
    "five": lambda f: len(f.rm_weights),
    "narrow": lambda f: not f.weights[f.five :].any(),
    "is_taste": lambda f: cosine(f.weights, f.wide_taste) > 0.9999,
    "ranked": lambda f: ranking(f, f.weights),
    "best": lambda f: f.train_reward_model(*f.pairs)[0],
    "possible": lambda f: ranking(f, f.best),
    "preferred_alone": lambda f: f.train_reward_model(f.pairs[0], 0 * f.pairs[1])[0],
    "loss": lambda f: np.logaddexp(0.0, -(f.pairs[0] - f.pairs[1]) @ f.weights).mean(),
}

FIFTY_NUMBERS = (
    (lambda f: isinstance(f.given, tuple), "{whose} holds {count} things in one tuple. `train_reward_model` returns "
     "the weights and the losses: take the first."),
    (lambda f: f.weights.dtype.kind not in "fiu" or f.weights.shape != (50,),
     "{whose} should be 50 numbers, one weight a feature, and is of shape {weights.shape}. The pairs of this challenge "
     "are `wide_pairs`, not `preferred` and `rejected`."),
)

WELL_LEARNED = (
    (lambda f: not np.isfinite(f.weights).all(),
     "{whose} holds NaN or infinity: the training has run off. Try a smaller learning rate."),
    (lambda f: not f.weights.any(), "{whose} is still all zeros. Train a reward model on the wide pairs."),
    (lambda f: f.narrow and cosine(f.weights[: f.five], np.asarray(f.rm_weights)) > 0.9999,
     "Those are the weights of the five-feature model, padded with zeros. Train on the wide pairs: nothing tells the "
     "model which features matter."),
    (lambda f: f.narrow and not f.is_taste, "Only five features have a weight. That only these matter is what the "
     "annotator knows and the model does not: learn all 50."),
    (lambda f: f.is_taste, "That is the annotator’s own taste. A reward model has to learn it from the pairs."),
    (lambda f: f.ranked < 0.42, "It ranks only {ranked:.0%} of fresh pairs right, worse than a coin: it has learned "
     "the opposite. The first argument of the training is the *preferred* answers."),
    (lambda f: cosine(f.weights, f.preferred_alone) > max(0.97, cosine(f.weights, f.best)), "It has learned from the "
     "preferred answers alone. What counts in a pair is the *difference*, preferred minus rejected."),
    (lambda f: 0.62 < f.loss < 0.7, "On the pairs it was trained on it still pays {loss:.3f} nats, and ln 2 = 0.693 is "
     "what knowing nothing costs. It needs more epochs, or a larger learning rate."),
    (lambda f: f.ranked < f.possible - 0.06, "It ranks {ranked:.0%} of fresh pairs right, and the same pairs can teach "
     "{possible:.0%}. Are all of them used, and all 50 features?"),
)

FUNCTION = Table(
    {**LEARNED, "given": lambda f: train(f, f.n, f.seed), "pairs": lambda f: draw(f, f.n, f.seed),
     "whose": "What `train_wide` returns"},
    cases=({"n": 300, "seed": 1}, {"n": 700, "seed": 2}),
    rows=(
        (lambda f: not f.work.takes("train_wide", f.n, None), None),
        *FIFTY_NUMBERS,
        (lambda f: not f.weights.any() and np.any(f.wide_weights), None),  # filled in without the function
        *WELL_LEARNED,
        (lambda f: f.n == 700 and np.array_equal(f.weights, train(f, 300, 1)),
         "`train_wide` returns the same weights whatever `n` and `rng` it is given. Train on the pairs that it draws "
         "itself, `wide_preferred` and `wide_rejected`."),
    ),
)

WEIGHTS = Table(
    {**LEARNED, "given": lambda f: f.wide_weights, "pairs": lambda f: draw(f, 200, 42), "whose": "`wide_weights`"},
    (
        *FIFTY_NUMBERS,
        (lambda f: f.ranked > 0.85 and not f.is_taste, None),  # weights from more pairs owe nothing to these 200
        *WELL_LEARNED,
    ),
)

ENOUGH = Table(
    {
        "enough": lambda f: f.work.get("enough"),
        "pairs": lambda f: number(f.enough),
        "target": lambda f: float(f.ranking_accuracy),
        "reached": lambda f: ranking_after(f, int(f.pairs)),
    },
    (
        (lambda f: f.enough is None, "Half done: the training works. Now `enough`: try `train_wide` with more and more "
         "pairs until `wide_ranking` is about as high as five features had it, {target:.1%}."),
        (lambda f: f.pairs is None or not 0 < f.pairs < np.inf, "`enough` should be one number, of pairs."),
        (lambda f: f.pairs <= 1, "`enough` looks like a share. It should be a number of pairs, such as 200."),
        (lambda f: f.pairs > 20_000, "{pairs:,.0f} pairs are more than enough. Look for the size at which the ranking "
         "*first* gets to {target:.1%}."),
        (lambda f: f.reached < f.target - 0.02, "After {pairs:.0f} pairs the ranking is right in {reached:.1%} on "
         "average over five draws, and the goal is {target:.1%}. It takes more."),
        (lambda f: ranking_after(f, int(f.pairs) // 3) > f.target, "{pairs:.0f} pairs do, but a third of them would do "
         "as well. Look for the size at which the ranking *first* gets to {target:.1%}."),
    ),
)

EXERCISE = Exercise(
    needs=("rm_weights", "ranking_accuracy", "train_reward_model"),
    checks=(FUNCTION, WEIGHTS, ENOUGH),
    hints=(
        "There is nothing about five in `train_reward_model`: it takes pairs of any width.",
        "`weights, losses = train_reward_model(wide_preferred, wide_rejected)`, and the function returns the first of "
        "the two.",
        "For `enough`, call `wide_ranking(train_wide(n, np.random.default_rng(42)))` for n = 200, 500, 1000, 2000, and "
        "see where it gets to `ranking_accuracy`.",
    ),
    fact="Ten times the features want about ten times the pairs: 45 weights should be zero, and each of them has to be "
    "shown to be.",
)
