"""Seeds mistakes into copies of the library and of the page's blocks: `python tests/mutations.py`.

One line a mistake: the first test that fails, or SURVIVED, which makes the exit code 1. Words after the command choose
the mistakes whose file or name contains one of them. The working tree is only read.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "py"))  # those that the page knows by name, too
from judging.mistakes import SEEDED  # noqa: E402

IGNORED = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")
LIBRARY = "test_losses.py test_optimum.py test_blocks.py test_parity.py::test_all_cases_agree test_exact.py"
TESTS = {  # the quick ones, the likeliest first, by where the mistake is
    "stationary.py": "test_optimum.py test_exact.py test_blocks.py",
    "scales.py": "test_optimum.py test_exact.py test_blocks.py",
    "endless_pairs.py": "test_endless_pairs.py test_blocks.py",
    "py/preflab": LIBRARY,
    "tests/py/reference": LIBRARY,
    "py/lessons": "test_blocks.py",
}


class Mutation(NamedTuple):
    file: str  # from the top
    old: str
    new: str
    name: str


# Wraps a function that returns a Loss.
WHOLE = """
def wrong(value, gradient):
    def decorate(function):
        def loss(*args, **kwargs):
            result = function(*args, **kwargs)
            grads = {name: gradient * grad for name, grad in result.grads.items()}
            return result._replace(loss=value * result.loss, per_example=value * result.per_example, grads=grads)
        return loss
    return decorate


"""
LOSSES = {
    "losses": "dpo rdpo hinge ipo pairwise kto nll odds_ratio orpo simpo",
    "reward_model": "bradley_terry linear_bradley_terry",
    "ppo": "policy_loss value_loss reinforce",
    "groups": "rloo_loss grpo_loss",
    "kl_term": "in_loss",
    "gaussian_policy": "kl kl_diagonal",
    "softmax_policy": "kl",
    "optimum": "gaussian_objective",
}
FACTORS = {"flipped": (-1, -1), "twice": (2, 2), "gradient flipped": (1, -1), "gradient twice": (1, 2)}


def whole_losses():
    """Every loss with its sign flipped or a factor of 2, gradient and all or in the gradient alone."""
    for module, functions in LOSSES.items():
        for function in functions.split():
            for name, factors in FACTORS.items():
                new = f"{WHOLE}@wrong{factors}\ndef {function}("
                file = place(f"{module}.py", "py/preflab", "tests/py/reference")
                yield Mutation(file, f"\ndef {function}(", new, f"{module}.{function}: {name}")


def place(file, *folders):
    """The path from the top of a file in one of these folders."""
    return next(f"{folder}/{file}" for folder in folders if (TOP / folder / file).exists())


def table(text, *folders):
    """Mutations from `file | name`, then the old text in lines that begin with "- ", and the new with "+ "."""
    for head, old, new in re.findall(r"^(\w+\.py \| .*)\n((?:- .*\n)+)((?:\+ .*\n)+)", text, re.M):
        file, name = head.split(" | ")
        yield Mutation(place(file, *folders), unmarked(old), unmarked(new), name)


def unmarked(lines):
    """Without the marks. A backslash and n stand for the end of a line."""
    return "\n".join(line[2:] for line in lines.splitlines()).replace("\\n", "\n")


MISTAKES = [
    *whole_losses(),
    *table(SEEDED, "py/preflab"),
    *table(
        """
numeric.py | whitening with ddof 0
- x[mask].var(ddof=1)
+ x[mask].var(ddof=0)
numeric.py | whitening does not shift the mean back
- (0.0 if shift_mean else mean)
+ 0.0
losses.py | cDPO with its weights exchanged
- right, wrong = 1 - label_smoothing, label_smoothing
+ right, wrong = label_smoothing, 1 - label_smoothing
losses.py | cDPO forgets the other half
- right, wrong = 1 - label_smoothing, label_smoothing
+ right, wrong = 1 - label_smoothing, 0.0
losses.py | rDPO with cDPO's sign in the value
- right * softplus(-margin) - wrong * softplus(margin)
+ right * softplus(-margin) + wrong * softplus(margin)
losses.py | rDPO with cDPO's sign in the slope
- (right * sigmoid(-margin) + wrong * sigmoid(margin))
+ (right * sigmoid(-margin) - wrong * sigmoid(margin))
losses.py | rDPO without its divisor
- (1 - error_rate) / (1 - 2 * error_rate), error_rate / (1 - 2 * error_rate)
+ (1 - error_rate), error_rate
losses.py | the hinge's margin is 2
- np.maximum(0.0, 1 - margin), np.where(margin < 1,
+ np.maximum(0.0, 2 - margin), np.where(margin < 2,
losses.py | chosen and rejected exchanged
- result = loss(chosen * scale_c - rejected * scale_r, beta
+ result = loss(rejected * scale_r - chosen * scale_c, beta
losses.py | AlphaPO's exponent with the other sign
- -np.expm1(-alpha * logps) / alpha, np.exp(-alpha * logps)
+ np.expm1(alpha * logps) / alpha, np.exp(alpha * logps)
reward_model.py | chosen and rejected exchanged
- gap, total = chosen - rejected - margin
+ gap, total = rejected - chosen - margin
reward_model.py | twice the margin of a pair
- gap, total = chosen - rejected - margin
+ gap, total = 2 * (chosen - rejected) - margin
reward_model.py | the margin with the other sign
- gap, total = chosen - rejected - margin
+ gap, total = chosen - rejected + margin
reward_model.py | each reward is centred, not their sum
- chosen + rejected\\n
+ np.sqrt(chosen**2 + rejected**2)\\n
reward_model.py | no slope through the rejected
- "rewards_rejected": (pull + doubt) / len(gap)
+ "rewards_rejected": 0 * (pull + doubt) / len(gap)
reward_model.py | a bias that learns
- "b": (up + down).sum()
+ "b": up.sum()
kl.py | k2 without its 1/2
- return u**2 / 2, u
+ return u**2, 2 * u
kl.py | k1's sign
- return u, np.ones_like(u)
+ return -u, -np.ones_like(u)
rollout.py | the KL is paid out
- rewards = -kl_coef * kl
+ rewards = kl_coef * kl
rollout.py | twice the KL
- rewards = -kl_coef * kl
+ rewards = -2 * kl_coef * kl
rollout.py | returns from whitened advantages
- raw + values, whiten(raw, tokens))
+ whiten(raw, tokens) + values, whiten(raw, tokens))
rollout.py | advantages not whitened
- raw + values, whiten(raw, tokens))
+ raw + values, raw)
rollout.py | the values with the other sign
- advantages = rewards + gamma * after - values
+ advantages = rewards + gamma * after + values
rollout.py | lambda without gamma
- += gamma * lam * advantages
+ += lam * advantages
rollout.py | whitened rewards lose their mean
- whiten(rewards, states, shift_mean=False)
+ whiten(rewards, states)
rollout.py | the score one place early
- np.minimum(np.asarray(last) + 1, kl.shape[1] - 1)
+ np.asarray(last)
ppo.py | the smaller value loss
- value, share = larger(free, bound)
-     slope
+ value, share = np.minimum(free, bound), larger(bound, free)[1]
+     slope
ppo.py | the value loss without its 1/2
- _masked_loss(value / 2, slope,
+ _masked_loss(value, 2 * slope,
ppo.py | old values are not held fixed
- slope = share * (values - returns) + (1 - share) * (bounded == values) * (bounded - returns)
+ slope = share * (values - returns) + (1 - share) * (bounded - returns)
ppo.py | REINFORCE with a gradient through its baseline
- {"logps": -advantages * weights}
+ {"logps": -(advantages - 1) * weights}
groups.py | the corrected KL holds its ratio fixed
- return kl * r, slope * r, kl * r
+ return kl * r, slope * r, nothing
gaussian_policy.py | log-ratios from two large log-probs
- return (shift * (residual + shift / 2) / ref_sigma**2 + widened).sum(axis=1)
+ return log_prob(outputs, contexts, weights, sigma) - log_prob(outputs, contexts, ref, ref_sigma)
gaussian_policy.py | the log-ratio with the other sign
- return (shift * (residual + shift / 2) / ref_sigma**2 + widened).sum(axis=1)
+ return -(shift * (residual + shift / 2) / ref_sigma**2 + widened).sum(axis=1)
gaussian_policy.py | the log-density without its 1/2
- 0.5 * z**2 + np.log(sigma)
+ z**2 + np.log(sigma)
gaussian_policy.py | the log-density without its deviation
- 0.5 * z**2 + np.log(sigma)
+ 0.5 * z**2
gaussian_policy.py | the score with the other sign
- [:, None] * residual / np.square(sigma))
+ [:, None] * -residual / np.square(sigma))
gaussian_policy.py | the score without the variance
- [:, None] * residual / np.square(sigma))
+ [:, None] * residual)
gaussian_policy.py | a squared distance for the KL
- per_context = (shift**2).sum(axis=1) / (2 * sigma**2)
-     grad = contexts.T @ shift / (sigma**2 * len(contexts))
+ per_context = (shift**2).sum(axis=1)
+     grad = contexts.T @ shift * 2 / len(contexts)
gaussian_policy.py | the KL the other way round between deviations
- wider = std / ref_std
+ wider = ref_std / std
gaussian_policy.py | samples with the variance for deviation
- return mean + sigma * rng
+ return mean + np.square(sigma) * rng
softmax_policy.py | the score without its mean
- (np.eye(pi.shape[-1])[outputs] - pi)
+ np.eye(pi.shape[-1])[outputs]
softmax_policy.py | the forward KL
- per_row = np.atleast_1d((pi * log_ratios).sum(axis=-1))
+ per_row = np.atleast_1d((-probs(ref_logits) * log_ratios).sum(axis=-1))
softmax_policy.py | logits that overflow
- shifted = logits - logits.max(axis=-1, keepdims=True)
+ shifted = logits
preferences.py | labels that never err
- rng.random(len(first)) >= prefers_first
+ prefers_first < 0.5
preferences.py | the worse answer is preferred
- return sigmoid(first_rewards - second_rewards)
+ return sigmoid(second_rewards - first_rewards)
preferences.py | the other labels are flipped
- rng.random(len(chosen)) < rate
+ rng.random(len(chosen)) >= rate
optimum.py | the shift without the variance
- return sigma**2 * np.asarray(reward_weights, float) / beta
+ return np.asarray(reward_weights, float) / beta
optimum.py | the shift times beta
- return sigma**2 * np.asarray(reward_weights, float) / beta
+ return sigma**2 * np.asarray(reward_weights, float) * beta
optimum.py | the KL without its 1/2
- return float(shift @ shift / (2 * sigma**2))
+ return float(shift @ shift / sigma**2)
optimum.py | the frontier without its 2
- np.sqrt(2 * np.asarray(kl, float))
+ np.sqrt(np.asarray(kl, float))
optimum.py | the KL is paid out
- beta * penalty.per_example - contexts
+ -beta * penalty.per_example - contexts
optimum.py | tilted away from the reward
- log_probs(ref_logits) + rewards / beta
+ log_probs(ref_logits) - rewards / beta
optimum.py | tilted by beta
- log_probs(ref_logits) + rewards / beta
+ log_probs(ref_logits) + rewards * beta
scales.py | flips counted twice
- error_rate = flip_rate + label_smoothing - 2 * flip_rate * label_smoothing
+ error_rate = flip_rate + label_smoothing
scales.py | rDPO's rest without its divisor
- (flip_rate - error_rate) / (1 - 2 * error_rate)
+ (flip_rate - error_rate)
scales.py | IPO over twice tau
- return float(beta / tau *
+ return float(beta / (2 * tau) *
stationary.py | KTO's clamp exchanged
- (0.0 if clamped else moved**2 / 2)
+ (moved**2 / 2 if clamped else 0.0)
logistic.py | the Hessian without the labels' variance
- ((error * (1 - error))[:, None] * features)
+ (error[:, None] * features)
logistic.py | separable pairs are fitted all the same
- if (margin > 0).all():
+ if False:
logistic.py | uphill
- gradient = -error @ features / len(features)
+ gradient = error @ features / len(features)
seeds.py | all seeds draw alike
- self._each = [np.random.default_rng(seed) for seed in seeds]
+ self._each = [np.random.default_rng(0) for seed in seeds]
stationary.py | KTO's KL without its 1/2
- (0.0 if clamped else moved**2 / 2)
+ (0.0 if clamped else moved**2)
scales.py | GRPO's group without the answer itself
- own_share = (group_size - 1) / group_size
+ own_share = 1.0
endless_pairs.py | theory flips the wrong share
- ((1 - flip_rate) * picked + flip_rate * (1 - picked))
+ (flip_rate * picked + (1 - flip_rate) * (1 - picked))
endless_pairs.py | theory forgets the KL's 1/2
- moved * first - moved**2 / 2, moved * second - moved**2 / 2
+ moved * first - moved**2, moved * second - moved**2
endless_pairs.py | theory takes KTO's drift with the other sign
- np.array([-(moved**2) / 2])
+ np.array([moved**2 / 2])
endless_pairs.py | the rest of an answer has one dimension more
- half ** ((dims - 1) / 2 - 1)
+ half ** (dims / 2 - 1)
scales.py | c4 of one answer fewer
- math.sqrt(2 / (n - 1)) *
+ math.sqrt(2 / n) *
""",
        "py/preflab",
        "tests/py/reference",
    ),
    *table(
        """
01_preferences.py | contexts without a constant feature
-     contexts[..., 0] = 1.0\\n
+     pass\\n
01_preferences.py | labels that never err
- first_wins = (rng.random(n) < p_first)
+ first_wins = (p_first > 0.5)
01_preferences.py | the worse answer is preferred
- np.exp(taste(second) - taste(first))
+ np.exp(taste(first) - taste(second))
01_preferences.py | the linear taste labels for everyone
- np.exp(taste(second) - taste(first))
+ np.exp(linear_taste(second) - linear_taste(first))
01_preferences.py | sigmoid that overflows
- return np.exp(-np.logaddexp(0.0, -z))
+ return 1 / (1 + np.exp(-z))
01_preferences.py | a bias in the reward model
- difference = preferred - rejected  # (n, d)
+ difference = np.column_stack([preferred - rejected, np.ones(len(preferred))])
01_preferences.py | the reward model climbs its loss
- weights += lr * (error
+ weights -= lr * (error
01_preferences.py | twice the step
- weights += lr * (error
+ weights += 2 * lr * (error
01_preferences.py | the error with the other sign
- error = sigmoid(-margin)  # how
+ error = sigmoid(margin)  # how
02_rlhf.py | samples with the variance for deviation
- return mean + SIGMA * rng
+ return mean + SIGMA**2 * rng
02_rlhf.py | the log-density without its 1/2
- return -squares / (2 * SIGMA**2)
+ return -squares / SIGMA**2
02_rlhf.py | the log-density without its deviation
- np.log(2 * np.pi * SIGMA**2)
+ np.log(2 * np.pi)
02_rlhf.py | a squared distance for the KL
- return ((weights - ref) ** 2).sum(axis=(-2, -1)) / (2 * SIGMA**2)
+ return ((weights - ref) ** 2).sum(axis=(-2, -1))
02_rlhf.py | the KL without the variance
- return ((weights - ref) ** 2).sum(axis=(-2, -1)) / (2 * SIGMA**2)
+ return ((weights - ref) ** 2).sum(axis=(-2, -1)) / 2
02_rlhf.py | the optimum without the variance
- weights[0] += SIGMA**2 * reward_weights / beta
+ weights[0] += reward_weights / beta
02_rlhf.py | the optimum moves the reference
- weights = ref.copy()
+ weights = ref
02_rlhf.py | the advantage is clipped, not the ratio
- slope = np.where(clipped, 0.0, ratio * advantages)
+ slope = np.clip(advantages, -epsilon, epsilon)
02_rlhf.py | no clipping
- slope = np.where(clipped, 0.0, ratio * advantages)
+ slope = ratio * advantages
02_rlhf.py | a slope without the ratio
- slope = np.where(clipped, 0.0, ratio * advantages)
+ slope = np.where(clipped, 0.0, advantages)
02_rlhf.py | old log-probs are not held fixed
- - log_prob(outputs, contexts, old_weights)\\n
+ - log_prob(outputs, contexts, weights)\\n
02_rlhf.py | clipped in the wrong direction
- np.where(advantages > 0, ratio > 1 + epsilon, ratio < 1 - epsilon)
+ np.where(advantages < 0, ratio > 1 + epsilon, ratio < 1 - epsilon)
02_rlhf.py | PPO's step without the variance
- score = (outputs - contexts @ weights) / SIGMA**2  # d
+ score = (outputs - contexts @ weights)  # d
02_rlhf.py | PPO descends its surrogate
- return weights + lr * contexts.mT @ (slope
+ return weights - lr * contexts.mT @ (slope
02_rlhf.py | the larger of free and clipped
- return np.minimum(ratio * advantage
+ return np.maximum(ratio * advantage
02_rlhf.py | the KL is paid out
- whiten(reward - beta * log_ratio)
+ whiten(reward + beta * log_ratio)
02_rlhf.py | twice the KL
- whiten(reward - beta * log_ratio)
+ whiten(reward - 2 * beta * log_ratio)
02_rlhf.py | k3 in the reward
- whiten(reward - beta * log_ratio)
+ whiten(reward - beta * (np.exp(-log_ratio) - 1 + log_ratio))
02_rlhf.py | advantages with ddof 1
- rewards.std(axis=-1, keepdims=True)
+ rewards.std(axis=-1, keepdims=True, ddof=1)
02_rlhf.py | advantages are whitened over all runs
- centred = rewards - rewards.mean(axis=-1, keepdims=True)
+ centred = rewards - rewards.mean()
02_rlhf.py | the loop forgets its clip
- contexts, outputs, advantages, lr, epsilon)
+ contexts, outputs, advantages, lr)
02_rlhf.py | the loop forgets its learning rate
- contexts, outputs, advantages, lr, epsilon)
+ contexts, outputs, advantages, epsilon=epsilon)
02_rlhf.py | one pass is forgotten
- for _ in range(passes):
+ for _ in range(passes - 1):
03_dpo.py | the margin from four large log-probs
- return beta * np.vecdot(preferred - rejected, shift) / SIGMA**2
+ a, b, c, d = (log_prob(y, contexts, w) for y in (preferred, rejected) for w in (weights, ref))
+     return beta * ((a - b) - (c - d))
03_dpo.py | the margin without the variance
- return beta * np.vecdot(preferred - rejected, shift) / SIGMA**2
+ return beta * np.vecdot(preferred - rejected, shift)
03_dpo.py | chosen and rejected exchanged
- return beta * np.vecdot(preferred - rejected, shift) / SIGMA**2
+ return beta * ((rejected - preferred) * shift).sum(axis=-1) / SIGMA**2
03_dpo.py | log(sigmoid(x)) that overflows
- return np.logaddexp(0.0, -margin).mean(axis=-1), contexts
+ return -np.log(1 / (1 + np.exp(-margin))).mean(axis=-1), contexts
03_dpo.py | DPO's gradient with the other sign
- slope = -beta / SIGMA**2 *
+ slope = beta / SIGMA**2 *
03_dpo.py | twice DPO's gradient
- slope = -beta / SIGMA**2 *
+ slope = -2 * beta / SIGMA**2 *
03_dpo.py | DPO's gradient without beta
- slope = -beta / SIGMA**2 *
+ slope = -1 / SIGMA**2 *
03_dpo.py | DPO climbs its loss
- path.append(weights - lr * gradient)
+ path.append(weights + lr * gradient)
03_dpo.py | the exact end without the variance
- fitted = logistic.minimum(beta / SIGMA**2 *
+ fitted = logistic.minimum(beta *
03_dpo.py | the exact end of another beta
- fitted = logistic.minimum(beta / SIGMA**2 *
+ fitted = logistic.minimum(BETA / SIGMA**2 *
03_dpo.py | many runs share one run's pairs
- (*np.indices(pick.shape, sparse=True)[:-1], pick)
+ (*[0 * i for i in np.indices(pick.shape, sparse=True)[:-1]], pick)
09_relatives.py | the reference with the other sign
- return (logs.chosen - logs.ref_chosen) - (logs.rejected - logs.ref_rejected)
+ return (logs.chosen + logs.ref_chosen) - (logs.rejected + logs.ref_rejected)
09_relatives.py | the trainer climbs the loss
- path.append(weights - lr * contexts.T
+ path.append(weights + lr * contexts.T
09_relatives.py | the trainer without the rejected
- + by_rejected[:, None] * (rejected - mean)
+ + 0 * by_rejected[:, None] * (rejected - mean)
09_relatives.py | KTO gets log-probs for log-ratios
- ratios = [policy - ref for
+ ratios = [policy for
09b_wrong_labels.py | rDPO's target on the wrong side of 1
- np.array([1.0, 1 - FLIPS, 1 + FLIPS / (1 - 2 * FLIPS)])
+ np.array([1.0, 1 - FLIPS, 1 - FLIPS / (1 - 2 * FLIPS)])
09b_wrong_labels.py | all data sets at once climb their loss
- change += lr *
+ change -= lr *
09_relatives.py | the moved policy without the variance
- weights[0] += c * SIGMA**2 * TRUE_WEIGHTS
+ weights[0] += c * TRUE_WEIGHTS
09_relatives.py | DPO's slope with the other sign
- slope = -beta * sigmoid(-margin)\\n
+ slope = beta * sigmoid(-margin)\\n
09_relatives.py | twice DPO's margin
- def dpo(logs, beta=BETA):
-     margin = beta *
+ def dpo(logs, beta=BETA):
+     margin = 2 * beta *
09_relatives.py | DPO's log(sigmoid(x)) overflows
- slope = -beta * sigmoid(-margin)
-     return np.logaddexp(0.0, -margin)
+ slope = -beta * sigmoid(-margin)
+     return -np.log(1 / (1 + np.exp(-margin)))
09_relatives.py | IPO's target 1/beta
- miss = log_ratio_gap(logs) - 1 / (2 * beta)
+ miss = log_ratio_gap(logs) - 1 / beta
09_relatives.py | IPO's target on beta D
- miss = log_ratio_gap(logs) - 1 / (2 * beta)
+ miss = beta * log_ratio_gap(logs) - 1 / 2
09_relatives.py | IPO's slope without its 2
- return miss**2, 2 * miss, -2 * miss
+ return miss**2, miss, -miss
09_relatives.py | IPO's slope with the other sign
- return miss**2, 2 * miss, -2 * miss
+ return miss**2, -2 * miss, 2 * miss
09_relatives.py | KTO's z0 without its clamp
- baseline = max(0.0, logs.mismatched.mean())
+ baseline = logs.mismatched.mean()
09_relatives.py | KTO's z0 without a baseline at all
- baseline = max(0.0, logs.mismatched.mean())
+ baseline = 0.0
09_relatives.py | KTO's bad answers do not mirror z0
- bad = sigmoid(beta * (baseline - (
+ bad = sigmoid(beta * (-baseline - (
09_relatives.py | KTO's gradient flows through z0
- return value, -beta * good * (1 - good) / 2, beta * bad * (1 - bad) / 2
+ through = beta * (good * (1 - good) - bad * (1 - bad)).mean() / 2
+     return value, through - beta * good * (1 - good) / 2, beta * bad * (1 - bad) / 2
09_relatives.py | KTO's slope of the bad with the other sign
- , beta * bad * (1 - bad) / 2
+ , -beta * bad * (1 - bad) / 2
09_relatives.py | KTO without its 1/2
- value = ((1 - good) + (1 - bad)) / 2
-     return value, -beta * good * (1 - good) / 2, beta * bad * (1 - bad) / 2
+ value = (1 - good) + (1 - bad)
+     return value, -beta * good * (1 - good), beta * bad * (1 - bad)
09_relatives.py | SimPO without the length
- (logs.chosen - logs.rejected) / length - gamma
+ (logs.chosen - logs.rejected) - gamma
09_relatives.py | SimPO's margin with the other sign
- (logs.chosen - logs.rejected) / length - gamma
+ (logs.chosen - logs.rejected) / length + gamma
09_relatives.py | SimPO's slope without the length
- slope = -beta / length * sigmoid(-margin)
+ slope = -beta * sigmoid(-margin)
09_relatives.py | SimPO with a reference
- beta * (logs.chosen - logs.rejected) /
+ beta * log_ratio_gap(logs) /
09b_wrong_labels.py | cDPO's slope with the wrong sign
- ((1 - flips) * sigmoid(-margin) - flips * sigmoid(margin))
+ ((1 - flips) * sigmoid(-margin) + flips * sigmoid(margin))
09b_wrong_labels.py | cDPO's value with rDPO's sign
- np.logaddexp(0.0, -margin) + flips
+ np.logaddexp(0.0, -margin) - flips
09b_wrong_labels.py | rDPO's value with cDPO's sign
- np.logaddexp(0.0, -margin) - flips
+ np.logaddexp(0.0, -margin) + flips
09b_wrong_labels.py | rDPO's slope with the wrong sign
- ((1 - flips) * sigmoid(-margin) + flips * sigmoid(margin))
+ ((1 - flips) * sigmoid(-margin) - flips * sigmoid(margin))
09b_wrong_labels.py | rDPO without its divisor
- return value / (1 - 2 * flips), slope / (1 - 2 * flips), -slope / (1 - 2 * flips)
+ return value, slope, -slope
09b_wrong_labels.py | the other labels are flipped
- (rng.random(len(preferred)) < rate)
+ (rng.random(len(preferred)) >= rate)
09b_wrong_labels.py | ORPO on densities
- log_p - np.log(-np.expm1(log_p))
+ log_p - np.log(abs(np.expm1(log_p)))
09b_wrong_labels.py | ORPO's odds upside down
- log_p - np.log(-np.expm1(log_p))
+ log_p + np.log(-np.expm1(log_p))
09b_wrong_labels.py | ORPO without the NLL's slope
- return value, -1 + error / np.expm1(logs.chosen)
+ return value, error / np.expm1(logs.chosen)
09b_wrong_labels.py | ORPO's slope of the rejected with the other sign
- , -error / np.expm1(logs.rejected)
+ , error / np.expm1(logs.rejected)
09b_wrong_labels.py | ORPO without its beta
- value = -logs.chosen + beta * np
+ value = -logs.chosen + np
09b_wrong_labels.py | the finite KL to a reference that is not uniform
- kl = p @ logs + np.log(len(ANSWERS))
+ kl = p @ logs
09b_wrong_labels.py | the finite trainer without the score's mean
- gradient = up @ (preferred - mean) + down @ (rejected - mean)
+ gradient = up @ preferred + down @ rejected
09c_from_rewards.py | REINFORCE is paid the KL
- penalised = reward(x, y) - beta * log_ratio
+ penalised = reward(x, y) + beta * log_ratio
09c_from_rewards.py | REINFORCE with a gradient through the KL in its reward
- weighted = advantage(penalised.reshape(groups, group)).reshape(-1, 1)
+ weighted = (advantage(penalised.reshape(groups, group)).reshape(-1, 1) - beta)
09c_from_rewards.py | REINFORCE without the variance
- path.append(weights + lr * x.T @ weighted / SIGMA**2 / len(x))
+ path.append(weights + lr * x.T @ weighted / len(x))
09c_from_rewards.py | RLOO's baseline contains the answer itself
- others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
+ others = rewards.mean(axis=1, keepdims=True)
09c_from_rewards.py | RLOO's advantage with the other sign
- return rewards - others
+ return others - rewards
09c_from_rewards.py | GRPO's deviation with ddof 0
- reward.std(axis=1, ddof=1, keepdims=True)
+ reward.std(axis=1, keepdims=True)
09c_from_rewards.py | k3 with the inverted ratio
- penalty = beta * (1 - np.exp(-log_ratio))
+ penalty = beta * (np.exp(log_ratio) - 1)
09c_from_rewards.py | GRPO's KL with the other sign
- (a.ravel() - penalty)
+ (a.ravel() + penalty)
09c_from_rewards.py | GRPO with k2 for k3
- penalty = beta * (1 - np.exp(-log_ratio))
+ penalty = beta * log_ratio
09c_from_rewards.py | GRPO's shift with RLHF's dependence on the reward
- direction = rm_weights / np.linalg.norm(rm_weights)
+ direction = rm_weights
09c_from_rewards.py | GRPO's shift with the variance
- weights[0] += SIGMA / beta *
+ weights[0] += SIGMA**2 / beta *
09c_from_rewards.py | GRPO's c4 of one answer fewer
- c4 = np.sqrt(2 / (group - 1)) *
+ c4 = np.sqrt(2 / group) *
05_mistakes.py | the mean square without the noise
- (weights**2).sum(axis=(-2, -1)) + OUTPUT_DIM * SIGMA**2
+ (weights**2).sum(axis=(-2, -1))
05_mistakes.py | the bent taste bends the other way
- return outputs @ TRUE_WEIGHTS - CURVATURE
+ return outputs @ TRUE_WEIGHTS + CURVATURE
09d_today.py | the checker lets an answer be wrong on one side
- abs(outputs[:, 0] - contexts[:, 1:].sum(axis=1))
+ (outputs[:, 0] - contexts[:, 1:].sum(axis=1))
09d_today.py | online DPO is asked of the reference
- path[-1] if fresh else W_REF
+ W_REF if fresh else W_REF
09d_today.py | the bent optimum without the taste's bend
- / (beta / SIGMA**2 + 2 * CURVATURE)
+ / (beta / SIGMA**2)
10_ledger.py | the score's deviation without the answers' own
- .sum(axis=-1) + SIGMA**2 * (TRUE_WEIGHTS @ TRUE_WEIGHTS)
+ .sum(axis=-1)
10_ledger.py | the frontier without its 2
- np.sqrt(2 * kl_to_reference(weights))
+ np.sqrt(kl_to_reference(weights))
08_questions.py | REINFORCE descends
- return weights + lr * contexts.mT @ (advantages
+ return weights - lr * contexts.mT @ (advantages
08_questions.py | REINFORCE without the variance
- score = (outputs - contexts @ weights) / SIGMA**2
+ score = outputs - contexts @ weights
""",
        "py/lessons/chapters",
    ),
]


def copy(folder):
    """What the tests need, in the same places."""
    for name in ("py", "tests/py", "tests/data", "app"):  # of app, the parser of the chapters
        shutil.copytree(TOP / name, folder / name, ignore=IGNORED)
    shutil.copy(TOP / "tests/parity.py", folder / "tests")
    shutil.copy(TOP / "package.json", folder)


def first_failure(folder, tests):
    """The first test that fails in a copy, or None. RuntimeError if the tests could not run."""
    environment = {"PYTHONPATH": str(folder / "py"), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    options = "-m pytest -c pyproject.toml --rootdir=.. --assert=plain -x -q -rf --tb=no -p no:cacheprovider".split()
    done = subprocess.run(
        [sys.executable, *options, *(f"../tests/py/{test}" for test in tests.split())],
        cwd=folder / "py",
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    failed = re.search(r"^FAILED \S*?(test_\w+\.py::.+?)(?: - |$)", done.stdout, re.M)
    if done.returncode > 1 or (done.returncode == 1) != bool(failed):
        raise RuntimeError(done.stdout + done.stderr)
    return failed and failed[1]


def caught_by(mutation):
    """The first test that fails with the mistake, or None."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        copy(folder)
        file = folder / mutation.file
        file.write_text(file.read_text("utf-8").replace(mutation.old, mutation.new), "utf-8")
        compile(file.read_text("utf-8"), mutation.file, "exec")
        return first_failure(folder, next(tests for part, tests in TESTS.items() if part in mutation.file))


def check_table(mutations):
    """Every old text stands exactly once in its file, and no mistake is there twice. Exits if not."""
    wrong = [
        f"{m.file} | {m.name}: found {count} times: {m.old!r}"
        for m in mutations
        if (count := (TOP / m.file).read_text("utf-8").count(m.old)) != 1 or m.old == m.new
    ]
    names = [(m.file, m.name) for m in mutations]
    wrong += [f"{file} | {name}: twice in the table" for file, name in set(names) if names.count((file, name)) > 1]
    if wrong:
        sys.exit("\n".join(wrong))


def main(words):
    started = time.monotonic()
    check_table(MISTAKES)
    chosen = [m for m in MISTAKES if not words or any(word in f"{m.file} {m.name}" for word in words)]
    with tempfile.TemporaryDirectory() as name:
        copy(pathlib.Path(name))
        if failure := first_failure(pathlib.Path(name), LIBRARY):
            sys.exit(f"{failure} fails without any mistake.")
    survivors = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutation, test in zip(chosen, pool.map(caught_by, chosen), strict=True):
            survivors += test is None
            print(f"{mutation.file} | {mutation.name}: {test or 'SURVIVED'}", flush=True)
    print(f"{len(chosen)} mistakes, {survivors} survived, {time.monotonic() - started:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
