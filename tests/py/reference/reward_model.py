"""The reward model: Bradley-Terry on pairs (Ouyang et al. 2022, eq. 1)."""

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import Loss, aligned, sigmoid, softplus


def bradley_terry(
    rewards_chosen: ArrayLike, rewards_rejected: ArrayLike, margin: ArrayLike | None = None, centering: float = 0.0
) -> Loss:
    """-log sigmoid(r_w - r_l - margin) + centering (r_w + r_l)^2, all (n,), in nats.

    The margin is Llama 2's (Touvron et al. 2023); centering pins the rewards' free constant (Eisenstein et al.
    2023): the sum of a pair, not each reward, is drawn to 0. Gradients: `rewards_chosen`, `rewards_rejected`.
    Raises ValueError if the shapes differ or centering is negative.
    """
    if centering < 0:
        raise ValueError(f"centering must not be negative, and is {centering}.")
    margin = np.zeros(np.shape(rewards_chosen)) if margin is None else margin
    chosen, rejected, margin = aligned(
        1, rewards_chosen=rewards_chosen, rewards_rejected=rewards_rejected, margin=margin
    )
    gap, total = chosen - rejected - margin, chosen + rejected
    per_example = softplus(-gap) + centering * total**2
    doubt, pull = sigmoid(-gap), 2 * centering * total
    grads = {"rewards_chosen": (pull - doubt) / len(gap), "rewards_rejected": (pull + doubt) / len(gap)}
    return Loss(float(per_example.mean()), per_example, grads, {"accuracy": float((chosen > rejected).mean())})


def linear_bradley_terry(
    w: ArrayLike,
    phi_chosen: ArrayLike,
    phi_rejected: ArrayLike,
    b: float = 0.0,
    margin: ArrayLike | None = None,
    centering: float = 0.0,
) -> Loss:
    """The same loss for r = phi.w + b, with features (n, d) and weights (d,). Gradients: `w` and `b`.

    b cancels in the difference: without centering its gradient is 0, and no data can teach it.
    """
    phi_chosen, phi_rejected = aligned(2, phi_chosen=phi_chosen, phi_rejected=phi_rejected)
    w = np.asarray(w, float)
    rewards = bradley_terry(phi_chosen @ w + b, phi_rejected @ w + b, margin, centering)
    up, down = rewards.grads["rewards_chosen"], rewards.grads["rewards_rejected"]
    grads = {"w": phi_chosen.T @ up + phi_rejected.T @ down, "b": (up + down).sum()}
    return rewards._replace(grads=grads)
