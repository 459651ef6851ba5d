# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Questions people ask {#questions-people-ask}
#
# Each was asked on a public tracker, most by people whose run looked broken. Few were.
#
# ### Why does the log-prob of the chosen answers fall in DPO? {#ask-chosen-falls}
#
# Asked in [direct-preference-optimization #8](https://github.com/eric-mitchell/direct-preference-optimization/issues/8)
# and [TRL #800](https://github.com/huggingface/trl/issues/800). Take training out of it: walk from the reference
# straight to RLHF's exact optimum, which is DPO's end with endless pairs, and look at 20,000 fresh pairs on the way.

# %% The way to the optimum id="ask-chosen"
ask_contexts, ask_chosen, ask_rejected = sample_pairs(20_000, np.random.default_rng(8))
ask_steps = np.linspace(0, 1, 6)
ask_policies = [W_REF + t * (optimal_policy(TRUE_WEIGHTS) - W_REF) for t in ask_steps]


def mean_ratio(weights, answers):
    """Mean log-ratio to the reference, in nats."""
    return (log_prob(answers, ask_contexts, weights) - log_prob(answers, ask_contexts, W_REF)).mean()


ask_up = [mean_ratio(weights, ask_chosen) for weights in ask_policies]
ask_down = [mean_ratio(weights, ask_rejected) for weights in ask_policies]
ask_score = [(weights - W_REF)[0] @ TRUE_WEIGHTS for weights in ask_policies]
print("way to the optimum   chosen  rejected   true score gained")
for t, up, down, gained in zip(ask_steps, ask_up, ask_down, ask_score, strict=True):
    print(f"{t:18.0%} {up:8.2f} {down:9.2f} {gained:19.2f}")

# %% Evidence only="build"
claim("On the way to RLHF's optimum the chosen answers of the reference become less likely in the mean", ask_up[-1] < 0)
claim("On that way the true score rises at each step", bool((np.diff(ask_score) > 0).all()))
claim("On that way the rejected answers fall faster than the chosen ones",
      all(down < up for up, down in zip(ask_up[1:], ask_down[1:], strict=True)))

# %% [markdown]
# *No fault of DPO.* Both halves of a pair are the reference's answers, and a policy that finds better ones leaves both
# behind: {{ ask_up[-1]:+.1f}} nats for the chosen, {{ ask_down[-1]:+.1f}} for the rejected. Only the gap is in the
# loss. It is a warning where it goes on for ever: where labels never err, or no KL is watched. [More](#displacement).
#
# ### Why is GRPO's loss 0 at first, and why does it grow? {#ask-grpo-zero}
#
# Asked in [TRL #2703](https://github.com/huggingface/trl/issues/2703).

# %% The value and the slope of GRPO's loss id="ask-grpo"
def grpo_step(weights, rng, beta=0.1, groups=32, group=8):
    """The loss on fresh answers, its surrogate and its KL; the gradient; the mean reward."""
    x = np.repeat(sample_contexts(groups, rng), group, axis=0)
    y = generate_output(x, weights, rng)
    rewards = (y @ TRUE_WEIGHTS).reshape(groups, group)
    gap = rewards - rewards.mean(axis=1, keepdims=True)
    A = (gap / (rewards.std(axis=1, ddof=1, keepdims=True) + 1e-4)).ravel()
    u = log_prob(y, x, weights) - log_prob(y, x, W_REF)
    k3 = np.expm1(-u) + u
    slope = -A - beta * np.expm1(-u)  # the ratio is 1: the policy is the one that sampled
    gradient = x.T @ (slope[:, None] * (y - x @ weights)) / SIGMA**2 / len(x)
    return (-A).mean(), beta * k3.mean(), gradient, rewards.mean()


ask_rng, ask_weights, grpo_log = np.random.default_rng(2703), W_REF.copy(), []
for _ in range(61):
    surrogate_value, kl_value, down_hill, mean_reward = grpo_step(ask_weights, ask_rng)
    grpo_log.append((surrogate_value, kl_value, np.linalg.norm(down_hill), mean_reward))
    ask_weights = ask_weights - 0.02 * down_hill
print("step   surrogate   beta KL   their sum   |gradient|   mean reward")
for step in (0, 1, 10, 30, 60):
    value, kl_value, length, mean_reward = grpo_log[step]
    together = abs(value) + kl_value
    print(f"{step:4} {abs(value):11.4f} {kl_value:9.4f} {together:11.4f} {length:12.2f} {mean_reward:13.2f}")

# %% Evidence only="build"
grpo_log = np.array(grpo_log)
claim("GRPO's surrogate is 0 at each step on fresh samples, for any policy", bool((abs(grpo_log[:, 0]) < 1e-12).all()))
claim("While GRPO's loss is 0 its gradient is not", grpo_log[0, 1] == 0 and grpo_log[0, 2] > 0.5)
claim("GRPO's loss rises with the KL while the reward rises",
      grpo_log[-1, 1] > 0.01 and grpo_log[-10:, 3].mean() > grpo_log[:10, 3].mean() + 0.5)

# %% [markdown]
# *Because the number says nothing.* On fresh samples the ratio is 1, and the advantages of a group sum to 0: so does
# the surrogate, whatever the policy. Its *gradient* does not. What is left to be seen is $\beta$ times the KL, which
# is 0 at the reference and grows as the policy leaves it: a loss that rises because training works. Watch the reward.
#
# ### Why is my KL negative? {#ask-negative-kl}
#
# Asked in [TRL #925](https://github.com/huggingface/trl/issues/925).

# %% Estimates of one KL id="ask-kl"
near_policy = W_REF + 0.1 * (optimal_policy(TRUE_WEIGHTS) - W_REF)
exact_kl = kl_to_reference(near_policy)
kl_rng = np.random.default_rng(925)


def estimates(sampler, batch, times=2000):
    """k1 and k3 of many batches whose answers `sampler` gave, (times,) each."""
    x = sample_contexts(times * batch, kl_rng)
    y = generate_output(x, sampler, kl_rng)
    u = log_prob(y, x, near_policy) - log_prob(y, x, W_REF)
    return u.reshape(times, batch).mean(axis=1), (np.expm1(-u) + u).reshape(times, batch).mean(axis=1)


print(f"the exact KL: {exact_kl:.4f} nats\n")
print("answers of      batch     k1: mean  negative    k3: mean  negative")
negative_share = {}
for name, sampler in (("the policy", near_policy), ("the reference", W_REF)):
    for batch in (8, 64, 512):
        k1_of, k3_of = estimates(sampler, batch, 16_000 // batch)
        negative_share[name, batch] = (k1_of < 0).mean(), k1_of.mean(), k3_of.mean()
        print(f"{name:14} {batch:6} {k1_of.mean():12.4f} {(k1_of < 0).mean():9.0%} {k3_of.mean():11.4f} "
              f"{(k3_of < 0).mean():9.0%}")

# %% Evidence only="build"
claim("A mean of log-ratios over a small batch is often negative though the KL is not",
      negative_share["the policy", 8][0] > 0.2 and exact_kl > 0)
claim("Larger batches are negative less often",
      negative_share["the policy", 512][0] < negative_share["the policy", 64][0] < negative_share["the policy", 8][0])
claim("Of answers that another policy gave the mean log-ratio is below 0, and more of them do not help",
      negative_share["the reference", 512][0] > 0.9 and negative_share["the reference", 512][1] < 0)

# %% [markdown]
# *Noise, or the wrong answers.* The mean of $\log\pi - \log\pi_\text{ref}$ (k1) is right on average and of either sign
# in a batch: {{ negative_share["the policy", 8][0]:.0%}} of batches of 8 are negative here. That goes away with
# more answers. What does not go away: answers that the policy whose log-probs you take did not give. Here the
# reference gave them, and k1 settles below 0. Then look at sampling: temperature, top-k, padding, dropout, a stale
# policy. k3 hides the sign, not the fault.
#
# ### Which KL estimator, and in the reward or in the loss? {#ask-which-estimator}
#
# Asked in [TRL #4967](https://github.com/huggingface/trl/issues/4967) and [RLHF Book
# #489](https://github.com/natolambert/rlhf-book/issues/489). With the log-ratio $\ell$ of a sample, k1 is $\ell$, k2 is
# $\ell^2/2$ and k3 is $e^{-\ell} - 1 + \ell$. Their *values* estimate the KL, k2 only nearly. Training uses their
# *gradients*, and those can be computed exactly for a policy over six answers.

# %% Gradients of the estimators, exactly id="ask-estimators"
ref_chance = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
own_chance = np.array([0.02, 0.18, 0.25, 0.3, 0.2, 0.05])  # the first answer has become rare
u = np.log(own_chance / ref_chance)
k3_value, k3_slope = np.expm1(-u) + u, -np.expm1(-u)
score_rows = np.eye(6) - own_chance  # d log pi(y) / d logits, a row for each y
kl_gradient = own_chance * (u - own_chance @ u)

weight_of = {  # what multiplies the score of a sampled answer
    "k1 in the reward": u,
    "k1 in the loss": np.ones(6),
    "k2 in the loss": u,
    "k3 in the reward": k3_value,
    "k3 in the loss": k3_slope,
    "k3 in the loss, times the ratio": k3_value + k3_slope,
}


def beside_the_kl(weight):
    """Cosine with the KL's gradient, and the length and the deviation of one sample as multiples of its length."""
    sampled = weight[:, None] * score_rows
    expected, unit = own_chance @ sampled, np.linalg.norm(kl_gradient)
    long = np.linalg.norm(expected) / unit
    cosine = expected @ kl_gradient / long / unit**2 if long > 1e-12 else 0.0
    return cosine, long, np.sqrt(own_chance @ ((sampled - expected) ** 2).sum(axis=1)) / unit


estimator = {name: beside_the_kl(weight) for name, weight in weight_of.items()}
print("gradient of                        cosine with the KL's   length   noise of one sample")
for name, (cosine_here, long_here, noise_here) in estimator.items():
    print(f"{name:34} {cosine_here:20.3f} {long_here:8.3f} {noise_here:21.2f}")

# %% Evidence only="build"
def is_exact(name):
    return abs(estimator[name][0] - 1) < 1e-12 and abs(estimator[name][1] - 1) < 1e-12


claim("k1 in the reward, k2 in the loss, and k3 in the loss times the ratio have the KL's gradient",
      all(map(is_exact, ("k1 in the reward", "k2 in the loss", "k3 in the loss, times the ratio"))))
claim("k1 in the loss has no gradient at all", estimator["k1 in the loss"][1] < 1e-12)
claim("k3 in the loss has the gradient of the forward KL",
      bool(np.allclose(own_chance @ (k3_slope[:, None] * score_rows), own_chance - ref_chance)))
claim("Where an answer has become rare k3 in the loss is the noisiest of those in the loss",
      estimator["k3 in the loss"][2] > estimator["k2 in the loss"][2])

# %% [markdown]
# *k1 in the reward, or k2 in the loss, or k3 in the loss times the ratio*: these have the KL's gradient. k3 in the
# loss, GRPO's own, has that of the *forward* KL; k1 in the loss has none. Where a policy has left an answer behind,
# k3's slope there is $1 - \pi_\text{ref}/\pi$, here {{ k3_slope[0]:.0f}}: rare, and large, which is what a spike is.
