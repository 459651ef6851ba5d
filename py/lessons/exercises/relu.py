"""What is checked in the challenge of the ReLU reward model: the layer, its gradients, and how it ranks."""

from typing import Any

import numpy as np

from runtime.grading import Exercise, Refused, Work


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -z))


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, z)


FORWARD_MISTAKES = [
    (
        lambda y, A, b, v: (y @ A + b) @ v,
        (
            "The ReLU is missing, so that the model is linear after all: `np.maximum(0, ...)` goes around `outputs @ A"
            " + b`."
        ),
    ),
    (
        lambda y, A, b, v: _relu(y @ A) @ v,
        "The hidden bias `b` is missing. It is what moves the kinks away from zero, and here it does not cancel.",
    ),
    (
        lambda y, A, b, v: _relu((y @ A + b) @ v),
        (
            "The ReLU sits on the reward. It belongs on the hidden layer: first `np.maximum(0, outputs @ A + b)`, then"
            " `@ v`."
        ),
    ),
    (
        lambda y, A, b, v: (_relu(y @ A) + b) @ v,
        "The bias comes too late: added after the ReLU it is the same for every answer and cancels. Add it inside.",
    ),
    (
        lambda y, A, b, v: _relu(y @ A + b).sum(axis=1),
        "The output weights `v` are missing: multiply the hidden layer by them, `@ v`.",
    ),
    (
        lambda y, A, b, v: np.minimum(0.0, y @ A + b) @ v,
        "That keeps the negative half. ReLU keeps the positive one: `np.maximum(0, ...)`.",
    ),
    (
        lambda y, A, b, v: np.abs(y @ A + b) @ v,
        "That is the absolute value. ReLU is 0 below zero: `np.maximum(0, ...)`.",
    ),
    (
        lambda y, A, b, v: sigmoid(y @ A + b) @ v,
        "That is a sigmoid layer. The challenge asks for ReLU: `np.maximum(0, ...)`.",
    ),
    (
        lambda y, A, b, v: np.tanh(y @ A + b) @ v,
        "That is a tanh layer. The challenge asks for ReLU: `np.maximum(0, ...)`.",
    ),
    (
        lambda y, A, b, v: (y @ A + b > 0) @ v,
        "That is a step, which has no slope to learn from. ReLU keeps the value where it is positive.",
    ),
]


def _network(seed: int) -> tuple[np.ndarray, ...]:
    """A, b, v and two sides of 40 pairs, with enough of each sign to tell every mistake apart."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((5, 7)),
        0.7 * rng.standard_normal(7),
        rng.standard_normal(7),
        rng.standard_normal((40, 5)),
        rng.standard_normal((40, 5)),
    )


def relu_forward_holds(work: Work) -> str | None:
    """`relu_reward` on generated networks."""
    cases = [_network(seed) for seed in range(3)]
    if not work.takes("relu_reward", cases[0][3], *cases[0][:3]):
        return None
    answers = [work.call("relu_reward", y, A, b, v) for A, b, v, y, _ in cases]
    if not any(np.any(answer) for answer in answers):
        return (
            None
            if _learned_without_functions(work)
            else "`relu_reward` is still empty. It should be `v` times the ReLU of `outputs @ A + b`."
        )
    expected = [_relu(y @ A + b) @ v for A, b, v, y, _ in cases]
    for answer, right in zip(answers, expected, strict=True):
        if np.shape(answer) != right.shape:
            more = (
                " Multiply the hidden layer by `v` to get from many numbers to one."
                if np.size(answer) > right.size
                else ""
            )
            return (
                f"`relu_reward` should give one number an answer, shape {right.shape}, and gives shape"
                f" {np.shape(answer)}.{more}"
            )
    if _alike(answers, expected):
        return None
    for wrong, message in FORWARD_MISTAKES:
        if _alike(answers, [wrong(y, A, b, v) for A, b, v, y, _ in cases]):
            return message
    return "`relu_reward` is not right yet on a random network. In order: `outputs @ A`, plus `b`, the ReLU, times `v`."


def _alike(found: list[Any], expected: list[Any]) -> bool:
    return all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-9)
        for a, b in zip(found, expected, strict=True)
    )


def _gradients(
    A: np.ndarray,
    b: np.ndarray,
    v: np.ndarray,
    preferred: np.ndarray,
    rejected: np.ndarray,
    *,
    mask: Any = lambda z: z > 0,
    rejected_mask: Any = None,
    doubt: Any = lambda margin: sigmoid(-margin),
    through_v: bool = True,
    rejected_side: float = 1.0,
    relu_on_way_back: bool = False,
    active: Any = _relu,
    sign: float = -1.0,
    summed: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
    (
        {"sign": 1.0},
        (
            "The signs are turned: this climbs the loss. `train_relu` subtracts the gradient, so return the gradient of"
            " the *loss*."
        ),
    ),
    (
        {"summed": True},
        "That is the gradient of the summed loss. The loss is a mean over pairs: divide by their number.",
    ),
    (
        {"mask": lambda z: 1.0},
        (
            "The gradient goes through units that are off. ReLU is flat below zero: multiply by `(hidden > 0)`, for"
            " each side its own."
        ),
    ),
    (
        {"mask": lambda z: z <= 0},
        (
            "This ReLU kills the gradient: it passes where the unit is *off* and stops where it is on. Let it pass"
            " where `hidden > 0`."
        ),
    ),
    (
        {"relu_on_way_back": True},
        (
            "This ReLU kills the gradient: `np.maximum(0, ...)` on the way back drops every negative part. What decides"
            " is the sign of the hidden input, `hidden > 0`, not that of the gradient."
        ),
    ),
    (
        {"mask": _relu},
        "On the way back the slope of the ReLU counts, 1 or 0, not its value: multiply by `(hidden > 0)`.",
    ),
    (
        {"rejected_mask": lambda z_w, z_l: z_w > 0},
        (
            "The rejected answers go through the chosen answers’ ReLU. Each side has its own units on: `rejected @ A +"
            " b > 0`."
        ),
    ),
    (
        {"rejected_side": 0.0},
        "The rejected answers are missing. The margin is a difference, so they count with a minus sign.",
    ),
    (
        {"rejected_side": -1.0},
        "The rejected answers count with a plus sign. The margin is r(chosen) − r(rejected), so theirs is a minus.",
    ),
    (
        {"doubt": lambda margin: sigmoid(margin)},
        "The weight of a pair is turned: it is how *wrong* the model still is, `sigmoid(-margin)`.",
    ),
    (
        {"doubt": lambda margin: np.ones_like(margin)},
        "Every pair pulls alike. Each should pull by how wrong the model still is about it, `sigmoid(-margin)`.",
    ),
    ({"through_v": False}, "The way back to `A` and `b` leads through `v`: multiply by it."),
    ({"active": lambda z: z}, "The gradient for `v` is made of the hidden layer *after* the ReLU."),
]


def relu_gradients_hold(work: Work) -> str | None:
    """`relu_gradients` against the gradient of the loss, on generated networks and pairs."""
    cases = [_network(seed) for seed in range(10, 13)]
    A, b, v, preferred, rejected = cases[0]
    if not work.takes("relu_gradients", preferred, rejected, A, b, v):
        return None
    answers = [work.call("relu_gradients", chosen, other, A, b, v) for A, b, v, chosen, other in cases]
    names = ("A", "b", "v")
    for answer, case in zip(answers, cases, strict=True):
        if not isinstance(answer, (tuple, list)) or len(answer) != 3:
            return "`relu_gradients` should return three arrays: the gradients for `A`, `b` and `v`, in this order."
        for name, gradient, parameter in zip(names, answer, case[:3], strict=True):
            if np.shape(gradient) != parameter.shape:
                return (
                    f"The gradient for `{name}` should have the shape of `{name}`, {parameter.shape}, and has"
                    f" {np.shape(gradient)}."
                )
    empty = [not any(np.any(answer[index]) for answer in answers) for index in range(3)]
    if all(empty):
        return (
            None
            if _learned_without_functions(work)
            else (
                "`relu_gradients` is still empty, so nothing trains. Start with the margin and with `sigmoid(-margin)`."
            )
        )
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
        return (
            f"The gradient for {' and '.join(blank)} is zero, so that the hidden layer never learns. It runs back"
            " through `v` and the ReLU."
        )
    return (
        f"The gradient for `{names[wrong[0]]}` is not that of the loss. Nudge one entry of `{names[wrong[0]]}` by 1e-6,"
        " see how much the mean loss changes, and compare."
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
        raise Refused(
            f"`reward` should give one number an answer, shape ({len(outputs)},), and gives shape {scores.shape}.{more}"
        )
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
    if not callable(work["reward"]) or not work.takes("reward", 0):
        return "`reward` should be a function of the answers, `reward(outputs)`."
    ranked, scores = _ranks(work)
    if np.ptp(scores) < 1e-9:
        return _why_constant(work)
    y = np.concatenate(_fresh(work, 200, 5)[:2])
    r = _scores(work, y)
    if not np.allclose(_scores(work, y[:7]), r[:7], atol=1e-6 + 1e-6 * np.abs(r).max()):
        return (
            "The reward of an answer changes with the other answers in the batch. It should depend on that answer"
            " alone."
        )
    half, double = _scores(work, y / 2), _scores(work, 2 * y)
    zero = _scores(work, np.zeros((1, y.shape[1])))[0]
    if _follows_taste(work, y, r):
        return "That is the annotator’s own taste, `curved_taste`. A reward model has to learn it from the pairs."
    if np.allclose(double - zero, 4 * (half - zero), atol=1e-6 * np.abs(r).max()) and np.allclose(
        _scores(work, -y) - zero, zero - r, atol=1e-6 * np.abs(r).max()
    ):
        return (
            f"The reward is still linear in the answers, and ranks {ranked:.0%} right. A hidden ReLU layer bends it:"
            " `np.maximum(0, outputs @ A + b)`."
        )
    if ranked < 0.42:
        return (
            f"It ranks only {ranked:.0%} of fresh pairs right, worse than a coin: it has learned the opposite. "
            "Are preferred and rejected swapped, or does the step climb the loss?"
        )
    if abs(zero) < 1e-9 and np.allclose(double, 2 * r, atol=1e-6 * np.abs(r).max()):
        return (
            "Twice the answer gives twice the reward, so the hidden bias is missing or was left at zero: no kink can"
            " leave the origin."
        )
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
            "The reward is 0 for every answer, because all weights start at zero: then every gradient is zero as well,"
            " and nothing ever moves. Start `A` and `v` at random."
        )
    if parameters:
        A, b, _ = parameters
        if not (_fresh(work, 500, 6)[0] @ A + b > 0).any():
            return (
                "The ReLU has killed the gradient: every hidden unit is off for every answer, so none can learn its way"
                " back. Start `b` near zero, or take smaller steps."
            )
    return (
        "The reward is the same for every answer. Does it use the answers, and are the hidden units on for some of"
        " them?"
    )


def _why_low(work: Work, ranked: float) -> str:
    parameters = _parameters(work)
    if parameters:
        A, b, v = parameters
        if A.shape[1] > 1 and np.allclose(A, A[:, :1]) and np.allclose(b, b[0]):
            return "All hidden units are the same: they started alike, and so they learn alike. Start `A` at random."
        on = (_fresh(work, 500, 6)[0] @ A + b > 0).any(axis=0)
        if on.mean() < 0.5:
            return (
                f"Only {on.sum()} of {len(on)} hidden units are ever on; the others have a gradient of zero and stay"
                " off. Start `b` near zero, or take smaller steps."
            )
    return (
        f"It ranks {ranked:.0%} of fresh pairs right; the linear model does about 60 %, and one hidden layer can do"
        " more than 90 %. More epochs, a larger step or more hidden units? And does the loss fall?"
    )


EXERCISE = Exercise(
    checks=(relu_forward_holds, relu_gradients_hold, reward_ranks),
    hints=(
        (
            "First the reward: `hidden = outputs @ A + b` has shape (n, hidden). A ReLU keeps what is positive, and `v`"
            " weighs it."
        ),
        (
            "For the gradients, go backwards. A pair weighs `doubt = sigmoid(-margin) / n`. For `v`: minus `doubt`"
            " times the difference of the two hidden layers, after the ReLU."
        ),
        (
            "For `A` and `b`: `back_w = -doubt[:, None] * v * (hidden_w > 0)`, and the same for the rejected answers"
            " with their own `hidden_l`. Then `grad_A = preferred.T @ back_w - rejected.T @ back_l`; `grad_b` is the"
            " same, summed over pairs."
        ),
    ),
    fact=(
        "A peak that no straight line can rank takes a few bent ones, and sixteen are plenty. A unit that is off for"
        " all answers has gradient zero and stays off, which is why the bias starts small and the weights start at"
        " random."
    ),
)
