"""The lesson's own recipe in one call, for a hand on a slider: the draws and the steps of its blocks, and quicker.

Contexts (4,) have a feature that is always on, answers are (5,), policies (4, 5): y | x ~ N(x W, I). Scores are those
of the true taste, above the reference's; KL is to the reference, in nats.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from preflab import logistic

TASTE = np.array([1.0, 0.8, 0.0, -0.3, 0.0])
REFERENCE = 0.1 * np.random.default_rng(42).standard_normal((4, 5))
STEPS, BATCH = 150, 32


class Run(NamedTuple):
    """Policies as their shift from the reference. `dpo_end` is None where DPO's loss has no minimum on these pairs."""

    rlhf: np.ndarray  # after each step, (STEPS + 1, 4, 5)
    rlhf_end: np.ndarray  # (4, 5)
    dpo: np.ndarray
    dpo_end: np.ndarray | None
    optimum: np.ndarray  # for the true taste


def train(beta: float, pairs: int, label_noise: float = 0.0, seed: int = 42) -> Run:
    """Draw pairs, swap a share of their labels, train RLHF and DPO on them. Raises ValueError unless beta > 0."""
    if not beta > 0:
        raise ValueError(f"beta is {beta}: a KL that costs nothing leaves no maximum")
    return _trained(_learned(pairs, label_noise, seed), TASTE, beta, seed)


def train_on(contexts: np.ndarray, differences: np.ndarray, reward: np.ndarray, beta: float, seed: int = 42) -> Run:
    """The same on given pairs: contexts (n, 4), chosen minus rejected (n, 5), and a reward (5,) learned from them."""
    return _trained((contexts, differences, reward, _dpo_fit(contexts, differences)), reward, beta, seed)


def _trained(learned, taste, beta, seed):
    """Both methods on what `_learned` gives, for a taste (5,)."""
    contexts, differences, reward, dpo_fit = learned
    return Run(
        rlhf=_ppo(reward, beta, np.random.default_rng(seed)),
        rlhf_end=_tilt(reward / beta),
        dpo=_dpo(contexts, differences, beta, np.random.default_rng(seed)),
        dpo_end=None if dpo_fit is None else dpo_fit / beta,
        optimum=_tilt(taste / beta),
    )


def score_and_kl(shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True score above the reference's, and KL: of one policy (4, 5), or of many."""
    return shift[..., 0, :] @ TASTE, (shift**2).sum(axis=(-2, -1)) / 2


def frontier(kl: np.ndarray | float) -> np.ndarray:
    """The highest true score that a policy of this KL can have."""
    return np.linalg.norm(TASTE) * np.sqrt(2 * np.asarray(kl))


def answers(run: Run, n: int, seed: int = 42) -> dict[str, np.ndarray]:
    """n answers (n, 5) of each policy as trained, to the same contexts and with the same noise."""
    rng = np.random.default_rng(seed)
    contexts = rng.standard_normal((n, 4))
    contexts[:, 0] = 1.0
    same = contexts @ REFERENCE + rng.standard_normal((n, 5))
    moved = {"RLHF": run.rlhf[-1], "DPO": run.dpo[-1], "optimum": run.optimum}
    return {"reference": same} | {who: same + contexts @ shift for who, shift in moved.items()}


@lru_cache(16)
def _learned(pairs, label_noise, seed):
    """Contexts, chosen minus rejected, the reward model, and DPO's minimum times beta: what beta is no part of."""
    rng = np.random.default_rng(seed)
    contexts = rng.standard_normal((pairs, 4))
    contexts[:, 0] = 1.0
    # The mean answer is the same in both, so that a pair's difference is that of the noise.
    differences = rng.standard_normal((pairs, 5))
    differences -= rng.standard_normal((pairs, 5))
    differences[rng.random(pairs) >= _doubt(-differences @ TASTE)] *= -1
    differences[np.random.default_rng([seed, 1]).random(pairs) < label_noise] *= -1

    reward = np.zeros(5)
    for _ in range(100):
        reward = reward + 0.5 / pairs * _doubt(differences @ reward) @ differences
    return contexts, differences, reward, _dpo_fit(contexts, differences)


def _features(contexts, differences):
    return (contexts[:, :, None] * differences[:, None, :]).reshape(len(contexts), 20)


def _dpo_fit(contexts, differences):
    """DPO's minimum times beta, (4, 5); None where there is none."""
    try:
        return logistic.minimum(_features(contexts, differences)).reshape(4, 5)
    except ValueError:
        return None


def _doubt(margins):
    """1 - sigmoid, which never overflows so; its last digits in the tails do not matter here."""
    return 0.5 - 0.5 * np.tanh(0.5 * margins)


def _tilt(moved):
    shift = np.zeros((4, 5))
    shift[0] = moved
    return shift


def _ppo(reward, beta, rng, lr=0.05, epsilon=0.2, passes=4):
    """PPO from the reference; with y = x W + e, all its log-ratios are products of shifts and e."""
    drawn = rng.standard_normal((STEPS, BATCH * 9))
    contexts = drawn[:, : BATCH * 4].reshape(STEPS, BATCH, 4).copy()
    contexts[..., 0] = 1.0
    noise = drawn[:, BATCH * 4 :].reshape(STEPS, BATCH, 5)
    rewards = (contexts @ REFERENCE + noise) @ reward  # of answers of the reference, (STEPS, BATCH)
    transposed = contexts.mT * (lr / BATCH)
    path = np.zeros((STEPS + 1, 4, 5))
    for step in range(STEPS):
        x, xt, e, shift = contexts[step], transposed[step], noise[step], path[step]
        moved = x @ shift
        penalised = rewards[step] + moved @ reward - beta * np.vecdot(moved, e + 0.5 * moved)
        centred = penalised - penalised.sum() / BATCH
        advantages = centred / (np.sqrt(centred @ centred / BATCH) + 1e-8)
        good = advantages > 0
        new = shift + xt @ (advantages[:, None] * e)  # the first pass: every ratio is 1
        for _ in range(passes - 1):
            moved = x @ (new - shift)
            ratio = np.exp(np.vecdot(moved, e - 0.5 * moved))
            slope = np.where(np.where(good, ratio, 2 - ratio) > 1 + epsilon, 0.0, ratio * advantages)
            new = new + xt @ (slope[:, None] * (e - moved))
        path[step + 1] = new
    return path


def _dpo(contexts, differences, beta, rng, lr=0.5):
    """DPO from the reference by plain gradient steps: logistic regression in the shift."""
    n = len(contexts)
    features = _features(contexts, differences) * beta
    batch = min(BATCH, n)
    path = np.zeros((STEPS + 1, 20))
    for step in range(STEPS):
        rows = features[rng.choice(n, batch, replace=False)]
        path[step + 1] = path[step] + lr / batch * _doubt(rows @ path[step]) @ rows
    return path.reshape(-1, 4, 5)
