"""Elementary functions that neither overflow nor cancel, a root finder, and the type that every loss returns."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Loss(NamedTuple):
    """What a loss function returns.

    loss: what is minimised, a mean over examples (or over tokens, as the function says).
    per_example: the values before averaging, (n,), or (n, tokens) where the loss is one of tokens.
    grads: the gradient of `loss`, by the name of the argument.
    metrics: what one would log; a number, an array or None by name.
    """

    loss: float
    per_example: np.ndarray
    grads: dict[str, np.ndarray]
    metrics: dict[str, Any]


# exp(-1000) is 0, and rightly so: a caller that lets NumPy raise need not hear of it.
@np.errstate(under="ignore")
def sigmoid(x: ArrayLike) -> np.ndarray:
    """1 / (1 + e^-x), with full relative precision in both tails."""
    x = np.asarray(x, float)
    small = np.exp(-abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


@np.errstate(under="ignore")
def softplus(x: ArrayLike) -> np.ndarray:
    """log(1 + e^x), which is -log sigmoid(-x)."""
    x = np.asarray(x, float)
    return np.maximum(x, 0.0) + np.log1p(np.exp(-abs(x)))


@np.errstate(under="ignore")
def log1mexp(x: ArrayLike) -> np.ndarray:
    """log(1 - e^x) for x < 0 (Maechler 2012, eq. 7). Raises ValueError where x >= 0."""
    x = np.asarray(x, float)
    if (x >= 0).any():
        raise ValueError("log(1 - e^x) needs x below 0.")
    near, far = np.maximum(x, -np.log(2)), np.minimum(x, -np.log(2))
    return np.where(x > -np.log(2), np.log(-np.expm1(near)), np.log1p(-np.exp(far)))


# float64 ends at e^709. A ratio that stays at e^700 can still be multiplied and summed, where inf would turn into nan.
LARGEST_LOG = 700.0


@np.errstate(under="ignore")
def ratio(log_ratio: ArrayLike) -> np.ndarray:
    """e^log_ratio, at most e^700."""
    return np.exp(np.minimum(log_ratio, LARGEST_LOG))


def larger(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """max(a, b), and the share of a in its subgradient: 1, 0, or one half in a tie, as autograd has it."""
    return np.maximum(a, b), np.where(a == b, 0.5, a > b)


def masked(x: ArrayLike, mask: ArrayLike | None) -> np.ndarray:
    """x with 0 where the mask is 0, whatever stands there. Raises ValueError if the shapes differ."""
    if mask is None:
        return np.asarray(x, float)
    if np.shape(mask) != np.shape(x):
        raise ValueError(f"The mask has shape {np.shape(mask)}, but what it masks has {np.shape(x)}.")
    return np.where(np.asarray(mask, bool), x, 0.0)


def masked_mean(x: ArrayLike, mask: ArrayLike | None = None, axis: int | None = None) -> np.ndarray:
    """Mean of the entries of x whose mask is 1; 0 where none is."""
    x = np.asarray(x, float)
    mask = np.ones_like(x) if mask is None else np.asarray(mask, bool)
    return masked(x, mask).sum(axis) / np.maximum(mask.sum(axis), 1)


def whiten(x: ArrayLike, mask: ArrayLike | None = None, shift_mean: bool = True, eps: float = 1e-8) -> np.ndarray:
    """x scaled to unit variance (ddof 1) over the masked entries, and to mean 0 if shift_mean.

    Entries outside the mask are 0. Raises ValueError with fewer than two entries, which have no variance.
    """
    x = np.asarray(x, float)
    mask = np.ones(x.shape, bool) if mask is None else np.asarray(mask, bool)
    if mask.sum() < 2:
        raise ValueError("Whitening needs at least two entries.")
    mean, variance = x[mask].mean(), x[mask].var(ddof=1)
    return masked((x - mean) / np.sqrt(variance + eps) + (0.0 if shift_mean else mean), mask)


def moments(x: np.ndarray, axis: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (ddof 1) of what is not nan, with the axis kept; nan where there is too little."""
    seen = ~np.isnan(x)
    n = seen.sum(axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = masked(x, seen).sum(axis, keepdims=True) / n
        variance = masked((x - mean) ** 2, seen).sum(axis, keepdims=True) / (n - 1)
    return mean, np.sqrt(variance)


def standardize(x: np.ndarray, eps: float, axis: int | None = None) -> np.ndarray:
    """(x - mean) / (std + eps) with ddof 1; nan stays nan and counts for nothing."""
    mean, std = moments(x, axis)
    return (x - mean) / (std + eps)


def root(f: Callable[[float], float], first: float = 1e-3, limit: float = 1e4) -> float:
    """Where f, below 0 at 0, first turns positive; inf if it does not up to the limit.

    `first` is the first step of the search, which doubles; false position (Illinois) does the rest. Raises ValueError
    where f does not begin below 0.
    """
    low, high = 0.0, first
    at_low, at_high = f(low), f(high)
    if not (at_low < 1e-9 and math.isfinite(at_high)):
        raise ValueError(f"the slope is {at_low:g} at 0 and {at_high:g} at {high:g}: no minimum lies above 0")
    while at_high < 0:
        if high >= limit:
            return math.inf
        low, at_low = high, at_high
        high = min(2 * high, limit)
        at_high = f(high)
    for _ in range(60):
        middle = high - at_high * (high - low) / (at_high - at_low)
        at_middle = f(middle)
        if (at_middle < 0) == (at_high < 0):
            at_low /= 2  # the end that stays counts half, or it would stay for ever
        else:
            low, at_low = high, at_high
        high, at_high = middle, at_middle
        if abs(high - low) < 1e-12 * high or at_high == 0:
            break
    return high


def aligned(ndim: int | None = None, /, **arrays: ArrayLike) -> list[np.ndarray]:
    """The arrays as float64. Raises ValueError if they are empty, differ in shape, or have not ndim axes."""
    found = [np.asarray(array, float) for array in arrays.values()]
    first, shape = next(iter(arrays)), found[0].shape
    if ndim is not None and len(shape) != ndim:
        raise ValueError(f"{first} has shape {shape}, but must have {ndim} {'axis' if ndim == 1 else 'axes'}.")
    for name, array in zip(arrays, found, strict=True):
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}, but {first} has {shape}.")
    if found[0].size == 0:
        raise ValueError(f"{first} is empty.")
    return found


def require_positive(**numbers: ArrayLike) -> None:
    """Raises ValueError unless every number (or every entry of an array) is above 0."""
    for name, number in numbers.items():
        if not (np.asarray(number, float) > 0).all():
            raise ValueError(f"{name} must be above 0, not {number}.")


def require_fraction(limit: float = 1.0, **numbers: float) -> None:
    """Raises ValueError unless every number is at least 0 and below the limit."""
    for name, number in numbers.items():
        if not 0 <= number < limit:
            raise ValueError(f"{name} must be at least 0 and below {limit:g}, not {number}.")


def add(first: Loss, second: Loss, weight: float = 1.0) -> Loss:
    """first + weight * second: losses, values before averaging, gradients; the metrics of both."""
    grads = dict(first.grads)
    for name, grad in second.grads.items():
        grads[name] = grads.get(name, 0.0) + weight * grad
    per_example = first.per_example + weight * second.per_example
    return Loss(first.loss + weight * second.loss, per_example, grads, first.metrics | second.metrics)
