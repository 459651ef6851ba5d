# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
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
# **cDPO** was proposed for noisy labels: if one in five is wrong, no pair should count as certain. With $\varepsilon$
# the share of flipped labels (in PPO it is the clip), each pair counts $1-\varepsilon$ as labelled and $\varepsilon$
# the other way round.

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
from lessons.claims import claim  # noqa: E402

claim("With one label in five flipped DPO stops early", theory_scale(dpo, FLIPS) * BETA < 0.5, see="flipped-labels")
claim("cDPO stops earlier than DPO", theory_scale(cdpo, FLIPS) < theory_scale(dpo, FLIPS), see="cdpo")
claim("The runs of DPO and cDPO are at their ends on the flipped pairs",
      settles(cdpo, noisy, 2.0) and settles(dpo, noisy, 2.0), see="cdpo")
claim("Where labels never err cDPO has an end", settles(cdpo, (contexts, better, worse), 2.0), see="cdpo")
claim("With endless pairs rDPO lands on the optimum", abs(theory_scale(rdpo, FLIPS) * BETA - 1) < 1e-6)
claim("On 200 pairs rDPO does not settle, flipped labels or not", all(
    kl_to_reference(path[1000]) > 2 * kl_to_reference(path[300]) for path in rdpo_longer.values()))
rdpo_scales = [(rdpo_longer["one label in five wrong"][n] - W_REF)[0] @ TRUE_WEIGHTS * BETA
               / (SIGMA**2 * TRUE_WEIGHTS @ TRUE_WEIGHTS) for n in (150, 300, 1000)]

# %% [markdown]
# With endless pairs rDPO lands on the optimum, to six digits. With 200 it does not land: the runs here are stopped,
# not settled. After 150 steps it is at {{ rdpo_scales[0]:.1f}} times the optimum's shift, after 300 at {{
# rdpo_scales[1]:.1f}}, after 1,000 at {{ rdpo_scales[2]:.1f}}. Subtracting noise adds variance, and what is left can
# fall for ever.
#
# How do the three compare when we repeat all this? All are DPO's logistic regression with another target for the
# probability of the label: DPO's is 1, cDPO's $1-\varepsilon$, and rDPO's $1+\varepsilon/(1-2\varepsilon)$, which is
# more than certain. So one loop trains every method on every data set at once.

# %% Label noise, many times id="label-noise"
from preflab import evaluate

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
    cells = ["{:7.2f} ± {:.2f}".format(*evaluate.interval(values)) for values in row]
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
claim("rDPO with 200 pairs has not settled after 150 steps", few_later["rDPO"][0] > 1.5 * few_later["rDPO"][1])
claim("rDPO with 2,000 pairs has nearly settled after 150 steps", abs(np.subtract(*many_later["rDPO"])) < 0.05)
smaller_beta = BETA * theory_scale(dpo, FLIPS) * BETA
claim("A smaller beta makes up for DPO's early stop",
      abs(theory_scale(lambda logs: dpo(logs, smaller_beta), FLIPS) * BETA - 1) < 0.01, see="flipped-labels")

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
claim("On the finite set DPO's end is the fitted reward over beta",
      bool(np.allclose(finite_dpo[-1], converged_reward / BETA, atol=1e-3)))
claim("The frontier of the finite set bends: twice the shift is less than twice the score",
      finite_summary(4 * TRUE_WEIGHTS)[0] - finite_summary(np.zeros(OUTPUT_DIM))[0]
      < 2 * (finite_summary(2 * TRUE_WEIGHTS)[0] - finite_summary(np.zeros(OUTPUT_DIM))[0]), see="finite-policy")

# %% [markdown]
# DPO does not mind the change. Its end is still the reward that the labels imply, divided by $\beta$. But a finite
# set has a best answer, so score and KL are now bounded, and the frontier levels off.

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
claim("ORPO stays far from DPO", max(orpo_scores[:3]) < 0.4 * orpo_scores[3])
claim("ORPO's loss fails on a density above 1", bool(np.isnan(value[0])))

# %% [markdown]
# ORPO stays close to SFT on the chosen answers. Imitating them is most of what it does, and chosen answers are only
# slightly better than average ones. There is no knob for the KL: its $\beta$ weighs the odds term.
#
# ::: tip When to choose ORPO
# When SFT has yet to be done, and you want one run and one model in memory for both. It is not a way to push a
# finished policy far.
# :::
