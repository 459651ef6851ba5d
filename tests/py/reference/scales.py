"""Where DPO, cDPO, rDPO, IPO and GRPO come to rest; `preflab.stationary` says what a scale is, and has KTO's."""

import math
from collections.abc import Callable

import numpy as np

from preflab.numeric import require_fraction, require_positive, root, sigmoid
from preflab.stationary import NODES, WEIGHTS


def dpo_scale(spread: float, flip_rate: float = 0.0, label_smoothing: float = 0.0) -> float:
    """Scale of DPO, or of cDPO, where a share flip_rate of Bradley-Terry labels is flipped.

    1 without flips, whatever the spread; less with them, as the loss takes flips for indifference; still less with
    smoothing. Raises ValueError unless both are in [0, 1/2) and spread > 0.
    """
    require_fraction(0.5, flip_rate=flip_rate, label_smoothing=label_smoothing)
    error_rate = flip_rate + label_smoothing - 2 * flip_rate * label_smoothing
    return _logistic_scale(spread, lambda p: (1 - error_rate) * p + error_rate * (1 - p))


def rdpo_scale(spread: float, flip_rate: float, error_rate: float) -> float:
    """Scale of rDPO that assumes error_rate where flip_rate is true: 1 if it is right, less if it assumes too little.

    Assuming too much, it exceeds 1, and inf says that the loss has no minimum. Raises ValueError as `dpo_scale`.
    """
    require_fraction(0.5, flip_rate=flip_rate, error_rate=error_rate)
    remaining = (flip_rate - error_rate) / (1 - 2 * error_rate)
    return _logistic_scale(spread, lambda p: (1 - remaining) * p + remaining * (1 - p))


def ipo_scale(spread: float, beta: float, tau: float) -> float:
    """Scale of IPO, in units of RLHF's optimum at beta: its shift is sigma^2 w E[s'(m)] / tau.

    m is the margin of a pair from the reference, and s' the slope of the sigmoid (by Stein's lemma on the stationary
    point of the square). Raises ValueError unless all are above 0.
    """
    require_positive(spread=spread, beta=beta, tau=tau)
    margins = math.sqrt(2) * spread * NODES
    return float(beta / tau * (WEIGHTS @ (sigmoid(margins) * sigmoid(-margins))))


def grpo_scale(spread: float, group_size: int, scale: str = "group") -> float:
    """Scale of GRPO's fixed point with k1 in the reward or k2 in the loss, whose own gradient is not normalised.

    Dividing by the group's std makes the shift (sigma / beta) (G-1)/G c4(G), whatever |w|; without division it is
    (G-1)/G of RLHF's, since the group's mean contains the answer itself. Raises ValueError for fewer than two answers.
    """
    require_positive(spread=spread)
    if group_size < 2 or scale not in ("group", "none"):
        raise ValueError("A group has at least two answers, scaled by group or none.")
    own_share = (group_size - 1) / group_size
    return own_share if scale == "none" else own_share * c4(group_size) / spread


def c4(n: int) -> float:
    """Mean of the standard deviation (ddof 1) of n >= 2 normal draws, in units of the true one."""
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def _logistic_scale(spread: float, target: Callable[[np.ndarray], np.ndarray]) -> float:
    """The c at which E[m (target - sigmoid(c m))] = 0: logistic regression of soft labels on the true margin m."""
    require_positive(spread=spread)
    margins = math.sqrt(2) * spread * NODES
    pull = margins * target(sigmoid(margins))
    return root(lambda c: float(WEIGHTS @ (margins * sigmoid(c * margins) - pull)))
