"""What is checked in the challenge of the ReLU reward model: the layer, its gradients, and how it ranks."""

from typing import Any

import numpy as np

from preflab.numeric import sigmoid
from runtime.grading import Exercise, Facts, Refused, Table, alike, lines, read

# fmt: off

SHAPES = {"preferred": (40, 5), "rejected": (40, 5), "A": (5, 7), "b": (7,), "v": (7,)}


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, z)


def network(seed: int) -> dict[str, np.ndarray]:
    """Two sides of 40 pairs, A, b and v, with enough of each sign to tell every mistake apart."""
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}


def learned_without(f: Facts) -> bool:
    """Whether `reward` ranks though the starter's functions were left empty."""
    return f.takes("reward", 0) and f.but(**read(REWARD).facts).ranked > 0.7


FORWARD = """
answer = np.asarray(call("relu_reward", preferred, A, b, v))
z = preferred @ A + b
not takes("relu_reward", 0, 0, 0, 0) |
not answer.any() and learned_without(f) |
not answer.any() | `relu_reward` is still empty. It should be `v` times the ReLU of `outputs @ A + b`.
answer.size > 40 | One number an answer, please, not shape {answer.shape}: `@ v` gets from many numbers to one.
answer.shape != (40,) | `relu_reward` should give one number an answer, shape (40,), and gives shape {answer.shape}.
= relu(z) @ v |
= z @ v | The ReLU is missing, so that the model is linear: `np.maximum(0, ...)` goes around `outputs @ A + b`.
= relu(preferred @ A) @ v | The hidden bias `b` is missing. It moves the kinks away from zero.
= relu(z @ v) | The ReLU sits on the reward. It belongs on the hidden layer: first the ReLU, then `@ v`.
= (relu(preferred @ A) + b) @ v | The bias comes too late: after the ReLU it is the same for every answer and cancels.
= relu(z).sum(axis=1) | The output weights `v` are missing: multiply the hidden layer by them, `@ v`.
= np.minimum(0.0, z) @ v | That keeps the negative half. ReLU keeps the positive one: `np.maximum(0, ...)`.
= abs(z) @ v | That is the absolute value. ReLU is 0 below zero: `np.maximum(0, ...)`.
= sigmoid(z) @ v | That is a sigmoid layer. The challenge asks for ReLU: `np.maximum(0, ...)`.
= np.tanh(z) @ v | That is a tanh layer. The challenge asks for ReLU: `np.maximum(0, ...)`.
= (z > 0) @ v | That is a step, which has no slope to learn from. ReLU keeps the value where it is positive.
True | `relu_reward` is not right yet on a random network. In order: `outputs @ A`, plus `b`, the ReLU, times `v`.
"""


def gradients(
    f: Facts, mask: Any = lambda z: z > 0, weight: Any = lambda margin: -sigmoid(-margin) / 40, active: Any = relu,
    rejected: float = 1.0, shared: bool = False, through_v: bool = True, back: Any = lambda back: back,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of the mean Bradley-Terry loss for A, b and v; each option is a mistake that can be made."""
    z_w, z_l = f.preferred @ f.A + f.b, f.rejected @ f.A + f.b
    each = weight((relu(z_w) - relu(z_l)) @ f.v)[:, None]
    to_z = each * (f.v if through_v else 1.0)
    back_w, back_l = back(to_z * mask(z_w)), rejected * back(to_z * mask(z_w if shared else z_l))
    grad_v = (each * (active(z_w) - rejected * active(z_l))).sum(axis=0)
    return f.preferred.T @ back_w - f.rejected.T @ back_l, (back_w - back_l).sum(axis=0), grad_v


def off(f: Facts, **mistake: Any) -> set[str]:
    """Which of the three gradients are not those that one would get with the mistake."""
    expected = dict(zip("Abv", gradients(f, **mistake), strict=True))
    return {name for name, found in zip("Abv", f.answer, strict=True) if not alike(found, expected[name])}


def slips(f: Facts, **mistake: Any) -> bool:
    """Whether all that is wrong is so by this mistake."""
    return not f.wrong & off(f, **mistake)


BACKWARD = """
answer = call("relu_gradients", preferred, rejected, A, b, v)
shapes = [(name, SHAPES[name], np.shape(gradient)) for name, gradient in zip("Abv", answer)]
odd = next((one for one in shapes if one[1] != one[2]), None)
empty = [name for name, gradient in zip("Abv", answer) if not np.any(gradient)]
wrong = off(f)
first = min(wrong)
blank = " and ".join(f"`{name}`" for name in empty if name in wrong)
not takes("relu_gradients", 0, 0, 0, 0, 0) |
not isinstance(answer, (tuple, list)) or len(answer) != 3 | `relu_gradients` should return three arrays, for A, b and v.
odd | The gradient for `{odd[0]}` should have the shape of `{odd[0]}`, {odd[1]}, and has {odd[2]}.
len(empty) == 3 and learned_without(f) |
len(empty) == 3 | `relu_gradients` is still empty, so nothing trains. Start with the margin and `sigmoid(-margin)`.
not wrong |
slips(f, weight=lambda m: sigmoid(-m) / 40) | The signs are turned: this climbs the loss, and `train_relu` subtracts.
slips(f, weight=lambda m: -sigmoid(-m)) | That sums over pairs. The loss is a mean: divide by their number.
slips(f, mask=np.ones_like) | The gradient goes through units that are off. Multiply each side by its `(hidden > 0)`.
slips(f, mask=lambda z: z <= 0) | This ReLU kills the gradient: it passes where the unit is *off*, not on.
slips(f, back=relu) | This ReLU kills the gradient: `np.maximum(0, ...)` on the way back drops every negative part. What
 decides is the sign of the hidden input, `hidden > 0`.
slips(f, mask=relu) | On the way back the slope of the ReLU counts, not its value: multiply by `(hidden > 0)`.
slips(f, shared=True) | The rejected go through the chosen answers’ ReLU. Each side has its own units on.
slips(f, rejected=0.0) | The rejected answers are missing. They count with a minus sign.
slips(f, rejected=-1.0) | The rejected answers count with a plus sign. The margin is r(chosen) − r(rejected).
slips(f, weight=lambda m: -sigmoid(m) / 40) | The weight of a pair is how *wrong* the model is, `sigmoid(-margin)`.
slips(f, weight=lambda m: 0 * m - 1 / 40) | Every pair pulls alike. It should pull by how wrong the model still is.
slips(f, through_v=False) | The way back to `A` and `b` leads through `v`: multiply by it.
slips(f, active=lambda z: z) | The gradient for `v` is made of the hidden layer *after* the ReLU.
blank | The gradient for {blank} is zero, so that the hidden layer never learns. It runs back through `v` and the ReLU.
True | The gradient for `{first}` is not that of the loss. Nudge one entry by 1e-6, and see how the mean loss changes.
"""


def score(f: Facts, outputs: np.ndarray) -> np.ndarray:
    scores, right = np.asarray(f.call("reward", outputs)), (len(outputs),)
    if scores.shape != right:
        more = " `.ravel()` drops the second axis." if scores.shape == (*right, 1) else ""
        raise Refused(f"`reward` should give one number an answer, shape {right}, and gives {scores.shape}.{more}")
    if not np.isfinite(scores).all():
        raise Refused("`reward` gives NaN or infinity: the training has run off. Try a smaller learning rate.")
    return scores


def network_left(f: Facts) -> Any:
    """A and b if the reader's block has left them, and v, as a network."""
    A, b, v = found = [f.work.get(name) for name in "Abv"]
    fit = all(isinstance(one, np.ndarray) for one in found) and A.ndim == 2 and b.shape == v.shape == A.shape[1:]
    return (A, b) if fit else None


def same(f: Facts, a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a, b, atol=1e-6 * np.abs(f.r).max())


REWARD = """
fresh = lambda n, seed: curved_pairs(n, np.random.default_rng(seed))
pairs = fresh(3000, 1234)
scores = [score(f, side) for side in pairs]
ranked = (np.greater(*scores) == np.greater(*map(curved_taste, pairs))).mean()
constant = np.ptp(scores) < 1e-9
y = np.concatenate(fresh(200, 5))
r = score(f, y)
zero = score(f, 0 * y[:1])[0]
double = score(f, 2 * y)
is_linear = same(f, double - zero, 4 * (score(f, y / 2) - zero)) and same(f, score(f, -y) - zero, zero - r)
left = network_left(f)
on = left and (fresh(500, 6)[0] @ left[0] + left[1] > 0).any(axis=0)
not callable(reward) or not takes("reward", 0) | `reward` should be a function of the answers, `reward(outputs)`.
constant and left and not np.any(left[0]) | The reward is 0 for every answer: all weights start at zero, and with them
 every gradient, so nothing ever moves. Start `A` and `v` at random.
constant and left and not on.any() | The ReLU has killed the gradient: every hidden unit is off for every answer.
 Start `b` near zero, or take smaller steps.
constant | The reward is the same for every answer. Does it use them, and are the hidden units on for some?
not same(f, score(f, y[:7]), r[:7]) | The reward of an answer changes with the other answers in the batch.
abs(np.corrcoef(r, curved_taste(y))[0, 1]) > 1 - 1e-9 | That is the annotator’s own taste. Learn it from the pairs.
is_linear | The reward is still linear, and ranks {ranked:.0%} right. Bend it: `np.maximum(0, outputs @ A + b)`.
ranked < 0.42 | It ranks {ranked:.0%} of fresh pairs right: it has learned the opposite. Are the sides swapped?
abs(zero) < 1e-9 and same(f, double, 2 * r) | Twice the answer gives twice the reward: there is no hidden bias.
np.mean(np.isclose(scores, np.min(scores))) > 0.2 | Many answers share the lowest reward exactly. Is the ReLU on the
 reward, or are most hidden units off?
ranked >= 0.8 |
left and len(on) > 1 and np.ptp([*left[0], left[1]], axis=1).max() < 1e-9 | All hidden units are the same: they started
 alike, and so they learn alike. Start `A` at random.
left and on.mean() < 0.5 | Only {on_of} hidden units are ever on; the others stay off. Start `b` near zero.
True | It ranks {ranked:.0%} of fresh pairs right; a linear model does about 60 %, one hidden layer more than 90 %.
 More epochs, a larger step, more hidden units? And does the loss fall?
on_of = f"{on.sum()} of {len(on)}"
"""

EXERCISE = Exercise(
    checks=(
        Table(globals(), FORWARD, (network(0),)), Table(globals(), BACKWARD, (network(1),)), Table(globals(), REWARD)
    ),
    hints=lines("""
First the reward: `hidden = outputs @ A + b` has shape (n, hidden). A ReLU keeps what is positive, and `v` weighs it.
For the gradients, go backwards. A pair weighs `error = sigmoid(-margin) / n`. For `v`: minus `error` times the
 difference of the two hidden layers, after the ReLU.
For `A`: `back_w = -error[:, None] * v * (hidden_w > 0)`, the same with `hidden_l` for the rejected, and
 `preferred.T @ back_w - rejected.T @ back_l`. For `b`: `(back_w - back_l).sum(axis=0)`.
"""),
    fact="A peak that no straight line can rank takes a few bent ones, and sixteen are plenty. A unit that is off for "
    "all answers has gradient zero and stays off: so the bias starts small, and the weights start at random.",
)
