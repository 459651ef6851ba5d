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
# Two tables and three challenges. The blocks run as they stand; replace the parts marked `# your code`, then press
# **Check**.
# It runs the block and looks at what comes out, not at how you wrote it. Where something is off, it says what. Hints
# come one at a time,
# and a worked answer waits below each.
#
# ### Exercise 1: what β does to RLHF {#exercise-1}
#
# Train PPO on the learned reward at $\beta$ = 0.1, 0.5 and 1.0. For each, write down the final reward,
# averaged over the last ten steps, and the policy drift: the KL to the reference at the end. Before you run
# it: by what factor should the drift change from 1.0 to 0.5?

# %% Exercise 1: beta in RLHF id="exercise-rlhf"
def final_row(beta, path, rewards, kls):
    """One row of the table: beta, the final reward, the policy drift in nats."""
    final_reward = np.nan  # your code: the mean reward of the last ten steps
    policy_drift = np.nan  # your code: the KL of the trained policy to the reference
    return beta, final_reward, policy_drift


table = []
for beta in (0.1, 0.5, 1.0):
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
for beta in (0.1, 0.5, 1.0):
    path, rewards, kls = train_ppo(rm_weights, beta=beta)
    table.append(final_row(beta, path, rewards, kls))

print("Beta   Final Reward   Policy Drift")
for row in table:
    print("{:4}   {:12.3f}   {:12.3f}".format(*row))

# %% [markdown]
# ::: check What should the table show?
# The optimum moves by $\sigma^2 w/\beta$, so from 1.0 to 0.5 the drift should grow four times, and the
# reward's gain twice. From 0.5 to 0.1 the optimum's drift grows 25 times, and 150 steps are nearly enough to get there.
# Compare with `kl_to_reference(optimal_policy(rm_weights, 0.1))`.
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
for beta in (0.1, 0.5, 1.0):
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
for beta in (0.1, 0.5, 1.0):
    path, losses, accuracies = train_dpo(contexts, preferred, rejected, beta=beta)
    table.append(dpo_row(beta, path, losses))

print("Beta   Final Loss   True Score")
for row in table:
    print("{:4}   {:10.4f}   {:10.3f}".format(*row))

# %% [markdown]
# ::: check The smallest β has the highest loss. Is it the worst fit?
# It is the least *finished* one: the gradient carries a factor $\beta$, and 150 steps at this learning rate
# were not enough. Give $\beta = 0.1$ a learning rate of 12.5 and its loss comes down to the others'.
# :::
#
# ## Challenges {#challenges}
#
# ### Fifty features instead of five {#challenge-1}
#
# Answers now have 50 features, and only the first five matter to the annotator. Train a reward model on
# 200 such pairs. How well does it rank fresh pairs? How many pairs does it take to get back to what five features gave?

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

for n in (500, 1000, 2000):
    print(f"{n:5} pairs: {wide_ranking(train_wide(n, np.random.default_rng(42))):.1%}")
enough = 1500  # between the last two

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
# This annotator likes answers close to a point and dislikes both extremes. No linear reward can say
# that. Build a reward model with one hidden ReLU layer, $r(y) = v \cdot \max(0,\, yA + b)$, and train it
# on the pairs. The hidden bias $b$ does matter here: it does not cancel. The training loop is there; what it lacks is
# the
# reward and its gradients. You may as well throw all of it away, as long as `reward` ranks answers in the end.

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
    doubt = sigmoid(-active @ v)[:, None] / len(preferred)  # how wrong we are, (n, 1)
    back_w = -doubt * v * (hidden_w > 0)  # units that are off pass nothing back
    back_l = -doubt * v * (hidden_l > 0)
    grad_A = preferred.T @ back_w - rejected.T @ back_l
    grad_b = (back_w - back_l).sum(axis=0)
    grad_v = -(doubt * active).sum(axis=0)
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
