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
# answers. For two Gaussians with the same spread it has a closed form:
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
# The solution is the reference, tilted towards high reward. Tilt a Gaussian with a linear reward
# $r(y) = w \cdot y$ and you get the same Gaussian, moved by $\sigma^2 w / \beta$. So the exact optimum
# is one line of code, and every training curve below is drawn beside it.

# %% Policy and KL id="policy"
def generate_output(contexts, weights, rng):
    """Sample an answer for each context: (n, 4) -> (n, 5)."""
    mean = contexts @ weights
    return mean + SIGMA * rng.standard_normal(mean.shape)


def log_prob(outputs, contexts, weights):
    """Log-density of each answer under the policy `weights`, in nats: (n,)."""
    squares = ((outputs - contexts @ weights) ** 2).sum(axis=1)
    return -squares / (2 * SIGMA**2) - OUTPUT_DIM / 2 * np.log(2 * np.pi * SIGMA**2)


def kl_to_reference(weights, ref=W_REF):
    """Exact KL(policy || reference) in nats, averaged over contexts (E[x x^T] = I)."""
    return ((weights - ref) ** 2).sum() / (2 * SIGMA**2)


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
# Write the objective as one expectation: $\mathbb{E}_\pi[\,r - \beta(\log\pi - \log\pi_\text{ref})\,]
# = -\beta\,\mathbb{E}_\pi\big[\log\pi - \log(\pi_\text{ref}\,e^{r/\beta})\big]$. Up to a constant that is
# $-\beta$ times a KL divergence between $\pi$ and the tilted reference. A KL is smallest, namely
# zero, when the two are equal.
# :::
#
# ## PPO, one step {#ppo}
#
# PPO samples answers, scores them, and makes the good ones more likely. *How* good is measured by the
# **advantage** $A$: the reward minus the batch's mean, divided by its standard deviation. Since sampling
# is expensive, each batch is used for several passes. After the first of them the policy
# is no longer the one that sampled, and the **ratio** corrects for it:
#
# $$ \rho = \frac{\pi(y \mid x)}{\pi_\text{old}(y \mid x)}, \qquad
#    \mathcal{L} = -\min\big(\rho A,\; \mathrm{clip}(\rho,\, 1-\varepsilon,\, 1+\varepsilon)\, A\big) $$
#
# The clip is what makes the passes safe. Once an answer's probability has moved by $\varepsilon$ in the direction
# that its advantage asks for, it stops pulling. Without the ratio there is nothing to clip, and
# clipping the advantage instead is not PPO.

# %% One PPO step id="ppo-step"
def ppo_step(weights, old_weights, contexts, outputs, advantages, lr=0.05, epsilon=0.2):
    """One pass of PPO's clipped surrogate over a batch; returns the new weights (4, 5)."""
    ratio = np.exp(
        log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, old_weights)
    )  # (n,)
    gone_far = np.where(advantages > 0, ratio > 1 + epsilon, ratio < 1 - epsilon)
    pull = np.where(gone_far, 0.0, ratio * advantages)  # a clipped sample has no gradient
    score = (outputs - contexts @ weights) / SIGMA**2  # d log pi / d mean, (n, 5)
    return weights + lr * contexts.T @ (pull[:, None] * score) / len(outputs)


def surrogate(ratio, advantage, epsilon=0.2):
    """What PPO maximises for one answer."""
    return np.minimum(ratio * advantage, np.clip(ratio, 1 - epsilon, 1 + epsilon) * advantage)


print("ratio        0.5   0.8   1.0   1.2   1.5")
for advantage in (1.0, -1.0):
    row = surrogate(np.array([0.5, 0.8, 1.0, 1.2, 1.5]), advantage)
    print(f"A = {advantage:+.0f}   ", "  ".join(f"{value:+.1f}" for value in row))

charts.clipped_surrogate(surrogate)

# %% [markdown]
# Read the picture from the ratio 1, where every pass starts. A good answer (A > 0) gains until
# $1 + \varepsilon$, then the curve is flat: no gradient, no more push. A bad one (A < 0) is pushed down until
# $1 - \varepsilon$. The other two ends stay sloped on purpose, so that a move in the *wrong* direction is always
# undone.
#
# ::: under-the-hood Where is the KL price?
# In the reward. Each answer earns $r(y) - \beta\,(\log\pi_\text{old}(y) - \log\pi_\text{ref}(y))$, and the
# advantage is computed from that. This estimate of the KL is called k1. It belongs in the *reward*: as a term of
# the loss its expected gradient is zero.
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
def train_ppo(reward_weights, beta=BETA, steps=150, batch=32, passes=4, seed=42, watch=None):
    """Train a policy with PPO against r(y) = reward_weights . y, from the reference.

    Returns the weights after each step (steps + 1, 4, 5), the mean reward of each batch and the
    exact KL before each step. `watch`, if given, is called with the two histories as they grow.
    """
    rng = np.random.default_rng(seed)
    path, reward_history, kl_history = [W_REF.copy()], [], []
    for _ in progress(range(steps)):
        old = weights = path[-1]
        contexts = sample_contexts(batch, rng)
        outputs = generate_output(contexts, old, rng)
        reward = outputs @ reward_weights
        log_ratio = log_prob(outputs, contexts, old) - log_prob(outputs, contexts, W_REF)
        paid = reward - beta * log_ratio  # k1, in the reward
        advantages = (paid - paid.mean()) / (paid.std() + 1e-8)
        for _ in range(passes):
            weights = ppo_step(weights, old, contexts, outputs, advantages)
        path.append(weights)
        reward_history.append(reward.mean())
        kl_history.append(kl_to_reference(old))
        if watch:
            watch(reward_history, kl_history)
    return np.array(path), reward_history, kl_history


optimum_reward, optimum_kl = rlhf_optimum[0] @ rm_weights, kl_to_reference(rlhf_optimum)


def draw_rlhf(rewards, kls):
    live(charts.rlhf_training, rewards, kls, optimum_reward, optimum_kl)


rlhf_path, reward_history, kl_history = train_ppo(rm_weights, watch=draw_rlhf)
policy_weights = rlhf_path[-1]

for step in (0, 50, 100, 149):
    print(f"step {step:3}   reward {reward_history[step]:+.3f}   KL {kl_history[step]:.3f} nats")
print(f"optimum    reward {optimum_reward:+.3f}   KL {optimum_kl:.3f} nats")

# %% [markdown]
# The reward climbs, the KL climbs with it, and both level off where the algebra says they should. PPO never
# saw that algebra. It only ever saw 32 sampled answers at a time.
#
# ::: key-insight The price decides where training stops
# The reward is linear, so there is always a better answer further out. What stops the policy is
# not that it has found the best answer, but that the next bit of reward costs more KL than it is
# worth. Halve $\beta$ and the optimum moves twice as far, at four times the KL.
# :::
#
# ::: check Why whiten the advantages?
# The size of the reward should not set the size of the step. Dividing by the standard deviation makes the
# same learning rate work for rewards of any scale. Near the optimum it has a cost: all answers are then
# equally good, and what is whitened is mostly noise. That is the small jitter at the end of the curves.
# :::
