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
# Our policy is a Gaussian of fixed spread, and the pairs come from it. So with endless pairs every loss here (ORPO's
# aside) moves the means along the annotator's taste, which is along the frontier, and only the distance differs. Each
# block prints two ends: where training on our 200 pairs got to, and where theory says it would get to with endless
# pairs.
#
# Losses on pairs need only log-probs, so one trainer serves them all. A loss takes the log-probs of both answers,
# under the policy and under the reference, and returns its value and its slope for each pair. The chain rule does the
# rest. The theory is in the library: `pair_loss_shift` averages those slopes over all pairs there could be and looks
# for the policy at which they cancel.

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


claim("with endless pairs DPO's end is RLHF's optimum, to six digits", abs(theory_scale(dpo) * BETA - 1) < 1e-6)
claim("DPO's run is at its end on these pairs", settles(dpo, (contexts, preferred, rejected), 2.0))

# %% [markdown]
# The last lines are the point of DPO, to six digits: with endless pairs from the reference its end *is* RLHF's optimum.
# What 200 pairs leave of that you see above them.
#
# ## IPO {#ipo-loss}
#
# DPO's loss has no minimum where all labels agree with one taste. IPO (Azar and others, 2023) takes a square in place
# of the logistic loss: the log-ratio gap of every pair is asked to be $1/2\beta$, no more and no less.
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
claim("IPO stays far closer to the reference", theory_scale(ipo) < 0.25 * theory_scale(dpo))
claim("where labels never err IPO stands still", settles(ipo, (contexts, better, worse), 0.05))
claim("where labels never err DPO keeps walking",
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
# should have a log-ratio above a baseline $z_0$, a bad one below it. The sigmoid saturates on both sides, so that
# answers far from the baseline, right or wrong, have hardly any gradient.

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
claim("the larger beta, the larger KTO's part of RLHF's shift", bool((np.diff(kto_by_beta) > 0).all()))
foreign = log_prob(elsewhere, contexts, kto_path[-1]) - log_prob(elsewhere, contexts, W_REF)
claim("the estimate of z0 is clamped at 0", foreign.mean() < 0)
claim("the theory is that of the clamped estimate",
      abs(kto_by_beta[2] - kto_scale(kto_spread, 0.5, clamped=True)) < 1e-4)

# %% [markdown]
# KTO stops where its own utility is best, and that is not RLHF's optimum: nearer at a small $\beta$, further at a
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
claim("SimPO goes further than DPO", theory_scale(simpo) > theory_scale(dpo))
claim("and so it does on these pairs", kl_to_reference(simpo_path[-1]) > kl_to_reference(variants_dpo))
claim("where labels never err nothing holds it back",
      not settles(simpo, (contexts, better, worse), 2.0))

# %% [markdown]
# No reference, so no penalty for leaving it: SimPO goes further than DPO with the same factor in front of the log-probs
# ($2.5 / 5 = 0.5$). Only the noise in the labels holds it back.
#
# ::: tip When to choose SimPO
# When a second model in memory is what you cannot afford, and you stop by a held-out measure rather than by the loss.
# Watch the KL although the loss does not.
# :::
#
# ## Wrong labels: cDPO and rDPO {#label-noise-losses}
#
# Bradley–Terry noise is part of the model: close calls go either way. *Flipped* labels are something else. A tired
# annotator who presses the wrong key in one case of five does so for clear cases as well. Let us flip 20 % of our
# labels, and give the pairs to plain DPO first.

# %% Flip one label in five id="flipped-labels"
FLIPS = 0.2


def flip_labels(preferred, rejected, rate, rng):
    """Swap chosen and rejected in a random share `rate` of the pairs."""
    flipped = (rng.random(len(preferred)) < rate)[:, None]
    return np.where(flipped, rejected, preferred), np.where(flipped, preferred, rejected)


noisy = (contexts, *flip_labels(preferred, rejected, FLIPS, np.random.default_rng(8)))
print(f"labels flipped: {(noisy[1] != preferred).any(axis=1).mean():.0%}\n")
noisy_dpo = train_on_pairs(dpo, *noisy, lr=2.0)[-1]
report("DPO, one label in five wrong", noisy_dpo, shifted_policy(theory_scale(dpo, FLIPS)))

# %% [markdown]
# Flipped labels make the annotator look less certain than they are, so DPO stops early, at {{ theory_scale(dpo,
# FLIPS) * BETA:.0%}} of the way even with endless pairs.
#
# **cDPO** was proposed for noisy labels: if one in five is wrong, no pair should count as certain. Each counts
# $1-\varepsilon$ as labelled and $\varepsilon$ the other way round.

# %% cDPO id="cdpo"
def cdpo(logs, beta=BETA, flips=FLIPS):
    """Conservative DPO: label smoothing (Mitchell 2023)."""
    margin = beta * log_ratio_gap(logs)
    slope = -beta * ((1 - flips) * sigmoid(-margin) - flips * sigmoid(margin))
    value = (1 - flips) * np.logaddexp(0.0, -margin) + flips * np.logaddexp(0.0, margin)
    return value, slope, -slope


cdpo_path = train_on_pairs(cdpo, *noisy, lr=2.0)
report("cDPO, one label in five wrong", cdpo_path[-1], shifted_policy(theory_scale(cdpo, FLIPS)))

# %% [markdown]
# It is *more* careful than DPO, on labels that already made DPO too careful. Smoothing gives a loss a minimum where
# labels never err; it does not undo flips.
#
# **rDPO** (Ray Chowdhury and others, 2024) does undo them. It subtracts what the flips add on average, so that its
# expectation over flipped labels is DPO's over clean ones.

# %% rDPO id="rdpo"
def rdpo(logs, beta=BETA, flips=FLIPS):
    """Robust DPO (Ray Chowdhury et al. 2024): on average over flips, the loss without them."""
    if not flips < 0.5:
        raise ValueError(f"flips (FLIPS unless given) is {flips}: from half on, labels say nothing, or the opposite")
    margin = beta * log_ratio_gap(logs)
    value = (1 - flips) * np.logaddexp(0.0, -margin) - flips * np.logaddexp(0.0, margin)
    slope = -beta * ((1 - flips) * sigmoid(-margin) + flips * sigmoid(margin))
    return value / (1 - 2 * flips), slope / (1 - 2 * flips), -slope / (1 - 2 * flips)


rdpo_path = train_on_pairs(rdpo, *noisy, lr=1.0)
report("rDPO, one label in five wrong", rdpo_path[-1], shifted_policy(theory_scale(rdpo, FLIPS)))
print(f"\nrDPO with endless pairs: c = {theory_scale(rdpo, FLIPS):.6f}   (RLHF's: {1 / BETA:.6f})")

print("\nKL after so many steps             150       300      1000")
rdpo_longer = {name: train_on_pairs(rdpo, *pairs, lr=1.0, steps=1000) for name, pairs in [
    ("one label in five wrong", noisy), ("labels as they were", (contexts, preferred, rejected))]}
for name, path in rdpo_longer.items():
    print(f"{name:28}" + "".join(f"{kl_to_reference(path[n]):10.0f}" for n in (150, 300, 1000)))

# %% Evidence only="build"
claim("flips make DPO stop early", theory_scale(dpo, FLIPS) * BETA < 0.5)
claim("cDPO stops earlier still", theory_scale(cdpo, FLIPS) < theory_scale(dpo, FLIPS))
claim("cDPO's and DPO's runs are at their ends", settles(cdpo, noisy, 2.0) and settles(dpo, noisy, 2.0))
claim("where labels never err cDPO stops", settles(cdpo, (contexts, better, worse), 2.0))
claim("with endless pairs rDPO lands on the optimum", abs(theory_scale(rdpo, FLIPS) * BETA - 1) < 1e-6)
claim("on 200 pairs rDPO does not settle, flipped labels or not", all(
    kl_to_reference(path[1000]) > 2 * kl_to_reference(path[300]) for path in rdpo_longer.values()))
rdpo_scales = [(rdpo_longer["one label in five wrong"][n] - W_REF)[0] @ TRUE_WEIGHTS * BETA
               / (SIGMA**2 * TRUE_WEIGHTS @ TRUE_WEIGHTS) for n in (150, 300, 1000)]

# %% [markdown]
# With endless pairs rDPO lands on the optimum to the last digit. With 200 it does not land: the runs here are stopped,
# not settled. After 150 steps it is at {{ rdpo_scales[0]:.1f}} times the optimum's shift, after 300 at {{
# rdpo_scales[1]:.1f}}, after 1,000 at {{ rdpo_scales[2]:.1f}}. Subtracting noise adds variance, and what is left can
# fall for ever.
#
# How do the three compare when we repeat all this? All are DPO's logistic regression with another target for the
# probability of the label: DPO's is 1, cDPO's $1-\varepsilon$, and rDPO's $1+\varepsilon/(1-2\varepsilon)$, which is
# more than certain. So one loop trains every method on every data set at once.

# %% Label noise, many times id="label-noise"
NOISE_SEEDS, NOISE_SIZES, NOISE_STEPS = 10, (200, 2000), 150
noise_methods = {"DPO": dpo, "cDPO": cdpo, "rDPO": rdpo}
NOISE_TARGETS = np.array([1.0, 1 - FLIPS, 1 + FLIPS / (1 - 2 * FLIPS)])
optimum_shift = SIGMA**2 * TRUE_WEIGHTS / BETA
noise_shift = {}  # (method, pairs): shift along the taste, 1 at the optimum


def noisy_features(n, seed):
    """n noisy pairs as DPO's logistic regression sees them, (n, 20): the margin's slope in W."""
    rng = np.random.default_rng([seed, n])
    x, good, bad = sample_pairs(n, rng)
    good, bad = flip_labels(good, bad, FLIPS, rng)
    return BETA / SIGMA**2 * (x[:, :, None] * (good - bad)[:, None, :]).reshape(n, -1)


def train_on_targets(features, targets, lr=1.0, steps=NOISE_STEPS):
    """Logistic regression, (sets, n, 20) and (methods,) -> W - W_ref, (sets, 20, methods)."""
    change = np.zeros((len(features), features.shape[2], len(targets)))
    for _ in progress(range(steps)):
        error = targets - sigmoid(features @ change)  # (sets, n, methods)
        change += lr * features.mT @ error / features.shape[1]
    return change


for n in NOISE_SIZES:
    features = np.array([noisy_features(n, seed) for seed in range(NOISE_SEEDS)])
    first_row = train_on_targets(features, NOISE_TARGETS)[:, :OUTPUT_DIM]  # of W: (seeds, 5, methods)
    along = optimum_shift @ first_row / (optimum_shift @ optimum_shift)
    noise_shift |= {(name, n): along[:, i] for i, name in enumerate(noise_methods)}

noise_theory = {name: theory_scale(f, FLIPS) * BETA for name, f in noise_methods.items()}
print(f"shift along the taste after {NOISE_STEPS} steps, 1 at RLHF's optimum; one label in five is wrong")
print("        " + "".join(f"{n:>8} pairs    " for n in NOISE_SIZES) + "endless pairs")
for name in noise_methods:
    row = np.array([noise_shift[name, n] for n in NOISE_SIZES])
    half = 1.96 * row.std(axis=1, ddof=1) / np.sqrt(NOISE_SEEDS)
    cells = [f"{mean:7.2f} ± {h:.2f}" for mean, h in zip(row.mean(axis=1), half, strict=True)]
    print(f"{name:6}  " + "   ".join(cells) + f"   {noise_theory[name]:10.3f}")

charts.label_noise(noise_shift, noise_theory, NOISE_STEPS)

# %% Evidence only="build"
def mean_shifts(n, steps, seeds):
    """Mean shift of each method after so many steps, and after NOISE_STEPS, over the first seeds."""
    features = np.array([noisy_features(n, seed) for seed in range(seeds)])
    rows = train_on_targets(features, NOISE_TARGETS, steps=steps)[:, :OUTPUT_DIM]
    later = (optimum_shift @ rows).mean(axis=0) / (optimum_shift @ optimum_shift)
    return {m: (shift, np.mean(noise_shift[m, n][:seeds])) for m, shift in zip(noise_methods, later, strict=True)}


few_later, many_later = mean_shifts(200, 1000, NOISE_SEEDS), mean_shifts(2000, 300, 3)
for m in ("DPO", "cDPO"):
    claim(f"{m} has settled after 150 steps",
          all(abs(np.subtract(*shifts[m])) < 0.005 for shifts in (few_later, many_later)))
claim("rDPO with 200 pairs has not", few_later["rDPO"][0] > 1.5 * few_later["rDPO"][1])
claim("rDPO with 2,000 pairs nearly has", abs(np.subtract(*many_later["rDPO"])) < 0.05)
smaller_beta = BETA * theory_scale(dpo, FLIPS) * BETA
claim("DPO with a smaller beta makes up for the short step",
      abs(theory_scale(lambda logs: dpo(logs, smaller_beta), FLIPS) * BETA - 1) < 0.01)

# %% [markdown]
# DPO and cDPO have settled here. rDPO with 2,000 pairs nearly has; with 200 it goes on, to {{
# few_later["rDPO"][0]:.1f}} in the mean after 1,000 steps (change `NOISE_STEPS`).
#
# ::: tip When to choose which
# If you know that labels are flipped, and how many, and have thousands of them: rDPO, and watch the KL. If you only
# fear it: plain DPO with a smaller $\beta$ makes up for the short step and needs no rate. What cDPO helps against here
# is the opposite trouble, labels that are too clean.
# :::
#
# ## ORPO needs probabilities {#orpo-loss}
#
# ORPO (Hong and others, 2024) has no reference either. It trains on the chosen answers as SFT does, and adds a term
# in the *odds* $p/(1-p)$ of both answers. Odds need probabilities. Our policy has densities, and a density may exceed
# 1; then $1-p$ is negative and the logarithm fails.
#
# So for ORPO we change the policy: a softmax over a finite set, namely the 400 answers that our pairs consist of,
# each as likely as the next under the reference. Its logits are $v \cdot y$.

# %% A policy over a finite set id="finite-policy"
ANSWERS = np.concatenate([preferred, rejected])  # (400, 5)


def finite_log_probs(v):
    """Log-probs of all answers for the logits v . y: (400,)."""
    logits = ANSWERS @ v
    return logits - np.logaddexp.reduce(logits)


def finite_summary(v):
    """Mean true score, and KL to the uniform reference, both exact."""
    logs = finite_log_probs(v)
    p = np.exp(logs)
    kl = p @ logs + np.log(len(ANSWERS))
    return p @ ANSWERS @ TRUE_WEIGHTS, max(0.0, kl)  # rounding may leave -1e-16


def train_finite(loss, lr, steps=600):
    """As train_on_pairs, over the logits' weights v, from the uniform reference: (steps + 1, 5)."""
    n = len(preferred)
    uniform = np.full(n, -np.log(len(ANSWERS)))
    path = [np.zeros(OUTPUT_DIM)]
    for _ in range(steps):
        logs = finite_log_probs(path[-1])
        mean = np.exp(logs) @ ANSWERS  # d log p / d v = y - mean
        _, up, down = loss(Logs(logs[:n], logs[n:], uniform, uniform))
        gradient = up @ (preferred - mean) + down @ (rejected - mean)
        path.append(path[-1] - lr * gradient / n)
    return np.array(path)


finite_dpo = train_finite(dpo, lr=2.0)
# DPO's end is known here: the logistic regression of the labels, divided by beta.
converged_reward, _ = train_reward_model(preferred, rejected, lr=1.0, epochs=2000)
print("                         true score     KL")
for name, v in [("uniform reference", np.zeros(OUTPUT_DIM)), ("DPO", finite_dpo[-1]),
                ("exact: fitted reward / beta", converged_reward / BETA),
                ("exact: true reward / beta", TRUE_WEIGHTS / BETA)]:
    score, kl = finite_summary(v)
    print(f"{name:28} {score:6.3f} {kl:6.3f}")
print(f"\nno policy on {len(ANSWERS)} answers can exceed {np.log(len(ANSWERS)):.2f} nats "
      f"or a score of {(ANSWERS @ TRUE_WEIGHTS).max():.2f}")

# %% Evidence only="build"
claim("on the finite set DPO's end is the fitted reward over beta",
      bool(np.allclose(finite_dpo[-1], converged_reward / BETA, atol=1e-3)))
claim("the frontier of the finite set bends: twice the shift is less than twice the score",
      finite_summary(4 * TRUE_WEIGHTS)[0] - finite_summary(np.zeros(OUTPUT_DIM))[0]
      < 2 * (finite_summary(2 * TRUE_WEIGHTS)[0] - finite_summary(np.zeros(OUTPUT_DIM))[0]))

# %% [markdown]
# DPO does not mind the change. Its end is still the reward that the labels imply, divided by $\beta$. But a finite
# set has a best answer, so score and KL are now bounded, and the frontier bends.

# %% ORPO id="orpo"
def orpo(logs, beta=0.1):
    """Hong et al. 2024, eq. 6 and 7: SFT on the chosen, plus beta times the odds-ratio loss."""

    def log_odds(log_p):
        return log_p - np.log(-np.expm1(log_p))  # log p - log(1 - p)

    gap = log_odds(logs.chosen) - log_odds(logs.rejected)
    error = beta * sigmoid(-gap)  # weighs the pair by how wrong its odds are
    value = -logs.chosen + beta * np.logaddexp(0.0, -gap)
    return value, -1 + error / np.expm1(logs.chosen), -error / np.expm1(logs.rejected)


orpo_path = train_finite(orpo, lr=0.2)
sft_path = train_finite(lambda logs: orpo(logs, beta=0.0), lr=0.2)
strong_path = train_finite(lambda logs: orpo(logs, beta=1.0), lr=0.2)
print("                         true score     KL")
for name, path in [("SFT on the chosen answers", sft_path), ("ORPO, beta 0.1", orpo_path),
                   ("ORPO, beta 1", strong_path)]:
    score, kl = finite_summary(path[-1])
    print(f"{name:28} {score:6.3f} {kl:6.3f}")
miss = np.exp(finite_log_probs(sft_path[-1])) @ ANSWERS - preferred.mean(axis=0)
print(f"\nSFT's mean answer is the mean chosen answer, to nine digits: {abs(miss).max() < 1e-9}")

narrow = -OUTPUT_DIM / 2 * np.log(2 * np.pi * 0.1**2)  # log-density at the mean, sigma 0.1
with np.errstate(invalid="ignore"):
    value, *_ = orpo(Logs(*np.full((4, 1), narrow)))
print(f"a Gaussian of spread 0.1 has log-density {narrow:+.1f} at its mean,")
print(f"and ORPO's loss there is {value[0]}")

# %% Evidence only="build"
orpo_scores = [finite_summary(path[-1])[0] for path in (sft_path, orpo_path, strong_path, finite_dpo)]
claim("ORPO stays close to SFT", abs(orpo_scores[1] - orpo_scores[0]) < 0.05)
claim("and far from DPO", max(orpo_scores[:3]) < 0.4 * orpo_scores[3])
claim("ORPO's loss fails on a density above 1", bool(np.isnan(value[0])))

# %% [markdown]
# ORPO stays close to SFT on the chosen answers. Imitating them is most of what it does, and chosen answers are only
# slightly better than average ones. There is no knob for the KL: its $\beta$ weighs the odds term.
#
# ::: tip When to choose ORPO
# When SFT has yet to be done, and you want one run and one model in memory for both. It is not a way to push a
# finished policy far.
# :::
#
# ## REINFORCE, RLOO and GRPO {#reinforce-family}
#
# On the side of reinforcement learning PPO's relatives differ in the advantage. REINFORCE and RLOO get the same thing
# here: 8 contexts, 4 answers each, the learned reward with the KL penalty in it (k1). So their end is known: the
# optimum of the reward that was fitted to our 200 pairs.
#
# REINFORCE (Williams, 1992) takes the penalised reward itself.

# %% REINFORCE id="reinforce"
def learned_reward(contexts, outputs):
    """The reward model's score of each answer, (n,)."""
    return outputs @ rm_weights


def train_on_rewards(advantage, reward=learned_reward, beta=BETA, groups=8, group=4, lr=0.05,
                     steps=300):
    """Policy gradient, A grad log pi, on groups of answers to the same context.

    `advantage` maps the penalised rewards, (groups, group), to A; the KL penalty is k1.
    Returns the weights after each step, (steps + 1, 4, 5).
    """
    rng = np.random.default_rng(42)
    path = [W_REF.copy()]
    for _ in range(steps):
        weights = path[-1]
        x = np.repeat(sample_contexts(groups, rng), group, axis=0)
        y = generate_output(x, weights, rng)
        log_ratio = log_prob(y, x, weights) - log_prob(y, x, W_REF)
        penalised = reward(x, y) - beta * log_ratio
        weighted = advantage(penalised.reshape(groups, group)).reshape(-1, 1) * (y - x @ weights)
        path.append(weights + lr * x.T @ weighted / SIGMA**2 / len(x))
    return np.array(path)


def jitter(path):
    """KL between the end of a run and the mean of its last hundred policies."""
    return kl_to_reference(path[-1], path[-100:].mean(axis=0))


reinforce_path = train_on_rewards(lambda penalised: penalised)
report("REINFORCE", reinforce_path[-1], optimal_policy(rm_weights), "exact, for this reward")
print(f"  jitter at the end            {jitter(reinforce_path):17.4f}")

# %% [markdown]
# It works, and it jitters. A reward of 3 for every answer still pushes every answer up, and only chance decides which
# one more.
#
# RLOO (Ahmadian and others, 2024) asks how much better an answer is than the *other* answers to the same context. The
# baseline costs nothing, since leaving the answer itself out keeps the gradient unbiased.

# %% RLOO id="rloo"
def rloo_advantage(rewards):
    """Each answer's reward minus the mean of the others in its group, (groups, group)."""
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return rewards - others


rloo_path = train_on_rewards(rloo_advantage)
report("RLOO", rloo_path[-1], optimal_policy(rm_weights), "exact, for this reward")
print(f"  jitter at the end            {jitter(rloo_path):17.4f}")

# %% Evidence only="build"
rm_optimum_kl = kl_to_reference(optimal_policy(rm_weights))
claim("RLOO lands on the optimum of its reward", abs(kl_to_reference(rloo_path[-1]) / rm_optimum_kl - 1) < 0.01)
claim("REINFORCE comes near it", abs(kl_to_reference(reinforce_path[-1]) / rm_optimum_kl - 1) < 0.2)
claim("REINFORCE jitters, and RLOO's jitter is all but gone", jitter(reinforce_path) > 100 * jitter(rloo_path))

# %% [markdown]
# The jitter is all but gone. At the optimum the penalised reward is the same for every answer, so the advantages
# vanish there and so does the noise.
#
# ## GRPO {#grpo-loss}
#
# GRPO (Shao and others, 2024) takes the group's mean as baseline and divides by the group's standard deviation. Its KL
# is a term of the loss, estimated by k3.

# %% GRPO id="grpo"
import math


def train_grpo(scale=True, beta=BETA, groups=32, group=4, lr=0.02, steps=400):
    """GRPO on fresh samples, so that no ratio is clipped; Shao et al. 2024, eq. 3 and 4."""
    rng = np.random.default_rng(42)
    path = [W_REF.copy()]
    for _ in range(steps):
        weights = path[-1]
        x = np.repeat(sample_contexts(groups, rng), group, axis=0)
        y = generate_output(x, weights, rng)
        reward = (y @ rm_weights).reshape(groups, group)
        a = reward - reward.mean(axis=1, keepdims=True)
        if scale:
            a /= reward.std(axis=1, ddof=1, keepdims=True) + 1e-4
        log_ratio = log_prob(y, x, weights) - log_prob(y, x, W_REF)
        penalty = beta * (1 - np.exp(-log_ratio))  # slope of k3 = exp(-l) - 1 + l
        weighted = (a.ravel() - penalty)[:, None] * (y - x @ weights) / SIGMA**2
        path.append(weights + lr * x.T @ weighted / len(x))
    return np.array(path)


def grpo_theory(group=4, beta=BETA):
    """Where GRPO ends: (sigma / beta) (G - 1) / G c4(G) along the reward, however steep it is."""
    # c4 is the mean of a sample's standard deviation over the true one.
    c4 = np.sqrt(2 / (group - 1)) * math.gamma(group / 2) / math.gamma((group - 1) / 2)
    weights = W_REF.copy()
    direction = rm_weights / np.linalg.norm(rm_weights)
    weights[0] += SIGMA / beta * (group - 1) / group * c4 * direction
    return weights


grpo_path = train_grpo()
report("GRPO", grpo_path[-1], grpo_theory(), "exact, for this reward")
undivided_path = train_grpo(scale=False)
undivided_theory = optimal_policy(3 / 4 * rm_weights)  # (G - 1) / G of RLHF's shift
report("GRPO without the division", undivided_path[-1], undivided_theory, "exact, for this reward")

wild = train_grpo(scale=False, groups=8, lr=0.05, steps=300)
print(f"  at RLOO's batch and learning rate{kl_to_reference(wild[-1]):22.3f}")

# %% Evidence only="build"
claim("GRPO ends where theory says", abs(kl_to_reference(grpo_path[-1]) / kl_to_reference(grpo_theory()) - 1) < 0.1)
claim("and without the division at three quarters of RLHF's shift",
      abs(kl_to_reference(undivided_path[-1]) / kl_to_reference(undivided_theory) - 1) < 0.1)
claim("in RLOO's batch and at its learning rate the KL runs off",
      kl_to_reference(wild[-1]) > 2 * kl_to_reference(undivided_theory))
k3_rng = np.random.default_rng(0)
k3_noise = k3_rng.standard_normal((200_000, 2)) * [2.0, 2.0] + [1.0, 0.0]  # pi = N((1, 0), 4); the reference N(0, 1)
k3_ratio = 0.5 * (k3_noise**2).sum(axis=1) - ((k3_noise - [1.0, 0.0]) ** 2).sum(axis=1) / 8 - 2 * np.log(2)
k3_slope = ((1 - np.exp(-k3_ratio))[:, None] * (k3_noise - [1.0, 0.0])).mean(axis=0)[0] / 4
claim("k3's slope in the loss is the forward KL's", abs(k3_slope - 1 / 4) < 0.02)  # not 1, the reverse KL's

# %% [markdown]
# Dividing by the group's own spread means that GRPO does not know how *much* better an answer is. Where it ends
# depends on $\beta$, on the group and on $\sigma$, but not on the size of the reward. Without the division it ends at
# three quarters of RLHF's shift, because the mean of a group of four contains the answer itself.
#
# k3 is an unbiased estimate of the KL, and never negative. As a term of the loss, though, its gradient is that of the
# *forward* KL, $\mathrm{KL}(\pi_\text{ref} \,\|\, \pi)$. Between two Gaussians of one spread both are the same, which
# is why GRPO ends here where RLHF's theory puts it. And the slope contains $e^{-\log(\pi/\pi_\text{ref})}$, which has
# heavy tails far from the reference. That is why this block takes four times RLOO's batch and a smaller learning rate;
# the last line shows the KL without them.
#
# ::: tip When to choose which
# RLOO when you want RLHF's optimum and many answers to a context are cheap. GRPO divides by each group's own spread:
# that helps where rewards of different contexts have no common scale. Pass or fail by a checker *has* one, and there
# the division weighs contexts by their difficulty instead (Liu and others, 2025, leave it out: Dr. GRPO). PPO is the
# one with a critic, for rewards that come late in a long answer. PPO and GRPO both clip, so that samples can be used
# several times.
# :::
#
# ## All of them on one plane {#one-plane}
#
# Filled dots are the runs above. Open diamonds are the ends with endless pairs, open squares the exact ends on what we
# have: our 200 pairs for ORPO, the reward fitted to them for REINFORCE, RLOO and GRPO.

# %% All on one plane id="variants-plane"
trained = {  # where each ended here
    "DPO": variants_dpo, "IPO": ipo_path[-1], "KTO": kto_path[-1], "SimPO": simpo_path[-1],
    "cDPO": cdpo_path[-1], "rDPO": rdpo_path[-1],
    "REINFORCE": reinforce_path[-1], "RLOO": rloo_path[-1], "GRPO": grpo_path[-1],
}
endless = {name: shifted_policy(theory_scale(loss, flips)) for name, loss, flips in [
    ("DPO", dpo, 0.0), ("IPO", ipo, 0.0), ("KTO", kto, 0.0), ("SimPO", simpo, 0.0),
    ("cDPO", cdpo, FLIPS), ("rDPO", rdpo, FLIPS),
]}
exact_here = {"REINFORCE": optimal_policy(rm_weights), "RLOO": optimal_policy(rm_weights),
              "GRPO": grpo_theory()}
ends = {name: summary(w) for name, w in trained.items()} | {"ORPO": finite_summary(orpo_path[-1])}
endless = {name: summary(w) for name, w in endless.items()}
converged_orpo = train_finite(orpo, lr=0.2, steps=3000)[-1]
exact_here = {name: summary(w) for name, w in exact_here.items()} | {
    "ORPO": finite_summary(converged_orpo)}

print("              trained here       theory")
print("            score       KL    score       KL")
for name, (score, kl) in ends.items():
    known = "endless pairs" if name in endless else "these pairs"
    score_there, kl_there = (endless | exact_here)[name]
    print(f"{name:10} {score:6.2f} {kl:8.2f}   {score_there:6.2f} {kl_there:8.2f}   {known}")
print("rDPO has not ended: it was stopped after", len(rdpo_path) - 1, "steps")

charts.variants_plane(
    ends, endless, exact_here,
    start=summary(W_REF),
    slope=SIGMA * np.linalg.norm(TRUE_WEIGHTS),
    finite_frontier=[finite_summary(c * TRUE_WEIGHTS) for c in np.linspace(0, 8, 60)],
)

# %% Evidence only="build"
def below_frontier(score, kl):
    """Score gained per score possible at that KL, 1 on the Gaussian frontier."""
    return (score - summary(W_REF)[0]) / (SIGMA * np.linalg.norm(TRUE_WEIGHTS) * np.sqrt(2 * kl))


claim("with endless pairs every method ends on the frontier",
      all(abs(below_frontier(*end) - 1) < 1e-9 for end in endless.values()))
claim("on these pairs every one ends below it",
      all(0 < below_frontier(*end) < 1 for name, end in ends.items() if name != "ORPO"))
claim("ORPO's run is at its end", abs(ends["ORPO"][1] - exact_here["ORPO"][1]) < 1e-3)
with_flips = [below_frontier(*ends[name]) for name in ("cDPO", "rDPO")]
claim("the more noise in the labels, the further below", max(with_flips) < below_frontier(*ends["DPO"]))

# %% [markdown]
# ::: key-insight One line, many stops
# For Gaussians of fixed spread, the loss decides how far along the frontier a method stops, and the data how far below
# the line it ends. So "which loss is best" is at first a question of what KL it spends at the $\beta$ you gave it.
# Compare methods at equal KL, or you compare penalties.
# :::
#
# ## What is used today, and where it sits on this plane {#today}
#
# Late in 2026 most recipes for language models have three steps: SFT, then preferences (DPO or a relative, often on AI
# feedback), then reinforcement learning on rewards that a program can check. TRL, a widely used library, says as much
# by what it calls stable in version 1.16: SFT, DPO, KTO, reward models, GRPO, RLOO and distillation. PPO, online DPO,
# ORPO and SimPO (in its CPO trainer) are experimental there.
#
# On the plane, SFT is where the paths begin, and DPO's $\beta$ chooses a stop near the frontier. GRPO's defaults there
# are $\beta = 0$, DAPO's loss and division by the group's deviation. With $\beta = 0$ nothing on this plane stops it.
# Mistake 1, then? Not with a reward that is no proxy.
#
# ## Verifiable rewards {#verifiable}
#
# Take a task with an answer that can be checked: *the first number of the answer is to be the sum of the context's
# numbers*, give or take 1. The checker is the reward, pass or fail, and nobody is asked for a preference. The
# advantage is RLOO's, the loop the one above. One run pays no KL penalty, the other our usual one.

# %% A checker as the reward id="verifiable-rewards"
def adds_up(contexts, outputs):
    """Is the first number of the answer the sum of the context's numbers, within 1? 0 or 1, (n,)."""
    return (abs(outputs[:, 0] - contexts[:, 1:].sum(axis=1)) < 1).astype(float)


def pass_rate(weights, n=4000):
    rng = np.random.default_rng(9)  # the same contexts and noise for every policy
    x = sample_contexts(n, rng)
    return adds_up(x, generate_output(x, weights, rng)).mean()


KNOWS = np.zeros((CONTEXT_DIM, OUTPUT_DIM))
KNOWS[1:, 0] = 1.0  # adds without fault; its answers still spread by sigma
best_rate = math.erf(1 / (SIGMA * np.sqrt(2)))

verdict_steps = np.arange(0, 601, 20)
checked = {}
for beta in (0.0, BETA):
    path = train_on_rewards(rloo_advantage, adds_up, beta, groups=16, group=8, lr=0.1, steps=600)
    checked[beta] = [(pass_rate(path[n]), kl_to_reference(path[n])) for n in verdict_steps]

print(f"{'':16} passes      KL")
for name, (rate, kl) in {
    "reference": (pass_rate(W_REF), 0.0),
    **{f"beta = {beta}, {n} steps": checked[beta][n // 20] for beta in checked for n in (100, 600)},
    "adds faultlessly": (best_rate, kl_to_reference(KNOWS)),
}.items():
    print(f"{name:22} {rate:6.1%} {kl:7.2f}")

charts.checked_rewards(verdict_steps, checked, best_rate)

# %% Evidence only="build"
free_rate, free_kl = np.transpose(checked[0.0])
claim("without a penalty the pass rate reaches its ceiling", abs(free_rate[-1] - best_rate) < 0.02)
claim("and stays there", free_rate[10:].min() > best_rate - 0.03)
claim("the KL does not run off: it stays near that of a policy that can add",
      bool((free_kl[10:] < 2 * kl_to_reference(KNOWS)).all()))
claim("our usual beta costs most of the gain",
      checked[BETA][-1][0] - free_rate[0] < 0.4 * (free_rate[-1] - free_rate[0]))
claim("the KL still creeps up without a penalty", free_kl[-1] > free_kl[5])

# %% [markdown]
# Without a penalty the pass rate climbs to {{ checked[0.0][-1][0]:.0%}}, all that answers with this spread can reach,
# and stays. The KL goes where the task needs it and then hardly further: a policy that passes as often as it can has
# nothing left to gain. In Mistake 1 it ran off because the reward had no maximum and was known only near the
# reference. A checker is right everywhere, so there is nothing to keep the policy from; our usual $\beta$ costs most of
# the gain. (What the checker does not look at has no gradient and drifts by chance: the slow rise at the end.) The
# reference need not even be in memory. All that rests on the checker: one with a hole is a proxy again.
#
# Rewards of this kind made DeepSeek-R1 (DeepSeek-AI, 2025), with GRPO, and a part of Tülu 3 (Lambert and others,
# 2024), with PPO.
#
# ## DAPO, Dr. GRPO, GSPO {#grpo-relatives}
#
# An answer of a language model has many tokens, $|o|$ of them, so a loss must say what each counts. Three relatives of
# GRPO differ here:
#
# | method | changes in GRPO |
# | --- | --- |
# | DAPO (Yu and others, 2025) | a mean over all tokens of the batch, $1/\sum_i \lvert o_i\rvert$; a clip that is wider above, $[1-\varepsilon_\text{low},\, 1+\varepsilon_\text{high}]$; groups that all pass or all fail are drawn anew |
# | Dr. GRPO (Liu and others, 2025) | $A = r - \text{mean}$, not divided; a sum over tokens, divided by a constant |
# | GSPO (Zheng and others, 2025) | one ratio an answer, $\big(\pi(o)/\pi_\text{old}(o)\big)^{1/\lvert o\rvert}$, clipped as a whole |
#
# The library has all of them. Here are two answers, one of 2 tokens and one of 8.

# %% What a token counts id="token-weights"
from preflab.groups import grpo_loss
from preflab.ppo import token_weights

mask = np.arange(8) < np.array([[2], [8]])  # which tokens exist: answers of 2 and of 8
print("           one token of       all tokens of")
print("           the short  long    the short  long")
for name in ("grpo", "dapo", "dr_grpo"):
    counts = token_weights(mask, name, max_length=8)
    of_one, of_all = counts[:, 0], counts.sum(axis=1)
    print(f"{name:8} {of_one[0]:11.3f} {of_one[1]:5.3f} {of_all[0]:12.3f} {of_all[1]:5.3f}")

# The long answer was good; one of its tokens has become three times as likely since.
old_logps = np.full((1, 8), -2.0)
logps = old_logps + np.log([[3.0, 1, 1, 1, 1, 1, 1, 1]])
print("\ntokens that still have a gradient")
for name, level in (("GRPO", "token"), ("GSPO", "sequence")):
    loss = grpo_loss(logps, old_logps, [1.0], mask[1:], level=level)
    print(f"{name}   {(loss.grads['logps'] < 0).sum()} of 8")

# %% Evidence only="build"
weights_of = {name: token_weights(mask, name, max_length=8) for name in ("grpo", "dapo", "dr_grpo")}
claim("GRPO's mean makes a token of the long answer count a quarter",
      abs(weights_of["grpo"][1, 0] / weights_of["grpo"][0, 0] - 1 / 4) < 1e-12)
claim("for DAPO and Dr. GRPO every token counts alike",
      all(np.ptp(weights_of[name][mask]) < 1e-12 for name in ("dapo", "dr_grpo")))
level_slopes = {level: grpo_loss(logps, old_logps, [1.0], mask[1:], level=level).grads["logps"]
                for level in ("token", "sequence")}
claim("GRPO clips one token", (level_slopes["token"] == 0).sum() == 1)
claim("GSPO none: the answer's ratio is 1.15", (level_slopes["sequence"] == 0).sum() == 0
      and abs(3 ** (1 / 8) - 1.15) < 0.005)

# %% [markdown]
# With GRPO's mean a token of the long answer counts a quarter of one of the short. So a wrong answer is punished less
# a token the longer it is, and answers grow: a **length bias** (Liu and others, 2025). Preferences have one as well.
# People and reward models like long answers (Singhal and others, 2023), and DPO learns it (Park and others, 2024);
# SimPO's division by the length is one remedy, a length term in the reward another.
#
# ## Online DPO {#online}
#
# Stored pairs say what was better among the reference's answers. *Online* DPO (Guo and others, 2024) lets the policy
# of the moment answer and has fresh pairs judged, round after round. To see the difference we need a taste that
# [bends](#bent-taste) and a $\beta$ of 0.1. Both runs get as many labels.

# %% Stored pairs against fresh ones id="online-dpo"
ONLINE_BETA, ONLINE_LR, ROUNDS = 0.1, 8.0, 150


def train_by_rounds(fresh, seed=42):
    """DPO with 32 new pairs a round, answered by the policy of the moment or else by the reference."""
    rng = np.random.default_rng(seed)
    path = [W_REF.copy()]
    for _ in range(ROUNDS):
        pairs = sample_pairs(32, rng, path[-1] if fresh else W_REF, bent_taste)
        path.append(path[-1] - ONLINE_LR * dpo_loss_and_grad(path[-1], *pairs, ONLINE_BETA)[1])
    return np.array(path)


def bent_optimum(beta):
    """The exact maximum of the bent taste minus beta KL."""
    weights = beta / SIGMA**2 * W_REF
    weights[0] += TRUE_WEIGHTS
    return weights / (beta / SIGMA**2 + 2 * CURVATURE)


round_paths = {"stored pairs": train_by_rounds(fresh=False), "fresh pairs": train_by_rounds(fresh=True)}
by_rounds = {name: np.array([bent_scores(w, proxy)[1:] for w in path])
             for name, path in round_paths.items()}
online_best = bent_scores(bent_optimum(ONLINE_BETA), proxy)[1:]

print(f"after {ROUNDS} rounds        true score      KL")
for name, (score, kl) in [("reference", by_rounds["stored pairs"][0]),
                          *[(name, curve[-1]) for name, curve in by_rounds.items()],
                          (f"optimum at beta {ONLINE_BETA}", online_best)]:
    print(f"{name:22} {score:12.2f} {kl:7.2f}")

charts.online_dpo(by_rounds, online_best)

# %% Evidence only="build"
round_ends = {fresh: np.array([bent_scores(train_by_rounds(fresh, seed)[-1], proxy)[1:] for seed in range(6)])
              for fresh in (False, True)}
claim("stored pairs drive the policy below the reference in every seed",
      bool((round_ends[False][:, 0] < by_rounds["stored pairs"][0, 0]).all()))
claim("fresh pairs keep it near the optimum in every seed",
      bool((abs(round_ends[True][:, 0] - online_best[0]) < 0.5).all()))
claim("and its KL, too", bool((abs(round_ends[True][:, 1] / online_best[1] - 1) < 0.5).all()))
claim("the optimum is one", all(
    bent_scores(bent_optimum(0.1) + d, proxy)[1] - 0.1 * kl_to_reference(bent_optimum(0.1) + d)
    < online_best[0] - 0.1 * online_best[1] for d in (0.01, -0.01, 0.01 * W_REF)))

# %% [markdown]
# The loss, $\beta$ and the number of labels are the same. Stored pairs know only the slope where the reference answers,
# and the policy follows it out to where the taste has turned; fresh pairs tell it when the slope is gone. The
# price is an annotator in the loop, which is one reason for AI feedback.
#
# ## AI feedback and ensembles {#ai-feedback}
#
# *AI feedback*: a language model compares the answers, guided by written principles (Bai and others, 2022); on some
# tasks the result is preferred as often as that of human labels (Lee and others, 2023). The judge's biases come along,
# for length, for style, for its own kind.
#
# *Ensembles*: several reward models, and the policy gets their mean or their least, so that it pays to stay where they
# agree. This delays over-optimisation (Coste and others, 2023) and does not end it where all share a bias (Eisenstein
# and others, 2023). In our bent world they would: every linear model misses the same bend.
#
# What the plane cannot show is how the methods behave over long answers, with a policy that can fail in more ways than
# by its mean.
