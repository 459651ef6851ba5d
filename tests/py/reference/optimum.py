"""What RLHF aims at, in closed form: the policy that maximises E[r] - beta KL(pi || pi_ref).

It is the reference tilted by the reward, pi* proportional to pi_ref e^(r / beta) (Rafailov et al. 2023, eq. 4). Rewards
and KL are in nats. Functions raise ValueError unless beta > 0 and sigma > 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import Loss, aligned, require_positive
from reference import gaussian_policy
from reference.softmax_policy import kl, log_probs, probs


def gaussian_shift(reward_weights: ArrayLike, beta: float, sigma: float) -> np.ndarray:
    """How far the optimum moves the mean, (dims,), in every context: sigma^2 w / beta, for the reward w.y.

    Tilting a Gaussian by an exponential moves its mean and leaves its shape.
    """
    require_positive(beta=beta, sigma=sigma)
    return sigma**2 * np.asarray(reward_weights, float) / beta


def gaussian_kl(reward_weights: ArrayLike, beta: float, sigma: float) -> float:
    """KL of the optimum to the reference: sigma^2 |w|^2 / (2 beta^2)."""
    shift = gaussian_shift(reward_weights, beta, sigma)
    return float(shift @ shift / (2 * sigma**2))


def gaussian_frontier(kl: ArrayLike, reward_weights: ArrayLike, sigma: float) -> np.ndarray:
    """The most that the mean reward can rise above the reference's within this KL: sigma |w| sqrt(2 KL)."""
    require_positive(sigma=sigma)
    if np.min(kl) < 0:
        raise ValueError("A KL is never negative.")
    return sigma * np.linalg.norm(reward_weights) * np.sqrt(2 * np.asarray(kl, float))


def gaussian_objective(
    weights: np.ndarray, ref: np.ndarray, contexts: np.ndarray, reward_weights: np.ndarray, beta: float, sigma: float
) -> Loss:
    """-(E[w.y] - beta KL), mean over contexts (n, features), so that its minimum is the optimum. Gradient: `weights`.

    beta 0 is allowed here: it leaves the reward alone.
    """
    if beta < 0:
        raise ValueError(f"beta must not be negative, and is {beta}.")
    penalty = gaussian_policy.kl(weights, ref, contexts, sigma)
    per_example = beta * penalty.per_example - contexts @ weights @ reward_weights
    grad = beta * penalty.grads["weights"] - np.outer(contexts.mean(axis=0), reward_weights)
    reward = float((contexts @ weights @ reward_weights).mean())
    return Loss(float(per_example.mean()), per_example, {"weights": grad}, {"reward": reward, "kl": penalty.loss})


def tilted(ref_logits: ArrayLike, rewards: ArrayLike, beta: float) -> np.ndarray:
    """Log-probs of the optimum over a finite set of outputs, shaped as the logits: (k,) or (n, k)."""
    require_positive(beta=beta)
    ref_logits, rewards = aligned(ref_logits=ref_logits, rewards=rewards)
    return log_probs(log_probs(ref_logits) + rewards / beta)


def softmax_frontier(ref_logits: ArrayLike, rewards: ArrayLike, betas: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """KL and mean reward of the optimum for each beta, both (len(betas),); logits and rewards (k,).

    Sweeping beta from infinity to 0 walks the whole frontier, from the reference to the best output.
    """
    optima = [tilted(ref_logits, rewards, beta) for beta in np.asarray(betas, float)]
    kls = [kl(policy, ref_logits).loss for policy in optima]
    return np.array(kls), np.array([float(probs(policy) @ np.asarray(rewards, float)) for policy in optima])
