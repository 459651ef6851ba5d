# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lessons import outside  # noqa: E402

globals().update(outside.chapters_before(__file__))

# %% [markdown]
# ## Exercises {#exercises}
#
# Two tables to fill in. The blocks run as they stand; replace the parts marked `# your code`. A worked answer waits
# below each.
#
# ### Exercise 1: what β does to RLHF {#exercise-1}
#
# Train PPO on the learned reward at $\beta$ = 0.1, 0.5 and 1.0. For each, write down the final reward,
# averaged over the last ten steps, and the policy drift: the KL to the reference at the end. Before you run
# it: by what factor should the drift change from 1.0 to 0.5?

# %% Exercise 1: beta in RLHF id="exercise-rlhf"
table = []
for beta in (0.1, 0.5, 1.0):
    path, rewards, kls = train_ppo(rm_weights, beta=beta)
    final_reward = None  # your code: the mean reward of the last ten steps
    policy_drift = None  # your code: the KL of the trained policy to the reference
    table.append((beta, final_reward, policy_drift))

print("Beta   Final Reward   Policy Drift")
for row in table:
    print("{:4}   {!s:>12}   {!s:>12}".format(*row))

# %% Exercise 1: a worked answer solution="exercise-rlhf"
table = []
for beta in (0.1, 0.5, 1.0):
    path, rewards, kls = train_ppo(rm_weights, beta=beta)
    final_reward = np.mean(rewards[-10:])
    policy_drift = kl_to_reference(path[-1])
    table.append((beta, round(final_reward, 3), round(policy_drift, 3)))

print("Beta   Final Reward   Policy Drift")
for row in table:
    print("{:4}   {!s:>12}   {!s:>12}".format(*row))

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
table = []
for beta in (0.1, 0.5, 1.0):
    path, losses, accuracies = train_dpo(contexts, preferred, rejected, beta=beta)
    final_loss = None  # your code: the DPO loss of the trained policy on all pairs
    true_score = None  # your code: the mean true score of its answers
    table.append((beta, final_loss, true_score))

print("Beta   Final Loss   True Score")
for row in table:
    print("{:4}   {!s:>10}   {!s:>10}".format(*row))

# %% Exercise 2: a worked answer solution="exercise-dpo"
table = []
for beta in (0.1, 0.5, 1.0):
    path, losses, accuracies = train_dpo(contexts, preferred, rejected, beta=beta)
    final_loss, _ = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)
    true_score, _, _ = evaluate_policy(path[-1])
    table.append((beta, round(final_loss, 4), round(true_score, 3)))

print("Beta   Final Loss   True Score")
for row in table:
    print("{:4}   {!s:>10}   {!s:>10}".format(*row))

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


wide_preferred, wide_rejected = wide_pairs(200, np.random.default_rng(42))
wide_weights = np.zeros(WIDE_DIM)  # your code: train a reward model on these pairs

test_preferred, test_rejected = wide_pairs(2000, np.random.default_rng(7))
difference = test_preferred - test_rejected
ranked_right = (np.sign(difference @ wide_weights) == np.sign(difference @ wide_taste)).mean()
print(f"agrees with the true ranking on fresh pairs: {ranked_right:.1%}")

# %% Fifty features: a worked answer solution="challenge-dims"
for n in (200, 500, 1000, 2000):
    wide_weights, _ = train_reward_model(*wide_pairs(n, np.random.default_rng(42)))
    ranked_right = (np.sign(difference @ wide_weights) == np.sign(difference @ wide_taste)).mean()
    print(f"{n:5} pairs: agrees with the true ranking {ranked_right:.1%}")

# %% [markdown]
# ### An annotator who slips {#challenge-2}
#
# Swap the labels of 20 % of the pairs, at random: the annotator meant one answer and clicked the other. What happens to the
# learned weights: do they turn, or do they shrink?

# %% Challenge: 20 % of the labels swapped id="challenge-noise"
rng = np.random.default_rng(11)
swap = rng.random(len(preferred)) < 0.2
noisy_preferred, noisy_rejected = preferred, rejected  # your code: exchange them where `swap`

noisy_weights, noisy_losses = train_reward_model(noisy_preferred, noisy_rejected)
clean_length, noisy_length = np.linalg.norm(rm_weights), np.linalg.norm(noisy_weights)
cosine = noisy_weights @ rm_weights / (noisy_length * clean_length)
print("clean labels  ", rm_weights.round(2))
print("swapped labels", noisy_weights.round(2))
print(f"length ratio {noisy_length / clean_length:.2f}, cosine of the angle {cosine:.2f}")

# %% Swapped labels: a worked answer solution="challenge-noise"
noisy_preferred = np.where(swap[:, None], rejected, preferred)
noisy_rejected = np.where(swap[:, None], preferred, rejected)
noisy_weights, noisy_losses = train_reward_model(noisy_preferred, noisy_rejected)
noisy_length = np.linalg.norm(noisy_weights)
cosine = noisy_weights @ rm_weights / (noisy_length * clean_length)
print("swapped labels", noisy_weights.round(2))
print(f"length ratio {noisy_length / clean_length:.2f}, cosine of the angle {cosine:.2f}")

# %% [markdown]
# ### A taste that is not linear {#challenge-3}
#
# This annotator likes answers close to a point and dislikes both extremes. No linear reward can say
# that. Build a reward model with one hidden ReLU layer, $r(y) = v \cdot \max(0,\, yA + b)$, and train it
# on the pairs. The hidden bias $b$ does matter here: it does not cancel.

# %% Challenge: a ReLU reward model id="challenge-relu"
def curved_taste(outputs):
    return 3.0 - 1.5 * np.abs(outputs[:, 0] - 0.5) - np.abs(outputs[:, 1])


def curved_pairs(n, rng):
    """n labelled pairs by `curved_taste`: preferred, rejected, each (n, 5)."""
    first, second = 1.5 * rng.standard_normal((2, n, OUTPUT_DIM))
    wins = (rng.random(n) < sigmoid(curved_taste(first) - curved_taste(second)))[:, None]
    return np.where(wins, first, second), np.where(wins, second, first)


curved_preferred, curved_rejected = curved_pairs(2000, np.random.default_rng(42))
linear_weights, linear_losses = train_reward_model(curved_preferred, curved_rejected)


def reward(outputs):
    """Your reward model, (n, 5) -> (n,). So far it is the linear one."""
    return outputs @ linear_weights  # your code: a hidden ReLU layer, trained on the pairs


test_preferred, test_rejected = curved_pairs(2000, np.random.default_rng(7))
truth = curved_taste(test_preferred) > curved_taste(test_rejected)
ranked_right = ((reward(test_preferred) > reward(test_rejected)) == truth).mean()
print(f"agrees with the true ranking on fresh pairs: {ranked_right:.1%}")

# %% A ReLU reward model: a worked answer solution="challenge-relu"
def train_relu_reward(preferred, rejected, hidden=32, lr=0.3, epochs=600, seed=0):
    """r(y) = relu(y A + b) . v, by full-batch gradient descent; returns A, b, v."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((preferred.shape[1], hidden)) / np.sqrt(preferred.shape[1])
    b = 0.5 * rng.standard_normal(hidden)
    v = rng.standard_normal(hidden) / np.sqrt(hidden)
    for _ in progress(range(epochs)):
        hidden_w, hidden_l = preferred @ A + b, rejected @ A + b  # (n, hidden)
        margin = (np.maximum(0, hidden_w) - np.maximum(0, hidden_l)) @ v
        doubt = sigmoid(-margin) / len(margin)  # -d loss / d margin
        back_w = (hidden_w > 0) * v * doubt[:, None]
        back_l = (hidden_l > 0) * v * doubt[:, None]
        grad_v = doubt @ (np.maximum(0, hidden_w) - np.maximum(0, hidden_l))
        A = A + lr * (preferred.T @ back_w - rejected.T @ back_l)
        b = b + lr * (back_w.sum(axis=0) - back_l.sum(axis=0))
        v = v + lr * grad_v
    return A, b, v


A, b, v = train_relu_reward(curved_preferred, curved_rejected)
relu_scores = [np.maximum(0, y @ A + b) @ v for y in (test_preferred, test_rejected)]
relu_right = ((relu_scores[0] > relu_scores[1]) == truth).mean()
print(f"fresh pairs ranked right: linear {ranked_right:.1%}, ReLU {relu_right:.1%}")
