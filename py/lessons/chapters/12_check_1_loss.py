# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# # Check it yourself {#check-it-yourself}
#
# A loss with a mistake in it may still go down. It trains, it plots well, and it aligns to something else. This page
# holds *your* code against reference cases, and it asks you to distrust ours.
#
# ## Paste your loss {#paste-your-loss}
#
# Put a loss of yours in place of the one below, and press Run. It is tried on the cases of its family that TRL and
# others gave ({{ dpo_recorded }} for DPO, {{ judged_counts["recorded"] }} in all ten), on cases drawn here, on its own
# finite differences, and where floating-point numbers end: log-ratios of 1000, ties, batches of one. A mistake that is
# known is named. Then single edits are tried on your code; if one mends it, that is the line.
#
# The one below comes with a mistake. See what is said; then mend it.

# %% Your loss id="check-loss"
from judging.judge import judge


def my_loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):
    """DPO, for arrays (n,) of summed log-probs."""
    chosen = policy_chosen - ref_chosen
    rejected = policy_rejected + ref_rejected
    margin = beta * (chosen - rejected)
    return np.logaddexp(0.0, -margin).mean()


judge("DPO", my_loss)

# %% Evidence only="build"
from judging.families import FAMILIES, cases_of  # noqa: E402
from judging.judge import judged  # noqa: E402
from judging.mistakes import known  # noqa: E402
from lessons.claims import claim  # noqa: E402

seeded_mistake = judged("DPO", my_loss)
judged_counts = {kind: sum(case.kind == kind for of in FAMILIES for case in cases_of(of))
                 for kind in ("recorded", "made", "extreme")}
dpo_recorded = sum(case.kind == "recorded" for case in cases_of("DPO"))
mistakes_known = len({row.name for of in FAMILIES for row in known(of)})
claim("The mistake in the block is named, with its line and what mends it",
      seeded_mistake.name == "the reference with the other sign, once"
      and seeded_mistake.line == my_loss.__code__.co_firstlineno + 3
      and seeded_mistake.edit.after == "policy_rejected - ref_rejected")

# %% [markdown]
# What each family is given, in this order; your arguments may have these names or others:
#
# | `judge(...)` | arguments |
# | --- | --- |
# | `"DPO"`, `"IPO"` | `policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta` |
# | `"KTO"` | `policy, ref, label, policy_kl, ref_kl, beta`; the fourth and fifth are log-probs of answers to other contexts |
# | `"ORPO"` | `policy_chosen, policy_rejected, beta`; log-probs are means over tokens |
# | `"SimPO"` | `policy_chosen, policy_rejected, chosen_lengths, rejected_lengths, beta, gamma`; without lengths, means over tokens |
# | `"PPO"` | `logps, old_logps, advantages, epsilon`, all arrays (n, tokens), and `mask` if you name it |
# | `"RLOO"` | `logps, old_logps, advantages, mask, epsilon`; `advantages` (n,) |
# | `"GRPO"` | `logps, old_logps, ref_logps, advantages, mask, beta, epsilon`; `advantages` (n,) |
# | `"RLOO advantages"`, `"GRPO advantages"` | `rewards`, (groups, answers) |
#
# Return the mean, or the losses one by one. If you have a gradient, return it beside the loss: a dict by the name of
# the argument, or one array for each. Without one, finite differences give it. PyTorch is not here: `torch.exp` is
# `np.exp`, and `F.logsigmoid(x)` is `-np.logaddexp(0, -x)`.
#
# ## All ten, plainly {#all-ten-plainly}
#
# Here they are, right, to be read, taken, or broken. Turn a sign, drop a `beta`, take `ddof=1` out, and see whether
# it is noticed.

# %% Ten functions that are right id="check-plain"
from judging.judge import judged, sentence


def plain_dpo(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):
    gap = (policy_chosen - ref_chosen) - (policy_rejected - ref_rejected)
    return np.logaddexp(0.0, -beta * gap)


def plain_ipo(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):
    gap = (policy_chosen - ref_chosen) - (policy_rejected - ref_rejected)
    return (gap - 1 / (2 * beta)) ** 2


def plain_kto(policy, ref, label, policy_kl, ref_kl, beta, desirable_weight=1.0, undesirable_weight=1.0):
    z0 = max(0.0, (policy_kl - ref_kl).mean())  # held fixed
    sign = np.where(label == 1, 1.0, -1.0)
    weight = np.where(label == 1, desirable_weight, undesirable_weight)
    return weight * sigmoid(-beta * sign * (policy - ref - z0))


def plain_orpo(policy_chosen, policy_rejected, beta):
    odds_chosen = policy_chosen - np.log(-np.expm1(policy_chosen))
    odds_rejected = policy_rejected - np.log(-np.expm1(policy_rejected))
    return -policy_chosen + beta * np.logaddexp(0.0, odds_rejected - odds_chosen)


def plain_simpo(policy_chosen, policy_rejected, chosen_lengths, rejected_lengths, beta, gamma):
    gap = policy_chosen / chosen_lengths - policy_rejected / rejected_lengths
    return np.logaddexp(0.0, gamma - beta * gap)


def plain_clip(ratio, A, epsilon):
    return np.maximum(-A * ratio, -A * np.clip(ratio, 1 - epsilon, 1 + epsilon))


def plain_ppo(logps, old_logps, advantages, epsilon, mask):
    ratio = np.exp(np.minimum(logps - old_logps, 700))
    return (mask * plain_clip(ratio, advantages, epsilon)).sum() / mask.sum()


def plain_rloo(logps, old_logps, advantages, mask, epsilon):
    log_ratio = (mask * (logps - old_logps)).sum(axis=1)  # of the whole answer
    return plain_clip(np.exp(np.minimum(log_ratio, 700)), advantages, epsilon)


def plain_grpo(logps, old_logps, ref_logps, advantages, mask, beta, epsilon):
    ratio = np.exp(np.minimum(logps - old_logps, 700))
    u = logps - ref_logps
    each = plain_clip(ratio, advantages[:, None], epsilon) + beta * (np.expm1(-u) + u)
    return (mask * each).sum(axis=1) / mask.sum(axis=1)


def plain_rloo_advantages(rewards):
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return rewards - others


def plain_grpo_advantages(rewards):
    gap = rewards - rewards.mean(axis=1, keepdims=True)
    return gap / (rewards.std(axis=1, ddof=1, keepdims=True) + 1e-4)


ten_losses = {"DPO": plain_dpo, "IPO": plain_ipo, "KTO": plain_kto, "ORPO": plain_orpo, "SimPO": plain_simpo,
              "PPO": plain_ppo, "RLOO": plain_rloo, "GRPO": plain_grpo,
              "RLOO advantages": plain_rloo_advantages, "GRPO advantages": plain_grpo_advantages}
for family, plain_loss in ten_losses.items():
    print(sentence(family, judged(family, plain_loss)))

# %% Evidence only="build"
claim("The ten functions of the block are right on every count",
      all(judged(family, plain).passed for family, plain in ten_losses.items()))
claim("With ddof 0 in its deviation GRPO's advantage is told so",
      "ddof" in judged("GRPO advantages", lambda r: (r - r.mean(1, keepdims=True))
                       / (r.std(1, keepdims=True) + 1e-4)).said)
claim("Where exp overflows it is said so",
      "overflows" in judged("DPO", lambda a, b, c, d, beta: -np.log(1 / (1 + np.exp(-beta * (a - b - c + d))))).said)

# %% [markdown]
# {{ mistakes_known }} mistakes are known by name. One table has them all: from it a script seeds mistakes in the
# library and demands that a test fails, and this page knows each by the numbers that it gives. What is *not* known
# still shows: the numbers differ, and if one edit mends it, you see the edit.
#
# ::: under-the-hood Who says what is right?
# The recorded cases come from TRL and from Rafailov's code, gradients by PyTorch. Our library agrees
# with all {{ parity_counts[1] }} that [run here](#recomputed-here), and gives the values of the cases that are drawn.
# A small number beside a deviation, a mean of what is empty, a tie's subgradient are conventions: where they alone
# decide, no case looks.
# :::
