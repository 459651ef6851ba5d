"""Baselines from a group of answers to one prompt in place of a value function: RLOO and GRPO.

Rewards are (n,), n a multiple of group_size, the answers to a prompt side by side; nan is an answer nobody could score,
which counts for nothing and gets advantage 0. Log-probs are in nats, (n, tokens), with a mask of that shape.
"""

import numpy as np
from numpy.typing import ArrayLike

from preflab.kl import k3
from preflab.numeric import Loss, aligned, masked, masked_mean, moments, ratio, standardize
from preflab.ppo import clipped_surrogate, token_weights


def combine_rewards(rewards_per_func: ArrayLike, weights: ArrayLike) -> np.ndarray:
    """Weighted sum (n,) of the rewards (n, functions) that are not nan; nan where all are."""
    rewards = np.asarray(rewards_per_func, float)
    if rewards.ndim != 2 or rewards.shape[1:] != np.shape(weights):
        raise ValueError(f"Rewards of shape {rewards.shape} do not fit weights of shape {np.shape(weights)}.")
    return np.where(np.isnan(rewards).all(axis=1), np.nan, np.nansum(rewards * weights, axis=1))


def rloo_advantages(rewards: ArrayLike, group_size: int, normalize: bool = False, eps: float = 1e-4) -> np.ndarray:
    """r - mean of the others in the group (Kool et al. 2019; Ahmadian et al. 2024), (n,).

    normalize standardises over the whole batch. An answer without others gets 0.
    """
    grouped = _grouped(rewards, group_size)
    seen = ~np.isnan(grouped)
    others = seen.sum(axis=1, keepdims=True) - 1
    # r minus the mean of the others is r minus the mean of all, times n / (n - 1).
    gap = grouped - moments(grouped, axis=1)[0]
    advantages = np.where(others > 0, gap * (others + 1) / np.maximum(others, 1), np.nan).ravel()
    return _zero_where_nan(standardize(advantages, eps) if normalize else advantages)


def grpo_advantages(rewards: ArrayLike, group_size: int, scale: str = "group", eps: float = 1e-4) -> np.ndarray:
    """(r - mean of the group) / (std + eps) with ddof 1 (Shao et al. 2024, section 4.1.2), (n,).

    scale names the std: of the "group", of the "batch", or "none" for no division (Liu et al. 2025).
    Raises ValueError for other scales.
    """
    grouped = _grouped(rewards, group_size)
    gap = grouped - moments(grouped, axis=1)[0]
    if scale not in ("group", "batch", "none"):
        raise ValueError(f"Advantages are scaled by group, batch or none, not {scale!r}.")
    if scale != "none":
        gap = gap / (moments(grouped, axis=1 if scale == "group" else None)[1] + eps)
    return _zero_where_nan(gap.ravel())


def rloo_loss(
    logps: ArrayLike, old_logps: ArrayLike, advantages: ArrayLike, mask: ArrayLike, low: float = 0.2, high: float = 0.2
) -> Loss:
    """The clipped surrogate with one ratio for each answer, the product of its tokens' (Ahmadian et al. 2024).

    advantages (n,). Gradient: `logps`.
    """
    logps, old_logps, mask = aligned(2, logps=logps, old_logps=old_logps, mask=mask)
    log_ratio = masked(logps - old_logps, mask).sum(axis=1)
    value, slope, _ = clipped_surrogate(log_ratio, _for_each(advantages, mask)[:, 0], low, high)
    return Loss(float(value.mean()), value, {"logps": slope[:, None] * mask / len(mask)}, {})


def grpo_loss(
    logps: ArrayLike,
    old_logps: ArrayLike,
    advantages: ArrayLike,
    mask: ArrayLike,
    ref_logps: ArrayLike | None = None,
    *,
    beta: float = 0.0,
    low: float = 0.2,
    high: float = 0.2,
    normalizer: str = "grpo",
    max_length: int | None = None,
    level: str = "token",
    ceiling: float | None = None,
    correct_kl: bool = False,
) -> Loss:
    """Clipped surrogate + beta k3 for each token (Shao et al. 2024, eq. 3), weighted by `ppo.token_weights`.

    advantages (n,). level "sequence" gives all tokens of an answer the geometric mean of their ratios (GSPO, Zheng et
    al. 2025). correct_kl multiplies k3 with the ratio, which makes its gradient that of the KL. ceiling: see
    `ppo.clipped_surrogate`. Gradient: `logps`. Metric: kl, None if beta is 0.
    Raises ValueError for shapes that do not fit, another level or normalizer, beta < 0, or beta > 0 without ref_logps.
    """
    logps, old_logps, mask = aligned(2, logps=logps, old_logps=old_logps, mask=mask)
    weights = token_weights(mask, normalizer, max_length)
    log_ratio = _at_level(masked(logps - old_logps, mask), mask, level)
    value, through_ratio, _ = clipped_surrogate(log_ratio, _for_each(advantages, mask), low, high, ceiling)
    kl, slope, kl_through_ratio = _kl_term(logps, ref_logps, mask, log_ratio, beta, correct_kl)
    value = value + beta * kl
    grad = _from_level(weights * (through_ratio + beta * kl_through_ratio), mask, level) + weights * beta * slope
    loss = float((weights * masked(value, mask)).sum())
    return Loss(loss, value, {"logps": grad}, {"kl": float(masked_mean(kl, mask)) if beta else None})


def _kl_term(logps, ref_logps, mask, log_ratio, beta, corrected):
    """k3 of each token, its slope in log pi, and its slope in the log-ratio to the old policy."""
    nothing = np.zeros_like(logps)
    if beta == 0:
        return nothing, nothing, nothing
    if beta < 0 or ref_logps is None:
        raise ValueError("beta must not be negative, and above 0 it needs ref_logps.")
    kl, slope = k3(masked(logps - aligned(logps=logps, ref_logps=ref_logps)[1], mask))
    if not corrected:
        return kl, slope, nothing
    r = ratio(log_ratio)
    return kl * r, slope * r, kl * r


def _at_level(log_ratio: np.ndarray, mask: np.ndarray, level: str) -> np.ndarray:
    if level not in ("token", "sequence"):
        raise ValueError(f"Ratios are taken at the level of token or sequence, not {level!r}.")
    return log_ratio if level == "token" else np.broadcast_to(masked_mean(log_ratio, mask, 1)[:, None], mask.shape)


def _from_level(slope: np.ndarray, mask: np.ndarray, level: str) -> np.ndarray:
    """The chain rule back through _at_level."""
    if level == "token":
        return slope
    return slope.sum(axis=1, keepdims=True) * mask / np.maximum(mask.sum(axis=1, keepdims=True), 1)


def _for_each(advantages: ArrayLike, mask: np.ndarray) -> np.ndarray:
    advantages = np.asarray(advantages, float)
    if advantages.shape != (len(mask),):
        raise ValueError(f"There are {len(mask)} answers, but advantages of shape {advantages.shape}.")
    return np.broadcast_to(advantages[:, None], mask.shape)


def _grouped(rewards: ArrayLike, group_size: int) -> np.ndarray:
    rewards = np.asarray(rewards, float)
    if rewards.ndim != 1 or group_size < 1 or len(rewards) % group_size:
        raise ValueError(f"Rewards of shape {rewards.shape} do not make groups of {group_size}.")
    return rewards.reshape(-1, group_size)


def _zero_where_nan(advantages: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(advantages), 0.0, advantages)
