"""Estimating KL(pi || pi_ref) from samples of pi (Schulman 2020, "Approximating KL divergence").

u = log pi(y) - log pi_ref(y), y ~ pi, in nats, any shape. All three have the KL, or nearly, as their mean. Their slopes
are another matter. As a term of the loss, differentiated through log pi(y) alone, only k2 gives the KL's gradient:
k1 gives 0, k3 that of the forward KL(pi_ref || pi). As a penalty in the reward, k1 is right. k3 is right when its
product with the ratio pi / pi_old is differentiated.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import LARGEST_LOG


def k1(log_ratio: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """u and its slope: unbiased, of either sign."""
    u = np.asarray(log_ratio, float)
    return u, np.ones_like(u)


def k2(log_ratio: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """u^2 / 2 and its slope: never negative, biased, little variance."""
    u = np.asarray(log_ratio, float)
    return u**2 / 2, u


@np.errstate(under="ignore")
def k3(log_ratio: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """e^-u - 1 + u and its slope: unbiased, never negative; e^-u, the inverse ratio, is held at e^700.

    Near 0 the terms cancel, unless e^-u - 1 is computed as one.
    """
    u = np.asarray(log_ratio, float)
    inverse = np.expm1(np.minimum(-u, LARGEST_LOG))
    return inverse + u, -inverse


ESTIMATORS = {"k1": k1, "k2": k2, "k3": k3}


def estimator(kind: str) -> Callable[[ArrayLike], tuple[np.ndarray, np.ndarray]]:
    """The function of that name. Raises ValueError for others."""
    if kind not in ESTIMATORS:
        raise ValueError(f"The KL estimators are {', '.join(ESTIMATORS)}, not {kind!r}.")
    return ESTIMATORS[kind]
