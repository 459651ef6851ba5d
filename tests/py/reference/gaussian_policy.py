"""The linear Gaussian policy y | x ~ N(x W, sigma^2 I).

Contexts are (n, features), outputs (n, dims), weights (features, dims). sigma is a number, or (dims,) where the
deviations differ. Functions raise ValueError unless sigma > 0. The order of arguments is that of the lesson's blocks:
log-probs take outputs, contexts, policies, as log pi(y | x) is written; all else takes policies, contexts, outputs.
"""

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import Loss, aligned, require_positive


def sample(contexts: np.ndarray, weights: np.ndarray, sigma: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """One output for each context: (n, dims)."""
    require_positive(sigma=sigma)
    mean = contexts @ weights
    return mean + sigma * rng.standard_normal(mean.shape)


def log_prob(outputs: np.ndarray, contexts: np.ndarray, weights: np.ndarray, sigma: ArrayLike) -> np.ndarray:
    """log N(y; x W, sigma^2 I) in nats, (n,). A density: it can be above 0."""
    require_positive(sigma=sigma)
    z = _residuals(weights, contexts, outputs) / sigma
    return -(0.5 * z**2 + np.log(sigma) + 0.5 * np.log(2 * np.pi)).sum(axis=1)


def log_ratio(
    outputs: np.ndarray,
    contexts: np.ndarray,
    weights: np.ndarray,
    ref: np.ndarray,
    sigma: ArrayLike,
    ref_sigma: ArrayLike | None = None,
) -> np.ndarray:
    """log pi(y | x) - log pi_ref(y | x) in nats, (n,), without subtracting two large log-probs.

    With the residual e = y - x W and the shift d = x (W - W_ref), the squares that both densities share cancel:
    d (e + d / 2) / sigma^2 is left, and is exactly 0 at the reference. Another deviation of the reference adds a term.
    """
    ref_sigma = sigma if ref_sigma is None else ref_sigma
    require_positive(sigma=sigma, ref_sigma=ref_sigma)
    sigma, ref_sigma = np.asarray(sigma, float), np.asarray(ref_sigma, float)
    residual = _residuals(weights, contexts, outputs)
    shift = contexts @ (weights - ref)
    widened = 0.5 * residual**2 * (ref_sigma**-2 - sigma**-2) - np.log(sigma / ref_sigma)
    return (shift * (residual + shift / 2) / ref_sigma**2 + widened).sum(axis=1)


def weights_gradient(
    weights: np.ndarray, contexts: np.ndarray, outputs: np.ndarray, sigma: ArrayLike, d_log_prob: np.ndarray
) -> np.ndarray:
    """d loss / d W, (features, dims), from d loss / d log pi(y | x), (n,): the chain rule through the score."""
    require_positive(sigma=sigma)
    residual = _residuals(weights, contexts, outputs)
    return contexts.T @ (np.asarray(d_log_prob, float)[:, None] * residual / np.square(sigma))


def log_ratio_difference(
    weights: np.ndarray,
    ref: np.ndarray,
    contexts: np.ndarray,
    chosen: np.ndarray,
    rejected: np.ndarray,
    sigma: ArrayLike,
) -> np.ndarray:
    """log_ratio of the chosen minus that of the rejected, (n,): (y_w - y_l) x (W - W_ref) / sigma^2.

    Linear in W, so that DPO on it is logistic regression; and the cheapest way to a pair's margin.
    """
    require_positive(sigma=sigma)
    return (_gap(weights, contexts, chosen, rejected) * (contexts @ (weights - ref)) / np.square(sigma)).sum(axis=1)


def difference_gradient(
    contexts: np.ndarray, chosen: np.ndarray, rejected: np.ndarray, sigma: ArrayLike, d_difference: np.ndarray
) -> np.ndarray:
    """d loss / d W, (features, dims), from d loss / d log_ratio_difference, (n,)."""
    require_positive(sigma=sigma)
    return contexts.T @ (np.asarray(d_difference, float)[:, None] * (chosen - rejected) / np.square(sigma))


def log_sigma_gradient(
    weights: np.ndarray, contexts: np.ndarray, outputs: np.ndarray, sigma: ArrayLike, d_log_prob: np.ndarray
) -> np.ndarray:
    """d loss / d log sigma, (dims,), from d loss / d log pi(y | x), (n,)."""
    require_positive(sigma=sigma)
    z = _residuals(weights, contexts, outputs) / sigma
    return np.asarray(d_log_prob, float) @ (z**2 - 1)


def entropy(log_sigma: ArrayLike) -> float:
    """Entropy in nats of the output given its context, log_sigma (dims,). Its gradient is 1 in every entry."""
    return float((np.asarray(log_sigma, float) + 0.5 * np.log(2 * np.pi * np.e)).sum())


def kl(weights: np.ndarray, ref: np.ndarray, contexts: np.ndarray, sigma: float) -> Loss:
    """Exact KL(pi || pi_ref) in nats, mean over contexts: |x (W - W_ref)|^2 / (2 sigma^2). Gradient: `weights`."""
    require_positive(sigma=sigma)
    shift = contexts @ (weights - ref)
    per_context = (shift**2).sum(axis=1) / (2 * sigma**2)
    grad = contexts.T @ shift / (sigma**2 * len(contexts))
    return Loss(float(per_context.mean()), per_context, {"weights": grad}, {})


def kl_diagonal(mean: ArrayLike, std: ArrayLike, ref_mean: ArrayLike, ref_std: ArrayLike) -> Loss:
    """Exact KL in nats between two Gaussians with diagonal covariance, all (dims,); the sum over the dimensions.

    Gradients: `mean` and `std`. Raises ValueError for other shapes or deviations that are not above 0.
    """
    mean, std, ref_mean, ref_std = aligned(1, mean=mean, std=std, ref_mean=ref_mean, ref_std=ref_std)
    require_positive(std=std, ref_std=ref_std)
    shift = (mean - ref_mean) / ref_std
    wider = std / ref_std
    terms = 0.5 * (shift**2 + (wider - 1) * (wider + 1)) - np.log(wider)
    grads = {"mean": shift / ref_std, "std": (wider - 1 / wider) / ref_std}
    return Loss(float(terms.sum()), terms, grads, {})


def _gap(weights: np.ndarray, contexts: np.ndarray, chosen: np.ndarray, rejected: np.ndarray) -> np.ndarray:
    means, shapes = (len(contexts), weights.shape[1]), (np.shape(chosen), np.shape(rejected))
    if shapes != (means, means):
        raise ValueError(f"Pairs have shapes {shapes[0]} and {shapes[1]}, but the policy's means {means}.")
    return chosen - rejected


def _residuals(weights: np.ndarray, contexts: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    mean = contexts @ weights
    if mean.shape != np.shape(outputs):
        raise ValueError(f"outputs have shape {np.shape(outputs)}, but the policy's means have {mean.shape}.")
    return outputs - mean
