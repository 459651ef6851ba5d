# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# # The relatives {#variants}
#
# DPO has many relatives, and so has PPO. Papers compare them on benchmarks. Here we can ask something simpler and
# exact: *given the same pairs, where does each of them stop?*
#
# Our policy is a Gaussian of fixed spread, and so is the reference, from which the pairs come. So with endless pairs
# every loss here (ORPO's aside) moves the means along the annotator's taste, which is along the frontier, and only the
# distance differs. Each loss on pairs prints two ends: where training on our 200 pairs got to, and where theory says it
# would get to with endless pairs.
#
# Losses on pairs need only log-probs, so one trainer serves them all. A loss takes the log-probs of both answers,
# under the policy and under the reference, and returns its value and its slope for each pair. The chain rule does the
# rest. The theory is in the library: `pair_loss_shift` averages those slopes over all pairs there could be and looks
# for the policy at which they cancel. It says how far the means have moved by then: $c$ times $\sigma^2 w^*$. RLHF's
# optimum has $c = 1/\beta$.

# %% One trainer for all losses id="variant-trainer"
from typing import NamedTuple

from preflab.endless_pairs import pair_loss_shift


class Logs(NamedTuple):
    """Log-probs of n pairs in nats, (n,) each."""

    chosen: np.ndarray
    rejected: np.ndarray
    ref_chosen: np.ndarray
    ref_rejected: np.ndarray
    mismatched: np.ndarray | None = None  # log-ratios of answers in another pair's context, for KTO


def log_ratio_gap(logs):
    """Log-ratio of the chosen minus that of the rejected: what beta multiplies in DPO."""
    return (logs.chosen - logs.ref_chosen) - (logs.rejected - logs.ref_rejected)


def train_on_pairs(loss, contexts, preferred, rejected, lr, steps=300, mismatched=None):
    """Descend a loss on all pairs at once; returns the weights after each step, (steps + 1, 4, 5).

    `loss` maps Logs to its value and its slopes by chosen and by rejected, (n,) each.
    `mismatched` are answers (n, 5) that belong to other contexts.
    """
    answers = [preferred, rejected] + ([] if mismatched is None else [mismatched])
    reference = [log_prob(y, contexts, W_REF) for y in answers]
    path = [W_REF.copy()]
    for _ in range(steps):
        weights = path[-1]
        now = [log_prob(y, contexts, weights) for y in answers]
        ratios = [policy - ref for policy, ref in zip(now[2:], reference[2:], strict=True)]
        _, by_chosen, by_rejected = loss(Logs(*now[:2], *reference[:2], *ratios))
        mean = contexts @ weights  # d log pi / d mean = (y - mean) / sigma^2
        by_mean = by_chosen[:, None] * (preferred - mean) + by_rejected[:, None] * (rejected - mean)
        path.append(weights - lr * contexts.T @ by_mean / SIGMA**2 / len(contexts))
    return np.array(path)


def theory_scale(loss, flips=0.0, widest=8.0):
    """Where `loss` ends with endless pairs: the c by which every mean moves c sigma^2 w."""
    spread = SIGMA * np.linalg.norm(TRUE_WEIGHTS)  # of the true score among the reference's answers
    try:
        return pair_loss_shift(lambda *logs: loss(Logs(*logs))[1:], spread, flips, OUTPUT_DIM, widest)
    except ValueError as error:
        raise ValueError(f"{loss.__name__} has no end: look at FLIPS ({flips}) and BETA ({BETA})") from error


def shifted_policy(c):
    """The policy whose means have moved by c sigma^2 w."""
    weights = W_REF.copy()
    weights[0] += c * SIGMA**2 * TRUE_WEIGHTS
    return weights


def report(name, weights, theory, known="with endless pairs"):
    """Both ends of one method, on the axes of the plane. `known` says of what `theory` is the end."""
    print(f"{name:28} true score     KL")
    for label, policy in (("trained here", weights), (known, theory)):
        score, kl = summary(policy)
        print(f"  {label:26} {score:10.3f} {kl:6.3f}")


def dpo(logs, beta=BETA):
    margin = beta * log_ratio_gap(logs)
    slope = -beta * sigmoid(-margin)
    return np.logaddexp(0.0, -margin), slope, -slope


variants_dpo = train_on_pairs(dpo, contexts, preferred, rejected, lr=2.0)[-1]
report("DPO", variants_dpo, shifted_policy(theory_scale(dpo)))
print(f"\nDPO with endless pairs: c = {theory_scale(dpo):.6f}")
print(f"RLHF's optimum: 1 / beta = {1 / BETA:.6f}")

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

SETTLED = 1e-4  # of the KL, between the end of a run and that of one twice as long


def settles(loss, pairs, lr, steps=300, **options):
    """Is a longer run no different?"""
    path = train_on_pairs(loss, *pairs, lr=lr, steps=2 * steps, **options)
    there, later = kl_to_reference(path[steps]), kl_to_reference(path[-1])
    return abs(later - there) < SETTLED * there


claim("With endless pairs DPO's end is RLHF's optimum, to six digits", abs(theory_scale(dpo) * BETA - 1) < 1e-6)
claim("DPO's run is at its end on these pairs", settles(dpo, (contexts, preferred, rejected), 2.0))

# %% [markdown]
# The last lines are the point of DPO, to six digits: with endless pairs from the reference its end *is* RLHF's optimum.
# What 200 pairs leave of that you see above them.
#
# ## IPO {#ipo-loss}
#
# DPO's loss has no minimum where all labels agree with one taste. IPO (Azar and others, 2023) takes a square in place
# of the logistic loss: the log-ratio of the chosen minus that of the rejected, the *gap* of a pair, is asked to be
# $1/2\beta$, no more and no less.
#
# $$ \mathcal{L}_\text{IPO} = \Big(\log\frac{\pi(y_w)}{\pi_\text{ref}(y_w)}
#   - \log\frac{\pi(y_l)}{\pi_\text{ref}(y_l)} - \frac{1}{2\beta}\Big)^2 $$

# %% IPO id="ipo"
def ipo(logs, beta=BETA):
    """Azar et al. 2023, eq. 17."""
    miss = log_ratio_gap(logs) - 1 / (2 * beta)
    return miss**2, 2 * miss, -2 * miss


ipo_path = train_on_pairs(ipo, contexts, preferred, rejected, lr=0.05)
report("IPO", ipo_path[-1], shifted_policy(theory_scale(ipo)))

# Now labels that never err: of each pair, the answer that is truly better.
right = ((preferred - rejected) @ TRUE_WEIGHTS > 0)[:, None]
better, worse = np.where(right, preferred, rejected), np.where(right, rejected, preferred)
print("\nKL when labels never err     300 steps   1000 steps")
for name, method, lr in (("DPO", dpo, 2.0), ("IPO", ipo, 0.05)):
    never_err = train_on_pairs(method, contexts, better, worse, lr=lr, steps=1000)
    print(f"{name:28} {kl_to_reference(never_err[300]):9.3f}   {kl_to_reference(never_err[1000]):10.3f}")

# %% Evidence only="build"
dpo_never_err = train_on_pairs(dpo, contexts, better, worse, lr=2.0, steps=1000)
claim("IPO's run is at its end on these pairs", settles(ipo, (contexts, preferred, rejected), 0.05))
claim("At the same beta IPO stays far closer to the reference than DPO", theory_scale(ipo) < 0.25 * theory_scale(dpo))
claim("Where labels never err IPO stands still", settles(ipo, (contexts, better, worse), 0.05))
claim("Where labels never err DPO keeps walking",
      kl_to_reference(dpo_never_err[1000]) > 2 * kl_to_reference(dpo_never_err[300]))

# %% [markdown]
# At the same $\beta$ IPO stays far closer to the reference, because its target does not grow with the size of a
# preference. Read its $\beta$ as another quantity than DPO's and tune it anew.
#
# ::: tip When to choose IPO
# When labels hardly ever contradict each other. The last lines show it: where labels never err DPO keeps walking for as
# long as it is trained, and IPO stands still.
# :::
#
# ## KTO {#kto-loss}
#
# KTO (Ethayarajh and others, 2024) does not need pairs: every answer is marked good or bad by itself. A good one
# should have a log-ratio above a baseline $z_0$, a bad one below it. The logistic function is flat on both sides, so
# that answers far from the baseline, right or wrong, have hardly any gradient.

# %% KTO id="kto"
def kto(logs, beta=BETA):
    """Ethayarajh et al. 2024, section 4, both weights 1; a pair gives one good and one bad answer."""
    baseline = max(0.0, logs.mismatched.mean())  # estimates the KL; no gradient flows through it
    good = sigmoid(beta * (logs.chosen - logs.ref_chosen - baseline))
    bad = sigmoid(beta * (baseline - (logs.rejected - logs.ref_rejected)))
    value = ((1 - good) + (1 - bad)) / 2
    return value, -beta * good * (1 - good) / 2, beta * bad * (1 - bad) / 2


elsewhere = np.roll(preferred, 1, axis=0)  # each answer put into the next pair's context
kto_path = train_on_pairs(kto, contexts, preferred, rejected, lr=4.0, mismatched=elsewhere)
report("KTO", kto_path[-1], shifted_policy(theory_scale(kto)))
print("\nbeta      KTO's shift, as a multiple of RLHF's optimum at that beta")
for beta in (0.1, 0.25, 0.5, 1.0):
    c = theory_scale(lambda logs, b=beta: kto(logs, b), widest=40.0)
    print(f"{beta:4}      {c * beta:.2f}")

# %% Evidence only="build"
from preflab.stationary import kto_scale  # noqa: E402

kto_spread = SIGMA * np.linalg.norm(TRUE_WEIGHTS)
kto_by_beta = [theory_scale(lambda logs, b=b: kto(logs, b), widest=40.0) * b for b in (0.1, 0.25, 0.5, 1.0)]
claim("KTO's run is at its end on these pairs",
      settles(kto, (contexts, preferred, rejected), 4.0, mismatched=elsewhere))
claim("KTO ends nearer than RLHF at a small beta, and further at a large one", kto_by_beta[0] < 1 < kto_by_beta[-1])
claim("The larger beta, the larger KTO's share of RLHF's shift", bool((np.diff(kto_by_beta) > 0).all()))
foreign = log_prob(elsewhere, contexts, kto_path[-1]) - log_prob(elsewhere, contexts, W_REF)
claim("On these pairs the estimate of the baseline is clamped at 0", foreign.mean() < 0)
claim("The theory's end is that of the clamped baseline",
      abs(kto_by_beta[2] - kto_scale(kto_spread, 0.5, clamped=True)) < 1e-4)

# %% [markdown]
# KTO stops where its own loss is least, and that is not RLHF's optimum: nearer at a small $\beta$, further at a
# large one.
#
# ::: under-the-hood Which baseline?
# The paper means $z_0$ to be the policy's KL, and estimates it from answers that are put into other contexts. Ours come
# from the reference, where the mean log-ratio is negative, so the estimate is clamped at 0. With the true KL in its
# place
# the factor at $\beta$ = 0.5 would be {{ kto_scale(kto_spread, 0.5):.2f}} in place of
# {{ kto_scale(kto_spread, 0.5, clamped=True):.2f}}.
# :::
#
# ::: tip When to choose KTO
# When you have single verdicts (a thumb up, a thumb down) and no pairs. If you do have pairs, KTO throws away who was
# compared with whom.
# :::
#
# ## SimPO {#simpo-loss}
#
# SimPO (Meng and others, 2024) drops the reference. It compares log-probs averaged over the length of the answer, and
# asks for a margin $\gamma$ on top.

# %% SimPO id="simpo"
def simpo(logs, beta=2.5, gamma=0.5, length=OUTPUT_DIM):
    """Meng et al. 2024, eq. 6. `length` is that of an answer: five numbers here."""
    margin = beta * (logs.chosen - logs.rejected) / length - gamma
    slope = -beta / length * sigmoid(-margin)
    return np.logaddexp(0.0, -margin), slope, -slope


simpo_path = train_on_pairs(simpo, contexts, preferred, rejected, lr=2.0)
report("SimPO", simpo_path[-1], shifted_policy(theory_scale(simpo)))

# %% Evidence only="build"
claim("SimPO's run is at its end on these pairs", settles(simpo, (contexts, preferred, rejected), 2.0))
claim("With endless pairs SimPO goes further than DPO", theory_scale(simpo) > theory_scale(dpo))
claim("On these pairs SimPO goes further than DPO", kl_to_reference(simpo_path[-1]) > kl_to_reference(variants_dpo))
claim("With endless pairs SimPO goes further than DPO without its margin, too, and less far than with it",
      theory_scale(dpo) < theory_scale(lambda logs: simpo(logs, gamma=0.0)) < theory_scale(simpo))
claim("Where labels never err nothing holds SimPO back",
      not settles(simpo, (contexts, better, worse), 2.0))

# %% [markdown]
# No reference, so no penalty for leaving it: SimPO goes further than DPO with the same factor in front of the log-probs
# ($2.5 / 5 = 0.5$), and $\gamma$ asks for more still. Only the noise in the labels holds it back.
#
# ::: tip When to choose SimPO
# When a second model in memory is what you cannot afford, and you stop by a held-out measure rather than by the loss.
# Watch the KL although the loss does not.
# :::
