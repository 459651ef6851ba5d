"""Losses on preferences without a reward model.

DPO and its relatives see a pair only through the difference of its log-ratios,
D = log pi/pi_ref (chosen) - log pi/pi_ref (rejected), which a policy may know exactly: `dpo`, `rdpo`, `hinge` and `ipo`
take D, and `pairwise` makes it from four log-probs. KTO needs no pairs; ORPO and SimPO need no reference.

Arrays are (n,), log-probs and log-ratios in nats, summed over an answer's tokens unless a function says otherwise.
All raise ValueError for arrays of other shapes or without entries, and for beta <= 0.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import Loss, add, aligned, log1mexp, require_fraction, require_positive, sigmoid, softplus


def dpo(difference: ArrayLike, beta: float, label_smoothing: float = 0.0) -> Loss:
    """-log sigmoid(beta D) (Rafailov et al. 2023, eq. 7); smoothed, it is cDPO (Mitchell 2023).

    cDPO takes the label for wrong with probability label_smoothing. Gradient: `difference`.
    """
    margin = _margin(difference, beta)
    require_fraction(label_smoothing=label_smoothing)
    right, wrong = 1 - label_smoothing, label_smoothing
    value = right * softplus(-margin) + wrong * softplus(margin)
    return _loss(value, beta * (wrong * sigmoid(margin) - right * sigmoid(-margin)))


def rdpo(difference: ArrayLike, beta: float, error_rate: float) -> Loss:
    """Robust DPO (Ray Chowdhury et al. 2024): unbiased where a share error_rate of the labels is flipped.

    [(1-e) sp(-beta D) - e sp(beta D)] / (1 - 2e), which can be negative. Gradient: `difference`.
    Raises ValueError unless 0 <= error_rate < 1/2: beyond, the labels say nothing, or the opposite.
    """
    margin = _margin(difference, beta)
    require_fraction(0.5, error_rate=error_rate)
    right, wrong = (1 - error_rate) / (1 - 2 * error_rate), error_rate / (1 - 2 * error_rate)
    value = right * softplus(-margin) - wrong * softplus(margin)
    return _loss(value, -beta * (right * sigmoid(-margin) + wrong * sigmoid(margin)))


def hinge(difference: ArrayLike, beta: float) -> Loss:
    """max(0, 1 - beta D) (SLiC, Zhao et al. 2023, on log-ratios). Gradient: `difference`, 0 at the kink."""
    margin = _margin(difference, beta)
    return _loss(np.maximum(0.0, 1 - margin), np.where(margin < 1, -beta, 0.0))


def ipo(difference: ArrayLike, beta: float) -> Loss:
    """(D - 1/(2 beta))^2 (Azar et al. 2023, eq. 17, whose tau is beta). Gradient: `difference`."""
    excess = _margin(difference, beta) / beta - 1 / (2 * beta)
    return _loss(excess**2, 2 * excess)


def pairwise(
    loss: Callable[..., Loss],
    policy_chosen_logps: ArrayLike,
    policy_rejected_logps: ArrayLike,
    ref_chosen_logps: ArrayLike,
    ref_rejected_logps: ArrayLike,
    *,
    beta: float,
    lengths: tuple[ArrayLike, ArrayLike] | None = None,
    reference_free: bool = False,
    **options: float,
) -> Loss:
    """`dpo`, `rdpo`, `hinge` or `ipo` from the four log-probs of each pair.

    lengths, of the chosen and of the rejected answers, turn the log-ratios into means over tokens, as TRL has it for
    IPO. reference_free trains as if the reference were uniform. Gradients: the two of the policy.
    The implicit rewards in the metrics are beta times the summed log-ratio to the reference, whatever is trained on.
    """
    policy_c, policy_r, ref_c, ref_r = aligned(
        1,
        policy_chosen_logps=policy_chosen_logps,
        policy_rejected_logps=policy_rejected_logps,
        ref_chosen_logps=ref_chosen_logps,
        ref_rejected_logps=ref_rejected_logps,
    )
    scale_c, scale_r = _per_token(lengths, len(policy_c))
    chosen, rejected = (policy_c, policy_r) if reference_free else (policy_c - ref_c, policy_r - ref_r)
    result = loss(chosen * scale_c - rejected * scale_r, beta, **options)
    slope = result.grads["difference"]
    grads = {"policy_chosen_logps": slope * scale_c, "policy_rejected_logps": -slope * scale_r}
    return result._replace(grads=grads, metrics=_implicit_rewards(beta * (policy_c - ref_c), beta * (policy_r - ref_r)))


def kto_reference_point(mismatched_log_ratios: ArrayLike) -> float:
    """z0 = max(0, mean log-ratio) over outputs paired with contexts of others (Ethayarajh et al. 2024, section 4.1)."""
    return max(0.0, float(np.mean(mismatched_log_ratios)))


def kto(
    log_ratios: ArrayLike,
    labels: ArrayLike,
    reference_point: float,
    beta: float,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> Loss:
    """KTO (Ethayarajh et al. 2024, eq. 7), on single outputs labelled good (1) or bad (0).

    Good: weight (1 - sigmoid(beta (log-ratio - z0))); bad: weight (1 - sigmoid(beta (z0 - log-ratio))). The reference
    point z0 is a constant, without a gradient. Gradient: `log_ratios`. Raises ValueError for other labels.
    """
    require_positive(beta=beta)
    log_ratios, labels = aligned(1, log_ratios=log_ratios, labels=labels)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must be 1 (good) or 0 (bad).")
    sign = 2 * labels - 1
    weight = np.where(labels == 1, desirable_weight, undesirable_weight)
    gain = beta * sign * (log_ratios - reference_point)
    slope = -weight * beta * sign * sigmoid(gain) * sigmoid(-gain)
    return _loss(weight * sigmoid(-gain), slope, "log_ratios")._replace(metrics={"kl": reference_point})


def nll(policy_chosen_logps: ArrayLike) -> Loss:
    """-log pi(chosen): supervised fine-tuning on the chosen answers. Gradient: `policy_chosen_logps`."""
    (chosen,) = aligned(1, policy_chosen_logps=policy_chosen_logps)
    return _loss(-chosen, -np.ones_like(chosen), "policy_chosen_logps")


def odds_ratio(policy_chosen_logps: ArrayLike, policy_rejected_logps: ArrayLike) -> Loss:
    """-log sigmoid(log-odds of the chosen - log-odds of the rejected), with log-odds = lp - log(1 - e^lp).

    The log-probs are means over tokens (Hong et al. 2024, eq. 7). Gradients: both arguments. Raises ValueError unless
    they are below 0: a density has no odds, and nor has certainty.
    """
    chosen, rejected = aligned(1, policy_chosen_logps=policy_chosen_logps, policy_rejected_logps=policy_rejected_logps)
    if (chosen >= 0).any() or (rejected >= 0).any():
        raise ValueError("Odds need log-probs below 0: these are not probabilities, but densities or certainties.")
    log_odds = chosen - rejected - log1mexp(chosen) + log1mexp(rejected)
    doubt = sigmoid(-log_odds) / len(log_odds)
    with np.errstate(under="ignore"):
        grads = {"policy_chosen_logps": doubt / np.expm1(chosen), "policy_rejected_logps": -doubt / np.expm1(rejected)}
    value = softplus(-log_odds)
    return Loss(float(value.mean()), value, grads, {"log_odds_mean": float(log_odds.mean())})


def orpo(policy_chosen_logps: ArrayLike, policy_rejected_logps: ArrayLike, beta: float) -> Loss:
    """ORPO (Hong et al. 2024, eq. 6): NLL of the chosen + beta `odds_ratio`, on log-probs averaged over tokens."""
    require_positive(beta=beta)
    return add(nll(policy_chosen_logps), odds_ratio(policy_chosen_logps, policy_rejected_logps), beta)


def simpo(
    policy_chosen_logps: ArrayLike,
    policy_rejected_logps: ArrayLike,
    beta: float,
    gamma: float = 0.5,
    label_smoothing: float = 0.0,
    alpha: float = 0.0,
) -> Loss:
    """-log sigmoid(beta (lp_w - lp_l) - gamma) on log-probs averaged over tokens (SimPO, Meng et al. 2024, eq. 6).

    With alpha != 0 the reward of an answer is (1 - pi^-alpha) / alpha in place of log pi, its limit (AlphaPO, Gupta et
    al. 2025). label_smoothing as in cDPO, on the margin less gamma. Gradients: both log-probs.
    """
    require_positive(beta=beta)
    chosen, rejected = aligned(1, policy_chosen_logps=policy_chosen_logps, policy_rejected_logps=policy_rejected_logps)
    (chosen, up), (rejected, down) = _alpha_reward(chosen, alpha), _alpha_reward(rejected, alpha)
    result = dpo(chosen - rejected - gamma / beta, beta, label_smoothing)
    slope = result.grads["difference"]
    return result._replace(grads={"policy_chosen_logps": slope * up, "policy_rejected_logps": -slope * down})


def _alpha_reward(logps: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Reward and its slope in the log-prob."""
    if alpha == 0:
        return logps, np.ones_like(logps)
    return -np.expm1(-alpha * logps) / alpha, np.exp(-alpha * logps)


def _margin(difference: ArrayLike, beta: float) -> np.ndarray:
    require_positive(beta=beta)
    return beta * aligned(1, difference=difference)[0]


def _loss(value: np.ndarray, slope: np.ndarray, name: str = "difference") -> Loss:
    return Loss(float(value.mean()), value, {name: slope / len(value)}, {})


def _per_token(lengths: tuple[ArrayLike, ArrayLike] | None, n: int) -> tuple[np.ndarray, np.ndarray]:
    """What each log-ratio is multiplied with. An answer without tokens counts as one."""
    if lengths is None:
        return np.ones(n), np.ones(n)
    chosen, rejected = aligned(1, chosen_lengths=lengths[0], rejected_lengths=lengths[1])
    if chosen.shape != (n,):
        raise ValueError(f"There are {n} pairs, but lengths for {chosen.shape}.")
    return 1 / np.maximum(chosen, 1), 1 / np.maximum(rejected, 1)


def _implicit_rewards(chosen: np.ndarray, rejected: np.ndarray) -> dict[str, np.ndarray | float]:
    return {
        "chosen_rewards": chosen,
        "rejected_rewards": rejected,
        "rewards_accuracy": float((chosen > rejected).mean()),
        "rewards_margin": float((chosen - rejected).mean()),
    }
