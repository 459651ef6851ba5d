# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## What is used today, and where it sits on this plane {#today}
#
# Late in 2026 most recipes for language models have three steps: SFT, then preferences (DPO or a relative, often on
# [AI feedback](#ai-feedback)), then reinforcement learning on rewards that a program can check. TRL, a widely used
# library, says as much by what it calls stable in version 1.16: SFT, DPO, KTO, reward models, GRPO, RLOO and
# distillation. PPO, online DPO, ORPO and SimPO (in its CPO trainer) are experimental there.
#
# On the plane, SFT is where the paths begin, and DPO's $\beta$ chooses a stop near the frontier. GRPO's defaults there
# are $\beta = 0$, [DAPO's loss](#grpo-relatives) and division by the group's deviation. With $\beta = 0$ nothing on
# this plane stops it. [Mistake 1](#no-kl), then? Not with a reward that is no proxy.
#
# ## Verifiable rewards {#verifiable}
#
# Take a task with an answer that can be checked: *the first number of the answer is to be the sum of the context's last
# three*, give or take 1. (Its first number is always 1.) The checker is the reward, pass or fail, and nobody is asked
# for a preference. The advantage is RLOO's, the loop the one above. One run pays no KL penalty, the other our usual
# one.
#
# ::: guess verifiable Without a KL penalty, and with that checker for reward, where does training lead?
# - the pass rate rises, then falls, as in mistake 1
# - the pass rate rises and stays, while the KL runs off
# - the pass rate rises and stays, and the KL hardly grows any more
#
# At the end {{ checked[0.0][-1][0]:.1%}} pass, at {{ checked[0.0][-1][1]:.1f}} nats; after 100 steps it was
# {{ checked[0.0][5][0]:.1%}} at {{ checked[0.0][5][1]:.1f}}.
# :::

# %% A checker as the reward id="verifiable-rewards"
def adds_up(contexts, outputs):
    """Is the first number of the answer the sum of the context's last three, within 1? 0 or 1, (n,)."""
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
from lessons.claims import claim  # noqa: E402

free_rate, free_kl = np.transpose(checked[0.0])
claim("Without a penalty the pass rate reaches its ceiling", abs(free_rate[-1] - best_rate) < 0.02)
claim("Without a penalty the pass rate stays at its ceiling", free_rate[10:].min() > best_rate - 0.03)
claim("Without a penalty the KL stays near that of a policy that can add",
      bool((free_kl[10:] < 2 * kl_to_reference(KNOWS)).all()))
claim("Our usual beta costs most of the gain",
      checked[BETA][-1][0] - free_rate[0] < 0.4 * (free_rate[-1] - free_rate[0]))
claim("Without a penalty the KL still creeps up", free_kl[-1] > free_kl[5])

# %% [markdown]
# Without a penalty the pass rate climbs to all that answers with this spread can reach, {{ best_rate:.0%}}, and stays.
# The KL goes where the task needs it and then hardly further: a policy that passes as often as it can has nothing left
# to gain. In [mistake 1](#no-kl) it ran off because the reward had no maximum and was known only near the reference. A
# checker is right everywhere, so there is nothing to keep the policy from; our usual $\beta$ costs most of the gain.
# (What the checker does not look at has no gradient and drifts by chance: the slow rise at the end.) The reference need
# not even be in memory. All that rests on the checker: one with a hole is a proxy again.
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
# `preflab` has their losses. Here are two answers, one of 2 tokens and one of 8.

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
claim("With GRPO's mean a token of the long answer counts a quarter of one of the short",
      abs(weights_of["grpo"][1, 0] / weights_of["grpo"][0, 0] - 1 / 4) < 1e-12)
claim("For DAPO and Dr. GRPO every token counts alike",
      all(np.ptp(weights_of[name][mask]) < 1e-12 for name in ("dapo", "dr_grpo")))
level_slopes = {level: grpo_loss(logps, old_logps, [1.0], mask[1:], level=level).grads["logps"]
                for level in ("token", "sequence")}
claim("GRPO clips the token that has become three times as likely, and no other",
      (level_slopes["token"] == 0).sum() == 1)
claim("GSPO clips none: the answer's ratio is 1.15", (level_slopes["sequence"] == 0).sum() == 0
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
#
# ::: guess online The same loss, $\beta$ and number of labels: how much better is the true score with fresh pairs?
# - hardly
# - by a point or two
# - by more than five points
#
# {{ by_rounds["fresh pairs"][-1][0]:.2f}} against {{ by_rounds["stored pairs"][-1][0]:.2f}}.
# :::

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
claim("Stored pairs drive the policy below the reference in each of 6 seeds",
      bool((round_ends[False][:, 0] < by_rounds["stored pairs"][0, 0]).all()))
claim("Fresh pairs keep the true score near the optimum's in each of 6 seeds",
      bool((abs(round_ends[True][:, 0] - online_best[0]) < 0.5).all()))
claim("Fresh pairs keep the KL near the optimum's in each of 6 seeds",
      bool((abs(round_ends[True][:, 1] / online_best[1] - 1) < 0.5).all()))
claim("No policy nearby is better than the optimum", all(
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
