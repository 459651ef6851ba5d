"""What is checked in the challenge of swapped labels: pair by pair, what became of it."""

from typing import Any

import numpy as np

from runtime.grading import Exercise, Refused, Work

KEPT, SWAPPED, FIRST_TWICE, SECOND_TWICE, OTHER = range(5)


def _fates(
    preferred: np.ndarray, rejected: np.ndarray, new_preferred: np.ndarray, new_rejected: np.ndarray
) -> np.ndarray:
    """What became of each pair."""

    def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.isclose(a, b).all(axis=1)

    choices = [
        same(new_preferred, preferred) & same(new_rejected, rejected),
        same(new_preferred, rejected) & same(new_rejected, preferred),
        same(new_preferred, preferred) & same(new_rejected, preferred),
        same(new_preferred, rejected) & same(new_rejected, rejected),
    ]
    return np.select(choices, [KEPT, SWAPPED, FIRST_TWICE, SECOND_TWICE], OTHER)


def _two_sides(answer: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    if answer is None:
        raise Refused("`swap_labels` returns nothing. Is the `return` line still there?")
    if not isinstance(answer, (tuple, list, np.ndarray)) or len(answer) != 2:
        raise Refused("`swap_labels` should return two arrays, preferred and rejected, in this order.")
    sides = np.asarray(answer[0]), np.asarray(answer[1])
    for side in sides:
        if side.shape == shape:
            continue
        if side.shape[1:] == shape[1:]:
            raise Refused(
                f"Of {shape[0]} pairs {side.shape[0]} are left. Swapped pairs stay in the data, the other way round."
            )
        raise Refused(f"Each side should have shape {shape}, and one has {side.shape}.")
    return sides


def _swap_problem(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], swap: np.ndarray
) -> str | None:
    fates = _fates(*before, *after)
    twice = np.isin(fates, (FIRST_TWICE, SECOND_TWICE))
    if (fates == OTHER).any():
        return _torn(before, after)
    if twice.any():
        if twice.all() or not (twice == swap).all():
            return (
                "In some pairs both answers are now the same. Each pair keeps its two answers; only their places"
                " change."
            )
        return (
            "In the swapped pairs both answers are now the same. Either one side was left alone, or it was overwritten"
            " before it was copied: both new sides have to be made from the old ones."
        )
    swapped = fates == SWAPPED
    if (swapped == swap).all():
        return None
    if not swapped.any():
        return (
            "Nothing has been swapped yet. Where `swap` is True, the preferred answer becomes the rejected one, and the"
            " other way round."
        )
    if (swapped == ~swap).all():
        return (
            "Labels are swapped on the wrong side: the pairs where `swap` is *False* have changed places. "
            "`np.where` takes its first choice where the condition is True."
        )
    if swapped.all():
        return "Every pair has changed places. Only those where `swap` is True should."
    return "Some pairs have changed places, but not those where `swap` is True."


def _torn(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> str:
    """Why answers came out that were no answers of their pair."""
    old, new = np.concatenate(before), np.concatenate(after)
    same_numbers = np.isclose(np.sort(new, axis=None), np.sort(old, axis=None)).all()
    if all(np.isclose(old, row).all(axis=1).any() for row in new):
        return "Answers have moved to other pairs. A label is swapped within its pair, between the sides of one row."
    if same_numbers:
        return "Single features were swapped, so that answers are mixed. `swap[:, None]` covers a whole answer."
    if np.isclose(np.abs(new), np.abs(old)).all(axis=1).mean() > 0.5:
        return "Signs were turned: these are answers that nobody gave. A swapped label changes neither answer."
    return "There are answers in the result that were not in the data. Swapping changes places, never numbers."


def swap_function_holds(work: Work) -> str | None:
    """`swap_labels` on generated pairs and masks."""
    if not work.takes("swap_labels", 0, 0, 0):
        return None
    untouched = True
    for seed, share in enumerate((0.2, 0.5, 0.9)):
        rng = np.random.default_rng(seed)
        pairs = rng.standard_normal((2, 30, 4))
        swap = rng.random(30) < share
        given = pairs.copy()
        after = _two_sides(work.call("swap_labels", given[0], given[1], swap.copy(), copies=False), pairs[0].shape)
        said = _swap_problem((pairs[0], pairs[1]), after, swap)
        nothing = said is not None and np.array_equal(after, pairs)
        if nothing and work.get("noisy_preferred") is not None and _filled_without_function(work):
            return None
        if said:
            return said
        untouched &= np.array_equal(given, pairs)
    if not untouched:
        return (
            "Right, but `swap_labels` also changes the arrays that it is given: the clean labels are lost, and every"
            " run swaps once more. Build new arrays, for instance with `np.where`, and run “Preference data” again."
        )
    return None


def _filled_without_function(work: Work) -> bool:
    return not np.array_equal(work["noisy_preferred"], work["preferred"])


def noisy_pairs_hold(work: Work) -> str | None:
    """The data itself. Without the function, another draw of about a fifth of the pairs is as good."""
    before = np.asarray(work["preferred"]), np.asarray(work["rejected"])
    after = _two_sides((work["noisy_preferred"], work["noisy_rejected"]), before[0].shape)
    swap = np.asarray(work["swap"])
    said = _swap_problem(
        before, after, swap.astype(bool) if swap.shape == (len(before[0]),) else np.zeros(len(before[0]), bool)
    )
    fates = _fates(*before, *after)
    if said and np.isin(fates, (KEPT, SWAPPED)).all():
        share = (fates == SWAPPED).mean()
        if 0.12 < share < 0.28:
            return None
        if 0.72 < share < 0.88 or share in (0, 1):
            return said
        return f"{share:.0%} of the pairs have changed places. The annotator slips in 20 %."
    return said


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))


def noisy_weights_hold(work: Work) -> str | None:
    weights = np.asarray(work["noisy_weights"])
    if weights.shape != np.shape(work["rm_weights"]):
        return (
            f"`noisy_weights` should be {len(work['rm_weights'])} numbers, as `rm_weights` is. "
            "`train_reward_model` returns the weights and the losses."
        )
    if np.allclose(weights, work["rm_weights"]):
        return "`noisy_weights` are those of the clean labels. Train on `noisy_preferred` and `noisy_rejected`."
    best = work["train_reward_model"](work["noisy_preferred"], work["noisy_rejected"])[0]
    if _cosine(weights, best) < -0.9:
        return (
            "`noisy_weights` point the other way. The first argument of `train_reward_model` is the preferred answers."
        )
    if _cosine(weights, best) < 0.97 or not 0.7 < np.linalg.norm(weights) / np.linalg.norm(best) < 1.5:
        return (
            "`noisy_weights` do not follow from the swapped pairs. Train on `noisy_preferred` and `noisy_rejected`, to"
            " the end."
        )
    return None


EXERCISE = Exercise(
    needs=("preferred", "rejected", "rm_weights", "train_reward_model"),
    checks=(swap_function_holds, noisy_pairs_hold, noisy_weights_hold),
    hints=(
        "Where `swap` is True, the new preferred answer is the old rejected one. And the new rejected one?",
        (
            "`np.where(condition, a, b)` takes from `a` where the condition is True, from `b` elsewhere. You need it"
            " twice."
        ),
        (
            "`swap` has shape (n,), the answers (n, 5): `swap[:, None]` stretches over a whole answer. "
            "`np.where(swap[:, None], rejected, preferred)` is one of the two sides."
        ),
    ),
    fact=(
        "The weights shrink, and hardly turn. The model cannot know which labels slipped, so it takes the annotator for"
        " less decided; for PPO that is the same as a larger beta."
    ),
)
