# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## From comparisons to a policy {#from-comparisons}
#
# A language model that has only read the web continues text. It does not yet help, and it does
# not yet decline. What turns it into an assistant is a second training, on comparisons: people
# see two answers to the same question and say which one is better.
#
# Two ways to learn from them are well known. **RLHF** (reinforcement learning from human
# feedback) first fits a *reward model*, which scores answers, to the comparisons, then trains the model that answers,
# the *policy*, to earn a high score. **DPO** (direct preference optimisation) trains the policy on the comparisons at
# once, with no reward model and no sampling.
#
# Here both run, in plain NumPy, on a problem small enough to have an exact answer.
# Every block is live: press **Run** or Ctrl+Enter, look, change the code, run it again.
# What you see before was recorded from the same code.
#
# ::: note What stands in for a language model
# What is asked is the *context* $x$, a vector of four numbers; an answer $y$ is a vector of five. The policy is a
# Gaussian of fixed spread whose mean is linear in the context. The methods ask for no more: a distribution to
# sample from, its log-probability, a gradient. And because all is Gaussian and linear, pen and paper tell where
# training *should* end.
# :::
#
# ## The three stages of RLHF {#stages}
#
# **1. A starting policy.** Pretraining and supervised fine-tuning (SFT) give a model that answers
# at all. Frozen, it is the *reference*, $\pi_\text{ref}$.
#
# **2. Preferences and a reward model.** The reference answers each context twice; an annotator picks
# the better answer. The pair is stored as *chosen* $y_w$ and *rejected* $y_l$. A reward model learns
# to give the chosen answers the higher score.
#
# **3. Reinforcement learning with a KL penalty.** PPO (proximal policy optimisation) raises the reward of the policy's
# own answers, and pays for distance from the reference. Distance is the KL divergence: by how much, on average, the
# policy gives its own answers a higher log-probability (log-prob) than the reference does. The unit is the *nat*; an
# answer that has become $e$ times as likely has gained one.
#
# DPO merges stages 2 and 3 into one loss. Same data in, a policy out.
#
# ::: picture pipeline-rlhf pipeline-dpo
# Solid frames are trained, dashed ones frozen.
# :::
#
# ::: check Why does the policy need a KL penalty at all?
# The reward model has only seen answers that the reference gives. Far from them its score is a guess, and an optimiser
# finds guesses that are too high. [Mistake 1](#no-kl) shows it.
# :::
#
# ## Preference data {#data}
#
# For a context the reference draws two answers. The annotator has a taste, $r^*(y) = w^* \cdot y$ (real taste depends
# on the context too), and prefers the first answer with probability
#
# $$ P(y_1 \succ y_2) = \sigma\big(r^*(y_1) - r^*(y_2)\big) $$
#
# which is the Bradley–Terry model (1952), with the logistic function $\sigma(z) = 1/(1 + e^{-z})$. Close calls go
# either way, as they do with people. That noise matters: where labels never err, the reward model's loss and DPO's
# have no minimum.
#
# The first feature of a context is always on. Without it a linear policy's answers would be zero on average over
# contexts, whatever its weights are.

# %% Preference data id="preferences"
import numpy as np

from preflab.seeds import Seeds  # draws for many seeds at once

CONTEXT_DIM, OUTPUT_DIM = 4, 5  # numbers in a context, numbers in an answer
SIGMA = 1.0  # spread of a policy's answers around their mean
BETA = 0.5  # price of one nat of KL, the same for RLHF and DPO
TRUE_WEIGHTS = np.array([1.0, 0.8, 0.0, -0.3, 0.0])  # the annotator's taste
your_picks = ""  # your own choices of flowers, to train on: "Train the lesson on these" writes them here
if your_picks:
    from preflab import flower_choices

    TRUE_WEIGHTS, *your_pairs = flower_choices.of_reader(your_picks)  # what has been learned of your taste
W_REF = 0.1 * np.random.default_rng(42).standard_normal((CONTEXT_DIM, OUTPUT_DIM))


def sample_contexts(n, rng):
    """Draw n contexts, shape (n, 4). Feature 0 is always on."""
    contexts = rng.standard_normal((n, CONTEXT_DIM))
    contexts[..., 0] = 1.0
    return contexts


def linear_taste(outputs):
    """The annotator's score of each answer, r*(y) = w* . y: (n, 5) -> (n,)."""
    return outputs @ TRUE_WEIGHTS


def sample_pairs(n, rng, weights=W_REF, taste=linear_taste):
    """Draw n pairs from the policy `weights`, labelled by `taste`.

    Returns contexts (n, 4), preferred (n, 5) and rejected (n, 5).
    """
    contexts = sample_contexts(n, rng)
    mean = contexts @ weights  # (n, 5)
    first = mean + SIGMA * rng.standard_normal((n, OUTPUT_DIM))
    second = mean + SIGMA * rng.standard_normal((n, OUTPUT_DIM))
    p_first = 1 / (1 + np.exp(taste(second) - taste(first)))  # Bradley-Terry
    first_wins = (rng.random(n) < p_first)[..., None]
    preferred = np.where(first_wins, first, second)
    rejected = np.where(first_wins, second, first)
    return contexts, preferred, rejected


contexts, preferred, rejected = sample_pairs(200, np.random.default_rng(42))
if your_picks:
    for simulated_half, your_half in zip((contexts, preferred, rejected), your_pairs, strict=True):
        simulated_half[: len(your_half)] = your_half
    print(f"the first {len(your_pairs[0])} pairs are your own; your learned taste has answered the others")
charts.annotator("your taste, as learned" if your_picks else "")  # stands in the charts' titles

agree = (linear_taste(preferred) > linear_taste(rejected)).mean()
print("pairs     ", len(preferred))
print("contexts  ", contexts.shape)
print("preferred ", preferred.shape)
print("first pair, preferred", preferred[0].round(3))
print("first pair, rejected ", rejected[0].round(3))
print(f"the annotator picked the truly better answer in {agree:.1%} of the pairs")

show(flowers.pairs(preferred[:6], rejected[:6], TRUE_WEIGHTS))  # an answer's five numbers draw a flower
charts.preference_pairs(preferred, rejected, TRUE_WEIGHTS)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

drawn_along = ((preferred - rejected)[:12, :2] @ TRUE_WEIGHTS[:2] > 0).mean()
claim("Most arrows point along the true taste", 0.5 < drawn_along < 1)
wrong_margins = (rejected - preferred)[linear_taste(preferred) < linear_taste(rejected)] @ TRUE_WEIGHTS
right_margins = (preferred - rejected)[linear_taste(preferred) > linear_taste(rejected)] @ TRUE_WEIGHTS
claim("Labels contradict the taste mostly where the two answers are close",
      wrong_margins.mean() < 0.8 * right_margins.mean())
claim("The annotator contradicts their taste in about a quarter of the pairs", abs(agree - 0.75) < 0.05)

# %% [markdown]
# Arrows run from rejected to chosen, most of them along the true taste. The bars hold all pairs: below zero, labels
# contradict it, mostly where the two are close.
#
# ::: tip What the blocks may use
# `np` is NumPy. `charts` and `flowers` hold the pictures, `show` shows one before the block ends, `live` redraws one
# inside a loop, and `progress` shows how far the loop is. A block first runs those above that it needs, so you can
# start anywhere.
# :::
#
# ## The reward model {#reward}
#
# A reward model scores an answer to a context, $r(x, y)$. The taste it has to learn ignores the context, so ours may,
# too: $r(y) = w \cdot y$. Bradley–Terry turns a difference of scores into a probability, and maximum likelihood makes
# that a loss:
#
# $$ \mathcal{L}(w) = -\frac{1}{n}\sum_{i=1}^{n} \log \sigma\big(r(y_w^{(i)}) - r(y_l^{(i)})\big) $$
#
# A step of gradient descent adds the differences $y_w - y_l$, each weighted by the prediction error: how wrong the
# model still is about the pair.
#
# ::: warning No bias, please
# A constant added to every score cancels in the difference. Its gradient is zero, so a bias never learns anything, and
# only shifts the rewards that are printed later.
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
    weights, losses = np.zeros_like(difference[..., 0, :]), []
    for _ in range(epochs):
        margin = np.matvec(difference, weights)  # r(chosen) - r(rejected), (n,)
        losses.append(np.logaddexp(0.0, -margin).mean(axis=-1))  # -log sigmoid(margin)
        error = sigmoid(-margin)  # how wrong the prediction is, 0 to 1
        weights += lr * (error[..., None] * difference).mean(axis=-2)
    return weights, losses


print("sigmoid(-1000, 0, 1000) =", sigmoid(np.array([-1000.0, 0.0, 1000.0])))
print("a model that knows nothing pays log 2 =", round(np.log(2), 4), "nats a pair")

# %% [markdown]
# Now train it. A model that knows nothing says "fifty-fifty" and pays
# $\ln 2 \approx 0.693$ nats a pair. How far down can it go? There are two marks: the weights of the true taste, and
# 1,000 pairs that take no part in the training.
#
# ::: guess train-reward On the 200 pairs, which pays the lower loss?
# - the weights that were fitted to them
# - the true weights, which made the labels
#
# The fitted ones: {{ rm_loss:.3f}} nats a pair, and the true ones {{ true_loss:.3f}}.
# :::

# %% Train the reward model id="train-reward"
rm_weights, rm_losses = train_reward_model(preferred, rejected)
_, fresh_preferred, fresh_rejected = sample_pairs(1000, np.random.default_rng(7))


def reward_loss(weights, preferred, rejected):
    """The Bradley-Terry loss of a reward model, in nats a pair."""
    return np.logaddexp(0.0, -(preferred - rejected) @ weights).mean()


epochs_seen = list(range(0, 101, 5))
held_out = [  # the loss on fresh pairs, after so many epochs on the 200
    reward_loss(train_reward_model(preferred, rejected, epochs=n)[0], fresh_preferred, fresh_rejected)
    for n in epochs_seen
]
rm_loss = reward_loss(rm_weights, preferred, rejected)
true_loss = reward_loss(TRUE_WEIGHTS, preferred, rejected)
true_held_out = reward_loss(TRUE_WEIGHTS, fresh_preferred, fresh_rejected)

print("feature   true  learned")
for i in range(OUTPUT_DIM):
    print(f"{i:7} {TRUE_WEIGHTS[i]:6.2f} {rm_weights[i]:8.2f}")
print("\nloss (nats a pair)    these 200 pairs  1,000 fresh pairs")
print(f"knows nothing, ln 2   {np.log(2):15.3f} {np.log(2):18.3f}")
print(f"learned weights       {rm_loss:15.3f} {held_out[-1]:18.3f}")
print(f"true weights          {true_loss:15.3f} {true_held_out:18.3f}")

# The same for 20 other draws of 200 pairs, all at once: arrays get a leading axis of 20.
_, many_preferred, many_rejected = sample_pairs(200, Seeds(range(20)))
many_weights, _ = train_reward_model(many_preferred, many_rejected)
many_margins = np.matvec(many_preferred - many_rejected, many_weights), (
    many_preferred - many_rejected) @ TRUE_WEIGHTS  # learned, true: (20, 200)
own_luck = np.subtract(*[np.logaddexp(0.0, -margin).mean(axis=-1) for margin in many_margins])
print(f"\nlearned minus true on its own pairs, 20 draws: {own_luck.min():.3f} to {own_luck.max():.3f}")

charts.reward_model(
    rm_losses, epochs_seen, held_out, true_loss, true_held_out, TRUE_WEIGHTS, rm_weights
)

# %% Evidence only="build"
p = sigmoid((preferred - rejected) @ TRUE_WEIGHTS)
information = (preferred - rejected).T @ ((p * (1 - p))[:, None] * (preferred - rejected))
standard_error = np.sqrt(np.diag(np.linalg.inv(information))).mean()  # by what each label tells

with_bias = np.column_stack([preferred, np.ones(200)]), np.column_stack([rejected, np.ones(200)])
claim("A bias in the reward model learns nothing", train_reward_model(*with_bias)[0][-1] == 0, see="reward-model")
claim("The loss starts at ln 2", abs(rm_losses[0] - np.log(2)) < 1e-12)
claim("On its own pairs the fitted model pays less than the true weights", rm_loss < true_loss)
claim("On fresh pairs it pays more than the true weights", held_out[-1] > true_held_out)
claim("In all 20 other draws, too, it pays less than the truth on its own pairs", (own_luck < 0).all())
claim("On fresh pairs no epoch gets as low as the true weights", min(held_out) > true_held_out)
claim("The two features that matter most have the largest weights", min(rm_weights[:2]) > abs(rm_weights[2:]).max())
claim("The sign of the fourth weight is right", rm_weights[3] < 0)
claim("The weights of features that do not matter stay small", abs(rm_weights[[2, 4]]).max() < 2 * standard_error)

# %% [markdown]
# The two features that matter most have the largest weights, the sign of the fourth is right, and the others stay
# small. They are not exactly zero: 200 noisy labels pin each weight down to a standard error of about
# {{ standard_error:.2f }}.
#
# On its own pairs the fitted model pays {{ rm_loss:.3f }}, *less* than the true weights with {{ true_loss:.3f}}: it
# has learned some of these labels' luck, as in all 20 other draws. On fresh pairs the order turns,
# {{ held_out[-1]:.3f }} against {{ true_held_out:.3f }}. The truth is no floor for a training loss. It is one, on
# average, for a loss on held-out pairs.
#
# ## Does it generalise? {#unseen}
#
# On the 1,000 pairs it has never seen, ask two different questions. How often does it agree with the annotator's
# *label*? And how often with the annotator's *taste*, which we happen to know?
#
# ::: guess generalize The true taste itself: with how many of the annotator's labels does it agree?
# - 50 to 100 by 1 %
#
# With {{ ceiling:.0%}} of the 1,000. On average no model agrees with more.
# :::

# %% Unseen pairs id="generalize"
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

# %% Evidence only="build"
claim("The model agrees with about three labels in four", abs(label_accuracy - 0.75) < 0.03)
claim("A perfect model would agree with hardly more labels", 0 < ceiling - label_accuracy < 0.03)
claim("The model is right about the true ranking far more often than about labels",
      ranking_accuracy > label_accuracy + 0.1)

# %% [markdown]
# ::: key-insight Noise in the labels is not noise in the model
# The model agrees with about three labels in four, which is nearly as good as it gets. Against the true ranking it is
# right far more often. A reward model's accuracy means nothing until you know its ceiling.
# :::
#
# ::: check The loss starts at ln 2 on any data set. Why?
# With all weights at zero every pair has margin 0, so the model says 50 % and pays $-\ln 0.5$. If yours starts
# elsewhere, look for an initialisation that is not zero. A bias is innocent: it cancels.
# :::
