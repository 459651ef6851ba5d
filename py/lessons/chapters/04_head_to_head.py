# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Head to head {#head-to-head}
#
# Two policies, one question: does the annotator like their answers better? Here it pays to
# have made the world ourselves. We can ask the *true* taste, which neither method ever saw.

# %% Head to head id="evaluate"
def evaluate_policy(weights, n=2000, seed=123):
    """True score of n answers: mean, standard deviation, half-width of the 95 % interval."""
    rng = np.random.default_rng(seed)  # the same contexts and noise for every policy
    scores = generate_output(sample_contexts(n, rng), weights, rng) @ TRUE_WEIGHTS
    return scores.mean(), scores.std(), 1.96 * scores.std() / np.sqrt(n)


def summary(weights):
    """True score of the mean answer, and KL to the reference: both exact."""
    return weights[..., 0, :] @ TRUE_WEIGHTS, kl_to_reference(weights)


policies = {
    "reference": W_REF,
    "RLHF": policy_weights,
    "DPO": dpo_policy,
    "optimum": optimal_policy(TRUE_WEIGHTS),
}
scores = {name: evaluate_policy(weights) for name, weights in policies.items()}

exact = {name: summary(weights)[0] for name, weights in policies.items()}

print("policy      true score      std   exact")
for name, (mean, std, half) in scores.items():
    print(f"{name:10} {mean:6.3f} ± {half:.3f}  {std:6.3f}  {exact[name]:6.3f}")
paired = scores["RLHF"][0] - scores["DPO"][0]
print(f"\nRLHF minus DPO: sampled {paired:+.3f}, exact {exact['RLHF'] - exact['DPO']:+.3f}")

charts.true_scores(scores, exact)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

gap = scores["RLHF"][0] - scores["reference"][0]
interval_miss = {name: (mean - exact[name]) / half for name, (mean, _, half) in scores.items()}
claim("Both beat the reference by a wide margin", min(exact["RLHF"], exact["DPO"]) > exact["reference"] + 2)
claim("All four intervals miss the exact value", min(abs(m) for m in interval_miss.values()) > 1)
claim("All four intervals miss it on the same side", len({m > 0 for m in interval_miss.values()}) == 1)
claim("The sampled difference of RLHF and DPO is nearly exact", abs(paired - (exact["RLHF"] - exact["DPO"])) < 0.02)

# %% [markdown]
# Both beat the reference by a wide margin. Now look at the last column. All four intervals miss the exact value: it
# lies {{ abs(interval_miss["RLHF"]):.1f}} half-widths or so from the mean. That is one unlucky draw, counted four
# times: every policy is asked with the *same* contexts and the same noise. It is on purpose. In a difference of two
# policies most of the shared noise cancels, as the last line shows.
#
# How close either comes to the optimum says less about the method than about these 200 pairs. The *optimum* here is
# the one for the true taste, and the policies follow a taste learned from noisy labels: a little more or less certain
# than the truth, and a little off in direction.
#
# ::: guess compare Both methods again, for 20 other draws of 200 pairs: in how many does RLHF score higher?
# - 0 to 20
#
# In {{ (lead > 0).sum() }}. One seed would have said all or nothing.
# :::
#
# Look at what the score cost, too. A diamond is where a method ends exactly on these pairs: the optimum of the learned
# reward, and the minimum of DPO's loss.

# %% The whole table id="compare"
rows = {
    "reference": (W_REF, 0, "", ""),
    "RLHF": (policy_weights, len(rlhf_path) - 1, "yes", "yes"),
    "  exact end": (rlhf_optimum, "", "", ""),
    "DPO": (dpo_policy, len(dpo_path) - 1, "no", "no"),
    "  exact end ": (dpo_end, "", "", ""),
    "optimum": (optimal_policy(TRUE_WEIGHTS), "", "", ""),
}
print("policy       score     KL  steps  reward model  RL")
for name, (weights, steps, reward_model, rl) in rows.items():
    score, kl = summary(weights)
    print(f"{name:11} {score:6.3f} {kl:6.3f} {steps:>6}  {reward_model:12}  {rl}".rstrip())

charts.reward_kl_plane(
    {"RLHF": [summary(w) for w in rlhf_path], "DPO": [summary(w) for w in dpo_path]},
    {"RLHF": summary(rlhf_optimum), "DPO": summary(dpo_end)},
    start=summary(W_REF),
    slope=SIGMA * np.linalg.norm(TRUE_WEIGHTS),
    optimum=summary(optimal_policy(TRUE_WEIGHTS)),
)

# %% Evidence only="build"
from preflab import evaluate  # noqa: E402

your_ppo, your_dpo = summary(policy_weights), summary(dpo_policy)


def many_seeds(seeds, n_pairs=200):
    """Gain in true score and KL of PPO, DPO and PPO's own optimum, and of DPO's own: (seeds, 4, 2)."""
    pairs = sample_pairs(n_pairs, Seeds([seed, 0] for seed in seeds))
    learned, _ = train_reward_model(*pairs[1:])
    ppo = train_ppo(learned, seed=Seeds([seed, 1] for seed in seeds))[0][-1]
    dpo = train_dpo(*pairs, seed=Seeds([seed, 2] for seed in seeds))[0][-1]
    rlhf_ends = np.array([optimal_policy(w) for w in learned])
    dpo_ends = np.array([dpo_minimum(*some) for some in zip(*pairs, strict=True)])
    ends = np.array([summary(w) for w in (ppo, dpo, rlhf_ends, dpo_ends)])  # (policy, score | KL, seed)
    return ends.transpose(2, 0, 1) - summary(W_REF)


all_twenty = many_seeds(range(20))
twenty = all_twenty[:, :3]  # (seed, ppo | dpo | ppo's optimum, gain | KL)
ppo_gain, dpo_gain = twenty[:, 0, 0], twenty[:, 1, 0]
ppo_kls, dpo_kls = twenty[:, 0, 1], twenty[:, 1, 1]
rlhf_end_gain, rlhf_end_kl = all_twenty[:, 2].mean(axis=0)
dpo_end_gain, dpo_end_kl = all_twenty[:, 3].mean(axis=0)
lead = ppo_gain - dpo_gain
lead_half = evaluate.interval(lead)[1]

possible = SIGMA * np.linalg.norm(TRUE_WEIGHTS) * np.sqrt(2 * twenty[:, :2, 1])
claim("Both run close below the frontier", (twenty[:, :2, 0] / possible).mean() > 0.85)
claim("In this run RLHF scores higher than DPO", your_ppo[0] > your_dpo[0])
claim("In this run DPO drifts less than RLHF", your_dpo[1] < your_ppo[1])
claim("PPO beats the reference in 20 of 20 seeds", (ppo_gain > 0).all())
claim("DPO beats the reference in 20 of 20 seeds", (dpo_gain > 0).all())
claim("Over 20 seeds the scores of PPO and DPO cannot be told apart", abs(lead.mean()) < lead_half)
claim("DPO spends more KL in most of 20 seeds", (dpo_kls > ppo_kls).sum() >= 15)
claim("At its exact end DPO has spent more KL still", dpo_end_kl > dpo_kls.mean() + 1)
claim("At its exact end DPO scores higher than after 150 steps", dpo_end_gain > dpo_gain.mean())

# %% [markdown]
# The grey curve is the law of this plane: $\text{score} \le \text{start} + \sigma\,|w^*|\sqrt{2\,\mathrm{KL}}$.
# For its drift no policy can score higher, of whatever shape: it is the *frontier*.
# Both paths run close below it, because both move in nearly the right direction. Where they stop is a matter of
# $\beta$, of the pairs, and of patience: PPO has arrived, DPO's {{ len(dpo_path) - 1 }} steps end before its diamond.
#
# ::: key-insight One seed is an anecdote
# You may have read that RLHF edges out DPO, and that DPO drifts less. The run as recorded shows both: scores of
# {{ your_ppo[0]:.2f}} against {{ your_dpo[0]:.2f}}, and {{ your_dpo[1]:.2f}} nats against {{ your_ppo[1]:.2f}}. Here
# are twenty seeds. RLHF beat the reference in {{ (ppo_gain > 0).sum() }} of 20, DPO in {{ (dpo_gain > 0).sum() }}.
# RLHF scored higher in {{ (lead > 0).sum() }} of 20; its lead is {{ lead.mean():+.2f }} ± {{ lead_half:.2f }} on
# average: they cannot be told apart.
# DPO spent more KL in {{ (dpo_kls > ppo_kls).sum() }} of 20, {{ dpo_kls.mean():.1f }} nats against {{
# ppo_kls.mean():.1f }} on average. Trained to its exact end it gains {{ dpo_end_gain:.2f}} in place of {{
# dpo_gain.mean():.2f}}, for {{ dpo_end_kl:.1f}} nats.
# :::
#
# ### Is it RL that makes the difference? {#same-class-why}
#
# The reward model has five numbers to learn. DPO's policy has twenty, and so has the reward that it implies. What if
# RLHF's reward model had the policy's own shape, $r(x, y) = x B y$, and saw the same pairs?

# %% The same shape, the same policy id="same-class"
# r(chosen) - r(rejected) is linear in B: its features are x (y_w - y_l), twenty numbers a pair.
features = np.einsum("ni,nj->nij", contexts, preferred - rejected).reshape(len(contexts), -1)
fitted, _ = train_reward_model(features, np.zeros_like(features), lr=1.5, epochs=1000)
fitted = fitted.reshape(CONTEXT_DIM, OUTPUT_DIM)
small, _ = train_reward_model(preferred, rejected, lr=1.5, epochs=1000)  # r = w . y, trained as long

ends = {
    "RLHF, r = w y": (optimal_policy(small), small.size),
    "RLHF, r = x B y": (W_REF + SIGMA**2 * fitted / BETA, fitted.size),  # the tilted reference, context by context
    "DPO": (dpo_end, dpo_end.size),
}
print("exact ends on the same 200 pairs     numbers   score     KL")
for name, (weights, numbers) in ends.items():
    score, kl = summary(weights)
    print(f"{name:33} {numbers:9} {score:7.3f} {kl:6.3f}")
distance = abs(ends["RLHF, r = x B y"][0] - dpo_end).max()
print(f"\nRLHF with r = x B y against DPO: largest difference of a weight {distance:.0e}")

# %% Evidence only="build"
small_kl, same_kl = (summary(ends[name][0])[1] for name in ("RLHF, r = w y", "RLHF, r = x B y"))
claim("With a reward model of its own shape DPO's minimum is RLHF's optimum", distance < 1e-9)
claim("A reward model of five numbers spends less KL than one of twenty", small_kl < same_kl)

# %% [markdown]
# Equal, to the last digits. Where reward and policy have the same shape, DPO's minimum *is* RLHF's optimum on any pairs
# (Swamy and others, 2025). So what sets the two apart here is five numbers against twenty, and not RL against no RL:
# fifteen numbers that can only fit noise cost KL. A taste is often simpler than a policy that serves it, and RLHF may
# use that. More pairs close the gap, as [mistake 3](#few-pairs) shows.
#
# ### Look at the answers {#look}
#
# Four policies, asked the same seven questions, with the same noise.

# %% Four rows of answers id="policy-garden"
seven = sample_contexts(7, np.random.default_rng(3))
answered = {
    name: generate_output(seven, weights, np.random.default_rng(4)) for name, weights in policies.items()
}

print("mean of the seven  " + "".join(f"{i:>9}" for i in range(OUTPUT_DIM)) + "   true score")
for name, answers in answered.items():
    print(f"{name:19}" + "".join(f"{value:9.2f}" for value in answers.mean(axis=0))
          + f"{linear_taste(answers).mean():13.2f}")

flowers.garden(answered, notes={
    name: f"true score {linear_taste(answers).mean():.2f} here, {exact[name]:.2f} over all answers"
    for name, answers in answered.items()
})

# %% Evidence only="build"
moved = {name: answers - answered["reference"] for name, answers in answered.items()}
claim("RLHF moves each flower by nearly the same",
      moved["RLHF"].std(axis=0).max() < 0.5 * moved["DPO"].std(axis=0).max())
claim("RLHF and DPO make longer and fuller petals in every flower",
      min(moved[name][:, :2].min() for name in ("RLHF", "DPO")) > 0)

# %% [markdown]
# Both make every flower longer and fuller in its petals than the reference did, as the annotator would have it. RLHF
# moves all seven by nearly the same, as the optimum does; DPO moves each by something of its own: those are the fifteen
# numbers that fit noise.
#
# ## When to choose which {#when}
#
# | Aspect | RLHF with PPO | DPO |
# | --- | --- | --- |
# | trains | a reward model, then a policy | a policy |
# | needs at each step | fresh samples and their rewards | a batch of stored pairs |
# | learns from | its own current answers | answers that someone gave earlier |
# | to tune | learning rate, passes, clip, batch, $\beta$ | learning rate, batch, $\beta$ |
# | you also get | a reward model, to rank, filter and monitor with | nothing more to maintain |
#
# Choose **DPO** when you have good pairs from a policy like yours and want the shortest way to a result.
# Choose **RLHF** when rewards can be computed for any answer (a checker, a test suite, a reward model that you
# trust), when you can
# afford sampling, and when the policy will move so far that old pairs no longer describe it.
#
# ::: note What this page cannot tell you
# A linear Gaussian world has no long sequences and no exploration problem, and so far its reward model was wrong only
# by chance. (From [here on](#bent) it is wrong by nature.) It shows what the methods *are*.
# Which one wins on a real language model is a question for experiments on real language models.
# :::
