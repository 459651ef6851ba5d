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


policies = {
    "reference": W_REF,
    "RLHF": policy_weights,
    "DPO": dpo_policy,
    "optimum": optimal_policy(TRUE_WEIGHTS),
}
scores = {name: evaluate_policy(weights) for name, weights in policies.items()}

print("policy      true score      std")
for name, (mean, std, half) in scores.items():
    print(f"{name:10} {mean:6.3f} ± {half:.3f}  {std:6.3f}")

charts.true_scores(scores)

# %% [markdown]
# Both beat the reference by a wide margin. How close either comes to the optimum says less about the
# method than about these 200 pairs. The *optimum* here is the one for the true taste, and the policies
# follow a taste learned from noisy labels: a little more or less certain than the truth, and a little
# off in direction.
#
# Look at what the score cost, too.

# %% The whole table id="compare"
def summary(weights):
    """True score of the mean answer, and KL to the reference: both exact."""
    return weights[0] @ TRUE_WEIGHTS, kl_to_reference(weights)


rows = {
    "reference": (W_REF, 0, "", ""),
    "RLHF": (policy_weights, len(rlhf_path) - 1, "yes", "yes"),
    "DPO": (dpo_policy, len(dpo_path) - 1, "no", "no"),
    "optimum": (optimal_policy(TRUE_WEIGHTS), 0, "", ""),
}
print("policy      score     KL  steps  reward model  RL")
for name, (weights, steps, reward_model, rl) in rows.items():
    score, kl = summary(weights)
    print(f"{name:10} {score:6.3f} {kl:6.3f} {steps or '':>6}  {reward_model:12}  {rl}")

charts.reward_kl_plane(
    {"RLHF": [summary(w) for w in rlhf_path], "DPO": [summary(w) for w in dpo_path]},
    start=summary(W_REF),
    slope=SIGMA * np.linalg.norm(TRUE_WEIGHTS),
    optimum=summary(optimal_policy(TRUE_WEIGHTS)),
)

# %% Evidence only="build"
def one_seed(seed, n_pairs=200):
    """Gain in true score and KL of PPO, DPO and PPO's own optimum, all drawn from one seed."""
    pairs = sample_pairs(n_pairs, np.random.default_rng([seed, 0]))
    learned, _ = train_reward_model(*pairs[1:])
    ppo = train_ppo(learned, seed=[seed, 1])[0][-1]
    dpo = train_dpo(*pairs, seed=[seed, 2])[0][-1]
    base = W_REF[0] @ TRUE_WEIGHTS
    return [(w[0] @ TRUE_WEIGHTS - base, kl_to_reference(w))
            for w in (ppo, dpo, optimal_policy(learned))]


twenty = np.array([one_seed(seed) for seed in range(20)])  # (seed, ppo | dpo | optimum, gain | KL)
ppo_gain, dpo_gain = twenty[:, 0, 0], twenty[:, 1, 0]
ppo_kl, dpo_kl = twenty[:, 0, 1], twenty[:, 1, 1]
lead = ppo_gain - dpo_gain
lead_half = 1.96 * lead.std(ddof=1) / np.sqrt(len(lead))

# %% [markdown]
# The grey curve is the law of this plane: $\text{score} \le \text{start} + \sigma\,|w^*|\sqrt{2\,\mathrm{KL}}$.
# For its drift, no policy of this kind can score higher. Both paths run close below it, because both move in
# nearly the right direction. Where they stop along the way is a matter of $\beta$, and of the pairs.
#
# ::: key-insight Two paths, one optimum
# We repeated everything above with 20 seeds. PPO beat the reference in
# {{ (ppo_gain > 0).sum() }} of 20, DPO in {{ (dpo_gain > 0).sum() }} of 20. On average PPO gained
# {{ ppo_gain.mean():.2f }} for {{ ppo_kl.mean():.1f }} nats of KL and DPO {{ dpo_gain.mean():.2f }} for
# {{ dpo_kl.mean():.1f }}. Which of the two scores higher is close to a coin flip: PPO in
# {{ (lead > 0).sum() }} of 20, by {{ lead.mean():+.2f }} ± {{ lead_half:.2f }} on average.
# :::
#
# You may have read that RLHF edges out DPO, or that DPO drifts less. In this setting neither holds: the
# scores cannot be told apart, and DPO spends *more* KL. The reason is in the shapes. The reward model has five
# numbers to learn, while DPO's policy has twenty and fits a share of the label noise with the other fifteen. More
# pairs close the gap, as [mistake 3](#few-pairs) shows.
#
# ## When to choose which {#when}
#
# | Aspect | RLHF with PPO | DPO |
# | --- | --- | --- |
# | trains | a reward model, then a policy | a policy |
# | needs at each step | fresh samples and their rewards | a batch of stored pairs |
# | learns from | its own current answers | answers that someone gave earlier |
# | to tune | learning rate, passes, clip, batch, $\beta$ | learning rate, $\beta$ |
# | you also get | a reward model, to rank, filter and monitor with | nothing more to maintain |
#
# Choose **DPO** when you have good pairs from a policy like yours and want the shortest way to a result.
# Choose **RLHF** when rewards can be computed for any answer (a checker, a test suite, a reward model that you
# trust), when you can
# afford sampling, and when the policy will move so far that old pairs no longer describe it.
#
# ::: note What this page cannot tell you
# A linear Gaussian world has no long sequences and no exploration problem, and its reward model is wrong only by
# chance. (A world where it is wrong [by nature](#over-optimisation) comes further down.) It shows what the methods
# *are*.
# Which one wins on a real language model is a question for experiments on real language models.
# :::
