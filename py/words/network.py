"""A neural language model (Bengio et al. 2003): the last two words, an embedding, one tanh layer, a softmax.

All parameters are one vector, so that gradients, Adam and finite differences need no bookkeeping; `parts` gives the
matrices in it. V is the number of words, T that of places in a story. Log-probs are in nats.
"""

from collections.abc import Callable
from functools import cache
from itertools import accumulate
from math import prod
from typing import NamedTuple

import numpy as np

from words.grammar import END

SEEN, EMBEDDING, HIDDEN = 2, 16, 32


class Parts(NamedTuple):
    """Views of one vector of parameters."""

    embedding: np.ndarray  # (V, EMBEDDING)
    inner: np.ndarray  # (SEEN * EMBEDDING, HIDDEN)
    inner_bias: np.ndarray  # (HIDDEN,)
    outer: np.ndarray  # (HIDDEN, V)
    outer_bias: np.ndarray  # (V,)


def words_of(size: int) -> int:
    """V, as it follows from the number of parameters."""
    return (size - SEEN * EMBEDDING * HIDDEN - HIDDEN) // (EMBEDDING + HIDDEN + 1)


@cache
def places(size: int) -> list[tuple[slice, tuple[int, ...]]]:
    """Where each matrix begins and ends in a vector of parameters, and its shape."""
    V = words_of(size)
    shapes = ((V, EMBEDDING), (SEEN * EMBEDDING, HIDDEN), (HIDDEN,), (HIDDEN, V), (V,))
    ends = accumulate(prod(shape) for shape in shapes)
    return [(slice(end - prod(shape), end), shape) for end, shape in zip(ends, shapes, strict=True)]


def parts(weights: np.ndarray) -> Parts:
    """The matrices in a vector of parameters; how many words there are follows from its length."""
    return Parts(*(weights[place].reshape(shape) for place, shape in places(len(weights))))


def initial(V: int, rng: np.random.Generator) -> np.ndarray:
    """Random parameters under which every word is about as likely as any other."""
    return np.concatenate(
        [
            0.3 * rng.standard_normal(V * EMBEDDING),
            rng.standard_normal(SEEN * EMBEDDING * HIDDEN) / np.sqrt(SEEN * EMBEDDING),
            np.zeros(HIDDEN),
            0.1 * rng.standard_normal(HIDDEN * V),
            np.zeros(V),
        ]
    )


class Forward(NamedTuple):
    """What the backward pass needs of m contexts."""

    contexts: np.ndarray  # (m, SEEN)
    inputs: np.ndarray  # (m, SEEN * EMBEDDING)
    hidden: np.ndarray  # (m, HIDDEN)
    logps: np.ndarray  # (m, V), of each word as the next
    probs: np.ndarray  # (m, V), their exponentials, which take longest


def forward(weights: np.ndarray, contexts: np.ndarray) -> Forward:
    """Log-probs of every next word after the contexts (m, SEEN), the older word first."""
    p = parts(weights)
    inputs = p.embedding[contexts].reshape(len(contexts), -1)
    hidden = np.tanh(inputs @ p.inner + p.inner_bias)
    logits = hidden @ p.outer + p.outer_bias
    logits -= logits.max(axis=1, keepdims=True)
    probs = np.exp(logits)
    total = probs.sum(axis=1, keepdims=True)
    return Forward(contexts, inputs, hidden, logits - np.log(total), probs / total)


def along_rows(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a.T @ b`. In WebAssembly, where NumPy has no BLAS, einsum takes half as long: it reads both row by row."""
    return np.einsum("mi,mj->ij", a, b)


def backward(weights: np.ndarray, kept: Forward, slope: np.ndarray) -> np.ndarray:
    """The gradient of a sum whose slope in the logits is `slope` (m, V), as one vector."""
    p = parts(weights)
    inner_slope = (slope @ p.outer.T) * (1 - kept.hidden**2)
    rows = kept.contexts.reshape(-1, 1) * EMBEDDING + np.arange(EMBEDDING)  # where each input's word has its numbers
    pieces = (
        np.bincount(rows.ravel(), (inner_slope @ p.inner.T).ravel(), p.embedding.size),
        along_rows(kept.inputs, inner_slope),
        inner_slope.sum(axis=0),
        along_rows(kept.hidden, slope),
        slope.sum(axis=0),
    )
    return np.concatenate([piece.ravel() for piece in pieces])


def mask(stories: np.ndarray) -> np.ndarray:
    """Which places of the stories (n, T) are decisions: all words and the END, not what fills the row after it."""
    ended = np.cumsum(stories == END, axis=1)
    return (ended == 0) | ((ended == 1) & (stories == END))


def contexts_of(stories: np.ndarray) -> np.ndarray:
    """The two words before each place, (n, T, SEEN); before a story stand two ENDs."""
    before = np.pad(stories, ((0, 0), (SEEN, 0)))
    return np.stack([before[:, k : k + stories.shape[1]] for k in range(SEEN)], axis=2)


def distinct(contexts: np.ndarray, V: int) -> tuple[np.ndarray, np.ndarray]:
    """The contexts (m, SEEN) that differ among those given (k, SEEN), and which of them each one is (k,)."""
    states, which = np.unique(contexts @ (V, 1), return_inverse=True)
    return np.stack(np.divmod(states, V), axis=1), which


class Scored(NamedTuple):
    """Log-probs of stories, and what their gradient needs. A context that comes often is computed once."""

    logps: np.ndarray  # (n, T) of each word that was said, 0 outside the mask
    mask: np.ndarray  # (n, T)
    kept: Forward  # of the m contexts that differ
    context: np.ndarray  # (k,) which of these each decision had
    word: np.ndarray  # (k,) what was said


def score(weights: np.ndarray, stories: np.ndarray) -> Scored:
    """Log-probs of every word of the stories (n, T)."""
    V = words_of(len(weights))
    decisions = mask(stories)
    contexts, context = distinct(contexts_of(stories)[decisions], V)
    kept = forward(weights, contexts)
    word = stories[decisions]
    logps = np.zeros(stories.shape)
    logps[decisions] = kept.logps[context, word]
    return Scored(logps, decisions, kept, context, word)


def gradient(weights: np.ndarray, scored: Scored, slopes: np.ndarray) -> np.ndarray:
    """The gradient of sum(slopes * logps), slopes (n, T): each word pulls itself up, and its whole softmax down."""
    m, V = scored.kept.logps.shape
    pull = slopes[scored.mask]
    up = np.bincount(scored.context * V + scored.word, pull, m * V).reshape(m, V)
    return backward(weights, scored.kept, up - up.sum(axis=1, keepdims=True) * scored.kept.probs)


def sequence_gradient(weights: np.ndarray, scored: Scored, slopes: np.ndarray) -> np.ndarray:
    """The gradient of sum(slopes * summed logps), slopes (n,): what losses on whole stories need."""
    return gradient(weights, scored, slopes[:, None] * scored.mask)


NextLogps = Callable[[int, np.ndarray], np.ndarray]


def policy(weights: np.ndarray) -> NextLogps:
    """The network for `sample`: log-probs (n, V) of the next word, from the place and the contexts (n, SEEN)."""
    V = words_of(len(weights))

    def next_logps(_place: int, contexts: np.ndarray) -> np.ndarray:
        differing, which = distinct(contexts, V)
        return forward(weights, differing).logps[which]

    return next_logps


def noise(n: int, T: int, V: int, rng: np.random.Generator) -> np.ndarray:
    """Gumbel noise (n, T, V) for n stories. Kept, it tells the same stories of two policies that are alike."""
    return rng.gumbel(size=(n, T, V))


def sample(next_logps: NextLogps, noise: np.ndarray) -> np.ndarray:
    """Stories (n, T): at each place the word with the largest log-prob plus noise, which is a draw (Gumbel 1954)."""
    n, T, _ = noise.shape
    stories = np.zeros((n, SEEN + T), int)
    going = np.ones(n, bool)
    for t in range(T):
        word = (next_logps(t, stories[:, t : t + SEEN]) + noise[:, t]).argmax(axis=1)
        stories[:, SEEN + t] = np.where(going, word, END)
        going &= word != END
    return stories[:, SEEN:]


class Adam(NamedTuple):
    """Parameters on their way (Kingma and Ba 2015)."""

    weights: np.ndarray
    mean: np.ndarray | float = 0.0
    square: np.ndarray | float = 0.0
    steps: int = 0


def descend(state: Adam, gradient: np.ndarray, lr: float, b1: float = 0.9, b2: float = 0.99) -> Adam:
    """One step of Adam against the gradient."""
    steps = state.steps + 1
    mean = b1 * state.mean + (1 - b1) * gradient
    square = b2 * state.square + (1 - b2) * gradient**2
    step = mean / (1 - b1**steps) / (np.sqrt(square / (1 - b2**steps)) + 1e-8)
    return Adam(state.weights - lr * step, mean, square, steps)
