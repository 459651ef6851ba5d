"""What is checked in the challenge of swapped labels: pair by pair, what became of it."""

import numpy as np

from runtime.grading import Exercise, Facts, Table, cosine

# fmt: off (a row is what may be wrong and what is said then)

KEPT, SWAPPED, TWICE, OTHER = range(4)


def fates(f: Facts) -> np.ndarray:
    """What became of each pair: one answer may have taken both places."""
    places = [[np.isclose(new, old).all(axis=1) for old in f.before] for new in f.after]  # by new and by old side
    (same, first_moved), (second_moved, also_same) = places
    twice = same & second_moved | first_moved & also_same
    return np.select([same & also_same, first_moved & second_moved, twice], [KEPT, SWAPPED, TWICE], OTHER)


PAIRS = {  # `before`, the `answer` and which to `swap` are given
    "shape": lambda f: f.before[0].shape,
    "after": lambda f: [np.asarray(side) for side in f.answer],
    "odd": lambda f: next((side for side in f.after if side.shape != f.shape), None),
    "fates": fates,
    "swapped": lambda f: f.fates == SWAPPED,
    "twice": lambda f: f.fates == TWICE,
    "torn": lambda f: (f.fates == OTHER).any(),
    "right": lambda f: np.array_equal(f.swapped, f.swap) and not f.torn and not f.twice.any(),
    "old": lambda f: np.concatenate(f.before),
    "new": lambda f: np.concatenate(f.after),
    "share": lambda f: f.swapped.mean(),
    "pairwise": lambda f: np.isin(f.fates, (KEPT, SWAPPED)).all(),
}

TWO_SIDES = (
    (lambda f: f.answer is None, "`swap_labels` returns nothing. Is the `return` line still there?"),
    (lambda f: not isinstance(f.answer, (tuple, list, np.ndarray)) or len(f.answer) != 2,
     "`swap_labels` should return two arrays, preferred and rejected, in this order."),
    (lambda f: f.odd is not None and f.odd.shape[1:] == f.shape[1:],
     "Of {shape[0]} pairs {odd.shape[0]} are left. Swapped pairs stay in the data, the other way round."),
    (lambda f: f.odd is not None, "Each side should have shape {shape}, and one has {odd.shape}."),
)

SWAPS = (
    (lambda f: f.torn and all(np.isclose(f.old, row).all(axis=1).any() for row in f.new),
     "Answers have moved to other pairs. A label is swapped within its pair, between the sides of one row."),
    (lambda f: f.torn and np.isclose(np.sort(f.new, axis=None), np.sort(f.old, axis=None)).all(),
     "Single features were swapped, so that answers are mixed. `swap[:, None]` covers a whole answer."),
    (lambda f: f.torn and np.isclose(np.abs(f.new), np.abs(f.old)).all(axis=1).mean() > 0.5,
     "Signs were turned: these are answers that nobody gave. A swapped label changes neither answer."),
    (lambda f: f.torn,
     "There are answers in the result that were not in the data. Swapping changes places, never numbers."),
    (lambda f: f.twice.any() and (f.twice.all() or (f.twice != f.swap).any()),
     "In some pairs both answers are now the same. Each pair keeps its two answers; only their places change."),
    (lambda f: f.twice.any(), "In the swapped pairs both answers are now the same. Either one side was left alone, or "
     "it was overwritten before it was copied: both new sides have to be made from the old ones."),
    (lambda f: f.right, None),
    (lambda f: not f.swapped.any(), "Nothing has been swapped yet. Where `swap` is True, the preferred answer becomes "
     "the rejected one, and the other way round."),
    (lambda f: (f.swapped != f.swap).all(), "Labels are swapped on the wrong side: the pairs where `swap` is *False* "
     "have changed places. `np.where` takes its first choice where the condition is True."),
    (lambda f: f.swapped.all(), "Every pair has changed places. Only those where `swap` is True should."),
    (lambda f: True, "Some pairs have changed places, but not those where `swap` is True."),
)

FUNCTION = Table(
    {
        **PAIRS,
        "before": lambda f: np.random.default_rng(f.seed).standard_normal((2, 30, 4)),
        "swap": lambda f: np.random.default_rng(f.seed + 10).random(30) < f.often,
        "given": lambda f: f.before.copy(),
        "filled_without": lambda f: not np.array_equal(f.work.get("noisy_preferred", f.preferred), f.preferred),
        "answer": lambda f: f.work.call("swap_labels", *f.given, f.swap.copy(), copies=False),
    },
    cases=({"seed": 0, "often": 0.2}, {"seed": 1, "often": 0.5}, {"seed": 2, "often": 0.9}),
    rows=(
        (lambda f: not f.work.takes("swap_labels", 0, 0, 0), None),
        *TWO_SIDES,
        (lambda f: f.right and not np.array_equal(f.given, f.before),
         "Right, but `swap_labels` also changes the arrays that it is given: the clean labels are lost, and every run "
         "swaps once more. Build new arrays, for instance with `np.where`, and run “Preference data” again."),
        (lambda f: np.array_equal(f.after, f.before) and f.filled_without, None),
        *SWAPS,
    ),
)

DATA = Table(
    {
        **PAIRS,
        "before": lambda f: (np.asarray(f.preferred), np.asarray(f.rejected)),
        "answer": lambda f: (f.noisy_preferred, f.noisy_rejected),
        "asked": lambda f: np.asarray(f.work["swap"]),
        "swap": lambda f: f.asked.astype(bool) if f.asked.shape == f.shape[:1] else np.zeros(f.shape[:1], bool),
    },
    (
        *TWO_SIDES,
        (lambda f: f.pairwise and 0.12 < f.share < 0.28, None),  # another draw of about a fifth is as good
        (lambda f: f.pairwise and not f.right and 0 < f.share < 1 and not 0.72 < f.share < 0.88,
         "{share:.0%} of the pairs have changed places. The annotator slips in 20 %."),
        *SWAPS,
    ),
)

WEIGHTS = Table(
    {
        "weights": lambda f: np.asarray(f.noisy_weights),
        "count": lambda f: len(f.rm_weights),
        "best": lambda f: f.train_reward_model(f.noisy_preferred, f.noisy_rejected)[0],
        "cosine": lambda f: cosine(f.weights, f.best),
        "length": lambda f: np.linalg.norm(f.weights) / np.linalg.norm(f.best),
    },
    (
        (lambda f: f.weights.shape != np.shape(f.rm_weights), "`noisy_weights` should be {count} numbers, as "
         "`rm_weights` is. `train_reward_model` returns the weights and the losses."),
        (lambda f: np.allclose(f.weights, f.rm_weights),
         "`noisy_weights` are those of the clean labels. Train on `noisy_preferred` and `noisy_rejected`."),
        (lambda f: f.cosine < -0.9,
         "`noisy_weights` point the other way. The first argument of `train_reward_model` is the preferred answers."),
        (lambda f: f.cosine < 0.97 or not 0.7 < f.length < 1.5, "`noisy_weights` do not follow from the swapped pairs. "
         "Train on `noisy_preferred` and `noisy_rejected`, to the end."),
    ),
)

EXERCISE = Exercise(
    needs=("preferred", "rejected", "rm_weights", "train_reward_model"),
    checks=(FUNCTION, DATA, WEIGHTS),
    hints=(
        "Where `swap` is True, the new preferred answer is the old rejected one. And the new rejected one?",
        "`np.where(condition, a, b)` takes from `a` where the condition is True, from `b` elsewhere. You need it "
        "twice.",
        "`swap` has shape (n,), the answers (n, 5): `swap[:, None]` stretches over a whole answer. `np.where(swap[:, "
        "None], rejected, preferred)` is one of the two sides.",
    ),
    fact="The weights shrink, and hardly turn. The model cannot know which labels slipped, so it takes the annotator "
    "for less decided; for PPO that is the same as a larger beta.",
)
