"""An estimate of the KL as a term of the loss, of which `preflab.kl` warns."""

from numpy.typing import ArrayLike

from preflab.kl import estimator
from preflab.numeric import Loss, aligned


def in_loss(log_ratio: ArrayLike, kind: str) -> Loss:
    """The mean estimate, with the estimator's own slope. Gradient: `log_ratio`."""
    value, slope = estimator(kind)(aligned(log_ratio=log_ratio)[0])
    return Loss(float(value.mean()), value, {"log_ratio": slope / value.size}, {})
