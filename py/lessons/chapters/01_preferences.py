# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# # RLHF and DPO, running in your browser
#
# A language model that has only read the web continues text. It does not yet help, and it does
# not yet decline. What turns it into an assistant is a second training, on comparisons: people
# see two answers to the same prompt and say which one is better.
#
# There are two well-known ways to learn from such comparisons. **RLHF** (reinforcement learning from human
# feedback) first fits a reward model to the comparisons, then trains the policy against that reward.
# **DPO** (direct preference optimisation) trains the policy on the comparisons at once, with no
# reward model and no sampling.
#
# On this page both run, in plain NumPy, on a problem that is small enough to have an exact answer.
# Every block below is live: press **Run** or Ctrl+Enter, look, change the code, run it again.
# What you see before you press anything was recorded from the same code.
#
# ::: note What stands in for a language model
# A prompt is a vector of four numbers, an answer a vector of five. The policy is a Gaussian whose
# mean is linear in the prompt. That is all the methods ask for: a distribution to sample from, a
# log-probability, and a gradient. And because everything is Gaussian and linear, we can work out with
# pen and paper where training *should* end, and check whether it does.
# :::
#
# ## The three stages of RLHF {#stages}
#
# **1. A starting policy.** Pretraining and supervised fine-tuning (SFT) give a model that answers
# at all. From here on it is frozen and called the *reference*, $\pi_\text{ref}$.
#
# **2. Preferences and a reward model.** The reference answers each prompt twice; an annotator picks
# the better answer. The pair is stored as *chosen* $y_w$ and *rejected* $y_l$. A reward model learns
# to give the chosen answers the higher score.
#
# **3. Reinforcement learning with a leash.** PPO raises the reward of the policy's own answers, and
# pays a price for every step away from the reference. The price is measured in KL divergence.
#
# DPO merges stages 2 and 3 into one loss. Same data in, a policy out.
#
# ::: check Why does the policy need a leash at all?
# The reward model has only seen answers that the reference gives. Far from them its score is a
# guess, and an optimiser is very good at finding guesses that are too high. The KL price keeps
# the policy where the reward model knows what it is talking about. [Mistake 1](#no-kl) shows
# what happens without it.
# :::
#
# ## Preference data {#data}
#
# Everything starts with comparisons, so let us make some. For a context $x$ the reference draws two
# answers. The annotator has a taste $r^*(y) = w^* \cdot y$, and prefers the first answer with
# probability
#
# $$ P(y_1 \succ y_2) = \sigma\big(r^*(y_1) - r^*(y_2)\big) $$
#
# which is the Bradley–Terry model (1952). Close calls go either way, as they do with people.
# That noise matters: without it, no method below would have a place to stop.
#
# The first feature of a context is always on. Without such a constant feature a linear policy
# with zero-mean contexts has mean answer zero whatever its weights are, and no training could move it.

# %% Preference data id="preferences"
import numpy as np

CONTEXT_DIM, OUTPUT_DIM = 4, 5  # numbers in a prompt, numbers in an answer
SIGMA = 1.0  # spread of a policy's answers around their mean
BETA = 0.5  # price of one nat of KL, the same for RLHF and DPO
TRUE_WEIGHTS = np.array([1.0, 0.8, 0.0, -0.3, 0.0])  # the annotator's taste
W_REF = 0.1 * np.random.default_rng(42).standard_normal((CONTEXT_DIM, OUTPUT_DIM))


def sample_contexts(n, rng):
    """Draw n contexts, shape (n, 4). Feature 0 is always on."""
    contexts = rng.standard_normal((n, CONTEXT_DIM))
    contexts[:, 0] = 1.0
    return contexts


def sample_pairs(n, rng, weights=W_REF):
    """Draw n labelled pairs from the policy `weights`.

    Returns contexts (n, 4), preferred (n, 5) and rejected (n, 5).
    """
    contexts = sample_contexts(n, rng)
    mean = contexts @ weights  # (n, 5)
    first = mean + SIGMA * rng.standard_normal(mean.shape)
    second = mean + SIGMA * rng.standard_normal(mean.shape)
    p_first = 1 / (1 + np.exp(-(first - second) @ TRUE_WEIGHTS))  # Bradley-Terry
    first_wins = (rng.random(n) < p_first)[:, None]
    preferred = np.where(first_wins, first, second)
    rejected = np.where(first_wins, second, first)
    return contexts, preferred, rejected


contexts, preferred, rejected = sample_pairs(200, np.random.default_rng(42))

agree = ((preferred - rejected) @ TRUE_WEIGHTS > 0).mean()
print("pairs     ", len(preferred))
print("contexts  ", contexts.shape)
print("preferred ", preferred.shape)
print("first pair, preferred", preferred[0].round(3))
print("first pair, rejected ", rejected[0].round(3))
print(f"the annotator picked the truly better answer in {agree:.1%} of the pairs")

charts.preference_pairs(preferred, rejected, TRUE_WEIGHTS)

# %% [markdown]
# Each arrow runs from the rejected answer to the chosen one. Most of them point along the dashed
# line, the direction of the true taste; a good number do not. Those are not mistakes in the code but
# an annotator who is human.
#
# ::: tip What the blocks may use
# `np` is NumPy. `charts` holds the pictures of this page, so that the code you read is the method and not the
# plotting. Further down, `live` redraws a picture inside a loop and `progress` shows how far the loop is. A block that
# needs names from above runs those blocks first, so you can start anywhere.
# :::
#
# ## The reward model {#reward}
#
# A reward model gives every answer a score $r(y) = w \cdot y$. Bradley–Terry turns a difference of
# scores into a probability, and maximum likelihood into a loss:
#
# $$ \mathcal{L}(w) = -\frac{1}{n}\sum_{i=1}^{n} \log \sigma\big(r(y_w^{(i)}) - r(y_l^{(i)})\big) $$
#
# Its gradient is as plain as gradients get: the difference $y_w - y_l$, weighted by how wrong the
# model still is about the pair.
#
# ::: warning No bias, please
# A constant added to every score cancels in the difference. Its gradient is exactly zero, so a bias
# in a Bradley–Terry model never learns anything. If one is there anyway, it only shifts the
# rewards that are printed later.
# :::

# %% Bradley-Terry training id="reward-model"
def sigmoid(z):
    """The logistic function, element by element; safe for any z."""
    return np.exp(-np.logaddexp(0.0, -z))


def train_reward_model(preferred, rejected, lr=0.5, epochs=100):
    """Fit r(y) = weights . y to pairs of shape (n, d) by gradient descent.

    Returns the weights (d,) and the loss before each epoch, in nats.
    """
    difference = preferred - rejected  # (n, d)
    weights, losses = np.zeros(difference.shape[1]), []
    for _ in range(epochs):
        margin = difference @ weights  # r(chosen) - r(rejected), (n,)
        losses.append(np.logaddexp(0.0, -margin).mean())  # -log sigmoid(margin)
        doubt = sigmoid(-margin)  # how wrong we are, 0 to 1
        weights += lr * (doubt[:, None] * difference).mean(axis=0)
    return weights, losses


print("sigmoid(-1000, 0, 1000) =", sigmoid(np.array([-1000.0, 0.0, 1000.0])))
print("a model that knows nothing pays log 2 =", round(np.log(2), 4), "nats a pair")

# %% [markdown]
# Now train it on the 200 pairs. A model that knows nothing says "fifty-fifty" and pays
# $\ln 2 \approx 0.693$ nats a pair, so that is where the loss has to start. Nor can it fall to zero: the
# annotator's own noise sets a floor.

# %% Train the reward model id="train-reward"
rm_weights, rm_losses = train_reward_model(preferred, rejected)

true_gap = (preferred - rejected) @ TRUE_WEIGHTS
p = sigmoid(true_gap)
noise_floor = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()  # the labels' own entropy

print("feature   true  learned")
for i in range(OUTPUT_DIM):
    print(f"{i:7} {TRUE_WEIGHTS[i]:6.2f} {rm_weights[i]:8.2f}")
print(f"\nloss {rm_losses[0]:.4f} -> {rm_losses[-1]:.4f}   (ln 2 = {np.log(2):.4f})")
print(f"the annotator's noise alone costs {noise_floor:.4f}")

charts.reward_model(rm_losses, noise_floor, TRUE_WEIGHTS, rm_weights)

# %% Evidence only="build"
doubt = (p * (1 - p))[:, None]  # information that each label carries
information = (preferred - rejected).T @ (doubt * (preferred - rejected))
standard_error = np.sqrt(np.diag(np.linalg.inv(information))).mean()

# %% [markdown]
# The two features that matter most stand out, the sign of the fourth is right, and the others stay
# small. They are not exactly zero: 200 noisy labels pin each weight down to a standard error of about
# {{ standard_error:.2f }}, and no optimiser can do better than its data.
#
# ## Does it generalise? {#unseen}
#
# A score on the pairs it was trained on says little. Take 1,000 pairs it has never seen, and ask two
# different questions. How often does it agree with the annotator's *label*? And how often with the
# annotator's *taste*, which we happen to know?

# %% Unseen pairs id="generalize"
_, fresh_preferred, fresh_rejected = sample_pairs(1000, np.random.default_rng(7))
score_gap = (fresh_preferred - fresh_rejected) @ rm_weights  # (1000,)
taste_gap = (fresh_preferred - fresh_rejected) @ TRUE_WEIGHTS

label_accuracy = (score_gap > 0).mean()
ranking_accuracy = (np.sign(score_gap) == np.sign(taste_gap)).mean()
ceiling = (taste_gap > 0).mean()

print(f"agrees with the noisy labels     {label_accuracy:.1%}")
print(f"  a perfect model would reach    {ceiling:.1%}")
print(f"agrees with the true ranking     {ranking_accuracy:.1%}")
print(f"mean score gap, chosen minus rejected  {score_gap.mean():.3f}")

charts.score_gaps(score_gap)

# %% [markdown]
# ::: key-insight Noise in the labels is not noise in the model
# The model agrees with about three labels in four, and that is nearly as good as it gets, because the
# annotator contradicts their own taste in the remaining quarter. Against the true ranking it is
# right far more often. A reward model's accuracy means nothing until you know its ceiling.
# :::
#
# ::: check The loss starts at ln 2 on any data set. Why?
# With all weights at zero every pair has margin 0, so the model says 50 % and pays
# $-\ln 0.5 = \ln 2$. If your loss starts elsewhere, look for a bias, a mask or an initialisation
# that is not zero.
# :::
