# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Four mistakes {#mistakes}
#
# Each of these is easy to make and hard to see in a loss curve. Each one runs here.
#
# ### 1. No price on KL {#mistake-1}
#
# Leave out the KL term and PPO does exactly what it was told: raise the learned reward, for ever.

# %% Mistake 1: no KL id="no-kl"
def draw_no_kl(rewards, kls):
    live(charts.with_and_without_kl, reward_history, kl_history, rewards, kls, BETA,
         optimum_reward, optimum_kl)


free_path, free_rewards, free_kls = train_ppo(rm_weights, beta=0.0, watch=draw_no_kl)

print("                 learned reward  true score        KL")
for name, path, rewards in [
    (f"beta = {BETA}", rlhf_path, reward_history),
    ("beta = 0", free_path, free_rewards),
]:
    score, kl = summary(path[-1])
    print(f"{name:15} {rewards[-1]:15.2f} {score:11.2f} {kl:9.2f}")
print(f"\nWithout the price the KL is {free_kls[-1] / kl_history[-1]:.0f} times as large,")
print("and it would go on growing: this reward has no maximum.")

# %% [markdown]
# In this world the true score goes up as well, because the true taste is linear and has no limit either. Do not take
# comfort from that. The policy is now {{ free_kls[-1]:.0f }} nats away from every answer that an annotator
# has ever judged, and nothing in the reward model knows whether they would still like what they see.
# [Further down](#over-optimisation) they do not.
#
# ::: warning The reward curve looks better than ever
# That is what makes this mistake so common. The one plot that shows it is the KL.
# :::
#
# ### 2. A β that is too small {#mistake-2}
#
# In DPO, $\beta$ is the same price. The margin is $\beta$ times a log-ratio, so a tenth of
# $\beta$ needs ten times the log-ratio to explain the same preferences: the KL of the solution grows with
# $1/\beta^2$.
#
# There is a second effect that hides the first. The gradient carries a factor $\beta$ too. At a fixed learning
# rate and number of steps, a tiny $\beta$ can look harmless only because training has not got anywhere.

# %% Mistake 2: a tiny beta in DPO id="beta-dpo"
betas = [0.05, 0.1, 0.25, 0.5, 1.0]
same_lr = [train_dpo(contexts, preferred, rejected, beta=b)[0][-1] for b in betas]
# With lr / beta^2 each run takes the same steps in its own margins, and gets equally far.
same_fit = [train_dpo(contexts, preferred, rejected, beta=b, lr=0.5 * (BETA / b) ** 2)[0][-1]
            for b in betas]

print("        lr = 0.5           lr = 0.5 (0.5 / beta)²")
print(" beta   score      KL      score       KL")
for b, slow, full in zip(betas, same_lr, same_fit, strict=True):
    (s1, k1), (s2, k2) = summary(slow), summary(full)
    print(f"{b:5} {s1:7.2f} {k1:7.2f}   {s2:8.2f} {k2:8.2f}")

charts.beta_sweep(
    betas,
    [kl_to_reference(w) for w in same_lr],
    [kl_to_reference(w) for w in same_fit],
    [kl_to_reference(optimal_policy(TRUE_WEIGHTS, b)) for b in betas],
)

# %% [markdown]
# Fitted equally well, a tenth of $\beta$ costs a hundred times the KL: a straight line of slope −2 on these
# axes, beside the exact one. At one fixed learning rate the left end of the curve bends down. That is not restraint
# but unfinished
# training.
#
# ### 3. Too few pairs {#mistake-3}
#
# With ten noisy comparisons, chance decides what the annotator seems to like. How much do
# more pairs help, and whom?

# %% Mistake 3: too few pairs id="few-pairs"
sizes, seeds = [10, 50, 200, 1000], range(10)
results = {"RLHF": [], "DPO": []}  # per size: one (score, KL) for each seed

for n, seed in progress([(n, seed) for n in sizes for seed in seeds]):
    pairs = sample_pairs(n, np.random.default_rng(1000 + seed))
    learned, _ = train_reward_model(*pairs[1:])
    results["RLHF"].append(summary(train_ppo(learned, seed=seed)[0][-1]))
    results["DPO"].append(summary(train_dpo(*pairs, seed=seed)[0][-1]))

results = {name: np.reshape(r, (len(sizes), len(seeds), 2)) for name, r in results.items()}
# Score reached per score possible at that KL: 1 means no KL was wasted.
start, slope = W_REF[0] @ TRUE_WEIGHTS, SIGMA * np.linalg.norm(TRUE_WEIGHTS)
efficiency = {name: (r[..., 0] - start) / (slope * np.sqrt(2 * r[..., 1]))
              for name, r in results.items()}

print(f"mean over {len(seeds)} seeds   RLHF                     DPO")
print("pairs     score      KL  efficiency   score      KL  efficiency")
for i, n in enumerate(sizes):
    row = [f"{results[m][i, :, 0].mean():7.2f} {results[m][i, :, 1].mean():7.2f} "
           f"{efficiency[m][i].mean():11.0%}" for m in ("RLHF", "DPO")]
    print(f"{n:5}  ", " ".join(row))

charts.pairs_sweep(sizes, efficiency)

# %% [markdown]
# Look at the efficiency: how much score the policy got out of the KL that it spent. With few pairs the
# learned direction is off, so much of the drift goes sideways. It rises with every row, and DPO, with more
# numbers to fit, needs more pairs to get to the same place.
#
# A high *score* with few pairs is no good sign. A model that was fitted to ten pairs is too sure of itself, moves too
# far,
# and is paid for it only because this true taste has no upper limit.
#
# ### 4. Stale pairs {#mistake-4}
#
# The pairs should come from the policy that you are about to train. Do they have to? We start from
# a policy that has already been aligned once, and train it again with DPO: on *stale* pairs that the
# old reference answered, and on *fresh* pairs that it answers itself.
#
# The result depends on the annotator. If their taste is linear, each answer can be judged without knowing where
# the policy is, and stale pairs teach the same lesson. If their taste has a *peak* (they like detail, but
# only so much of it), the old pairs still say "more" when the policy is already there.

# %% Mistake 4: stale pairs id="stale-pairs"
PEAK = 2.0 * TRUE_WEIGHTS  # where the second annotator is happiest


def linear_taste(outputs):
    return outputs @ TRUE_WEIGHTS


def peaked_taste(outputs):
    return -0.5 * ((outputs - PEAK) ** 2).sum(axis=1)


def judged_pairs(n, weights, taste, rng):
    """n pairs answered by the policy `weights` and labelled by `taste`."""
    contexts = sample_contexts(n, rng)
    first = generate_output(contexts, weights, rng)
    second = generate_output(contexts, weights, rng)
    wins = (rng.random(n) < sigmoid(taste(first) - taste(second)))[:, None]
    return contexts, np.where(wins, first, second), np.where(wins, second, first)


def mean_score(weights, taste):
    rng = np.random.default_rng(5)
    return taste(generate_output(sample_contexts(4000, rng), weights, rng)).mean()


W_NOW = W_REF.copy()
W_NOW[0] = PEAK  # after a first round of alignment the policy answers where the peak is
gains = {}
for taste in (linear_taste, peaked_taste):
    for kind, source in (("stale", W_REF), ("fresh", W_NOW)):
        trained = [
            train_dpo(*judged_pairs(500, source, taste, np.random.default_rng(seed)),
                      ref=W_NOW, seed=seed)[0][-1]
            for seed in range(8)
        ]
        gains[taste.__name__, kind] = [
            mean_score(w, taste) - mean_score(W_NOW, taste) for w in trained
        ]

print("change of the true score by a second round of DPO (8 seeds)")
for (taste, kind), gain in gains.items():
    half = 1.96 * np.std(gain, ddof=1) / np.sqrt(len(gain))
    print(f"  {taste:13} {kind} pairs  {np.mean(gain):+6.2f} ± {half:.2f}")

# The best that a policy of this spread can gain for its KL: w.w sigma^2 / beta, or stay at the peak.
best = {"linear_taste": TRUE_WEIGHTS @ TRUE_WEIGHTS * SIGMA**2 / BETA, "peaked_taste": 0.0}
charts.stale_against_fresh(gains, best)

# %% [markdown]
# With a linear taste the two are the same to the last digit: a label depends only on the difference of
# the answers, and that does not know where the policy is. With a peak, stale pairs push the policy past it and
# the score drops, while fresh ones leave it close to where it was. The loss curves of the two runs look equally
# healthy.
#
# ::: check How would you notice stale pairs in practice?
# Sample from the policy that you have just trained and let someone compare the answers with those of the policy
# before. That is
# the number that counts. The DPO loss only tells how well the policy explains the old comparisons.
# :::
