"""Policy gradients: REINFORCE, and PPO's clipped losses.

Log-probs are in nats; arrays are (n,) or (n, tokens), and a mask of their shape says which entries count.
All raise ValueError if the shapes differ.
"""

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import Loss, aligned, larger, masked, masked_mean, ratio


def clipped_surrogate(
    log_ratio: np.ndarray, advantages: np.ndarray, low: float, high: float, ceiling: float | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """max(-A r, -A clip(r, 1 - low, 1 + high)) with r = pi / pi_old (Schulman et al. 2017, eq. 7), to be minimised.

    Returns the value, its slope in log pi, and where clipping made the loss larger. A ceiling bounds the ratio from
    above also where A < 0, where clipping does not (dual clip, Ye et al. 2020).
    """
    r = ratio(log_ratio)
    capped = r if ceiling is None else np.minimum(r, ceiling)
    free, bound = -advantages * capped, -advantages * np.clip(r, 1 - low, 1 + high)
    value, share = larger(free, bound)
    moves = share * (capped == r) + (1 - share) * ((1 - low <= r) & (r <= 1 + high))
    return value, -advantages * r * moves, bound > free


def policy_loss(
    logps: ArrayLike, old_logps: ArrayLike, advantages: ArrayLike, clip: float = 0.2, mask: ArrayLike | None = None
) -> Loss:
    """PPO's policy loss, mean over the masked entries. Gradient: `logps`. Metric: clipfrac."""
    logps, old_logps, advantages = aligned(logps=logps, old_logps=old_logps, advantages=advantages)
    value, slope, clipped = clipped_surrogate(masked(logps - old_logps, mask), advantages, clip, clip)
    return _masked_loss(value, slope, mask, "logps", {"clipfrac": float(masked_mean(clipped, mask))})


def value_loss(
    values: ArrayLike,
    old_values: ArrayLike,
    returns: ArrayLike,
    clip: float | None = 0.2,
    mask: ArrayLike | None = None,
) -> Loss:
    """1/2 max((v - R)^2, (v_clipped - R)^2), v_clipped within `clip` of the old value; 1/2 (v - R)^2 if clip is None.

    The maximum, not the minimum: clipping may only make the loss worse. Gradient: `values`. Metric: clipfrac.
    """
    values, old_values, returns = aligned(values=values, old_values=old_values, returns=returns)
    bounded = values if clip is None else np.clip(values, old_values - clip, old_values + clip)
    free, bound = (values - returns) ** 2, (bounded - returns) ** 2
    value, share = larger(free, bound)
    slope = share * (values - returns) + (1 - share) * (bounded == values) * (bounded - returns)
    return _masked_loss(value / 2, slope, mask, "values", {"clipfrac": float(masked_mean(bound > free, mask))})


def reinforce(logps: ArrayLike, advantages: ArrayLike, mask: ArrayLike | None = None) -> Loss:
    """-A log pi (Williams 1992): mean over each answer's tokens, then over answers. Gradient: `logps`, (n, tokens)."""
    logps, advantages = aligned(2, logps=logps, advantages=advantages)
    mask = np.ones_like(logps) if mask is None else np.asarray(mask, float)
    weights = token_weights(mask, "grpo")
    value = -advantages * logps
    return Loss(float(masked(value, mask).ravel() @ weights.ravel()), value, {"logps": -advantages * weights}, {})


def token_weights(mask: np.ndarray, normalizer: str, max_length: int | None = None) -> np.ndarray:
    """What each token counts in the loss, (n, tokens); the loss is the sum of weight times value.

    grpo: mean over an answer's tokens, then over answers (Shao et al. 2024, eq. 3).
    bnpo: mean over all tokens. dapo: the same over the tokens of a whole step (Yu et al. 2025), here one batch.
    dr_grpo: sum over n max_length (Liu et al. 2025), so that no answer's length changes what its tokens count.
    Raises ValueError for other names, or without max_length where it is needed.
    """
    mask = np.asarray(mask, float)
    if normalizer == "grpo":
        return mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / len(mask)
    if normalizer in ("bnpo", "dapo"):
        return mask / max(mask.sum(), 1)
    if normalizer != "dr_grpo":
        raise ValueError(f"The normalizers are grpo, bnpo, dapo and dr_grpo, not {normalizer!r}.")
    if not max_length or max_length < 0:
        raise ValueError("dr_grpo needs the longest length that an answer may have.")
    return mask / (len(mask) * max_length)


def _masked_loss(value: np.ndarray, slope: np.ndarray, mask: ArrayLike | None, name: str, metrics: dict) -> Loss:
    count = value.size if mask is None else max(np.sum(mask), 1)
    return Loss(float(masked_mean(value, mask)), value, {name: masked(slope, mask) / count}, metrics)
