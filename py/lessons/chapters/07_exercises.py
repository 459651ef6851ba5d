# %% Outside the browser only="python"
# ruff: noqa: F811 (a worked answer is the whole block again)
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Exercises {#exercises}
#
# The blocks run as they stand; replace the parts marked `# your code`, then press **Check**. It runs the block and
# looks at what comes out, not at how you wrote it. Where something is off, it says what. Hints come one at a time, and
# a worked answer waits below each.
#
# ## To warm up: two tables {#warm-ups}
#
# ### Exercise 1: what β does to RLHF {#exercise-1}
#
# Train PPO on the learned reward at $\beta$ = 0.01, 0.1 and 1. For each, write down the final reward, averaged over the
# last ten steps, and the policy drift: the KL to the reference at the end. Before you run it: by what factor should the
# drift change from 1 to 0.1?

# %% Exercise 1: beta in RLHF id="exercise-rlhf"
def final_row(beta, path, rewards, kls):
    """One row of the table: beta, the final reward, the policy drift in nats."""
    final_reward = np.nan  # your code: the mean reward of the last ten steps
    policy_drift = np.nan  # your code: the KL of the trained policy to the reference
    return beta, final_reward, policy_drift


table = []
for beta in (0.01, 0.1, 1.0):
    path, rewards, kls = train_ppo(rm_weights, beta=beta)
    table.append(final_row(beta, path, rewards, kls))

print("Beta   Final Reward   Policy Drift")
for row in table:
    print("{:4}   {:12.3f}   {:12.3f}".format(*row))

# %% Exercise 1: a worked answer solution="exercise-rlhf"
def final_row(beta, path, rewards, kls):
    """One row of the table: beta, the final reward, the policy drift in nats."""
    final_reward = np.mean(rewards[-10:])
    policy_drift = kl_to_reference(path[-1])
    return beta, final_reward, policy_drift


table = []
for beta in (0.01, 0.1, 1.0):
    path, rewards, kls = train_ppo(rm_weights, beta=beta)
    table.append(final_row(beta, path, rewards, kls))

print("Beta   Final Reward   Policy Drift")
for row in table:
    print("{:4}   {:12.3f}   {:12.3f}".format(*row))

# %% Evidence only="build"
from lessons.claims import claim

warm_kls = {beta: kl_to_reference(train_ppo(rm_weights, beta=beta)[0][-1]) for beta in (0.01, 0.1, 1.0)}
pairs_of_table = contexts, preferred, rejected
finished = train_dpo(*pairs_of_table, beta=0.05, lr=50.0)[0][-1]
finished_score, finished_kl = finished[0] @ TRUE_WEIGHTS, kl_to_reference(finished)
usual = train_dpo(*pairs_of_table, beta=0.5)[0][-1]
claim("From beta 1 to 0.1 the drift grows nearly a hundred times", 90 < warm_kls[0.1] / warm_kls[1.0] < 110)
claim(
    "Beta 0.05 at a rate of 50 comes down to the loss of beta 0.5",
    abs(dpo_loss_and_grad(finished, *pairs_of_table, beta=0.05)[0] - dpo_loss_and_grad(usual, *pairs_of_table)[0])
    < 1e-9, see="exercise-dpo",
)

# %% [markdown]
# ::: check What should the table show?
# The optimum moves by $\sigma^2 w/\beta$, so with a tenth of $\beta$ the reward's gain should be ten times as large and
# the drift a hundred times. From 1 to 0.1 it nearly is. At 0.01 the optimum lies
# {{ f"{kl_to_reference(optimal_policy(rm_weights, 0.01)):,.0f}" }} nats away, and 150 steps get to
# {{ warm_kls[0.01]:.0f}}: the price is so low that this run is stopped by its number of steps.
# :::
#
# ### Exercise 2: what β does to DPO {#exercise-2}
#
# The same for DPO: the final loss, on *all* 200 pairs rather than one batch, and the true score of the trained policy.

# %% Exercise 2: beta in DPO id="exercise-dpo"
def dpo_row(beta, path, losses):
    """One row of the table: beta, the final loss on all pairs, the true score."""
    final_loss = np.nan  # your code: the DPO loss of the trained policy on all pairs
    true_score = np.nan  # your code: the mean true score of its answers
    return beta, final_loss, true_score


table = []
for beta in (0.05, 0.1, 0.5):
    path, losses, accuracies = train_dpo(contexts, preferred, rejected, beta=beta)
    table.append(dpo_row(beta, path, losses))

print("Beta   Final Loss   True Score")
for row in table:
    print("{:4}   {:10.4f}   {:10.3f}".format(*row))

# %% Exercise 2: a worked answer solution="exercise-dpo"
def dpo_row(beta, path, losses):
    """One row of the table: beta, the final loss on all pairs, the true score."""
    final_loss, _ = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)
    true_score, _, _ = evaluate_policy(path[-1])
    return beta, final_loss, true_score


table = []
for beta in (0.05, 0.1, 0.5):
    path, losses, accuracies = train_dpo(contexts, preferred, rejected, beta=beta)
    table.append(dpo_row(beta, path, losses))

print("Beta   Final Loss   True Score")
for row in table:
    print("{:4}   {:10.4f}   {:10.3f}".format(*row))

# %% [markdown]
# ::: check The smallest β has the highest loss. Is it the worst fit?
# It is the least *finished* one. The gradient carries a factor $\beta$, and so does the margin that the weights make,
# so a tenth of $\beta$ needs a hundred times the learning rate. Give $\beta = 0.05$ a rate of 50 and its loss comes
# down to that of 0.5, to the last digit. Its true score is then {{ finished_score:.0f}}, at {{ finished_kl:.0f}} nats.
# :::
#
# ## Write it yourself {#by-hand}
#
# ### Exercise 3: DPO's gradient {#exercise-3}
#
# The loss of a pair is $-\log\sigma(m)$, and the margin $m$ is $\beta$ times a difference of log-ratios. Write the
# gradient of the mean loss with respect to the policy's weights, for any $\beta$. The block holds yours against finite
# differences: it nudges each of the twenty weights up and down, and looks at what the loss does.

# %% Exercise 3: DPO's gradient id="exercise-gradient"
def dpo_gradient(weights, contexts, preferred, rejected, beta):
    """Gradient of the mean DPO loss with respect to the policy's weights: (4, 5)."""
    return np.zeros_like(weights)  # your code


def definition(weights, beta=BETA):
    """The mean DPO loss as it is defined, with four log-probs a pair."""
    gain_w = log_prob(preferred, contexts, weights) - log_prob(preferred, contexts, W_REF)
    gain_l = log_prob(rejected, contexts, weights) - log_prob(rejected, contexts, W_REF)
    return np.logaddexp(0.0, -beta * (gain_w - gain_l)).mean()


def by_nudging(loss, weights, h=1e-5):
    """The gradient by finite differences, one weight at a time."""
    gradient = np.zeros_like(weights)
    for entry in np.ndindex(weights.shape):
        nudge = np.zeros_like(weights)
        nudge[entry] = h
        gradient[entry] = (loss(weights + nudge) - loss(weights - nudge)) / (2 * h)
    return gradient


tried_weights = W_REF + 0.3 * np.random.default_rng(3).standard_normal(W_REF.shape)
nudged = by_nudging(definition, tried_weights)
own_gradient = dpo_gradient(tried_weights, contexts, preferred, rejected, BETA)
print("first row, by nudging", nudged[0].round(4))
print("first row, yours     ", own_gradient[0].round(4))
print(f"largest difference    {abs(own_gradient - nudged).max():.0e}")

# %% DPO's gradient: a worked answer solution="exercise-gradient"
def dpo_gradient(weights, contexts, preferred, rejected, beta):
    """Gradient of the mean DPO loss with respect to the policy's weights: (4, 5)."""
    difference = preferred - rejected  # (n, 5)
    shift = contexts @ (weights - W_REF)  # how far the policy's mean has moved, (n, 5)
    margin = beta / SIGMA**2 * (difference * shift).sum(axis=1)
    error = sigmoid(-margin)[:, None]  # minus the slope of the loss in the margin, (n, 1)
    return -beta / SIGMA**2 * contexts.T @ (error * difference) / len(contexts)


def definition(weights, beta=BETA):
    """The mean DPO loss as it is defined, with four log-probs a pair."""
    gain_w = log_prob(preferred, contexts, weights) - log_prob(preferred, contexts, W_REF)
    gain_l = log_prob(rejected, contexts, weights) - log_prob(rejected, contexts, W_REF)
    return np.logaddexp(0.0, -beta * (gain_w - gain_l)).mean()


def by_nudging(loss, weights, h=1e-5):
    """The gradient by finite differences, one weight at a time."""
    gradient = np.zeros_like(weights)
    for entry in np.ndindex(weights.shape):
        nudge = np.zeros_like(weights)
        nudge[entry] = h
        gradient[entry] = (loss(weights + nudge) - loss(weights - nudge)) / (2 * h)
    return gradient


tried_weights = W_REF + 0.3 * np.random.default_rng(3).standard_normal(W_REF.shape)
nudged = by_nudging(definition, tried_weights)
own_gradient = dpo_gradient(tried_weights, contexts, preferred, rejected, BETA)
print("first row, by nudging", nudged[0].round(4))
print("first row, yours     ", own_gradient[0].round(4))
print(f"largest difference    {abs(own_gradient - nudged).max():.0e}")

# %% [markdown]
# ### Exercise 4: PPO's clip {#exercise-4}
#
# For each answer PPO maximises the smaller of two numbers: ratio times advantage, and the same with the ratio clipped
# to $1 \pm \varepsilon$. Write that value and its slope in the ratio, which is what the gradient gets to see. Of the
# four ways in which an answer can have moved, which two should lose their slope?

# %% Exercise 4: PPO's clip id="exercise-clip"
def ppo_objective(ratio, advantage, epsilon=0.2):
    """What PPO maximises for each answer, and its slope in the ratio: (n,) and (n,)."""
    value = np.zeros(len(ratio))  # your code: the smaller of free and clipped
    slope = np.zeros(len(ratio))  # your code: 0 where the clip holds the answer
    return value, slope


moved_to = np.array([0.5, 0.9, 1.1, 1.5, 0.5, 0.9, 1.1, 1.5])
signs = np.array([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0])
promises, slopes = ppo_objective(moved_to, signs)
above, below = ppo_objective(moved_to + 1e-6, signs)[0], ppo_objective(moved_to - 1e-6, signs)[0]
print("ratio  advantage  value  slope  slope by nudging your value")
for row in zip(moved_to, signs, promises, slopes, (above - below) / 2e-6, strict=True):
    print("{:5.1f}  {:+9.0f}  {:+5.2f}  {:+5.1f}  {:+5.1f}".format(*row))

# %% PPO's clip: a worked answer solution="exercise-clip"
def ppo_objective(ratio, advantage, epsilon=0.2):
    """What PPO maximises for each answer, and its slope in the ratio: (n,) and (n,)."""
    free = ratio * advantage
    clipped = np.clip(ratio, 1 - epsilon, 1 + epsilon) * advantage
    value = np.minimum(free, clipped)
    slope = np.where(free <= clipped, advantage, 0.0)  # a clipped ratio moves nothing
    return value, slope


moved_to = np.array([0.5, 0.9, 1.1, 1.5, 0.5, 0.9, 1.1, 1.5])
signs = np.array([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0])
promises, slopes = ppo_objective(moved_to, signs)
above, below = ppo_objective(moved_to + 1e-6, signs)[0], ppo_objective(moved_to - 1e-6, signs)[0]
print("ratio  advantage  value  slope  slope by nudging your value")
for row in zip(moved_to, signs, promises, slopes, (above - below) / 2e-6, strict=True):
    print("{:5.1f}  {:+9.0f}  {:+5.2f}  {:+5.1f}  {:+5.1f}".format(*row))

# %% [markdown]
# ### Exercise 5: repair the article {#exercise-5}
#
# Six functions of our own hold the six faults of the published recipe. All run without an error, and both methods end
# with a true score of zero, but for chance. Each number in the comments is one fault. Mend what you find, in any order:
# Check says how many are left, which, and something about the first.

# %% Exercise 5: repair the article id="exercise-repair"
def article_contexts(n, rng):
    """n contexts: (n, 4)."""
    return rng.standard_normal((n, CONTEXT_DIM))  # your code: 1, contexts


def article_answers(contexts, weights, rng):
    """A sampled answer for each context: (n, 5)."""
    return contexts @ weights + 0.1 * rng.standard_normal((len(contexts), 5))  # your code: 4, KL


def article_pairs(n, rng):
    """n labelled pairs for DPO and the reward model: contexts, preferred, rejected."""
    contexts = article_contexts(n, rng)
    first, second = rng.standard_normal((2, n, OUTPUT_DIM))  # your code: 2, pairs
    first_wins = first @ TRUE_WEIGHTS > second @ TRUE_WEIGHTS  # your code: 6, labels
    first_wins = first_wins[:, None]
    return contexts, np.where(first_wins, first, second), np.where(first_wins, second, first)


def article_reward(outputs, reward_weights):
    """The learned reward of each answer: (n,)."""
    return outputs @ reward_weights + 0.43  # your code: 5, bias


def article_penalty(contexts, outputs, weights):
    """The KL of each answer, sampled from the policy `weights`, in nats: (n,)."""
    return ((outputs - contexts @ W_REF) ** 2).mean(axis=1)  # your code: 4, KL


def article_step(weights, old_weights, contexts, outputs, advantages, lr=0.05, epsilon=0.2):
    """One pass of PPO over a batch that `old_weights` has sampled; returns the new weights (4, 5)."""
    slope = np.clip(advantages, -epsilon, epsilon)  # your code: 3, step
    score = np.tile(article_weights, (len(outputs), 1))  # your code: 3, step
    return weights + lr * contexts.T @ (slope[:, None] * score) / len(outputs)


rng = np.random.default_rng(42)
article_data = article_pairs(200, rng)
article_weights, _ = train_reward_model(*article_data[1:])
article_rlhf = W_REF.copy()
for _ in progress(range(150)):
    old, x = article_rlhf, article_contexts(32, rng)
    y = article_answers(x, old, rng)
    penalised = article_reward(y, article_weights) - BETA * article_penalty(x, y, old)
    advantages = (penalised - penalised.mean()) / (penalised.std() + 1e-8)
    for _ in range(4):
        article_rlhf = article_step(article_rlhf, old, x, y, advantages)
article_dpo = train_dpo(*article_data)[0][-1]

x = article_contexts(5000, rng)
for name, weights in {"reference": W_REF, "RLHF": article_rlhf, "DPO": article_dpo}.items():
    score = x @ weights @ TRUE_WEIGHTS
    print(f"true score of {name:10} {score.mean():+.2f} ± {1.96 * score.std() / np.sqrt(len(x)):.2f}")

# %% Evidence only="build"
broken = {name: x @ weights @ TRUE_WEIGHTS for name, weights in {"RLHF": article_rlhf, "DPO": article_dpo}.items()}
claim(
    "Both methods of the published recipe end with a true score of zero, but for chance",
    all(abs(score.mean()) < 1.96 * score.std() / np.sqrt(len(x)) for score in broken.values()),
)

# %% Repair the article: a worked answer solution="exercise-repair"
def article_contexts(n, rng):
    """n contexts: (n, 4)."""
    contexts = rng.standard_normal((n, CONTEXT_DIM))
    contexts[:, 0] = 1.0  # always on, so that the mean answer can move
    return contexts


def article_answers(contexts, weights, rng):
    """A sampled answer for each context: (n, 5)."""
    return generate_output(contexts, weights, rng)  # with the spread that log_prob assumes


def article_pairs(n, rng):
    """n labelled pairs for DPO and the reward model: contexts, preferred, rejected."""
    contexts = article_contexts(n, rng)
    first, second = article_answers(contexts, W_REF, rng), article_answers(contexts, W_REF, rng)
    first_wins = rng.random(n) < sigmoid((first - second) @ TRUE_WEIGHTS)  # an annotator who may err
    first_wins = first_wins[:, None]
    return contexts, np.where(first_wins, first, second), np.where(first_wins, second, first)


def article_reward(outputs, reward_weights):
    """The learned reward of each answer: (n,)."""
    return outputs @ reward_weights  # no pair can teach a bias


def article_penalty(contexts, outputs, weights):
    """The KL of each answer, sampled from the policy `weights`, in nats: (n,)."""
    return log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, W_REF)


def article_step(weights, old_weights, contexts, outputs, advantages, lr=0.05, epsilon=0.2):
    """One pass of PPO over a batch that `old_weights` has sampled; returns the new weights (4, 5)."""
    ratio = np.exp(log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, old_weights))
    held = np.where(advantages > 0, ratio > 1 + epsilon, ratio < 1 - epsilon)
    slope = np.where(held, 0.0, ratio * advantages)
    score = (outputs - contexts @ weights) / SIGMA**2  # d log pi / d mean
    return weights + lr * contexts.T @ (slope[:, None] * score) / len(outputs)


rng = np.random.default_rng(42)
article_data = article_pairs(200, rng)
article_weights, _ = train_reward_model(*article_data[1:])
article_rlhf = W_REF.copy()
for _ in progress(range(150)):
    old, x = article_rlhf, article_contexts(32, rng)
    y = article_answers(x, old, rng)
    penalised = article_reward(y, article_weights) - BETA * article_penalty(x, y, old)
    advantages = (penalised - penalised.mean()) / (penalised.std() + 1e-8)
    for _ in range(4):
        article_rlhf = article_step(article_rlhf, old, x, y, advantages)
article_dpo = train_dpo(*article_data)[0][-1]

x = article_contexts(5000, rng)
for name, weights in {"reference": W_REF, "RLHF": article_rlhf, "DPO": article_dpo}.items():
    score = x @ weights @ TRUE_WEIGHTS
    print(f"true score of {name:10} {score.mean():+.2f} ± {1.96 * score.std() / np.sqrt(len(x)):.2f}")

# %% [markdown]
# ## Challenges {#challenges}
#
# ### Fifty features instead of five {#challenge-1}
#
# Answers now have 50 features. The annotator's taste for the first five is as before; the other 45 do not matter to
# them. Train a reward model on 200 such pairs. How well does it rank fresh pairs? How many pairs does it take to get
# back to what five features gave?

# %% Challenge: 50 dimensions id="challenge-dims"
WIDE_DIM = 50
wide_taste = np.zeros(WIDE_DIM)
wide_taste[:OUTPUT_DIM] = TRUE_WEIGHTS


def wide_pairs(n, rng):
    """n labelled pairs of answers with 50 features: preferred, rejected, each (n, 50)."""
    first, second = rng.standard_normal((2, n, WIDE_DIM))
    wins = (rng.random(n) < sigmoid((first - second) @ wide_taste))[:, None]
    return np.where(wins, first, second), np.where(wins, second, first)


def train_wide(n, rng):
    """Reward weights (50,), learned from n wide pairs."""
    wide_preferred, wide_rejected = wide_pairs(n, rng)
    return np.zeros(WIDE_DIM)  # your code: train a reward model on these pairs


def wide_ranking(weights):
    """Share of 2,000 fresh pairs that `weights` ranks as the taste does."""
    difference = np.subtract(*wide_pairs(2000, np.random.default_rng(7)))
    return (np.sign(difference @ weights) == np.sign(difference @ wide_taste)).mean()


wide_weights = train_wide(200, np.random.default_rng(42))
print(f"fresh pairs ranked right, 50 features, 200 pairs: {wide_ranking(wide_weights):.1%}")
print(f"                           5 features, 200 pairs: {ranking_accuracy:.1%}")

enough = None  # your code: how many pairs bring 50 features to where 5 are?

# %% Fifty features: a worked answer solution="challenge-dims"
WIDE_DIM = 50
wide_taste = np.zeros(WIDE_DIM)
wide_taste[:OUTPUT_DIM] = TRUE_WEIGHTS


def wide_pairs(n, rng):
    """n labelled pairs of answers with 50 features: preferred, rejected, each (n, 50)."""
    first, second = rng.standard_normal((2, n, WIDE_DIM))
    wins = (rng.random(n) < sigmoid((first - second) @ wide_taste))[:, None]
    return np.where(wins, first, second), np.where(wins, second, first)


def train_wide(n, rng):
    """Reward weights (50,), learned from n wide pairs."""
    wide_preferred, wide_rejected = wide_pairs(n, rng)
    weights, _ = train_reward_model(wide_preferred, wide_rejected)
    return weights


def wide_ranking(weights):
    """Share of 2,000 fresh pairs that `weights` ranks as the taste does."""
    difference = np.subtract(*wide_pairs(2000, np.random.default_rng(7)))
    return (np.sign(difference @ weights) == np.sign(difference @ wide_taste)).mean()


wide_weights = train_wide(200, np.random.default_rng(42))
print(f"fresh pairs ranked right, 50 features, 200 pairs: {wide_ranking(wide_weights):.1%}")
print(f"                           5 features, 200 pairs: {ranking_accuracy:.1%}")

for enough in (500, 1000, 1500, 2000, 3000, 5000, 10_000, 20_000):
    right = wide_ranking(train_wide(enough, np.random.default_rng(42)))
    print(f"{enough:5} pairs: {right:.1%}")
    if right >= ranking_accuracy:
        break

# %% [markdown]
# ### An annotator who slips {#challenge-2}
#
# Swap the labels of 20 % of the pairs, at random: the annotator meant one answer and clicked the other. What happens
# to the
# learned weights: do they turn, or do they shrink?

# %% Challenge: 20 % of the labels swapped id="challenge-noise"
rng = np.random.default_rng(11)
swap = rng.random(len(preferred)) < 0.2  # (n,), True where the annotator slips


def swap_labels(preferred, rejected, swap):
    """Both sides (n, 5), with the two answers of a pair exchanged where `swap` is True."""
    return preferred, rejected  # your code


noisy_preferred, noisy_rejected = swap_labels(preferred, rejected, swap)

noisy_weights, noisy_losses = train_reward_model(noisy_preferred, noisy_rejected)
clean_length, noisy_length = np.linalg.norm(rm_weights), np.linalg.norm(noisy_weights)
cosine = noisy_weights @ rm_weights / (noisy_length * clean_length)
print("clean labels  ", rm_weights.round(2))
print("swapped labels", noisy_weights.round(2))
print(f"length ratio {noisy_length / clean_length:.2f}, cosine of the angle {cosine:.2f}")

# %% Swapped labels: a worked answer solution="challenge-noise"
rng = np.random.default_rng(11)
swap = rng.random(len(preferred)) < 0.2  # (n,), True where the annotator slips


def swap_labels(preferred, rejected, swap):
    """Both sides (n, 5), with the two answers of a pair exchanged where `swap` is True."""
    swap = swap[:, None]  # (n, 1): a whole answer changes places
    return np.where(swap, rejected, preferred), np.where(swap, preferred, rejected)


noisy_preferred, noisy_rejected = swap_labels(preferred, rejected, swap)

noisy_weights, noisy_losses = train_reward_model(noisy_preferred, noisy_rejected)
clean_length, noisy_length = np.linalg.norm(rm_weights), np.linalg.norm(noisy_weights)
cosine = noisy_weights @ rm_weights / (noisy_length * clean_length)
print("clean labels  ", rm_weights.round(2))
print("swapped labels", noisy_weights.round(2))
print(f"length ratio {noisy_length / clean_length:.2f}, cosine of the angle {cosine:.2f}")

# %% [markdown]
# ### A taste that is not linear {#challenge-3}
#
# This annotator likes answers whose first two numbers are close to a point, and dislikes both extremes. No linear
# reward can say that. Build a reward model with one hidden ReLU layer, $r(y) = v \cdot \max(0,\, yA + b)$, and train
# it on the pairs. The hidden bias $b$ does matter here: it does not cancel. The training loop is there; what it lacks
# is the reward and its gradients. You may as well throw all of it away, as long as `reward` ranks answers in the end.

# %% Challenge: a ReLU reward model id="challenge-relu"
def curved_taste(outputs):
    return 3.0 - 1.5 * np.abs(outputs[:, 0] - 0.5) - np.abs(outputs[:, 1])


def curved_pairs(n, rng):
    """n labelled pairs by `curved_taste`: preferred, rejected, each (n, 5)."""
    first, second = 1.5 * rng.standard_normal((2, n, OUTPUT_DIM))
    wins = (rng.random(n) < sigmoid(curved_taste(first) - curved_taste(second)))[:, None]
    return np.where(wins, first, second), np.where(wins, second, first)


def relu_reward(outputs, A, b, v):
    """v . relu(y A + b), one number an answer: (n, 5) -> (n,)."""
    return np.zeros(len(outputs))  # your code


def relu_gradients(preferred, rejected, A, b, v):
    """Gradients of the mean Bradley-Terry loss for A (5, hidden), b (hidden,) and v (hidden,)."""
    return np.zeros_like(A), np.zeros_like(b), np.zeros_like(v)  # your code


def train_relu(preferred, rejected, hidden=16, lr=0.5, epochs=300, seed=0):
    """Full-batch gradient descent from random weights; returns A, b, v."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((OUTPUT_DIM, hidden)) / np.sqrt(OUTPUT_DIM)
    b = 0.5 * rng.standard_normal(hidden)
    v = rng.standard_normal(hidden) / np.sqrt(hidden)
    for _ in progress(range(epochs)):
        grad_A, grad_b, grad_v = relu_gradients(preferred, rejected, A, b, v)
        A, b, v = A - lr * grad_A, b - lr * grad_b, v - lr * grad_v
    return A, b, v


curved_preferred, curved_rejected = curved_pairs(2000, np.random.default_rng(42))
linear_weights, linear_losses = train_reward_model(curved_preferred, curved_rejected)
A, b, v = train_relu(curved_preferred, curved_rejected)


def reward(outputs):
    """The trained reward model, (n, 5) -> (n,)."""
    return relu_reward(outputs, A, b, v)


test_preferred, test_rejected = curved_pairs(2000, np.random.default_rng(7))
truth = curved_taste(test_preferred) > curved_taste(test_rejected)
ranked_right = ((test_preferred @ linear_weights > test_rejected @ linear_weights) == truth).mean()
relu_right = ((reward(test_preferred) > reward(test_rejected)) == truth).mean()
print(f"fresh pairs ranked right: linear {ranked_right:.1%}, yours {relu_right:.1%}")

# %% A ReLU reward model: a worked answer solution="challenge-relu"
def curved_taste(outputs):
    return 3.0 - 1.5 * np.abs(outputs[:, 0] - 0.5) - np.abs(outputs[:, 1])


def curved_pairs(n, rng):
    """n labelled pairs by `curved_taste`: preferred, rejected, each (n, 5)."""
    first, second = 1.5 * rng.standard_normal((2, n, OUTPUT_DIM))
    wins = (rng.random(n) < sigmoid(curved_taste(first) - curved_taste(second)))[:, None]
    return np.where(wins, first, second), np.where(wins, second, first)


def relu_reward(outputs, A, b, v):
    """v . relu(y A + b), one number an answer: (n, 5) -> (n,)."""
    return np.maximum(0, outputs @ A + b) @ v


def relu_gradients(preferred, rejected, A, b, v):
    """Gradients of the mean Bradley-Terry loss for A (5, hidden), b (hidden,) and v (hidden,)."""
    hidden_w, hidden_l = preferred @ A + b, rejected @ A + b  # (n, hidden)
    active = np.maximum(0, hidden_w) - np.maximum(0, hidden_l)
    error = sigmoid(-active @ v)[:, None] / len(preferred)  # how wrong we are, (n, 1)
    back_w = -error * v * (hidden_w > 0)  # units that are off pass nothing back
    back_l = -error * v * (hidden_l > 0)
    grad_A = preferred.T @ back_w - rejected.T @ back_l
    grad_b = (back_w - back_l).sum(axis=0)
    grad_v = -(error * active).sum(axis=0)
    return grad_A, grad_b, grad_v


def train_relu(preferred, rejected, hidden=16, lr=0.5, epochs=300, seed=0):
    """Full-batch gradient descent from random weights; returns A, b, v."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((OUTPUT_DIM, hidden)) / np.sqrt(OUTPUT_DIM)
    b = 0.5 * rng.standard_normal(hidden)
    v = rng.standard_normal(hidden) / np.sqrt(hidden)
    for _ in progress(range(epochs)):
        grad_A, grad_b, grad_v = relu_gradients(preferred, rejected, A, b, v)
        A, b, v = A - lr * grad_A, b - lr * grad_b, v - lr * grad_v
    return A, b, v


curved_preferred, curved_rejected = curved_pairs(2000, np.random.default_rng(42))
linear_weights, linear_losses = train_reward_model(curved_preferred, curved_rejected)
A, b, v = train_relu(curved_preferred, curved_rejected)


def reward(outputs):
    """The trained reward model, (n, 5) -> (n,)."""
    return relu_reward(outputs, A, b, v)


test_preferred, test_rejected = curved_pairs(2000, np.random.default_rng(7))
truth = curved_taste(test_preferred) > curved_taste(test_rejected)
ranked_right = ((test_preferred @ linear_weights > test_rejected @ linear_weights) == truth).mean()
relu_right = ((reward(test_preferred) > reward(test_rejected)) == truth).mean()
print(f"fresh pairs ranked right: linear {ranked_right:.1%}, yours {relu_right:.1%}")
