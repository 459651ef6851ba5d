"""The exact answers: a storyteller that sees two words has V^2 states, and all of them fit into one table.

A table is (V, V, V): log-probs, in nats, of the next word after the older and the newer of the last two. A reward is
a number a word, (V,), and a story's reward is their sum. A story begins after two ENDs, and stops at END or after T
words.
"""

from typing import NamedTuple

import numpy as np

from words.grammar import END
from words.network import NextLogps, forward, parts


def table(weights: np.ndarray) -> np.ndarray:
    """The network's log-probs after every pair of words, (V, V, V)."""
    V = len(parts(weights).outer_bias)
    pairs = np.stack(np.divmod(np.arange(V * V), V), axis=1)
    return forward(weights, pairs).logps.reshape(V, V, V)


def soft_values(reference: np.ndarray, reward: np.ndarray, beta: float, T: int) -> np.ndarray:
    """Values (T + 1, V, V) of the best policy for E[r] - beta KL, before each place; [0, END, END] is that of stories.

    Soft value iteration (Ziebart 2010; Levine 2018), backwards from the end, after which the value is 0:
    V_t(a, b) = beta log sum_w ref(w|a, b) exp((r(w) + V_{t+1}(b, w)) / beta).
    """
    probs = np.exp(reference).transpose(1, 0, 2)  # [b, a, w]: what is to come depends on b and w alone
    values = np.zeros((T + 1, *reference.shape[:2]))
    for t in reversed(range(T)):
        peak, tilt = _tilt(values[t + 1], reward, beta)
        values[t] = peak + beta * np.log((probs @ tilt[:, :, None])[:, :, 0].T)
    return values


def soft_policy(reference: np.ndarray, values: np.ndarray, reward: np.ndarray, beta: float) -> NextLogps:
    """The best policy, for `network.sample`.

    pi_t(w|a, b) = ref(w|a, b) exp((r(w) + V_{t+1}(b, w) - V_t(a, b)) / beta).
    """

    def next_logps(place: int, contexts: np.ndarray) -> np.ndarray:
        older, newer = contexts.T
        gain = _ahead(values[place + 1], reward)[newer] - values[place, older, newer][:, None]
        return reference[older, newer] + gain / beta

    return next_logps


class Visits(NamedTuple):
    """What a policy does on average in one story."""

    counts: np.ndarray  # (V,) how often it says each word; counts @ reward is the expected reward
    kl: float  # to the reference, over whole stories

    @property
    def length(self) -> float:
        """Words, without END."""
        return float(self.counts[END + 1 :].sum())


def visits(policy: np.ndarray, reference: np.ndarray, T: int) -> Visits:
    """Of a policy that is a table: the distribution over the last two words, pushed forward T times."""
    probs = np.exp(policy)
    kl_after = (probs * (policy - reference)).sum(axis=2)
    by_newer = probs.transpose(1, 0, 2)  # [b, a, w]
    there = _start(len(policy))
    counts, kl = np.zeros(len(policy)), 0.0
    for _ in range(T):
        kl += (there * kl_after).sum()
        there = (there.T[:, None, :] @ by_newer)[:, 0, :]  # of the pairs (b, w)
        counts += there.sum(axis=0)
        there[:, END] = 0  # what has ended stays there
    return Visits(counts, float(kl))


def soft_visits(reference: np.ndarray, values: np.ndarray, reward: np.ndarray, beta: float) -> Visits:
    """Of the best policy for E[r] - beta KL, from its values (T + 1, V, V)."""
    by_newer = np.exp(reference).transpose(1, 0, 2)  # [b, a, w]
    there = _start(len(reference))
    counts, kl = np.zeros(len(reference)), 0.0
    for now, later in zip(values[:-1], values[1:], strict=True):
        peak, tilt = _tilt(later, reward, beta)
        ahead = _ahead(later, reward)
        leaving = there * np.exp((peak - now) / beta)
        after = tilt * (leaving.T[:, None, :] @ by_newer)[:, 0, :]
        kl += ((after * ahead).sum() - (there * now).sum()) / beta  # log pi - log ref is the gain over beta
        counts += after.sum(axis=0)
        there = after
        there[:, END] = 0
    return Visits(counts, float(kl))


def _start(V: int) -> np.ndarray:
    there = np.zeros((V, V))
    there[END, END] = 1
    return there


def _ahead(values: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """Reward and value after each word, [newer, next]: nothing comes after END."""
    values = values.copy()
    values[:, END] = 0
    return reward + values


def _tilt(values: np.ndarray, reward: np.ndarray, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """The best that can come after each word (V,), and exp((what comes - the best) / beta), [newer, next]."""
    ahead = _ahead(values, reward)
    peak = ahead.max(axis=1)
    return peak, np.exp((ahead - peak[:, None]) / beta)
