"""How sure a mean over seeds is, and what that says about a claim."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

Verdict = Literal["holds", "does not hold", "cannot be told"]


def interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Mean and half-width of its 95 % confidence interval, by Student's t. Needs two values or more."""
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"an interval needs a list of at least two values, not an array of shape {values.shape}")
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(t_quantile(len(values) - 1) * error)


def t_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t.

    Exact for one and two degrees of freedom, else Cornish and Fisher's expansion, within 0.2 % from three on.
    Source: Abramowitz and Stegun, 26.7.5.
    """
    if freedom == 1:
        return 12.706204736
    if freedom == 2:
        return 4.3026527297
    z = 1.959963985
    terms = [
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    ]
    return float(sum(term / freedom**power for power, term in enumerate(terms)))


def verdict(values: Sequence[float] | np.ndarray, above: float = 0.0, widths: float = 1.0) -> Verdict:
    """Does the claim hold that the mean of `values` lies above a bound? Told by its 95 % interval.

    Who looks many times finds something by chance: then let the bound be `widths` half-widths away.
    """
    mean, half = interval(values)
    if mean - widths * half > above:
        return "holds"
    return "does not hold" if mean + widths * half < above else "cannot be told"


def verdict_equal(values: Sequence[float] | np.ndarray, claimed: float) -> Verdict:
    """Does the claim hold that the mean of `values` is `claimed`? Only that it is not can be told for sure."""
    mean, half = interval(values)
    return "does not hold" if abs(mean - claimed) > half else "cannot be told"
