"""Logistic regression to its minimum, where one is: the exact end of a Bradley-Terry model, and of DPO, on given pairs.

A row of features is what a pair's margin is linear in: y_w - y_l for a reward w.y, beta / sigma^2 times
x (outer) (y_w - y_l) for DPO on a Gaussian policy with linear means.
"""

import numpy as np

from preflab.numeric import sigmoid

ROUNDING = 1e-15  # of a loss near ln 2


def minimum(features: np.ndarray, steps: int = 100, tolerance: float = 1e-12) -> np.ndarray:
    """The weights (d,) that minimise mean log(1 + exp(-features @ weights)), features (n, d): Newton's method.

    Raises ValueError where there is no minimum (some weights rank every row right, so that longer ones are always
    better), and where `steps` do not suffice.
    """
    features = np.asarray(features, float)
    weights = np.zeros(features.shape[1])
    for _ in range(steps):
        margin = features @ weights
        if (margin > 0).all():
            raise ValueError("These pairs are separable: the loss falls for ever, and has no minimum.")
        error = sigmoid(-margin)
        gradient = -error @ features / len(features)
        hessian = features.T @ ((error * (1 - error))[:, None] * features) / len(features)
        step = np.linalg.lstsq(hessian, gradient)[0]
        if abs(step).max() < tolerance * max(1.0, abs(weights).max()):
            return weights
        size = 1.0  # Newton may overshoot: halve its step until the loss falls, or does not rise as far as can be told
        while size > 1e-9 and _loss(features, weights - size * step) > _loss(features, weights) + ROUNDING:
            size /= 2
        weights = weights - size * step
    raise ValueError(f"No minimum was found in {steps} steps.")


def _loss(features, weights):
    return np.logaddexp(0.0, -features @ weights).mean()
