"""What is checked in exercises 3 and 4: DPO's gradient and PPO's clip, each tried on made-up inputs.

What is right is right by finite differences. A mistake is known by the numbers that it gives.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from preflab.numeric import sigmoid
from runtime.grading import Exercise, Table, lines

# fmt: off


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def differences(f: Callable[[Any], float], at: Any, step: float = 1e-6) -> np.ndarray:
    """Gradient of the scalar function f at an array or number, by central differences. The tests use it, too."""
    at = np.asarray(at, float)
    nudges = step * np.eye(at.size).reshape(-1, *at.shape)
    return np.array([f(at + nudge) - f(at - nudge) for nudge in nudges]).reshape(at.shape) / (2 * step)


SCOPE = {"normal": normal, "sigmoid": sigmoid, "differences": differences}

GRADIENT = """
beta = 0.7
x = normal(1, 30, 4)
w = normal(2, 30, 5)
l = normal(3, 30, 5)
at = W_REF + 0.4 * normal(4, 4, 5)
answer = np.asarray(call("dpo_gradient", at, x, w, l, beta))
D = lambda weights: ((w - l) * (x @ (weights - W_REF))).sum(axis=1) / SIGMA**2
gap = D(at)
nudged = differences(lambda weights: np.logaddexp(0.0, -beta * D(weights)).mean(), at)
grad = lambda pull, sides: -x.T @ (pull[:, None] * sides) / SIGMA**2 / 30
doubt = sigmoid(-beta * gap)
right = grad(beta * doubt, w - l)
k = np.unravel_index(abs(answer - nudged).argmax(), at.shape)
where = f"At weight [{k[0]}, {k[1]}] you have {answer[k]:.4f}, and finite differences give {nudged[k]:.4f}"
not takes("dpo_gradient", 0, 0, 0, 0, 0) | `dpo_gradient` should take (weights, contexts, preferred, rejected, beta).
not answer.any() | `dpo_gradient` is still empty. Start with the margin.
answer.shape == (5, 4) | That is the transpose: one row a context feature, one column an output feature, please.
answer.shape == (5,) | The contexts are missing. Each pair pulls along its own context: `contexts.T @ ...`.
answer.shape != at.shape | The gradient should have the shape of `weights`, (4, 5), and has {answer.shape}.
np.allclose(answer, nudged, atol=1e-7) |
= -right | The sign is turned: this climbs the loss. Minus log σ falls as the margin grows.
= 30 * right | That is the gradient of the summed loss. The loss is a mean over pairs: divide by their number.
= right / beta | The factor `beta` is missing: the margin is beta times the log-ratios, and so is its slope.
= grad(beta * sigmoid(-gap), w - l) | The margin inside the sigmoid has lost its `beta`.
= grad(BETA * sigmoid(-BETA * gap), w - l) | That takes the default `BETA`. Use the `beta` that the function is given.
= grad(beta * sigmoid(beta * gap), w - l) | The weight of a pair is turned: it is how *wrong* the policy is, σ(−margin).
= grad(beta + 0 * gap, w - l) | Every pair pulls alike. Each should pull by how wrong the policy still is, σ(−margin).
= grad(beta * doubt * (1 - doubt), w - l) | That is the slope of σ. The loss is −*log* σ, whose slope is −σ(−margin).
= grad(beta * doubt, w) | The rejected answers are missing. The margin is a difference, so they count with a minus sign.
= grad(beta * doubt, w + l) | The rejected answers count with a plus sign. The margin is chosen minus rejected.
= grad(beta * sigmoid(-beta * D(at + W_REF)), w - l) | The reference is missing: the shift is `weights - W_REF`.
True | {where}. What is the slope of one pair?
"""

CLIPPED = """
epsilon = 0.3
ratio = np.exp(0.5 * normal(1, 200))
A = normal(2, 200)
given = call("ppo_objective", ratio, A, epsilon)
free = ratio * A
clip = lambda e: np.clip(ratio, 1 - e, 1 + e) * A
best = lambda ratio: np.minimum(ratio * A, np.clip(ratio, 1 - epsilon, 1 + epsilon) * A)
inside = abs(ratio - 1) <= epsilon
slope = np.where(free <= clip(epsilon), A, 0.0)
"""

VALUE = CLIPPED + """
answer = np.asarray(given[0], float)
k = abs(answer - best(ratio)).argmax()
where = f"At ratio {ratio[k]:.2f} and A = {A[k]:.2f} you have {answer[k]:.3f}"
not takes("ppo_objective", 0, 0, 0) | `ppo_objective` should take (ratio, advantage, epsilon).
not isinstance(given, (tuple, list)) or len(given) != 2 | `ppo_objective` should return two arrays.
np.shape(given[0]) != (200,) | The value should be one number an answer, shape (200,) here, and has {answer.shape}.
not answer.any() | The value is still empty: the smaller of `ratio * advantage` and the same with the ratio clipped.
= best(ratio) |
= free | Nothing is clipped: an answer that pays could be pushed without end.
= clip(epsilon) | That is the clipped one alone. The smaller of both lets a move in the wrong direction be undone.
= np.maximum(free, clip(epsilon)) | That is the larger of the two. PPO takes the smaller, the more careful promise.
= -best(ratio) | That is the loss. Asked for is what PPO *maximises*.
= np.clip(A, -epsilon, epsilon) | The advantage is clipped, and there is no ratio, as in the article. Clip the ratio.
= ratio * np.clip(A, -epsilon, epsilon) | The advantage is clipped. It is the ratio that must not run away.
= np.minimum(free, np.clip(ratio, -epsilon, epsilon) * A) | The ratio is clipped around 0. Not moved is a ratio of 1.
= np.clip(free, 1 - epsilon, 1 + epsilon) | The product is clipped. Clip the ratio, then multiply by the advantage.
= np.minimum(ratio, 1 + epsilon) * A | All are held above 1 + ε. Right for good answers; bad ones are held below 1 − ε.
= np.minimum(free, clip(0.2)) | The 0.2 is typed in. Use the `epsilon` that the function is given.
True | {where}. Take the smaller of free and clipped.
"""

SLOPE = CLIPPED + """
answer = np.asarray(given[1], float)
nudged = (best(ratio + 1e-7) - best(ratio - 1e-7)) / 2e-7
k = abs(answer - nudged).argmax()
where = f"At ratio {ratio[k]:.2f}, A = {A[k]:.2f} you have {answer[k]:.3f}, and finite differences give {nudged[k]:.3f}"
np.shape(given[1]) != (200,) | The slope should be one number an answer, shape (200,) here, and has {answer.shape}.
not answer.any() | The value is right. Its slope is still empty: the advantage, and 0 where the clip holds the answer.
np.allclose(answer, nudged, atol=1e-5) |
= A | The slope goes on where the value is flat: an answer that the clip holds has slope 0.
= A * inside | You hold on both sides. A move in the *wrong* direction keeps its slope, or it is never undone.
= A - slope | The slope is turned: it is 0 where the clip holds, and the advantage everywhere else.
= np.where(np.where(A > 0, ratio < 1 - epsilon, ratio > 1 + epsilon), 0.0, A) | The sides are exchanged: a good answer
 is held above 1 + ε, a bad one below 1 − ε.
= slope * ratio | That is the slope in the log-prob. Asked for is that in the ratio: without the factor `ratio`.
= -slope | The sign is turned. Where nothing is clipped the value is ratio times advantage.
= slope / A | The slope is 0 or 1. Ratio times advantage has the advantage for its slope.
= np.where(free <= clip(0.2), A, 0.0) | The 0.2 is typed in. Use the `epsilon` that the function is given.
True | {where}.
"""

EXERCISES = {
    "exercise-gradient": Exercise(
        needs=("W_REF", "SIGMA", "BETA"),
        checks=(Table(SCOPE, GRADIENT),),
        hints=lines("""
The loss of a pair is −log σ(margin), and the slope of −log σ(m) is −σ(−m). What is left is the slope of the margin.
For this policy the margin is `beta / SIGMA**2` times (preferred − rejected) · (contexts @ (weights − W_REF)).
A weight [i, j] moves a pair’s margin by `beta / SIGMA**2 * contexts[:, i] * (preferred - rejected)[:, j]`.
All pairs at once: `-beta / SIGMA**2 * contexts.T @ (sigmoid(-margin)[:, None] * (preferred - rejected)) / n`.
"""),
        fact="Three factors: how wrong the policy still is, which way the pair points, and in which context. "
        "No reward model, and no sample of the policy’s own, is in it.",
    ),
    "exercise-clip": Exercise(
        checks=(Table(SCOPE, VALUE), Table(SCOPE, SLOPE)),
        hints=lines("""
Two candidates: `free = ratio * advantage`, and `clipped`, the same with `np.clip(ratio, 1 - epsilon, 1 + epsilon)`.
The value is the smaller of the two, answer by answer: `np.minimum`.
Where `free` is the smaller, the slope in the ratio is the advantage. Where `clipped` is, the ratio moves nothing: 0.
"""),
        fact="The clip has two open ends on purpose. Good answers that became rarer, and bad ones that became "
        "likelier, keep their slope: only moves that already went far enough are held.",
    ),
}
