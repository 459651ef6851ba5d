"""Where losses come to rest with endless pairs from a Gaussian reference and a linear reward w.y.

Everything happens along w, so that one number describes the reward: `spread` = sigma |w|, the standard deviation in
nats of the reference's rewards. A policy is described by its scale: how far its mean has moved along w, in units of
RLHF's optimum for the same beta. Scale 1 is RLHF.

Expectations are taken by Gauss-Hermite quadrature.
"""

import numpy as np

from preflab.numeric import require_positive, root, sigmoid

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(100)
WEIGHTS = WEIGHTS / WEIGHTS.sum()  # of the standard normal


def kto_scale(spread: float, beta: float, clamped: bool = False) -> float:
    """Scale of KTO with equal weights, on both outputs of each pair, the chosen as good and the rejected as bad.

    The reference point z0 is the policy's KL, as Ethayarajh et al. 2024 define it. clamped takes it for 0, which is
    what their estimate gives on outputs of the reference, whose mean log-ratio is negative. Neither is RLHF's optimum.
    Raises ValueError unless both are above 0.
    """
    require_positive(spread=spread, beta=beta)
    wins = sigmoid(spread * (NODES[:, None] - NODES)) @ WEIGHTS  # P(chosen | output), by its standardised reward

    def slope(moved: float) -> float:
        """Of the loss in the shift of the mean, in units of sigma; z0 is held fixed."""
        log_ratio = moved * NODES - moved**2 / 2
        gain = beta * (log_ratio - (0.0 if clamped else moved**2 / 2))
        return float(WEIGHTS @ (sigmoid(gain) * sigmoid(-gain) * (NODES - moved) * (1 - 2 * wins)))

    return float(root(slope) * beta / spread)
