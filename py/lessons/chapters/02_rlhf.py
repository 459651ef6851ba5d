# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## A policy, and how far it has drifted {#policy-and-kl}
#
# A policy needs three abilities: to answer, to say how likely an answer was, and to be compared with
# the reference. Ours answers $y \sim \mathcal{N}(xW, \sigma^2 I)$, so all three are short.
#
# The comparison is the Kullback–Leibler divergence, the mean of $\log \pi - \log \pi_\text{ref}$ over the policy's own
# answers, in nats. For two Gaussians with the same spread it has a closed form:
#
# $$ \mathrm{KL}(\pi \,\|\, \pi_\text{ref}) = \frac{1}{2\sigma^2}\,
#    \mathbb{E}_x \big\| x\,(W - W_\text{ref}) \big\|^2 $$
#
# Mind the $1/2\sigma^2$. A squared distance without it is not in nats, and a $\beta$ that was chosen in nats
# then means something else.
#
# ### Where training should end {#optimum}
#
# Both methods on this page chase the same target: as much reward as possible, minus $\beta$ for each nat of KL.
#
# $$ \max_\pi \; \mathbb{E}\big[r(y)\big] - \beta\, \mathrm{KL}(\pi \,\|\, \pi_\text{ref})
#    \qquad\Longrightarrow\qquad
#    \pi^*(y \mid x) \propto \pi_\text{ref}(y \mid x)\, e^{\,r(y)/\beta} $$
#
# The solution is the reference, *tilted* towards high reward. Tilt a Gaussian with a linear reward
# $r(y) = w \cdot y$ and you get the same Gaussian, moved by $\sigma^2 w / \beta$. So the exact optimum
# is one line of code, and PPO's curves below are drawn beside it.

# %% Policy and KL id="policy"
def generate_output(contexts, weights, rng):
    """Sample an answer for each context: (n, 4) -> (n, 5)."""
    mean = contexts @ weights
    return mean + SIGMA * rng.standard_normal(mean.shape[-2:])


def log_prob(outputs, contexts, weights):
    """Log-density of each answer under the policy `weights`, in nats: (n,)."""
    squares = ((outputs - contexts @ weights) ** 2).sum(axis=-1)
    return -squares / (2 * SIGMA**2) - OUTPUT_DIM / 2 * np.log(2 * np.pi * SIGMA**2)


def kl_to_reference(weights, ref=W_REF):
    """Exact KL(policy || reference) in nats, averaged over contexts (E[x x^T] = I)."""
    return ((weights - ref) ** 2).sum(axis=(-2, -1)) / (2 * SIGMA**2)


def optimal_policy(reward_weights, beta=BETA, ref=W_REF):
    """The exact maximum of reward - beta KL: every mean moves by sigma^2 w / beta."""
    if not beta > 0:
        raise ValueError(f"beta (BETA unless given) is {beta}: a KL that costs nothing leaves no maximum")
    weights = ref.copy()
    weights[0] += SIGMA**2 * reward_weights / beta  # row 0: the feature that is always on
    return weights


rng = np.random.default_rng(1)
x = sample_contexts(20_000, rng)
y = generate_output(x, optimal_policy(rm_weights), rng)
log_ratio = log_prob(y, x, optimal_policy(rm_weights)) - log_prob(y, x, W_REF)

print("KL of the reference to itself:", kl_to_reference(W_REF))
print(f"KL of the optimum, exact:     {kl_to_reference(optimal_policy(rm_weights)):.3f} nats")
print(f"KL of the optimum, sampled:   {log_ratio.mean():.3f} "
      f"± {1.96 * log_ratio.std() / np.sqrt(len(x)):.3f} nats")

charts.policy_clouds(
    generate_output(x[:400], W_REF, rng), y[:400], W_REF[0], optimal_policy(rm_weights)[0]
)

# %% [markdown]
# ::: check Where does $\pi_\text{ref}\, e^{r/\beta}$ come from?
# Write the objective as one expectation:
#
# $$ \mathbb{E}_\pi\big[\,r - \beta(\log\pi - \log\pi_\text{ref})\,\big]
#    = -\beta\,\mathbb{E}_\pi\big[\log\pi - \log(\pi_\text{ref}\,e^{r/\beta})\big] $$
#
# Up to a constant that is $-\beta$ times a KL divergence between $\pi$ and the tilted reference. A KL is smallest when
# the two are equal.
# :::
#
# ## PPO, one step {#ppo}
#
# PPO samples answers, scores them, and makes the good ones more likely. *How* good is measured by the
# **advantage** $A$: the reward minus the batch's mean, divided by its standard deviation. (That is called *whitening*.)
# Since sampling is expensive, each batch is used for several passes. After the first of them the policy
# is no longer the one that sampled, and the **ratio** corrects for it:
#
# $$ \rho = \frac{\pi(y \mid x)}{\pi_\text{old}(y \mid x)}, \qquad
#    \mathcal{L} = -\min\big(\rho A,\; \mathrm{clip}(\rho,\, 1-\varepsilon,\, 1+\varepsilon)\, A\big) $$
#
# The clip is what makes the passes safe. Once the ratio of an answer has moved by $\varepsilon$ in the direction
# that its advantage asks for, its gradient is zero. Without the ratio there is nothing to clip, and
# clipping the advantage instead is not PPO. What PPO maximises, $-\mathcal{L}$, is called the *surrogate*.
#
# ::: guess ppo-step Four passes over one batch, clip at 0.2: how many of its answers are clipped in the fourth?
# - 0 to 100 by 2 %
#
# {{ clipped_last:.0%}}. The others have not moved that far yet.
# :::

# %% One PPO step id="ppo-step"
def ppo_step(weights, old_weights, contexts, outputs, advantages, lr=0.05, epsilon=0.2):
    """One pass of PPO's clipped surrogate over a batch; returns the new weights (4, 5)."""
    ratio = np.exp(
        log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, old_weights)
    )  # (n,)
    clipped = np.where(advantages > 0, ratio > 1 + epsilon, ratio < 1 - epsilon)
    slope = np.where(clipped, 0.0, ratio * advantages)  # d surrogate / d log pi, (n,)
    score = (outputs - contexts @ weights) / SIGMA**2  # d log pi / d mean, (n, 5)
    return weights + lr * contexts.mT @ (slope[..., None] * score) / outputs.shape[-2]


def surrogate(ratio, advantage, epsilon=0.2):
    """What PPO maximises, for each answer."""
    return np.minimum(ratio * advantage, np.clip(ratio, 1 - epsilon, 1 + epsilon) * advantage)


def whiten(rewards):
    """Rewards of a batch as advantages: mean 0, standard deviation 1."""
    centred = rewards - rewards.mean(axis=-1, keepdims=True)
    return centred / (rewards.std(axis=-1, keepdims=True) + 1e-8)


# The formula and the step meet: four passes over one batch, sampled from the reference.
rng = np.random.default_rng(1)
x = sample_contexts(32, rng)
y = generate_output(x, W_REF, rng)
advantages = whiten(y @ rm_weights)
there, surrogates = W_REF, []
print("pass   surrogate before   after   clipped before")
for number in range(4):
    after = ppo_step(there, W_REF, x, y, advantages)
    ratios = [np.exp(log_prob(y, x, w) - log_prob(y, x, W_REF)) for w in (there, after)]
    surrogates.append([surrogate(ratio, advantages).mean() for ratio in ratios])
    flat = np.where(advantages > 0, ratios[0] > 1.2, ratios[0] < 0.8).mean()
    print(f"{number + 1:4} {surrogates[-1][0]:z18.3f} {surrogates[-1][1]:7.3f} {flat:16.0%}")
    there = after

charts.clipped_surrogate(surrogate)

# %% [markdown]
# Read the picture from the ratio 1, where each batch starts. A good answer (A > 0) gains until
# $1 + \varepsilon$, then the curve is flat: no gradient, no more push. A bad one (A < 0) is pushed down until
# $1 - \varepsilon$. The other two ends stay sloped, so that a move in the *wrong* direction still has a gradient that
# undoes it.
#
# ::: under-the-hood Where is the KL price?
# In the reward. Each answer earns $r(y) - \beta\,(\log\pi_\text{old}(y) - \log\pi_\text{ref}(y))$, the *penalised*
# reward, and the advantage is computed from that. This estimate of the KL is called k1. It belongs in the *reward*: as
# a term of the loss its expected gradient is zero.
# :::
#
# ## The RLHF loop {#rlhf}

# %% Set up RLHF id="ppo-setup"
ref_weights = W_REF.copy()  # frozen
policy_weights = ref_weights.copy()  # what PPO will train: it starts as the reference
rlhf_optimum = optimal_policy(rm_weights)  # where PPO on this reward model should end

print("policy_weights", policy_weights.shape, " ref_weights", ref_weights.shape)
print(f"KL now             {kl_to_reference(policy_weights):.3f} nats")
print(f"KL at the optimum  {kl_to_reference(rlhf_optimum):.3f} nats")
print(f"learned reward now {ref_weights[0] @ rm_weights:+.3f}, "
      f"at the optimum {rlhf_optimum[0] @ rm_weights:+.3f}")

# %% [markdown]
# 150 iterations of 32 fresh contexts each. Sample, score, subtract the KL price, whiten, four passes.
# Watch the two curves grow towards their dashed lines.

# %% The RLHF loop id="ppo-train"
def train_ppo(reward_weights, beta=BETA, steps=150, batch=32, passes=4, lr=0.05, epsilon=0.2,
              seed=42, watch=None):
    """Train a policy with PPO against r(y) = reward_weights . y, from the reference.

    Returns the weights after each step (steps + 1, 4, 5), the mean reward of each batch and the
    exact KL before each step. `watch`, if given, is called with the two histories as they grow.
    """
    rng = np.random.default_rng(seed)
    # Many runs go at once where reward_weights is (..., runs, 5) and the seed stacks as many.
    start = W_REF + np.zeros((*reward_weights.shape[:-1], 1, 1))
    path, reward_history, kl_history = [start], [], []
    for _ in progress(range(steps)):
        old = weights = path[-1]
        contexts = sample_contexts(batch, rng)
        outputs = generate_output(contexts, old, rng)
        reward = np.matvec(outputs, reward_weights)
        log_ratio = log_prob(outputs, contexts, old) - log_prob(outputs, contexts, W_REF)
        advantages = whiten(reward - beta * log_ratio)  # k1, in the reward
        for _ in range(passes):
            weights = ppo_step(weights, old, contexts, outputs, advantages, lr, epsilon)
        path.append(weights)
        reward_history.append(reward.mean(axis=-1))
        kl_history.append(kl_to_reference(old))
        if watch:
            watch(reward_history, kl_history)
    return np.array(path), reward_history, kl_history


optimum_reward, optimum_kl = rlhf_optimum[0] @ rm_weights, kl_to_reference(rlhf_optimum)


def draw_rlhf(rewards, kls):
    live(charts.rlhf_training, rewards, kls, optimum_reward, optimum_kl)


# how far a ratio is paid to move
clip = 0.2  # @param [0.05, 0.1, 0.2, 0.5, 1.0, "np.inf"] {type:"raw"}
rlhf_path, reward_history, kl_history = train_ppo(rm_weights, epsilon=clip, watch=draw_rlhf)
policy_weights = rlhf_path[-1]

for step in (0, 50, 100, 149):
    print(f"step {step:3}   reward {reward_history[step]:+.3f}   KL {kl_history[step]:.3f} nats")
print(f"optimum    reward {optimum_reward:+.3f}   KL {optimum_kl:.3f} nats")

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

claim("The sampled and the exact KL agree", abs(log_ratio.mean() - kl_to_reference(rlhf_optimum)) < 0.1, see="policy")
claim("Each pass raises the surrogate of its batch",
      all(after > before for before, after in surrogates), see="ppo-step")
claim("Before the first pass the surrogate is 0, the mean of the advantages",
      abs(surrogates[0][0]) < 1e-9, see="ppo-step")
settled = rlhf_path[-50:].mean(axis=0)  # where the last third of the run hovers
clipped_last = flat  # in the fourth pass, the last that ppo-step counts
half_beta_kl = kl_to_reference(optimal_policy(rm_weights, BETA / 2)) / optimum_kl
claim("In the fourth pass the clip holds some answers and not most", 0.05 < clipped_last < 0.5, see="ppo-step")
claim("The reward levels off where the algebra says", abs(settled[0] @ rm_weights / optimum_reward - 1) < 0.05)
claim("The KL levels off where the algebra says", abs(kl_to_reference(settled) / optimum_kl - 1) < 0.1)
half_beta = optimal_policy(rm_weights, BETA / 2) - W_REF
claim("Half of beta moves the optimum twice as far", np.allclose(half_beta, 2 * (rlhf_optimum - W_REF)), see="policy")
claim("Half of beta costs the optimum four times the KL",
      abs(kl_to_reference(W_REF + half_beta) / optimum_kl - 4) < 1e-9, see="policy")
jitter = [kl_to_reference(w, settled) for w in rlhf_path[-50:]]
claim("At the end the policy jitters", 0.001 < np.mean(jitter) < 0.3)

# %% [markdown]
# The reward climbs, the KL climbs with it, and both level off where the algebra says. PPO never saw that algebra: only
# 32 sampled answers at a time.
#
# ::: guess half-beta Half the price, $\beta / 2$: how much KL will the policy spend at the optimum?
# - half as much
# - the same
# - twice as much
# - four times as much
#
# {{ half_beta_kl:.0f}} times as much: it moves twice as far, and the KL grows with the square.
# :::
#
# What does that do to an answer? Here is a poor one, to one context and with one draw of the noise, as the weights
# change under it.

# %% One answer while PPO trains id="ppo-flower"
one_context = sample_contexts(1, np.random.default_rng(7))
one_answer = {  # the generator starts anew each time, so the noise is the same
    step: generate_output(one_context, rlhf_path[step], np.random.default_rng(51))[0]
    for step in (0, 5, 10, 20, 150)
}

print("step  answer" + " " * 30 + "true score")
for step, answer in one_answer.items():
    print(f"{step:4}", "".join(f"{value:7.2f}" for value in answer), f"{answer @ TRUE_WEIGHTS:10.2f}")

flowers.stages(
    {f"step {step}": answer for step, answer in one_answer.items()},
    "One answer while PPO trains",
    {f"step {step}": f"true score {answer @ TRUE_WEIGHTS:.2f}" for step, answer in one_answer.items()},
)

# %% Evidence only="build"
one_score = [answer @ TRUE_WEIGHTS for answer in one_answer.values()]
one_change = one_answer[150] - one_answer[0]
claim("The flower's petals grow longer and fuller", min(one_change[:2]) > 0.8)
claim("Its stem straightens", one_change[3] < -0.2)
claim("The two numbers that the taste ignores change less", abs(one_change[[2, 4]]).max() < min(one_change[:2]) / 2)
claim("Its true score rises", one_score[-1] > one_score[0] + 2)

# %% [markdown]
# The petals grow longer and fuller, as the annotator likes, and the stem straightens a little. Hue and centre change
# less; nobody asked for them.
#
# ::: key-insight The price decides where training stops
# The reward is linear, so there is always a better answer further out. What stops the policy is
# not that it has found the best answer, but that the next bit of reward costs more KL than it is
# worth. Halve $\beta$ and the optimum moves twice as far, at four times the KL.
# :::

# %% The price moves the optimum id="price"
# of a nat of KL
price = 0.5  # @param {type:"slider", min:0.25, max:2, step:0.05}
tilted = optimal_policy(rm_weights, price)
print(f"the mean moves by {np.linalg.norm(tilted[0] - W_REF[0]):.2f}, KL {kl_to_reference(tilted):.2f} nats, "
      f"learned reward {tilted[0] @ rm_weights:+.2f}")

charts.tilt(W_REF[0], rm_weights, price)

# %% [markdown]
# ::: check Why whiten the advantages?
# The size of the reward should not set the size of the step. Dividing by the standard deviation makes the
# same learning rate work for rewards of any scale. Near the optimum it has a cost: all answers are then
# nearly equally good, and what is whitened is mostly noise. That is the jitter at the end of the curves.
# :::
#
# ### What the clip is for {#clip}
#
# Take the clip away and leave all else as it is: four passes over each batch, six seeds, all trained at once.
#
# ::: guess no-clip In how many of the six runs will the KL pass 30 nats on the way?
# - 0 to 6
#
# In {{ exploded }} of them. The optimum is at {{ optimum_kl:.1f}}.
# :::

# %% The loop without the clip id="no-clip"
six = range(6)
six_rewards = np.tile(rm_weights, (len(six), 1))  # (6, 5): one reward model, a row for each run
with np.errstate(over="ignore", invalid="ignore"):  # a run that explodes may overflow
    clipped_path, _, _ = train_ppo(six_rewards, seed=Seeds(six))
    unclipped_path, _, _ = train_ppo(six_rewards, seed=Seeds(six), epsilon=np.inf)
clipped_kl, unclipped_kl = kl_to_reference(clipped_path), kl_to_reference(unclipped_path)  # (151, 6)

print(f"largest KL on the way, in nats (the optimum: {optimum_kl:.2f})")
print("seed       " + "".join(f"{seed:10}" for seed in six))
for name, kls in (("clip 0.2", clipped_kl), ("no clip", unclipped_kl)):
    print(f"{name:11}" + "".join(f"{kl:10.2f}" for kl in kls.max(axis=0)))

charts.clip_and_no_clip(clipped_kl, unclipped_kl, optimum_kl)

# %% Evidence only="build"
exploded = (unclipped_kl.max(axis=0) > 30).sum()
worst_unclipped = unclipped_kl.max()
claim("Without the clip some runs explode", exploded >= 2)
claim(
    "Without the clip every run overshoots further than any with it",
    unclipped_kl.max(axis=0).min() > clipped_kl.max(),
)
claim("With the clip no run explodes", clipped_kl.max() < 1.2 * optimum_kl)
one_pass = [train_ppo(rm_weights, passes=1, epsilon=epsilon)[0] for epsilon in (0.2, np.inf)]
claim("With one pass the clip has nothing to do", np.array_equal(*one_pass))
claim("Runs that are trained together are the same as one by one",
      np.allclose(clipped_path[:, 3], train_ppo(rm_weights, seed=3)[0]))

# %% [markdown]
# Without the clip {{ exploded }} of the {{ len(six) }} runs pass 30 nats on the way, one of them
# {{ worst_unclipped:,.0f}}; with it none passes {{ clipped_kl.max():.1f}}. The first pass is the same in both. In the
# later ones the ratio itself scales the gradient: a good answer that has become likelier pushes harder, and becomes
# likelier still. Set `passes=1` and the clip has nothing to do.
#
# ### The critic {#critic}
#
# Our baseline is the batch's mean. PPO on a language model usually has a trained one, the **critic**: a value function
# $V(s)$ that says, after each token of the text $s$, how much reward is still to come. With it each *token* gets an
# advantage of its own, by generalised advantage estimation (GAE; Schulman and others, 2016). Token $t$ comes
# after the text $s_t$ and gets the reward $r_t$. Two numbers from 0 to 1, $\gamma$ and $\lambda$, say how
# much later rewards and later estimates count:
#
# $$ \hat A_t = \sum_{l \ge 0} (\gamma\lambda)^l \delta_{t+l}, \qquad
#    \delta_t = r_t + \gamma V(s_{t+1}) - V(s_t) $$
#
# Thus one reward at the end of a long answer becomes credit for the tokens that, the critic estimates, earned it.
# The price is memory: four models of language-model size, the policy and the critic, which are trained, and the
# reference and the reward model, which are frozen.
#
# Our answers come in one piece, so the critic would have one number a context to learn. RLOO and GRPO, [two
# relatives](#reinforce-family) of PPO, go without it even on language models: they answer each context several times,
# and the rewards of that group are the baseline. The blocks' library, `preflab`, has both sides (`preflab.rollout.gae`,
# `preflab.ppo.value_loss`, `preflab.groups`).
