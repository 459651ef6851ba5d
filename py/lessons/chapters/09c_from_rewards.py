# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
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
# RLOO (REINFORCE leave-one-out; Ahmadian and others, 2024) asks how much better an answer is than the *other* answers
# to the same context. The baseline costs nothing, since leaving the answer itself out keeps the gradient unbiased.

# %% RLOO id="rloo"
def rloo_advantage(rewards):
    """Each answer's reward minus the mean of the others in its group, (groups, group)."""
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return rewards - others


rloo_path = train_on_rewards(rloo_advantage)
report("RLOO", rloo_path[-1], optimal_policy(rm_weights), "exact, for this reward")
print(f"  jitter at the end            {jitter(rloo_path):17.4f}")

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

rm_optimum_kl = kl_to_reference(optimal_policy(rm_weights))
claim("RLOO lands on the optimum of its reward", abs(kl_to_reference(rloo_path[-1]) / rm_optimum_kl - 1) < 0.01)
claim("REINFORCE comes near the optimum of its reward",
      abs(kl_to_reference(reinforce_path[-1]) / rm_optimum_kl - 1) < 0.2, see="reinforce")
claim("REINFORCE jitters, and RLOO's jitter is all but gone", jitter(reinforce_path) > 100 * jitter(rloo_path))

# %% [markdown]
# The jitter is all but gone. At the optimum all answers to one context have the same penalised reward, so the
# advantages vanish there and so does the noise.
#
# ## GRPO {#grpo-loss}
#
# GRPO (group relative policy optimisation; Shao and others, 2024) takes the group's mean as baseline and divides by the
# group's standard deviation. Its KL is a term of the loss, estimated by k3: $e^{-\ell} - 1 + \ell$,
# with the log-ratio $\ell$ of the answer.

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
claim("Without the division GRPO ends at three quarters of RLHF's shift",
      abs(kl_to_reference(undivided_path[-1]) / kl_to_reference(undivided_theory) - 1) < 0.1)
claim("In RLOO's batch and at its learning rate GRPO's KL runs off",
      kl_to_reference(wild[-1]) > 2 * kl_to_reference(undivided_theory))
k3_rng = np.random.default_rng(0)
k3_noise = k3_rng.standard_normal((200_000, 2)) * [2.0, 2.0] + [1.0, 0.0]  # pi = N((1, 0), 4); the reference N(0, 1)
k3_ratio = 0.5 * (k3_noise**2).sum(axis=1) - ((k3_noise - [1.0, 0.0]) ** 2).sum(axis=1) / 8 - 2 * np.log(2)
forward_slope = ((1 - np.exp(-k3_ratio))[:, None] * (k3_noise - [1.0, 0.0])).mean(axis=0)[0] / 4
claim("The gradient of k3 in the loss is that of the forward KL",
      abs(forward_slope - 1 / 4) < 0.02)  # not 1, the reverse KL's

# %% [markdown]
# Dividing by the group's own spread means that GRPO does not know how *much* better an answer is. Where it ends
# depends on $\beta$, on the group and on $\sigma$, but not on the size of the reward. Without the division it ends at
# three quarters of RLHF's shift, because the mean of a group of four contains the answer itself.
#
# k3 is an unbiased estimate of the KL, and never negative. As a term of the loss, though, its gradient is that of the
# *forward* KL, $\mathrm{KL}(\pi_\text{ref} \,\|\, \pi)$. Between two Gaussians of one spread both are the same, so
# k3 does not change where GRPO ends here. But the slope contains $e^{-\log(\pi/\pi_\text{ref})}$, which has
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


claim("With endless pairs every method ends on the frontier",
      all(abs(below_frontier(*end) - 1) < 1e-9 for end in endless.values()))
claim("On these pairs every method ends below the frontier",
      all(0 < below_frontier(*end) < 1 for name, end in ends.items() if name != "ORPO"))
claim("ORPO's run is at its end", abs(ends["ORPO"][1] - exact_here["ORPO"][1]) < 1e-3)
with_flips = [below_frontier(*ends[name]) for name in ("cDPO", "rDPO")]
claim("With flipped labels methods end further below the frontier", max(with_flips) < below_frontier(*ends["DPO"]))

# %% [markdown]
# ::: key-insight One line, many stops
# For Gaussians of fixed spread, the loss decides how far along the frontier a method stops, and the data how far below
# the line it ends. So "which loss is best" is at first a question of what KL it spends at the $\beta$ you gave it.
# Compare methods at equal KL, or you compare penalties.
# :::
