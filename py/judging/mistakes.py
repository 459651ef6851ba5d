"""Known mistakes in losses: how tests/mutations.py seeds each, and how the page knows it in a reader's loss.

An entry is a name; lines for the seed, `- ` what stands in the library's file and `+ ` what replaces it; and rows for
the page, `FAMILIES: = expression | sentence`, the engine and its rows being those of the exercises (runtime.grading).
After `= ` is what the mistake makes of the `answer`: of the loss; with `FAMILIES':` of its gradient, if the reader has
one; with `!` at the extremes and with `~` for precision. The names in expressions are those of `FACTS`.
"""

import re
from functools import cache
from typing import NamedTuple

from runtime.grading import Text, lines, read

# fmt: off

SEEDED = """
numeric.py | sigmoid that overflows
- return np.where(x >= 0, 1.0, small) / (1.0 + small)
+ return 1 / (1 + np.exp(-x))
numeric.py | softplus as log(1 + e^x), which overflows
- return np.maximum(x, 0.0) + np.log1p(np.exp(-abs(x)))
+ return np.log1p(np.exp(x))
DPO!: not np.isfinite(answer) | With log-ratios of 1000 `exp` overflows, and the loss is no number: write −log σ(m) as
 `np.logaddexp(0.0, -m)`, which stays finite.
KTO!: not np.isfinite(answer) | With log-ratios of 1000 `exp` overflows, and the loss is no number: write σ(x) as
 `np.exp(-np.logaddexp(0.0, -x))`, which stays finite.
ORPO,SimPO!: not np.isfinite(answer) | With log-probs of −1000 `exp` overflows, and the loss is no number: write
 −log σ(m) as `np.logaddexp(0.0, -m)`, which stays finite.
numeric.py | log(1 - e^x) that cancels
- return np.where(x > -np.log(2), np.log(-np.expm1(near)), np.log1p(-np.exp(far)))
+ return np.log(1 - np.exp(x))
ORPO~: (c < 0).all() and not near(answer, right, 0, 1e-6) | Right, but for an answer that is nearly certain `1 -
 exp(logp)` cancels: `np.log(-np.expm1(logp))` keeps its digits.
numeric.py | group deviation with ddof 0
- .sum(axis, keepdims=True) / (n - 1)
+ .sum(axis, keepdims=True) / n
GRPO_advantages: = gap / (R.std(axis=1, keepdims=True) + 1e-4) | The deviation has ddof 0, NumPy's default. TRL's, and
 PyTorch's, has ddof 1: `std(..., ddof=1)`. In a group of 4 that is 15 % of each advantage.
numeric.py | the masked mean counts the padding
- / np.maximum(mask.sum(axis), 1)
+ / np.maximum(np.ones_like(x).sum(axis), 1)
PPO: = (mask * pg).sum() / mask.size | The mean counts the padding: divide by `mask.sum()`, not by the number of
 entries.
numeric.py | a ratio that overflows
- return np.exp(np.minimum(log_ratio, LARGEST_LOG))
+ return np.exp(log_ratio)
PPO,RLOO,GRPO!: not np.isfinite(answer) | Right, but a log-ratio of 1000 overflows `exp`, and inf times an advantage of
 0 is NaN: hold it first, `np.exp(np.minimum(log_ratio, 700))`.
losses.py | the margin's sign
- return beta * aligned(1, difference=difference)[0]
+ return -beta * aligned(1, difference=difference)[0]
DPO: = softplus(beta * D) | The margin has the other sign, as if chosen and rejected were exchanged: it is that of the
 chosen *minus* that of the rejected.
IPO: = (-D - 1 / (2 * beta))**2 | The gap has the other sign, as if chosen and rejected were exchanged: it is that of
 the chosen *minus* that of the rejected.
losses.py | twice the margin
- return beta * aligned(1, difference=difference)[0]
+ return 2 * beta * aligned(1, difference=difference)[0]
DPO: = softplus(-2 * beta * D) | The margin is twice what it should be: it is beta times the gap, once.
IPO: = (2 * D - 1 / (2 * beta))**2 | The gap is taken twice.
losses.py | IPO's target 1/beta
- - 1 / (2 * beta)\\n
+ - 1 / beta\\n
IPO: = (D - 1 / beta)**2 | IPO's target is 1/(2·beta), and here it is 1/beta.
losses.py | IPO's target 1/2
- - 1 / (2 * beta)\\n
+ - 1 / 2\\n
IPO: = (D - 1 / 2)**2 | IPO's target is 1/(2·beta), and here beta is missing from it.
losses.py | IPO's target on beta D
- _margin(difference, beta) / beta - 1
+ _margin(difference, beta) - 1
IPO: = (beta * D - 1 / (2 * beta))**2 | IPO's gap is multiplied by beta as DPO's is. In IPO beta is in the target
 alone.
IPO: = (beta * D - 1 / 2)**2 | IPO's square is that of beta times the gap: its target is right, and the loss is beta²
 times too large. The gap stands by itself, and its target is 1/(2·beta).
losses.py | IPO's target with the other sign
- _margin(difference, beta) / beta - 1
+ _margin(difference, beta) / beta + 1
IPO: = (D + 1 / (2 * beta))**2 | IPO's target has the other sign: it is subtracted from the gap.
losses.py | the reference with the other sign
- (policy_c - ref_c, policy_r - ref_r)
+ (policy_c + ref_c, policy_r + ref_r)
DPO: = softplus(-beta * ((c + rc) - (r + rr))) | The reference's log-probs are added. A log-ratio subtracts them.
IPO: = ((c + rc) - (r + rr) - 1 / (2 * beta))**2 | The reference's log-probs are added. A log-ratio subtracts them.
losses.py | no slope through the rejected
- "policy_rejected_logps": -slope * scale_r}
+ "policy_rejected_logps": 0 * slope * scale_r}
DPO,IPO,ORPO,SimPO': = halves(1, 0) * grad | The gradient for the rejected is 0. The margin is a difference: both have
 one.
losses.py | KTO's z0 without its clamp
- return max(0.0, float(np.mean(mismatched_log_ratios)))
+ return float(np.mean(mismatched_log_ratios))
KTO: = kto(raw) | The baseline z0 is clamped at 0 in the paper and in TRL: `max(0, mean)`. Here it goes below.
losses.py | KTO's z0 without a baseline at all
- return max(0.0, float(np.mean(mismatched_log_ratios)))
+ return 0.0
KTO: = kto(0.0) | The baseline z0 is missing: it is the mean log-ratio of answers to other prompts, at least 0.
losses.py | KTO's gradient flows through z0
- slope = -weight * beta * sign * sigmoid(gain) * sigmoid(-gain)
+ slope = -weight * beta * sign * sigmoid(gain) * sigmoid(-gain)
+     slope = slope - slope.mean()
KTO': = grad - grad.mean() | The gradient flows through the baseline z0, which is held fixed.
KTO': = grad + (label == 1) * (-grad / n_up).sum() | The gradient flows through the baseline z0, which is held fixed.
KTO': = grad + (label == 1) * (-beta * sign * slope).mean() / n / -1 | The gradient flows through z0, which is held
 fixed.
losses.py | KTO's bad answers do not mirror z0
- gain = beta * sign * (log_ratios - reference_point)
+ gain = beta * (sign * log_ratios - reference_point)
KTO: = weight * sigmoid(-beta * (sign * lr - z0)) | The bad answers do not mirror the baseline: for them it is z0 −
 log-ratio, so z0 changes its sign as well.
losses.py | KTO's bad answers count as good
- sign = 2 * labels - 1
+ sign = np.ones_like(labels)
KTO: = weight * sigmoid(-beta * (lr - z0)) | Bad answers count as good: for label 0 the sign turns.
losses.py | KTO's weights exchanged
- np.where(labels == 1, desirable_weight, undesirable_weight)
+ np.where(labels == 0, desirable_weight, undesirable_weight)
KTO: = np.where(label == 0, desirable_weight, undesirable_weight) * sigmoid(-gain) | The two weights are exchanged:
 `desirable_weight` belongs to label 1.
losses.py | ORPO on densities
- if (chosen >= 0).any() or (rejected >= 0).any():
+ if False:
ORPO~: (c > 0).any() and near(answer, of_densities, 0, 1e-6) | Right, but it takes log-probs above 0 without a word. A
 density has no odds: refuse them, or let them be NaN.
losses.py | ORPO on log-probs in place of log-odds
- chosen - rejected - log1mexp(chosen) + log1mexp(rejected)
+ chosen - rejected
ORPO: = -c + beta * softplus(r - c) | The odds are missing: ORPO compares log-odds, log p − log(1 − p), not log-probs.
losses.py | ORPO's odds upside down
- chosen - rejected - log1mexp(chosen) + log1mexp(rejected)
+ chosen - rejected + log1mexp(chosen) - log1mexp(rejected)
ORPO: = -c + beta * softplus(r - c - log1mexp(c) + log1mexp(r)) | The odds are upside down: log p *minus* log(1 − p).
losses.py | SimPO's margin with the other sign
- chosen - rejected - gamma / beta
+ chosen - rejected + gamma / beta
SimPO: = softplus(-(beta * gap + gamma)) | The target margin gamma has the other sign: it is subtracted.
losses.py | SimPO's margin times beta
- chosen - rejected - gamma / beta
+ chosen - rejected - gamma
SimPO: = softplus(-beta * (gap - gamma)) | The target margin gamma is multiplied by beta. It is subtracted afterwards.
kl.py | k3 with the inverted ratio
- np.expm1(np.minimum(-u, LARGEST_LOG))
-     return inverse + u, -inverse
+ np.expm1(np.minimum(u, LARGEST_LOG))
+     return inverse - u, inverse
GRPO: = tok(pg + beta * (np.exp(u) - 1 - u)) | The ratio in k3 is inverted: it is π_ref/π − 1 − log(π_ref/π), for
 samples of π.
kl.py | k3 with the sign of its log-ratio
- return inverse + u, -inverse
+ return inverse - u, -inverse - 2
GRPO: = tok(pg + beta * (np.exp(-u) - 1 - u)) | In k3 the log-ratio has the other sign: exp(−u) − 1 + u with u = log π
 − log π_ref.
kl.py | k3 that cancels near 0
- np.expm1(np.minimum(-u, LARGEST_LOG))
+ np.exp(np.minimum(-u, LARGEST_LOG)) - 1
GRPO~: not near(answer, right, 1e-30, 1e-6) | Right, but near 0 the terms of k3 cancel: `np.expm1(-u) + u` keeps its
 digits.
ppo.py | the advantage is clipped, not the ratio
- free, bound = -advantages * capped, -advantages * np.clip(r, 1 - low, 1 + high)
+ free, bound = -np.clip(advantages, -low, high) * r, -np.clip(advantages, -low, high) * r
PPO: = mean(-np.clip(A, -epsilon, epsilon) * ratio) | The advantage is clipped. It is the ratio that must not run away.
RLOO: = -np.clip(A, -epsilon, epsilon) * ratio | The advantage is clipped. It is the ratio that must not run away.
GRPO: = tok(-np.clip(A, -epsilon, epsilon) * ratio + beta * k3) | The advantage is clipped. It is the ratio that must
 not run away.
ppo.py | the smaller of free and clipped
- value, share = larger(free, bound)
-     moves
+ value, share = np.minimum(free, bound), larger(bound, free)[1]
+     moves
PPO: = mean(np.minimum(free, bound)) | Of the free loss and the clipped one it is the *larger* that counts (of what is
 maximised, the smaller).
RLOO: = np.minimum(free, bound) | Of the free loss and the clipped one it is the *larger* that counts (of what is
 maximised, the smaller).
GRPO: = tok(np.minimum(free, bound) + beta * k3) | Of the free loss and the clipped one it is the *larger* that counts
 (of what is maximised, the smaller).
ppo.py | no clipping
- value, share = larger(free, bound)
-     moves
+ value, share = free, np.ones_like(free)
+     moves
PPO: = mean(free) | Nothing is clipped: an answer that pays could be pushed without end.
RLOO: = free | Nothing is clipped: an answer that pays could be pushed without end.
GRPO: = tok(free + beta * k3) | Nothing is clipped: an answer that pays could be pushed without end.
ppo.py | the ratio upside down
- r = ratio(log_ratio)
+ r = ratio(-log_ratio)
PPO: = mean(surrogate(1 / ratio)) | The ratio is inverted: it is new over old, exp(logps − old_logps).
RLOO: = surrogate(1 / ratio) | The ratio is inverted: it is new over old, exp(logps − old_logps).
GRPO: = tok(surrogate(1 / ratio) + beta * k3) | The ratio is inverted: it is new over old, exp(logps − old_logps).
ppo.py | old log-probs are not held fixed
- return value, -advantages * r * moves
+ return value, 0 * r * moves
PPO,RLOO': not np.any(answer) | The gradient is 0 everywhere, as if the old log-probs moved along. They are held fixed.
GRPO': = kl_grad | The surrogate has no gradient, as if the old log-probs moved along. They are held fixed.
ppo.py | a slope without the ratio
- return value, -advantages * r * moves
+ return value, -advantages * moves
PPO,RLOO,GRPO': = kl_grad + pg_grad / whole_ratio | The ratio is missing from the gradient: the slope of r in log π is
 r.
ppo.py | clipped answers still pull
- ((1 - low <= r) & (r <= 1 + high))
+ 1
PPO,RLOO,GRPO': = kl_grad + never_held | What the clip holds has slope 0, and here it still pulls.
ppo.py | GRPO's normaliser weighs tokens, not answers
- return mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / len(mask)
+ return mask / max(mask.sum(), 1)
GRPO: = (mask * (pg + beta * k3)).sum() / mask.sum() | That is the mean over all tokens (DAPO's). GRPO takes the mean
 of each answer first, then that of the answers.
groups.py | RLOO's baseline contains the answer itself
- gap * (others + 1) / np.maximum(others, 1)
+ gap
RLOO_advantages: = gap | The baseline contains the answer itself: take the mean of the *others*, (sum − r) / (k − 1).
groups.py | RLOO's advantage with the other sign
- gap * (others + 1) / np.maximum(others, 1)
+ -gap * (others + 1) / np.maximum(others, 1)
RLOO_advantages: = -right | The sign is turned: the advantage is the reward minus the baseline.
groups.py | GRPO's advantage with the other sign
- gap = gap / (moments(
+ gap = -gap / (moments(
GRPO_advantages: = -right | The sign is turned: the advantage is the reward minus the mean.
groups.py | GRPO divides by the variance
- [1] + eps)
+ [1] ** 2 + eps)
GRPO_advantages: = gap / (R.var(axis=1, ddof=1, keepdims=True) + 1e-4) | That divides by the variance. It is the
 standard deviation.
GRPO_advantages: = gap / (R.var(axis=1, keepdims=True) + 1e-4) | That divides by the variance. It is the standard
 deviation.
groups.py | GRPO's deviation is the batch's
- axis=1 if scale == "group" else None
+ axis=None
GRPO_advantages: = gap / (R.std(ddof=1) + 1e-4) | The deviation is that of the whole batch. GRPO's is that of each
 group: `axis=1, keepdims=True`.
GRPO_advantages: = gap / (R.std() + 1e-4) | The deviation is that of the whole batch, with ddof 0. GRPO's is that of
 each group.
groups.py | GRPO's KL with the other sign
- value = value + beta * kl\\n
+ value = value - beta * kl\\n
GRPO: = tok(pg - beta * k3) | The KL has the other sign: it is a price, so it is added to the loss.
groups.py | GRPO's KL without a slope
- + weights * beta * slope
+ + 0 * weights * beta * slope
GRPO': = pg_grad | The KL is in the loss and not in the gradient.
groups.py | GRPO's KL with twice its slope
- + weights * beta * slope
+ + 2 * weights * beta * slope
GRPO': = pg_grad + 2 * kl_grad | The gradient of the KL is twice what it should be.
groups.py | GRPO's KL in the ratio to the reference upside down
- k3(masked(logps - aligned(logps=logps, ref_logps=ref_logps)[1], mask))
+ k3(masked(aligned(logps=logps, ref_logps=ref_logps)[1] - logps, mask))
groups.py | the ratio of an answer is the mean of its tokens'
- masked(logps - old_logps, mask).sum(axis=1)
+ masked(logps - old_logps, mask).mean(axis=1)
RLOO: = surrogate(np.exp(total / mask.sum(axis=1))) | The ratio of an answer is that of the mean of its tokens'
 log-ratios. RLOO's is that of their *sum*: the answer's own probability.
"""

# Mistakes that need no seed in the library: its tests catch them with those above.
ALSO = """
the loss's sign
DPO,IPO,KTO,ORPO,SimPO,PPO,RLOO,GRPO: = -right | The sign is turned: this is what one would maximise, and a loss is
 minimised.
a factor
DPO,IPO,KTO,ORPO,SimPO,PPO,RLOO,GRPO: = 2 * right | The loss is twice what it should be.
DPO,IPO,KTO,ORPO,SimPO,PPO,RLOO,GRPO: = right / 2 | The loss is half of what it should be.
a sum for a mean
DPO,IPO,KTO,ORPO,SimPO,RLOO,GRPO: = n * right | That is the sum. The loss is a mean over the batch.
PPO: = mask.sum() * right | That is the sum. The loss is a mean over the tokens.
the gradient's sign
DPO,IPO,KTO,ORPO,SimPO,PPO,RLOO,GRPO': = -grad | The gradient's sign is turned: this climbs the loss.
the gradient by a factor
DPO,IPO,KTO,ORPO,SimPO,PPO,RLOO,GRPO': = 2 * grad | The gradient is twice that of the loss.
DPO,IPO,KTO,ORPO,SimPO,PPO,RLOO,GRPO': = grad / 2 | The gradient is half of that of the loss.
the gradient of the sum
DPO,IPO,KTO,ORPO,SimPO,RLOO,GRPO': = n * grad | That is the gradient of the summed loss. The loss is a mean.
PPO': = mask.sum() * grad | That is the gradient of the summed loss. The loss is a mean.
a gradient of 0
DPO,IPO,KTO,ORPO,SimPO,GRPO': not np.any(answer) | The gradient is 0 everywhere.
the slope of one side
DPO,IPO,ORPO,SimPO': = halves(1, -1) * grad | The gradient for the rejected has the other sign.
DPO,IPO,ORPO,SimPO': = halves(0, 1) * grad | The gradient for the chosen is 0.
KTO': = sign * grad | The gradient of the bad answers has the other sign.
KTO': = (label == 1) * grad | The bad answers have no gradient.
ORPO': = grad + halves(1, 0) / n | The gradient for the chosen lacks the −1 of the NLL.
DPO's gradient without beta
DPO,SimPO': = grad / beta | The factor beta is missing from the gradient.
DPO': = halves(-1, 1) * beta * np.tile(sigmoid(beta * D), 2) / n | The weight of a pair is turned: it is how *wrong*
 the policy is, σ(−margin).
SimPO's gradient without the length
SimPO': = grad * np.concatenate([chosen_lengths, rejected_lengths]) | The length is missing from the gradient: the mean
 log-prob moves by 1/length of the sum.
SimPO': = grad * np.tile(chosen_lengths, 2) | The length is missing from the gradient.
no reference
DPO: = softplus(-beta * (c - r)) | The reference is missing: the margin is made of log-ratios.
IPO: = (c - r - 1 / (2 * beta))**2 | The reference is missing: the gap is made of log-ratios.
KTO: = weight * sigmoid(-beta * sign * (policy - z0)) | The reference is missing from the log-ratio.
the reference's answers exchanged
DPO: = softplus(-beta * ((c - rr) - (r - rc))) | Each answer is held against the reference's log-prob of the *other*
 one.
IPO: = ((c - rr) - (r - rc) - 1 / (2 * beta))**2 | Each answer is held against the reference's log-prob of the *other*
 one.
the reference with the other sign, once
DPO: = softplus(-beta * ((c + rc) - (r - rr))) | The reference's log-prob of the chosen is added. A log-ratio subtracts
 it.
DPO: = softplus(-beta * ((c - rc) - (r + rr))) | The reference's log-prob of the rejected has the other sign.
IPO: = ((c + rc) - (r - rr) - 1 / (2 * beta))**2 | The reference's log-prob of the chosen is added. Subtract it.
IPO: = ((c - rc) - (r + rr) - 1 / (2 * beta))**2 | The reference's log-prob of the rejected has the other sign.
the rejected missing
DPO: = softplus(-beta * (c - rc)) | The rejected answer is missing from the margin.
DPO: = softplus(-beta * ((c - rc) + (r - rr))) | The rejected answer counts with a plus sign.
IPO: = ((c - rc) + (r - rr) - 1 / (2 * beta))**2 | The rejected answer counts with a plus sign.
DPO without beta
DPO: = softplus(-D) | Beta is missing: the margin is beta times the gap.
DPO: = softplus(-D / beta) | The gap is divided by beta. The margin is beta *times* the gap.
DPO without its logarithm
DPO: = sigmoid(-beta * D) | The logarithm is missing: the loss is −*log* σ(margin).
DPO: = -sigmoid(beta * D) | The logarithm is missing: the loss is −*log* σ(margin).
DPO: = softplus(-beta * D.mean()) | The margin is averaged before the logistic loss. Average the losses of the pairs.
DPO: = softplus(-beta * (np.exp(c - rc) - np.exp(r - rr))) | These are ratios. The margin is made of *log*-ratios: no
 `exp`.
IPO without its square
IPO: = abs(D - 1 / (2 * beta)) | The square is missing.
IPO: = D**2 | IPO's target, 1/(2·beta), is missing.
IPO: = (D - beta / 2)**2 | IPO's target is 1/(2·beta), and here it is beta/2.
IPO: = softplus(-beta * D) | That is DPO's loss.
DPO: = (D - 1 / (2 * beta))**2 | That is IPO's loss.
KTO without its weights
KTO: = sigmoid(-gain) | The weights of good and bad answers are missing.
KTO: = weight * softplus(-gain) | That is a logistic loss. KTO's is 1 − σ, without a logarithm.
KTO: = weight * sigmoid(gain) | The signs are turned: good answers should gain.
KTO: = kto(max(0.0, lr.mean())) | The baseline is taken from the batch's own answers, and not from those to other
 prompts.
ORPO without its parts
ORPO: = -c + softplus(-log_odds) | Beta is missing: it weighs the odds ratio.
ORPO: = beta * softplus(-log_odds) | The NLL of the chosen answer is missing.
ORPO: = -c + beta * softplus(log_odds) | The odds ratio is turned: that of the chosen minus that of the rejected.
ORPO: = -2 * c + beta * softplus(-log_odds) | The NLL counts twice.
ORPO: = -c - beta * softplus(-log_odds) | The odds ratio is subtracted. Its loss is added.
ORPO: = -c + 2 * beta * softplus(-log_odds) | The odds ratio counts twice.
ORPO': = grad + 2 * halves(1, 0) / n | The slope of the NLL has the other sign.
ORPO': = grad - halves(1, 0) / n | The slope of the NLL counts twice.
ORPO': = -grad - 2 * halves(1, 0) / n | The slopes of the odds ratio have the other sign.
ORPO': = 2 * grad + halves(1, 0) / n | The slopes of the odds ratio count twice.
ORPO: = c + beta * softplus(-log_odds) | The NLL has the other sign: it is *minus* the log-prob of the chosen.
SimPO without the length
SimPO: = softplus(-(beta * (c - r) - gamma)) | The length is missing: SimPO compares log-probs *per token*.
SimPO: = softplus(-(beta * (c - r * chosen_lengths / rejected_lengths) - gamma)) | The length is missing: SimPO
 compares log-probs *per token*.
SimPO: = softplus(-2 * (beta * gap - gamma)) | The margin counts twice.
SimPO: = softplus(-(beta * gap - gamma / beta)) | The target margin gamma is divided by beta. It is subtracted as it
 is.
SimPO: = softplus(-beta * gap) | The target margin gamma is missing.
SimPO: = softplus(beta * gap - gamma) | The margin has the other sign: −log σ(m) is softplus of *minus* m.
SimPO: = softplus(beta * gap + gamma) | Chosen and rejected are exchanged.
SimPO: = softplus(-(gap - gamma)) | Beta is missing: it multiplies the gap of the mean log-probs.
SimPO with a reference
SimPO: = softplus(-(beta * ((c - ref_chosen) / chosen_lengths - (r - ref_rejected) / rejected_lengths) - gamma)) |
 There is a reference in it. SimPO has none.
SimPO: = softplus(-(beta * (c - ref_chosen - r + ref_rejected) / chosen_lengths - gamma)) | There is a reference in it.
 SimPO has none.
the clip
PPO: = mean(bound) | That is the clipped loss alone. The larger of both lets a move in the wrong direction be undone.
RLOO: = bound | That is the clipped loss alone. The larger of both lets a move in the wrong direction be undone.
GRPO: = tok(bound + beta * k3) | That is the clipped loss alone. The larger of both lets a wrong move be undone.
PPO: = mean(np.maximum(free, -A * np.clip(ratio, -epsilon, epsilon))) | The ratio is clipped around 0. Not moved is a
 ratio of 1.
PPO: = mean(surrogate(1 + logps - old_logps)) | The ratio is `exp` of the log-ratio.
PPO: = mean(-A * logps) | That is REINFORCE: there is no ratio, and nothing is clipped.
the advantage's sign
PPO: = mean(np.maximum(-free, -bound)) | The advantage has the other sign: good answers should become likelier.
GRPO: = tok(np.maximum(-free, -bound) + beta * k3) | The advantage has the other sign: good answers should become
 likelier.
RLOO: = np.maximum(-free, -bound) | The advantage has the other sign: good answers should become likelier.
RLOO token by token
RLOO: = (mask * surrogate_tokens).sum() / mask.sum() | The ratio is taken token by token, as in PPO. RLOO has one for
 each answer.
RLOO: = surrogate(np.exp(log_ratio.mean(axis=1))) | The ratio of an answer is that of the mean of its tokens'
 log-ratios. RLOO's is that of their *sum*: the answer's own probability.
RLOO: = surrogate(np.exp((logps - old_logps).sum(axis=1))) | The padding counts in the ratio: multiply by the mask.
another estimator of the KL
GRPO: = tok(pg + beta * u) | The KL is estimated by k1. GRPO's estimator is k3.
GRPO: = tok(pg + beta * u**2 / 2) | The KL is estimated by k2. GRPO's estimator is k3.
GRPO: = tok(pg) | The KL to the reference is missing.
GRPO: = tok(pg + k3) | Beta is missing: it is the price of the KL.
GRPO': = pg_grad + k2_grad | The gradient of the KL is that of k2, and the loss has k3.
GRPO': = pg_grad - kl_grad | The gradient of the KL has the other sign.
GRPO': = pg_grad + (beta * weights * (np.exp(u) - 1)).ravel() | The ratio in the gradient of k3 is inverted: it is 1 −
 π_ref/π.
no baseline
RLOO_advantages: = R | There is no baseline: these are the rewards themselves.
RLOO_advantages: = R - R.mean() | The baseline is the mean of the whole batch. It is that of the others in the group.
GRPO_advantages: = gap | Nothing is divided. GRPO divides by the group's standard deviation (Dr. GRPO does not).
GRPO_advantages: = (R - R.mean()) / (R.std(ddof=1) + 1e-4) | Mean and deviation are the batch's. GRPO's are the
 group's.
GRPO_advantages: = R / (R.std(axis=1, ddof=1, keepdims=True) + 1e-4) | The mean is missing: subtract that of the group.
equal rewards
GRPO_advantages!: not np.isfinite(answer).all() | Where all rewards of a group are equal its deviation is 0, and 0/0 is
 NaN: add a small number, such as 1e-4, to it.
"""

# What the expressions may name beside the inputs, `right` and `grad`, by family.
PAIRS = """
c = policy_chosen
r = policy_rejected
n = len(policy_chosen)
"""
WITH_REFERENCE = PAIRS + """
rc = ref_chosen
rr = ref_rejected
D = (policy_chosen - ref_chosen) - (policy_rejected - ref_rejected)
"""
CLIPPED = """
n = len(logps)
shape = (len(advantages),) + (1,) * (whole_log_ratio.ndim - 1)
A = advantages if advantages.ndim == whole_log_ratio.ndim else advantages.reshape(shape)
log_ratio = (logps - old_logps) * mask
whole_log_ratio = log_ratio
ratio = np.exp(np.minimum(whole_log_ratio, 700))
held = np.clip(ratio, 1 - epsilon, 1 + epsilon)
free = -A * ratio
bound = -A * held
surrogate = lambda r: np.maximum(-A * r, -A * np.clip(r, 1 - epsilon, 1 + epsilon))
pg = surrogate(ratio)
whole_ratio = np.broadcast_to(ratio.reshape((n,) + (1,) * (logps.ndim - 1) if ratio.ndim == 1 else ratio.shape),
 logps.shape).ravel()
kl_grad = 0
pg_grad = grad - kl_grad
never_held = (weights * np.reshape(free, (n,) + (1,) * (logps.ndim - 1) if free.ndim == 1 else free.shape)).ravel()
"""
FACTS = {
    "DPO": WITH_REFERENCE,
    "IPO": WITH_REFERENCE,
    "KTO": """
n = len(policy)
lr = policy - ref
sign = 2 * label - 1
raw = (policy_kl - ref_kl).mean()
z0 = max(0.0, raw)
weight = np.where(label == 1, desirable_weight, undesirable_weight)
gain = beta * sign * (lr - z0)
kto = lambda z: weight * sigmoid(-beta * sign * (lr - z))
""",
    "ORPO": PAIRS + """
log_odds = c - r - log1mexp(c) + log1mexp(r)
strange = c - r - np.log(abs(np.expm1(c))) + np.log(abs(np.expm1(r)))
of_densities = (-c + beta * softplus(-strange)).mean()
""",
    "SimPO": PAIRS + """
gap = policy_chosen / chosen_lengths - policy_rejected / rejected_lengths
""",
    "PPO": CLIPPED + """
mean = lambda x: (mask * x).sum() / mask.sum()
weights = mask / mask.sum()
""",
    "RLOO": CLIPPED + """
whole_log_ratio = log_ratio.sum(axis=1)
total = whole_log_ratio
token_ratio = np.exp(np.minimum(log_ratio, 700))
surrogate_tokens = np.maximum(-A[:, None] * token_ratio,
 -A[:, None] * np.clip(token_ratio, 1 - epsilon, 1 + epsilon))
weights = mask / n
""",
    "GRPO": CLIPPED + """
weights = mask / mask.sum(axis=1, keepdims=True) / n
tok = lambda x: (weights * x).sum()
u = (logps - ref_logps) * mask
k3 = np.expm1(np.minimum(-u, 700)) + u
kl_grad = (beta * weights * -np.expm1(np.minimum(-u, 700))).ravel()
k2_grad = (beta * weights * u).ravel()
pg_grad = grad - kl_grad
""",
    "RLOO advantages": "R = rewards\ngap = rewards - rewards.mean(axis=1, keepdims=True)",
    "GRPO advantages": "R = rewards\ngap = rewards - rewards.mean(axis=1, keepdims=True)",
}

ROW = re.compile(r"^([A-Z][\w,]*)(['!~]?): (.*)$")


class Known(NamedTuple):
    """A row: the mistake's name, when it is looked for ("", "'", "!" or "~"), and what grading reads of it."""

    name: str
    when: str
    row: Text


@cache
def known(family: str) -> tuple[Known, ...]:
    """The rows of a family, in the order in which they speak."""
    found, name = [], ""
    for line in lines(SEEDED + ALSO):
        row = ROW.match(line)
        if row and family.replace(" ", "_") in row[1].split(","):
            found.append(Known(name, row[2], read(row[3])))
        elif not row and not line.startswith(("- ", "+ ")):
            name = line.partition(" | ")[2] or line
    return tuple(found)
