"""What is checked in the challenge of fifty features: what was learned, and from how many pairs."""

import numpy as np

from runtime.grading import Exercise, Facts, Table, lines

# fmt: off


def draw(f: Facts, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return f.wide_pairs(n, np.random.default_rng(seed))


def ranking(f: Facts, weights: np.ndarray) -> float:
    """Share of pairs that nobody was trained on which `weights` ranks as the taste does."""
    gap = np.subtract(*draw(f, 2000, 1234))
    return (np.sign(gap @ weights) == np.sign(gap @ f.wide_taste)).mean()


def ranking_after(f: Facts, n: float) -> float:
    """That share for what can be learned from n pairs, over five draws."""
    draws = (draw(f, max(int(n), 1), 50 + seed) for seed in range(5))
    return float(np.mean([ranking(f, f.train_reward_model(*pairs)[0]) for pairs in draws]))


FIFTY_NUMBERS = """
weights = np.asarray(given)
isinstance(given, tuple) | {whose}: two things in one tuple. `train_reward_model` returns the weights and the losses.
weights.dtype.kind not in "fiu" or weights.shape != (50,) | {whose}: not 50 numbers, one a feature, but of shape
 {weights.shape}. The pairs here are `wide_pairs`.
"""

WELL_LEARNED = """
narrow = not weights[len(rm_weights):].any()
is_taste = cosine(weights, wide_taste) > 0.9999
ranked = ranking(f, weights)
best = train_reward_model(*pairs)[0]
possible = ranking(f, best)
loss = np.logaddexp(0.0, -np.subtract(*pairs) @ weights).mean()
least = np.logaddexp(0.0, -np.subtract(*pairs) @ best).mean()
not np.isfinite(weights).all() | {whose}: NaN or infinity. The training has run off: try a smaller learning rate.
not weights.any() | {whose}: still all zeros. Train a reward model on the wide pairs.
narrow and cosine(weights[:len(rm_weights)], rm_weights) > 0.9999 | Those are the weights of the five-feature model,
 padded with zeros. Nothing tells the model which features matter: train on the wide pairs.
narrow and not is_taste | That only five matter is what the annotator knows and the model does not: learn all 50.
is_taste | That is the annotator’s own taste. A reward model has to learn it from the pairs.
ranked < 0.42 | It ranks {ranked:.0%} of fresh pairs right, the opposite of the taste. The *preferred* come first.
cosine(weights, train_reward_model(pairs[0], 0 * pairs[1])[0]) > max(0.97, cosine(weights, best)) | It has learned from
 the preferred answers alone. What counts in a pair is the *difference*.
max(0.62, least + 0.02) < loss < 0.7 | It still pays {loss:.3f} nats a pair; knowing nothing costs 0.693.
 Take more epochs or larger steps.
ranked < possible - 0.06 | It ranks {ranked:.0%} of fresh pairs right; its pairs can teach {possible:.0%}.
 Are all of them used, and all 50 features?
"""

FUNCTION = """
given = call("train_wide", n, np.random.default_rng(seed))
pairs = draw(f, n, seed)
whose = "What `train_wide` returns"
not takes("train_wide", n, None) |
""" + FIFTY_NUMBERS + """
not weights.any() and np.any(wide_weights) |
""" + WELL_LEARNED + """
seed == 2 and np.array_equal(weights, call("train_wide", 300, np.random.default_rng(1))) | `train_wide` returns
 the same weights whatever it is given. Train on the pairs that it draws itself.
"""

# Weights from more pairs owe nothing to these 200.
WEIGHTS = """
given = wide_weights
pairs = draw(f, 200, 42)
whose = "`wide_weights`"
""" + FIFTY_NUMBERS + """
ranked > 0.85 and not is_taste |
""" + WELL_LEARNED

ENOUGH = """
pairs = number(f.work.get("enough"))
target = float(ranking_accuracy)
reached = ranking_after(f, pairs)
f.work.get("enough") is None | Half done: the training works. Now `enough`: from how many pairs does `wide_ranking`
 get to what five features had, {target:.1%}?
pairs is None or not 0 < pairs < np.inf | `enough` should be one number, of pairs.
pairs <= 1 | `enough` looks like a share. It should be a number of pairs, such as 200.
pairs > 20_000 | {pairs:,.0f} are more than enough. Where does the ranking *first* get to {target:.1%}?
reached < target - 0.02 | {pairs:.0f} pairs teach {reached:.1%} over five draws, not {target:.1%}. It takes more.
ranking_after(f, pairs / 3) > target | So would a third of them. Where does the ranking *first* get to {target:.1%}?
"""

DRAWS = ({"n": 300, "seed": 1}, {"n": 700, "seed": 2})
EXERCISE = Exercise(
    needs=("rm_weights", "ranking_accuracy", "train_reward_model"),
    checks=(Table(globals(), FUNCTION, DRAWS), Table(globals(), WEIGHTS), Table(globals(), ENOUGH)),
    hints=lines("""
There is nothing about five in `train_reward_model`: it takes pairs of any width.
`weights, losses = train_reward_model(wide_preferred, wide_rejected)`; `train_wide` returns the first of the two.
For `enough`, see for n = 200, 500, 1000, 2000 when `wide_ranking(train_wide(n, np.random.default_rng(42)))` gets there.
"""),
    fact="Ten times the features want about ten times the pairs: they have to show that 45 weights are zero.",
)
