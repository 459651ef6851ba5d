"""What is checked in the challenge of the ReLU reward model: the layer, its gradients, and how it ranks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from runtime.grading import Exercise, Facts, Refused, Table, alike

# fmt: off (a row is what may be wrong and what is said then)

SHAPES = ((40, 5), (40, 5), (5, 7), (7,), (7,))  # of preferred, rejected, A, b and v
PARAMETERS = tuple(zip("Abv", SHAPES[2:], strict=True))


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -z))


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, z)


def network(seed: int) -> list[np.ndarray]:
    """Two sides of 40 pairs, A, b and v, with enough of each sign to tell every mistake apart."""
    return [np.random.default_rng((seed, i)).standard_normal(shape) for i, shape in enumerate(SHAPES)]


def learned_without(f: Facts) -> bool:
    """Whether `reward` ranks though the starter's functions were left empty."""
    return f.work.takes("reward", 0) and f.but(**RANKING).ranked > 0.7


def gives(wrong: Callable[..., np.ndarray]) -> Callable[[Facts], bool]:
    return lambda f: alike(f.answers, [wrong(y, A, b, v) for y, _, A, b, v in f.networks])


FORWARD = Table(
    {
        "networks": lambda f: [network(seed) for seed in range(3)],
        "answers": lambda f: [f.work.call("relu_reward", y, A, b, v) for y, _, A, b, v in f.networks],
        "odd": lambda f: next((answer for answer in map(np.asarray, f.answers) if answer.shape != (40,)), None),
    },
    (
        (lambda f: not f.work.takes("relu_reward", 0, 0, 0, 0), None),
        (lambda f: not any(map(np.any, f.answers)) and learned_without(f), None),
        (lambda f: not any(map(np.any, f.answers)),
         "`relu_reward` is still empty. It should be `v` times the ReLU of `outputs @ A + b`."),
        (lambda f: f.odd is not None and f.odd.size > 40, "`relu_reward` should give one number an answer, shape "
         "(40,), and gives shape {odd.shape}. Multiply the hidden layer by `v` to get from many numbers to one."),
        (lambda f: f.odd is not None,
         "`relu_reward` should give one number an answer, shape (40,), and gives shape {odd.shape}."),
        (gives(lambda y, A, b, v: relu(y @ A + b) @ v), None),
        (gives(lambda y, A, b, v: (y @ A + b) @ v), "The ReLU is missing, so that the model is linear after all: "
         "`np.maximum(0, ...)` goes around `outputs @ A + b`."),
        (gives(lambda y, A, b, v: relu(y @ A) @ v),
         "The hidden bias `b` is missing. It is what moves the kinks away from zero, and here it does not cancel."),
        (gives(lambda y, A, b, v: relu((y @ A + b) @ v)), "The ReLU sits on the reward. It belongs on the hidden "
         "layer: first `np.maximum(0, outputs @ A + b)`, then `@ v`."),
        (gives(lambda y, A, b, v: (relu(y @ A) + b) @ v),
         "The bias comes too late: added after the ReLU it is the same for every answer and cancels. Add it inside."),
        (gives(lambda y, A, b, v: relu(y @ A + b).sum(axis=1)),
         "The output weights `v` are missing: multiply the hidden layer by them, `@ v`."),
        (gives(lambda y, A, b, v: np.minimum(0.0, y @ A + b) @ v),
         "That keeps the negative half. ReLU keeps the positive one: `np.maximum(0, ...)`."),
        (gives(lambda y, A, b, v: np.abs(y @ A + b) @ v),
         "That is the absolute value. ReLU is 0 below zero: `np.maximum(0, ...)`."),
        (gives(lambda y, A, b, v: sigmoid(y @ A + b) @ v),
         "That is a sigmoid layer. The challenge asks for ReLU: `np.maximum(0, ...)`."),
        (gives(lambda y, A, b, v: np.tanh(y @ A + b) @ v),
         "That is a tanh layer. The challenge asks for ReLU: `np.maximum(0, ...)`."),
        (gives(lambda y, A, b, v: (y @ A + b > 0) @ v),
         "That is a step, which has no slope to learn from. ReLU keeps the value where it is positive."),
        (lambda f: True,
         "`relu_reward` is not right yet on a random network. In order: `outputs @ A`, plus `b`, the ReLU, times `v`."),
    ),
)


def gradients(
    preferred: np.ndarray, rejected: np.ndarray, A: np.ndarray, b: np.ndarray, v: np.ndarray, *,
    mask: Any = lambda z: z > 0, shared_mask: bool = False, doubt: Any = lambda margin: sigmoid(-margin),
    through_v: bool = True, rejected_side: float = 1.0, way_back: Any = lambda back: back, active: Any = relu,
    scale: Any = lambda n: -1 / n,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of the mean Bradley-Terry loss for A, b and v; each option is a mistake that can be made."""
    z_w, z_l = preferred @ A + b, rejected @ A + b
    weight = scale(len(preferred)) * doubt((relu(z_w) - relu(z_l)) @ v)[:, None]
    back = weight * (v if through_v else 1.0)
    back_w, back_l = way_back(back * mask(z_w)), rejected_side * way_back(back * mask(z_w if shared_mask else z_l))
    grad_v = (weight * (active(z_w) - rejected_side * active(z_l))).sum(axis=0)
    return preferred.T @ back_w - rejected.T @ back_l, (back_w - back_l).sum(axis=0), grad_v


def off(f: Facts, **mistake: Any) -> list[int]:
    """Which of the three gradients are not those that one would get with the mistake."""
    expected = zip(*(gradients(*network, **mistake) for network in f.networks), strict=True)
    return [index for index, right in enumerate(expected) if not alike(f.by_name[index], right)]


def slips(**mistake: Any) -> Callable[[Facts], bool]:
    """Whether all that is wrong is so by this mistake."""
    return lambda f: not set(f.wrong) & set(off(f, **mistake))


BACKWARD = Table(
    {
        "networks": lambda f: [network(seed) for seed in range(10, 13)],
        "answers": lambda f: [f.work.call("relu_gradients", *network) for network in f.networks],
        "shapes": lambda f: [(*one, np.shape(g)) for a in f.answers for one, g in zip(PARAMETERS, a, strict=True)],
        "odd": lambda f: next((one for one in f.shapes if one[1] != one[2]), None),
        "by_name": lambda f: list(zip(*f.answers, strict=True)),
        "empty": lambda f: [not any(map(np.any, found)) for found in f.by_name],
        "wrong": lambda f: off(f),
        "first": lambda f: "Abv"[f.wrong[0]],
        "blank": lambda f: " and ".join(f"`{'Abv'[index]}`" for index in f.wrong if f.empty[index]),
    },
    (
        (lambda f: not f.work.takes("relu_gradients", 0, 0, 0, 0, 0), None),
        (lambda f: any(not isinstance(a, (tuple, list)) or len(a) != 3 for a in f.answers),
         "`relu_gradients` should return three arrays: the gradients for `A`, `b` and `v`, in this order."),
        (lambda f: f.odd,
         "The gradient for `{odd[0]}` should have the shape of `{odd[0]}`, {odd[1]}, and has {odd[2]}."),
        (lambda f: all(f.empty) and learned_without(f), None),
        (lambda f: all(f.empty),
         "`relu_gradients` is still empty, so nothing trains. Start with the margin and with `sigmoid(-margin)`."),
        (lambda f: not f.wrong, None),
        (slips(scale=lambda n: 1 / n), "The signs are turned: this climbs the loss. `train_relu` subtracts the "
         "gradient, so return the gradient of the *loss*."),
        (slips(scale=lambda n: -1),
         "That is the gradient of the summed loss. The loss is a mean over pairs: divide by their number."),
        (slips(mask=np.ones_like), "The gradient goes through units that are off. ReLU is flat below zero: multiply by "
         "`(hidden > 0)`, for each side its own."),
        (slips(mask=lambda z: z <= 0), "This ReLU kills the gradient: it passes where the unit is *off* and stops "
         "where it is on. Let it pass where `hidden > 0`."),
        (slips(way_back=relu), "This ReLU kills the gradient: `np.maximum(0, ...)` on the way back drops every "
         "negative part. What decides is the sign of the hidden input, `hidden > 0`, not that of the gradient."),
        (slips(mask=relu),
         "On the way back the slope of the ReLU counts, 1 or 0, not its value: multiply by `(hidden > 0)`."),
        (slips(shared_mask=True), "The rejected answers go through the chosen answers’ ReLU. Each side has its own "
         "units on: `rejected @ A + b > 0`."),
        (slips(rejected_side=0.0),
         "The rejected answers are missing. The margin is a difference, so they count with a minus sign."),
        (slips(rejected_side=-1.0),
         "The rejected answers count with a plus sign. The margin is r(chosen) − r(rejected), so theirs is a minus."),
        (slips(doubt=sigmoid),
         "The weight of a pair is turned: it is how *wrong* the model still is, `sigmoid(-margin)`."),
        (slips(doubt=np.ones_like),
         "Every pair pulls alike. Each should pull by how wrong the model still is about it, `sigmoid(-margin)`."),
        (slips(through_v=False), "The way back to `A` and `b` leads through `v`: multiply by it."),
        (slips(active=lambda z: z), "The gradient for `v` is made of the hidden layer *after* the ReLU."),
        (lambda f: f.blank, "The gradient for {blank} is zero, so that the hidden layer never learns. It runs back "
         "through `v` and the ReLU."),
        (lambda f: True, "The gradient for `{first}` is not that of the loss. Nudge one entry of `{first}` by 1e-6, "
         "see how much the mean loss changes, and compare."),
    ),
)


def score(f: Facts, outputs: np.ndarray) -> np.ndarray:
    scores, right = np.asarray(f.work.call("reward", outputs)), (len(outputs),)
    if scores.shape != right:
        more = " `.ravel()` or `[:, 0]` drops the second axis." if scores.shape == (*right, 1) else ""
        shapes = f"shape {right}, and gives shape {scores.shape}"
        raise Refused(f"`reward` should give one number an answer, {shapes}.{more}")
    if not np.isfinite(scores).all():
        raise Refused("`reward` gives NaN or infinity: the training has run off. Try a smaller learning rate.")
    return scores


def fresh(f: Facts, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return f.curved_pairs(n, np.random.default_rng(seed))


def network_left(f: Facts) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """A, b and v if the reader's block has left them as a network."""
    A, b, v = found = [f.work.get(name) for name in "Abv"]
    fit = all(isinstance(one, np.ndarray) for one in found) and A.ndim == 2 and b.shape == A.shape[1:]
    return (A, b, v) if fit else None


def same(f: Facts, a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a, b, atol=1e-6 * np.abs(f.r).max())


RANKING = {
    "pairs": lambda f: fresh(f, 3000, 1234),
    "scores": lambda f: [score(f, side) for side in f.pairs],
    "ranked": lambda f: (np.greater(*f.scores) == np.greater(*map(f.curved_taste, f.pairs))).mean(),
    "constant": lambda f: np.ptp(f.scores) < 1e-9,
    "y": lambda f: np.concatenate(fresh(f, 200, 5)),
    "r": lambda f: score(f, f.y),
    "zero": lambda f: score(f, 0 * f.y[:1])[0],
    "double": lambda f: score(f, 2 * f.y),
    "is_linear": lambda f: same(f, f.double - f.zero, 4 * (score(f, f.y / 2) - f.zero))
    and same(f, score(f, -f.y) - f.zero, f.zero - f.r),
    "network": network_left,
    "on": lambda f: f.network and (fresh(f, 500, 6)[0] @ f.network[0] + f.network[1] > 0).any(axis=0),
    "all_alike": lambda f: all(np.allclose(w.T, w.T[0]) for w in f.network[:2]),
    "on_of": lambda f: f"{f.on.sum()} of {len(f.on)}",
}

REWARD = Table(
    RANKING,
    (
        (lambda f: not callable(f.reward) or not f.work.takes("reward", 0),
         "`reward` should be a function of the answers, `reward(outputs)`."),
        (lambda f: f.constant and f.network and not any(map(np.any, f.network)),
         "The reward is 0 for every answer, because all weights start at zero: then every gradient is zero as well, "
         "and nothing ever moves. Start `A` and `v` at random."),
        (lambda f: f.constant and f.network and not f.on.any(), "The ReLU has killed the gradient: every hidden unit "
         "is off for every answer, so none can learn its way back. Start `b` near zero, or take smaller steps."),
        (lambda f: f.constant, "The reward is the same for every answer. Does it use the answers, and are the hidden "
         "units on for some of them?"),
        (lambda f: not np.allclose(score(f, f.y[:7]), f.r[:7], atol=1e-6 + 1e-6 * np.abs(f.r).max()),
         "The reward of an answer changes with the other answers in the batch. It should depend on that answer alone."),
        (lambda f: abs(np.corrcoef(f.r, f.curved_taste(f.y))[0, 1]) > 1 - 1e-9,
         "That is the annotator’s own taste, `curved_taste`. A reward model has to learn it from the pairs."),
        (lambda f: f.is_linear, "The reward is still linear in the answers, and ranks {ranked:.0%} right. A hidden "
         "ReLU layer bends it: `np.maximum(0, outputs @ A + b)`."),
        (lambda f: f.ranked < 0.42, "It ranks only {ranked:.0%} of fresh pairs right, worse than a coin: it has "
         "learned the opposite. Are preferred and rejected swapped, or does the step climb the loss?"),
        (lambda f: abs(f.zero) < 1e-9 and same(f, f.double, 2 * f.r), "Twice the answer gives twice the reward, so the "
         "hidden bias is missing or was left at zero: no kink can leave the origin."),
        (lambda f: np.mean(np.isclose(f.scores, np.min(f.scores))) > 0.2, "Many answers share the lowest reward "
         "exactly: the ReLU sits on the reward, or most hidden units are off. It belongs on the hidden layer."),
        (lambda f: f.ranked >= 0.8, None),
        (lambda f: f.network and len(f.on) > 1 and f.all_alike,
         "All hidden units are the same: they started alike, and so they learn alike. Start `A` at random."),
        (lambda f: f.network and f.on.mean() < 0.5, "Only {on_of} hidden units are ever on; the others have a gradient "
         "of zero and stay off. Start `b` near zero, or take smaller steps."),
        (lambda f: True, "It ranks {ranked:.0%} of fresh pairs right; the linear model does about 60 %, and one hidden "
         "layer can do more than 90 %. More epochs, a larger step or more hidden units? And does the loss fall?"),
    ),
)

EXERCISE = Exercise(
    checks=(FORWARD, BACKWARD, REWARD),
    hints=(
        "First the reward: `hidden = outputs @ A + b` has shape (n, hidden). A ReLU keeps what is positive, and `v` "
        "weighs it.",
        "For the gradients, go backwards. A pair weighs `doubt = sigmoid(-margin) / n`. For `v`: minus `doubt` times "
        "the difference of the two hidden layers, after the ReLU.",
        "For `A` and `b`: `back_w = -doubt[:, None] * v * (hidden_w > 0)`, and the same for the rejected answers with "
        "their own `hidden_l`. Then `grad_A = preferred.T @ back_w - rejected.T @ back_l`; `grad_b` is the same, "
        "summed over pairs.",
    ),
    fact="A peak that no straight line can rank takes a few bent ones, and sixteen are plenty. A unit that is off for "
    "all answers has gradient zero and stays off, which is why the bias starts small and the weights start at random.",
)
