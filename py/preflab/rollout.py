"""From scored answers to advantages: what PPO computes once for each batch of samples.

Answers are padded on the right to (n, tokens). `last` holds the index of each answer's last token, (n,) integers.
Values reach one place further than tokens, to the state after the last one, where the score is paid.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from preflab.kl import estimator
from preflab.numeric import aligned, masked, whiten


class Rollout(NamedTuple):
    """All (n, tokens), 0 outside an answer."""

    kl: np.ndarray  # estimate for each token, in nats
    rewards: np.ndarray  # penalty, and the score at the end
    advantages_raw: np.ndarray
    returns: np.ndarray
    advantages: np.ndarray  # whitened


def token_masks(last: ArrayLike, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Where there are tokens, and where there are values, (n, width). Raises ValueError if `last` is out of range."""
    last = np.asarray(last)[:, None]
    if not ((0 <= last) & (last < width)).all():
        raise ValueError(f"The last token of an answer must be one of 0 to {width - 1}.")
    place = np.arange(width)
    return place <= last, place <= last + 1


def penalised_rewards(kl: np.ndarray, scores: ArrayLike, last: ArrayLike, kl_coef: float) -> np.ndarray:
    """-kl_coef KL for each token, and the score (n,) one place after the last token, or on it if there is none.

    The KL sits in the reward (Ziegler et al. 2019, eq. 2), so that credit for it flows back as for the score.
    """
    rewards = -kl_coef * kl
    ends = np.minimum(np.asarray(last) + 1, kl.shape[1] - 1)
    rewards[np.arange(len(rewards)), ends] += scores
    return rewards


def gae(rewards: ArrayLike, values: ArrayLike, gamma: float = 1.0, lam: float = 0.95) -> np.ndarray:
    """Generalised advantage estimates (Schulman et al. 2016, eq. 16), (n, tokens), not whitened.

    Lambda 0 is the one-step error, lambda 1 the return less the value. Nothing follows the last column.
    Raises ValueError if the shapes differ, or gamma or lam are not in [0, 1].
    """
    rewards, values = aligned(2, rewards=rewards, values=values)
    if not (0 <= gamma <= 1 and 0 <= lam <= 1):
        raise ValueError(f"gamma and lam must be from 0 to 1, and are {gamma} and {lam}.")
    after = np.concatenate([values[:, 1:], np.zeros_like(values[:, :1])], axis=1)
    advantages = rewards + gamma * after - values
    for t in range(advantages.shape[1] - 2, -1, -1):
        advantages[:, t] += gamma * lam * advantages[:, t + 1]
    return advantages


def rollout(
    log_ratio: ArrayLike,
    values: ArrayLike,
    scores: ArrayLike,
    last: ArrayLike,
    *,
    kl_coef: float = 0.05,
    kl_estimator: str = "k1",
    gamma: float = 1.0,
    lam: float = 0.95,
    whiten_rewards: bool = False,
) -> Rollout:
    """Rewards, advantages and returns of a batch; log_ratio = log pi - log pi_ref of each token, (n, tokens).

    Returns are taken before whitening: the value head must learn returns in the units of the reward.
    Raises ValueError if the shapes differ, or the batch has fewer than two tokens to whiten.
    """
    log_ratio, values = aligned(2, log_ratio=log_ratio, values=values)
    tokens, states = token_masks(last, values.shape[1])
    values = masked(values, states)
    kl = estimator(kl_estimator)(masked(log_ratio, tokens))[0]
    rewards = penalised_rewards(kl, scores, last, kl_coef)
    if whiten_rewards:
        # The mean of the rewards is what the KL is paid against: only the scale may change.
        rewards = whiten(rewards, states, shift_mean=False)
    raw = gae(rewards, values, gamma, lam)
    return Rollout(kl, rewards, raw, raw + values, whiten(raw, tokens))
