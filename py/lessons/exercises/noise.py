"""What is checked in the challenge of swapped labels: pair by pair, what became of it."""

import numpy as np

from runtime.grading import Exercise, Facts, Table, lines

# fmt: off

KEPT, SWAPPED, TWICE, OTHER = range(4)


def fates_of(f: Facts) -> np.ndarray:
    """What became of each pair: one answer may have taken both places."""
    places = [[np.isclose(new, old).all(axis=1) for old in f.before] for new in f.after]  # by new and by old side
    (same, first_moved), (second_moved, also_same) = places
    twice = same & second_moved | first_moved & also_same
    return np.select([same & also_same, first_moved & second_moved, twice], [KEPT, SWAPPED, TWICE], OTHER)


TWO_SIDES = """
shape = before[0].shape
after = [np.asarray(side) for side in answer]
odd = next((side for side in after if side.shape != shape), None)
answer is None | `swap_labels` returns nothing. Is the `return` line still there?
not isinstance(answer, (tuple, list, np.ndarray)) or len(answer) != 2 | `swap_labels` should return two arrays.
odd is not None and odd.shape[1:] == shape[1:] | Swapped pairs stay in the data: {shape[0]}, not {odd.shape[0]}.
odd is not None | Each side should have shape {shape}, and one has {odd.shape}.
"""

SWAPS = """
fates = fates_of(f)
swapped = fates == SWAPPED
twice = fates == TWICE
torn = (fates == OTHER).any()
right = np.array_equal(swapped, swap) and not torn and not twice.any()
old = np.concatenate(before)
new = np.concatenate(after)
torn and all(np.isclose(old, row).all(axis=1).any() for row in new) | Answers have moved to other pairs. A label is
 swapped between the sides of one row.
torn and np.allclose(np.sort(new, axis=None), np.sort(old, axis=None)) | Single features were swapped, so that
 answers are mixed. `swap[:, None]` covers a whole answer.
torn and np.isclose(abs(new), abs(old)).all(axis=1).mean() > 0.5 | Signs were turned: nobody gave these answers.
torn | There are answers that were not in the data. Swapping changes places, never numbers.
twice.any() and (twice.all() or (twice != swap).any()) | In some pairs both answers are now the same.
twice.any() | In the swapped pairs both answers are now the same: one side was left alone, or overwritten before it was
 copied. Make both new sides from the old ones.
right |
not swapped.any() | Nothing has been swapped yet. Where `swap` is True, the two answers change places.
(swapped != swap).all() | Labels are swapped on the wrong side, where `swap` is *False*. Exchange the choices.
swapped.all() | Every pair has changed places. Only those where `swap` is True should.
True | Some pairs have changed places, but not those where `swap` is True.
"""

FUNCTION = """
before = np.random.default_rng(seed).standard_normal((2, 30, 4))
swap = np.random.default_rng(seed + 10).random(30) < often
given = before.copy()
answer = call("swap_labels", *given, swap.copy(), copies=False)
not takes("swap_labels", 0, 0, 0) |
""" + TWO_SIDES + """
right and not np.array_equal(given, before) | Right, but `swap_labels` changes the arrays that it is given: every
 run swaps once more. Build new arrays, for instance with `np.where`, and run “Preference data” again.
np.array_equal(after, before) and not np.array_equal(f.work.get("noisy_preferred", preferred), preferred) |
""" + SWAPS

# Another draw of about a fifth is as good.
DATA = """
before = (np.asarray(preferred), np.asarray(rejected))
answer = (noisy_preferred, noisy_rejected)
asked = np.asarray(f.work["swap"])
swap = asked.astype(bool) if asked.shape == shape[:1] else np.zeros(shape[:1], bool)
share = swapped.mean()
pairwise = np.isin(fates, (KEPT, SWAPPED)).all()
""" + TWO_SIDES + """
pairwise and 0.12 < share < 0.28 |
pairwise and not right and 0 < share < 1 and not 0.72 < share < 0.88 | {share:.0%} of the pairs have changed places. The
 annotator slips in 20 %.
""" + SWAPS

WEIGHTS = """
weights = np.asarray(noisy_weights)
count = len(rm_weights)
best = train_reward_model(noisy_preferred, noisy_rejected)[0]
turned = cosine(weights, best)
weights.shape != (count,) | `noisy_weights` should be {count} numbers, the first of what `train_reward_model` returns.
np.allclose(weights, rm_weights) | These are those of the clean labels. Train on `noisy_preferred` and `noisy_rejected`.
turned < -0.9 | `noisy_weights` point the other way. The preferred come first in `train_reward_model`.
turned < 0.97 or not 0.7 < np.linalg.norm(weights) / np.linalg.norm(best) < 1.5 | `noisy_weights` do not follow from the
 swapped pairs. Train on them to the end.
"""

OFTEN = ({"seed": 0, "often": 0.2}, {"seed": 1, "often": 0.5}, {"seed": 2, "often": 0.9})
EXERCISE = Exercise(
    needs=("preferred", "rejected", "rm_weights", "train_reward_model"),
    checks=(Table(globals(), FUNCTION, OFTEN), Table(globals(), DATA), Table(globals(), WEIGHTS)),
    hints=lines("""
Where `swap` is True, the new preferred answer is the old rejected one. And the new rejected one?
`np.where(condition, a, b)` takes from `a` where the condition is True, from `b` elsewhere. You need it twice.
`swap[:, None]`, of shape (n, 1), covers a whole answer: `np.where(swap[:, None], rejected, preferred)` is one side.
"""),
    fact="The weights shrink, and hardly turn. The model cannot know which labels slipped, so it takes the annotator "
    "for less decided; for PPO that is the same as a larger beta.",
)
