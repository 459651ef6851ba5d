"""What is checked in the three challenges: fifty features, swapped labels, a ReLU reward model."""

from typing import Any

import numpy as np

from runtime.grading import Exercise, Refused, Work, number

WIDE_DIM = 50


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -z))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))


# Fifty features ------------------------------------------------------------------------------------------------------


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
            f"{whose} holds {len(weights)} things in one tuple. `train_reward_model` returns the weights and the losses: take the first."
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
                "Those are the weights of the five-feature model, padded with zeros. Train on the wide pairs: nothing tells "
                "the model which features matter."
            )
        if _cosine(weights, work["wide_taste"]) < 0.9999:
            return "Only five features have a weight. That only these matter is what the annotator knows and the model does not: learn all 50."
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
        return "It has learned from the preferred answers alone. What counts in a pair is the *difference*, preferred minus rejected."
    if loss > 0.62:
        return (
            f"On the pairs it was trained on it still pays {loss:.3f} nats, and ln 2 = 0.693 is what knowing nothing costs. "
            "It needs more epochs, or a larger learning rate."
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
    if pairs is None or not np.isfinite(pairs) or pairs < 1:
        return "`enough` should be one number, of pairs."
    if pairs <= 1:
        return "`enough` looks like a share. It should be a number of pairs, such as 200."
    if pairs > 20_000:
        return f"{pairs:,.0f} pairs are more than enough. Look for the size at which the ranking *first* gets to {target:.1%}."
    reached = _ranking_after(work, int(pairs))
    if reached < target - 0.02:
        return f"After {pairs:.0f} pairs the ranking is right in {reached:.1%} on average over five draws, and the goal is {target:.1%}. It takes more."
    if _ranking_after(work, int(pairs) // 3) > target:
        return f"{pairs:.0f} pairs do, but a third of them would do as well. Look for the size at which the ranking *first* gets to {target:.1%}."
    return None


def _ranking_after(work: Work, n: int, draws: int = 5) -> float:
    return float(np.mean([_ranking(work, _learned(work, _wide(work, max(n, 1), 50 + draw))) for draw in range(draws)]))


# Swapped labels ------------------------------------------------------------------------------------------------------

KEPT, SWAPPED, FIRST_TWICE, SECOND_TWICE, OTHER = range(5)


def _fates(preferred: np.ndarray, rejected: np.ndarray, new_preferred: np.ndarray, new_rejected: np.ndarray) -> np.ndarray:
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
            raise Refused(f"Of {shape[0]} pairs {side.shape[0]} are left. Swapped pairs stay in the data, the other way round.")
        raise Refused(f"Each side should have shape {shape}, and one has {side.shape}.")
    return sides


def _swap_problem(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], swap: np.ndarray) -> str | None:
    fates = _fates(*before, *after)
    twice = np.isin(fates, (FIRST_TWICE, SECOND_TWICE))
    if (fates == OTHER).any():
        return _torn(before, after)
    if twice.any():
        if twice.all() or not (twice == swap).all():
            return "In some pairs both answers are now the same. Each pair keeps its two answers; only their places change."
        return (
            "In the swapped pairs both answers are now the same. Either one side was left alone, or it was overwritten before "
            "it was copied: both new sides have to be made from the old ones."
        )
    swapped = fates == SWAPPED
    if (swapped == swap).all():
        return None
    if not swapped.any():
        return "Nothing has been swapped yet. Where `swap` is True, the preferred answer becomes the rejected one, and the other way round."
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
    if np.isclose(np.abs(new), np.abs(old)).all(axis=1).mean() > 0.5 and not np.isclose(new, old).all():
        if not np.isclose(np.sort(new, axis=None), np.sort(old, axis=None)).all():
            return "Signs were turned, so that these are answers which nobody gave. A swapped label leaves both answers as they are."
    if np.isclose(np.sort(new, axis=None), np.sort(old, axis=None)).all():
        if all((np.isclose(old, row).all(axis=1)).any() for row in new):
            return "Answers have moved to other pairs. A label is swapped within its pair: row by row, between the two sides."
        return "Single features were swapped, so that answers are mixed. A whole answer changes places: `swap[:, None]` covers its row."
    if all((np.isclose(old, row).all(axis=1)).any() for row in new):
        return "Answers have moved to other pairs. A label is swapped within its pair: row by row, between the two sides."
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
            "Right, but `swap_labels` also changes the arrays that it is given: the clean labels are lost, and every run swaps "
            "once more. Build new arrays, for instance with `np.where`, and run “Preference data” again."
        )
    return None


def _filled_without_function(work: Work) -> bool:
    return not np.array_equal(work["noisy_preferred"], work["preferred"])


def noisy_pairs_hold(work: Work) -> str | None:
    """The data itself. Without the function, another draw of about a fifth of the pairs is as good."""
    before = np.asarray(work["preferred"]), np.asarray(work["rejected"])
    after = _two_sides((work["noisy_preferred"], work["noisy_rejected"]), before[0].shape)
    swap = np.asarray(work["swap"])
    said = _swap_problem(before, after, swap.astype(bool) if swap.shape == (len(before[0]),) else np.zeros(len(before[0]), bool))
    fates = _fates(*before, *after)
    if said and np.isin(fates, (KEPT, SWAPPED)).all():
        share = (fates == SWAPPED).mean()
        if 0.12 < share < 0.28:
            return None
        if 0.72 < share < 0.88 or share in (0, 1):
            return said
        return f"{share:.0%} of the pairs have changed places. The annotator slips in 20 %."
    return said


def noisy_weights_hold(work: Work) -> str | None:
    weights = np.asarray(work["noisy_weights"])
    if weights.shape != np.shape(work["rm_weights"]):
        return (
            f"`noisy_weights` should be {len(work['rm_weights'])} numbers, as `rm_weights` is. "
            "`train_reward_model` returns the weights and the losses."
        )
    if np.allclose(weights, work["rm_weights"]):
        return "`noisy_weights` are those of the clean labels. Train on `noisy_preferred` and `noisy_rejected`."
    best = _learned(work, (work["noisy_preferred"], work["noisy_rejected"]))
    if _cosine(weights, best) < -0.9:
        return "`noisy_weights` point the other way. The first argument of `train_reward_model` is the preferred answers."
    if _cosine(weights, best) < 0.97 or not 0.7 < np.linalg.norm(weights) / np.linalg.norm(best) < 1.5:
        return "`noisy_weights` do not follow from the swapped pairs. Train on `noisy_preferred` and `noisy_rejected`, to the end."
    return None


# A ReLU reward model -------------------------------------------------------------------------------------------------


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, z)


FORWARD_MISTAKES = [
    (lambda y, A, b, v: (y @ A + b) @ v, "The ReLU is missing, so that the model is linear after all: `np.maximum(0, ...)` goes around `outputs @ A + b`."),
    (lambda y, A, b, v: _relu(y @ A) @ v, "The hidden bias `b` is missing. It is what moves the kinks away from zero, and here it does not cancel."),
    (lambda y, A, b, v: _relu((y @ A + b) @ v), "The ReLU sits on the reward. It belongs on the hidden layer: first `np.maximum(0, outputs @ A + b)`, then `@ v`."),
    (lambda y, A, b, v: (_relu(y @ A) + b) @ v, "The bias comes too late: added after the ReLU it is the same for every answer and cancels. Add it inside."),
    (lambda y, A, b, v: _relu(y @ A + b).sum(axis=1), "The output weights `v` are missing: multiply the hidden layer by them, `@ v`."),
    (lambda y, A, b, v: np.minimum(0.0, y @ A + b) @ v, "That keeps the negative half. ReLU keeps the positive one: `np.maximum(0, ...)`."),
    (lambda y, A, b, v: np.abs(y @ A + b) @ v, "That is the absolute value. ReLU is 0 below zero: `np.maximum(0, ...)`."),
    (lambda y, A, b, v: sigmoid(y @ A + b) @ v, "That is a sigmoid layer. The challenge asks for ReLU: `np.maximum(0, ...)`."),
    (lambda y, A, b, v: np.tanh(y @ A + b) @ v, "That is a tanh layer. The challenge asks for ReLU: `np.maximum(0, ...)`."),
    (lambda y, A, b, v: (y @ A + b > 0) @ v, "That is a step, which has no slope to learn from. ReLU keeps the value where it is positive."),
]  # fmt: skip


def _network(seed: int) -> tuple[np.ndarray, ...]:
    """A, b, v and two sides of 40 pairs, with enough of each sign to tell every mistake apart."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((5, 7)), 0.7 * rng.standard_normal(7), rng.standard_normal(7),
        rng.standard_normal((40, 5)), rng.standard_normal((40, 5)),
    )  # fmt: skip


def relu_forward_holds(work: Work) -> str | None:
    """`relu_reward` on generated networks."""
    cases = [_network(seed) for seed in range(3)]
    if not work.takes("relu_reward", cases[0][3], *cases[0][:3]):
        return None
    answers = [work.call("relu_reward", y, A, b, v) for A, b, v, y, _ in cases]
    if not any(np.any(answer) for answer in answers):
        return None if _learned_without_functions(work) else "`relu_reward` is still empty. It should be `v` times the ReLU of `outputs @ A + b`."
    expected = [_relu(y @ A + b) @ v for A, b, v, y, _ in cases]
    for answer, right in zip(answers, expected, strict=True):
        if np.shape(answer) != right.shape:
            more = " Multiply the hidden layer by `v` to get from many numbers to one." if np.size(answer) > right.size else ""
            return f"`relu_reward` should give one number an answer, shape {right.shape}, and gives shape {np.shape(answer)}.{more}"
    if _alike(answers, expected):
        return None
    for wrong, message in FORWARD_MISTAKES:
        if _alike(answers, [wrong(y, A, b, v) for A, b, v, y, _ in cases]):
            return message
    return "`relu_reward` is not right yet on a random network. In order: `outputs @ A`, plus `b`, the ReLU, times `v`."


def _alike(found: list[Any], expected: list[Any]) -> bool:
    return all(np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-9) for a, b in zip(found, expected, strict=True))


def _gradients(
    A: np.ndarray, b: np.ndarray, v: np.ndarray, preferred: np.ndarray, rejected: np.ndarray, *,
    mask: Any = lambda z: z > 0, rejected_mask: Any = None, doubt: Any = lambda margin: sigmoid(-margin),
    through_v: bool = True, rejected_side: float = 1.0, relu_on_way_back: bool = False, active: Any = _relu, sign: float = -1.0,
    summed: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Gradients of the mean Bradley-Terry loss for A, b and v; each option is a mistake that can be made."""
    z_w, z_l = preferred @ A + b, rejected @ A + b
    weight = sign * doubt((_relu(z_w) - _relu(z_l)) @ v)[:, None] / (1 if summed else len(preferred))
    back = weight * (v if through_v else 1.0)
    back_w = back * mask(z_w)
    back_l = back * (rejected_mask(z_w, z_l) if rejected_mask else mask(z_l))
    if relu_on_way_back:
        back_w, back_l = _relu(back_w), _relu(back_l)
    return (
        preferred.T @ back_w - rejected_side * rejected.T @ back_l,
        back_w.sum(axis=0) - rejected_side * back_l.sum(axis=0),
        (weight * (active(z_w) - rejected_side * active(z_l))).sum(axis=0),
    )


GRADIENT_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"sign": 1.0}, "The signs are turned: this climbs the loss. `train_relu` subtracts the gradient, so return the gradient of the *loss*."),
    ({"summed": True}, "That is the gradient of the summed loss. The loss is a mean over pairs: divide by their number."),
    ({"mask": lambda z: 1.0}, "The gradient goes through units that are off. ReLU is flat below zero: multiply by `(hidden > 0)`, for each side its own."),
    ({"mask": lambda z: z <= 0}, "This ReLU kills the gradient: it passes where the unit is *off* and stops where it is on. Let it pass where `hidden > 0`."),
    ({"relu_on_way_back": True}, "This ReLU kills the gradient: `np.maximum(0, ...)` on the way back drops every negative part. What decides is the sign of the hidden input, `hidden > 0`, not that of the gradient."),
    ({"mask": _relu}, "On the way back the slope of the ReLU counts, 1 or 0, not its value: multiply by `(hidden > 0)`."),
    ({"rejected_mask": lambda z_w, z_l: z_w > 0}, "The rejected answers go through the chosen answers’ ReLU. Each side has its own units on: `rejected @ A + b > 0`."),
    ({"rejected_side": 0.0}, "The rejected answers are missing. The margin is a difference, so they count with a minus sign."),
    ({"rejected_side": -1.0}, "The rejected answers count with a plus sign. The margin is r(chosen) − r(rejected), so theirs is a minus."),
    ({"doubt": lambda margin: sigmoid(margin)}, "The weight of a pair is turned: it is how *wrong* the model still is, `sigmoid(-margin)`."),
    ({"doubt": lambda margin: np.ones_like(margin)}, "Every pair pulls alike. Each should pull by how wrong the model still is about it, `sigmoid(-margin)`."),
    ({"through_v": False}, "The way back to `A` and `b` leads through `v`: multiply by it."),
    ({"active": lambda z: z}, "The gradient for `v` is made of the hidden layer *after* the ReLU."),
]  # fmt: skip


def relu_gradients_hold(work: Work) -> str | None:
    """`relu_gradients` against the gradient of the loss, on generated networks and pairs."""
    cases = [_network(seed) for seed in range(10, 13)]
    A, b, v, preferred, rejected = cases[0]
    if not work.takes("relu_gradients", preferred, rejected, A, b, v):
        return None
    answers = [work.call("relu_gradients", w, l, A, b, v) for A, b, v, w, l in cases]
    names = ("A", "b", "v")
    for answer, case in zip(answers, cases, strict=True):
        if not isinstance(answer, (tuple, list)) or len(answer) != 3:
            return "`relu_gradients` should return three arrays: the gradients for `A`, `b` and `v`, in this order."
        for name, gradient, parameter in zip(names, answer, case[:3], strict=True):
            if np.shape(gradient) != parameter.shape:
                return f"The gradient for `{name}` should have the shape of `{name}`, {parameter.shape}, and has {np.shape(gradient)}."
    empty = [not any(np.any(answer[index]) for answer in answers) for index in range(3)]
    if all(empty):
        return None if _learned_without_functions(work) else "`relu_gradients` is still empty, so nothing trains. Start with the margin and with `sigmoid(-margin)`."
    expected = [_gradients(*case) for case in cases]
    wrong = [index for index in range(3) if not _alike([a[index] for a in answers], [e[index] for e in expected])]
    if not wrong:
        return None
    for options, message in GRADIENT_MISTAKES:
        mistaken = [_gradients(*case, **options) for case in cases]
        if all(_alike([a[index] for a in answers], [m[index] for m in mistaken]) for index in wrong):
            return message
    blank = [f"`{names[index]}`" for index in wrong if empty[index]]
    if blank:
        return f"The gradient for {' and '.join(blank)} is zero, so that the hidden layer never learns. It runs back through `v` and the ReLU."
    return (
        f"The gradient for `{names[wrong[0]]}` is not that of the loss. Nudge one entry of `{names[wrong[0]]}` by 1e-6, see how much "
        "the mean loss changes, and compare."
    )


def _learned_without_functions(work: Work) -> bool:
    """Whether `reward` ranks though the starter's functions were left empty."""
    return work.takes("reward", 0) and _ranks(work)[0] > 0.7


def _fresh(work: Work, n: int = 3000, seed: int = 1234) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    preferred, rejected = work["curved_pairs"](n, np.random.default_rng(seed))
    return preferred, rejected, work["curved_taste"](preferred) > work["curved_taste"](rejected)


def _scores(work: Work, outputs: np.ndarray) -> np.ndarray:
    scores = np.asarray(work.call("reward", outputs))
    if scores.shape != (len(outputs),):
        more = " `.ravel()` or `[:, 0]` drops the second axis." if scores.shape == (len(outputs), 1) else ""
        raise Refused(f"`reward` should give one number an answer, shape ({len(outputs)},), and gives shape {scores.shape}.{more}")
    if not np.isfinite(scores).all():
        raise Refused("`reward` gives NaN or infinity: the training has run off. Try a smaller learning rate.")
    return scores


def _ranks(work: Work) -> tuple[float, np.ndarray]:
    preferred, rejected, truth = _fresh(work)
    scores = _scores(work, preferred), _scores(work, rejected)
    return ((scores[0] > scores[1]) == truth).mean(), np.concatenate(scores)


GOAL = 0.8


def reward_ranks(work: Work) -> str | None:
    """Whatever the reader built: does it rank fresh pairs, and is it what was asked for?"""
    if not work.takes("reward", 0):
        return "`reward` should be a function of the answers, `reward(outputs)`."
    ranked, scores = _ranks(work)
    if np.ptp(scores) < 1e-9:
        return _why_constant(work)
    y = np.concatenate(_fresh(work, 200, 5)[:2])
    r = _scores(work, y)
    half, double = _scores(work, y / 2), _scores(work, 2 * y)
    zero = _scores(work, np.zeros((1, y.shape[1])))[0]
    if not np.allclose(_scores(work, y[:7]), r[:7], atol=1e-6 + 1e-6 * np.abs(r).max()):
        return "The reward of an answer changes with the other answers in the batch. It should depend on that answer alone."
    if _follows_taste(work, y, r):
        return "That is the annotator’s own taste, `curved_taste`. A reward model has to learn it from the pairs."
    if np.allclose(double - zero, 4 * (half - zero), atol=1e-6 * np.abs(r).max()) and np.allclose(
        _scores(work, -y) - zero, zero - r, atol=1e-6 * np.abs(r).max()
    ):
        return f"The reward is still linear in the answers, and ranks {ranked:.0%} right. A hidden ReLU layer bends it: `np.maximum(0, outputs @ A + b)`."
    if ranked < 0.42:
        return (
            f"It ranks only {ranked:.0%} of fresh pairs right, worse than a coin: it has learned the opposite. "
            "Are preferred and rejected swapped, or does the step climb the loss?"
        )
    if abs(zero) < 1e-9 and np.allclose(double, 2 * r, atol=1e-6 * np.abs(r).max()):
        return "Twice the answer gives twice the reward, so the hidden bias is missing or was left at zero: no kink can leave the origin."
    if np.mean(np.isclose(scores, scores.min())) > 0.2:
        return (
            "Many answers share the lowest reward exactly: the ReLU sits on the reward, or most hidden units are off. "
            "It belongs on the hidden layer."
        )
    if ranked < GOAL:
        return _why_low(work, ranked)
    return None


def _follows_taste(work: Work, y: np.ndarray, r: np.ndarray) -> bool:
    return abs(np.corrcoef(r, work["curved_taste"](y))[0, 1]) > 1 - 1e-9


def _parameters(work: Work) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    found = [work.get(name) for name in ("A", "b", "v")]
    if all(isinstance(value, np.ndarray) for value in found) and np.ndim(found[0]) == 2 and np.ndim(found[1]) == 1:
        return tuple(found) if np.shape(found[0])[1] == np.shape(found[1])[0] else None
    return None


def _why_constant(work: Work) -> str:
    parameters = _parameters(work)
    if parameters and not any(np.any(value) for value in parameters):
        return (
            "The reward is 0 for every answer, because all weights start at zero: then every gradient is zero as well, and nothing "
            "ever moves. Start `A` and `v` at random."
        )
    if parameters:
        A, b, _ = parameters
        if not (_fresh(work, 500, 6)[0] @ A + b > 0).any():
            return (
                "The ReLU has killed the gradient: every hidden unit is off for every answer, so none can learn its way back. "
                "Start `b` near zero, or take smaller steps."
            )
    return "The reward is the same for every answer. Does it use the answers, and are the hidden units on for some of them?"


def _why_low(work: Work, ranked: float) -> str:
    parameters = _parameters(work)
    if parameters:
        A, b, v = parameters
        if A.shape[1] > 1 and np.allclose(A, A[:, :1]) and np.allclose(b, b[0]):
            return "All hidden units are the same: they started alike, and so they learn alike. Start `A` at random."
        on = (_fresh(work, 500, 6)[0] @ A + b > 0).any(axis=0)
        if on.mean() < 0.5:
            return (
                f"Only {on.sum()} of {len(on)} hidden units are ever on; the others have a gradient of zero and stay off. "
                "Start `b` near zero, or take smaller steps."
            )
    return (
        f"It ranks {ranked:.0%} of fresh pairs right; the linear model does about 60 %, and one hidden layer can do more than 90 %. "
        "More epochs, a larger step or more hidden units? And does the loss fall?"
    )


EXERCISES = {
    "challenge-dims": Exercise(
        checks=(wide_function_learns, wide_weights_learned, enough_pairs),
        hints=(
            "There is nothing about five in `train_reward_model`: it takes pairs of any width.",
            "`weights, losses = train_reward_model(wide_preferred, wide_rejected)`, and the function returns the first of the two.",
            "For `enough`, call `wide_ranking(train_wide(n, np.random.default_rng(42)))` for n = 200, 500, 1000, 2000, and see where it "
            "gets to `ranking_accuracy`.",
        ),
        fact="Ten times the features want about ten times the pairs: 45 weights should be zero, and each of them has to be "
        "shown to be.",
    ),
    "challenge-noise": Exercise(
        checks=(swap_function_holds, noisy_pairs_hold, noisy_weights_hold),
        hints=(
            "Where `swap` is True, the new preferred answer is the old rejected one. And the new rejected one?",
            "`np.where(condition, a, b)` takes from `a` where the condition is True, from `b` elsewhere. You need it twice.",
            "`swap` has shape (n,), the answers (n, 5): `swap[:, None]` stretches over a whole answer. "
            "`np.where(swap[:, None], rejected, preferred)` is one of the two sides.",
        ),
        fact="The weights shrink, and hardly turn. The model cannot know which labels slipped, so it takes the annotator for less "
        "decided; for PPO that is the same as a larger beta.",
    ),
    "challenge-relu": Exercise(
        checks=(relu_forward_holds, relu_gradients_hold, reward_ranks),
        hints=(
            "First the reward: `hidden = outputs @ A + b` has shape (n, hidden). A ReLU keeps what is positive, and `v` weighs it.",
            "For the gradients, go backwards. A pair weighs `doubt = sigmoid(-margin) / n`. For `v`: minus `doubt` times the "
            "difference of the two hidden layers, after the ReLU.",
            "For `A` and `b`: `back_w = -doubt[:, None] * v * (hidden_w > 0)`, and the same for the rejected answers with their own "
            "`hidden_l`. Then `grad_A = preferred.T @ back_w - rejected.T @ back_l`; `grad_b` is the same, summed over pairs.",
        ),
        fact="A peak that no straight line can rank takes a few bent ones, and sixteen are plenty. A unit that is off for all answers has "
        "gradient zero and stays off, which is why the bias starts small and the weights start at random.",
    ),
}  # fmt: skip
