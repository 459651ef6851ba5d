"""A policy over a finite set of outputs: pi(k) = softmax(logits)_k.

Logits are (k,), one distribution for all examples, or (n, k), a row for each. Outputs are indices, (n,).
"""

import numpy as np
from numpy.typing import ArrayLike

from preflab.numeric import Loss, aligned


@np.errstate(under="ignore")
def log_probs(logits: ArrayLike) -> np.ndarray:
    """Log-probs of all outputs in nats, shaped as the logits, which any constant may be added to."""
    logits = np.asarray(logits, float)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@np.errstate(under="ignore")
def probs(logits: ArrayLike) -> np.ndarray:
    """Probabilities of all outputs, shaped as the logits."""
    return np.exp(log_probs(logits))


def sample(logits: ArrayLike, n: int, rng: np.random.Generator) -> np.ndarray:
    """n indices; with logits (n, k), one from each row."""
    cumulative = np.cumsum(probs(logits), axis=-1)
    # Rounding may leave the last sum below the draw: the last output takes the rest.
    return (rng.random((n, 1)) >= cumulative[..., :-1]).sum(axis=-1)


def log_prob(logits: ArrayLike, outputs: ArrayLike) -> np.ndarray:
    """log pi(output) in nats, (n,). Raises ValueError for an index outside the set."""
    outputs = _indices(logits, outputs)
    every = log_probs(logits)
    return every[outputs] if every.ndim == 1 else every[np.arange(len(outputs)), outputs]


def log_ratio(logits: ArrayLike, ref_logits: ArrayLike, outputs: ArrayLike) -> np.ndarray:
    """log pi(output) - log pi_ref(output) in nats, (n,)."""
    return log_prob(logits, outputs) - log_prob(ref_logits, outputs)


@np.errstate(under="ignore")
def logits_gradient(logits: ArrayLike, outputs: ArrayLike, d_log_prob: ArrayLike) -> np.ndarray:
    """d loss / d logits, shaped as the logits, from d loss / d log pi(output), (n,): weights times (one-hot - pi)."""
    outputs = _indices(logits, outputs)
    pi = probs(logits)
    rows = np.asarray(d_log_prob, float)[:, None] * (np.eye(pi.shape[-1])[outputs] - pi)
    return rows.sum(axis=0) if pi.ndim == 1 else rows


@np.errstate(under="ignore")
def kl(logits: ArrayLike, ref_logits: ArrayLike) -> Loss:
    """Exact KL(pi || pi_ref) in nats, mean over rows. Gradient: `logits`."""
    logits, ref_logits = aligned(logits=logits, ref_logits=ref_logits)
    pi, log_ratios = probs(logits), log_probs(logits) - log_probs(ref_logits)
    per_row = np.atleast_1d((pi * log_ratios).sum(axis=-1))
    # The score averages to 0, so the 1 of d(pi log pi) drops out and the KL itself is the baseline.
    grad = pi * (log_ratios - (pi * log_ratios).sum(axis=-1, keepdims=True)) / len(per_row)
    return Loss(float(per_row.mean()), per_row, {"logits": grad}, {})


def _indices(logits: ArrayLike, outputs: ArrayLike) -> np.ndarray:
    outputs, size = np.asarray(outputs), np.shape(logits)[-1]
    if outputs.ndim != 1 or not np.issubdtype(outputs.dtype, np.integer):
        raise ValueError("outputs must be a row of indices.")
    if outputs.size and not (0 <= outputs.min() and outputs.max() < size):
        raise ValueError(f"outputs must be indices from 0 to {size - 1}.")
    return outputs
