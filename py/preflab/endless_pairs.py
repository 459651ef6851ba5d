"""Where a loss on pairs ends with endless pairs from a Gaussian reference and a linear reward w.y, by quadrature.

Everything happens along w, so that one number describes the reward: `spread` = sigma |w|, the standard deviation in
nats of the reference's rewards.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from preflab.numeric import require_fraction, require_positive, root, sigmoid


def pair_loss_shift(
    slopes: Callable[..., tuple[np.ndarray, np.ndarray]],
    spread: float,
    flip_rate: float = 0.0,
    dims: int = 5,
    widest: float = 8.0,
) -> float:
    """Where a loss on pairs ends: the c at which the mean has moved by c sigma^2 w. RLHF's is 1 / beta.

    slopes(chosen, rejected, ref_chosen, ref_rejected, mismatched) gives the loss's slopes in the first two. All but the
    last are (nodes,): log-probs in nats, up to the normalising constant. mismatched is (1,): the mean log-ratio of
    answers that the reference gave, which is minus the KL. dims is the number of numbers in an answer, at least 2.
    Returns inf if the loss still falls at `widest`. Raises ValueError unless flip_rate is in [0, 1/2) and the others
    are > 0, and where the loss has no minimum above 0.
    """
    require_fraction(0.5, flip_rate=flip_rate)
    require_positive(spread=spread, widest=widest, dims=dims - 1)
    first, second, ref_first, ref_second, chance = _pairs(dims)
    picked = sigmoid(spread * (first - second))
    chance = chance * ((1 - flip_rate) * picked + flip_rate * (1 - picked))

    def slope(c: float) -> float:
        """Of the expected loss, by the chain rule, in the shift of the mean in units of sigma."""
        moved = c * spread
        up, down = moved * first - moved**2 / 2, moved * second - moved**2 / 2  # log-ratios
        by_chosen, by_rejected = slopes(
            ref_first + up, ref_second + down, ref_first, ref_second, np.array([-(moved**2) / 2])
        )
        return float(chance @ (by_chosen * (first - moved) + by_rejected * (second - moved)))

    return root(slope, widest / 64, widest)


@lru_cache(4)
def _pairs(dims: int) -> tuple[np.ndarray, ...]:
    """Nodes of a quadrature over pairs of the reference's answers, and their chances before anyone has judged.

    Of an answer two numbers matter: its component along w, and the squared length of the rest, which is chi-squared.
    Returns both components, both log-probs up to a constant, and the chances, (nodes,) each.
    """
    along, chance = np.polynomial.hermite_e.hermegauss(20)
    half, weight = np.polynomial.laguerre.laggauss(10)
    weight = weight * half ** ((dims - 1) / 2 - 1)
    first, second, s1, s2 = (axis.ravel() for axis in np.meshgrid(along, along, 2 * half, 2 * half, indexing="ij"))
    chances = np.einsum("i,j,k,l->ijkl", chance, chance, weight, weight).ravel()
    # Labelling adds up to 1 over a pair and its mirror image, so that a labelled pair is twice as likely.
    return first, second, -(first**2 + s1) / 2, -(second**2 + s2) / 2, 2 * chances / chances.sum()
