"""Where a loss f(beta times the gap of a pair) ends with endless pairs from a Gaussian reference, by quadrature.

The gap is the log-ratio of the chosen minus that of the rejected. Policies on the way are those whose mean has moved
along the taste; `moved` is how far, in units of sigma, so that the KL is moved^2 / 2 and the gap of a pair is moved
times the difference t of its two answers along the taste, which is normal with variance 2. `spread` is sigma |w|.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from preflab.numeric import sigmoid

FURTHEST = 10.0  # sigmas: 50 nats
NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)
GAPS = 5.0 * (NODES + 1)  # t > 0, the better answer minus the worse, up to 7 of its deviations
CHANCES = WEIGHTS * np.exp(-(GAPS**2) / 4)
CHANCES = CHANCES / CHANCES.sum()


class End(NamedTuple):
    """How far the mean has moved when the loss no longer falls; inf if it still falls at FURTHEST, 0 if at once."""

    moved: float
    path: np.ndarray  # moved
    loss: np.ndarray  # the mean loss there


def ending(f: Callable[[Any], Any], beta: float, spread: float, never_err: bool = False) -> End:
    """The end of f. Raises ValueError for an f that is no function of an array, number by number."""
    path = np.linspace(0.0, FURTHEST, 401)
    right = np.ones_like(GAPS) if never_err else sigmoid(spread * GAPS)

    def loss(moved: float) -> float:
        margins = beta * moved * GAPS
        return float(CHANCES @ (right * values(f, margins) + (1 - right) * values(f, -margins)))

    with np.errstate(all="ignore"):
        along = np.array([loss(moved) for moved in path])
        lowest = int(np.nanargmin(along)) if not np.isnan(along).all() else 0
        if lowest == len(path) - 1 or along[-1] <= along[lowest] * (1 + 1e-12) + 1e-15 and lowest > 0:
            return End(np.inf, path, along)
        if lowest == 0:
            return End(0.0, path, along)
        return End(golden(loss, path[lowest - 1], path[lowest + 1]), path, along)


def golden(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a loss with one valley between low and high is least."""
    share = (np.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - share * (high - low), low + share * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float((low + high) / 2)


def values(f: Callable[[Any], Any], margins: np.ndarray) -> np.ndarray:
    """f of each margin. Raises ValueError in a sentence where it is not one number for each."""
    found = f(margins)
    if found is None or isinstance(found, str):
        raise ValueError("the curve returns no number. Is there a `return`?")
    found = np.asarray(found)
    if found.dtype.kind not in "iufb":
        raise ValueError("the curve returns no numbers. It takes an array of margins, and gives the loss of each.")
    if found.shape != margins.shape:
        raise ValueError(f"the curve should give one number for each margin, {margins.shape}, and gives {found.shape}.")
    if np.isnan(found).any():
        raise ValueError(f"the curve at {margins[np.isnan(found)][0]:.3g} is NaN.")
    return found.astype(float)


def told(end: End) -> str:
    """The end in words."""
    if end.moved == np.inf:
        return f"never stops: it still falls at {FURTHEST**2 / 2:.0f} nats"
    if end.moved == 0:
        return "does not start: it is least at the reference"
    return f"stops at {end.moved**2 / 2:.3f} nats"
