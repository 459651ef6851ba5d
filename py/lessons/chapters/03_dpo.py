# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## DPO: the same target without the detour {#dpo}
#
# We know what the optimal policy looks like: $\pi^* \propto \pi_\text{ref}\, e^{r/\beta}$. Take
# logarithms and solve for the reward:
#
# $$ r(y) = \beta \log\frac{\pi^*(y \mid x)}{\pi_\text{ref}(y \mid x)} + C(x) $$
#
# Every policy is thus the optimum of *some* reward, namely of $\beta$ times its own log-ratio. Rafailov
# and colleagues (2023) put this reward into the Bradley–Terry loss. The two answers of a pair share their
# context, so the constant $C(x)$ cancels, and what is left has no reward model in it:
#
# $$ \mathcal{L}_\text{DPO} = -\log\sigma\Big(\beta\Big[
#    \log\frac{\pi(y_w \mid x)}{\pi_\text{ref}(y_w \mid x)} -
#    \log\frac{\pi(y_l \mid x)}{\pi_\text{ref}(y_l \mid x)}\Big]\Big) $$
#
# The bracket times $\beta$ is the **implicit reward margin**. The gradient pushes the two answers of a pair *apart*,
# each pair weighted by how wrong the policy still is about it. Nothing in the loss says that the chosen answer has to
# become likelier: if both fall and the rejected one falls faster, the margin grows all the same.

# %% DPO loss id="dpo-loss"
def implicit_margin(weights, contexts, preferred, rejected, beta=BETA, ref=W_REF):
    """beta * (log-ratio of the chosen - log-ratio of the rejected), for each pair: (n,).

    For Gaussians the squares cancel and leave a dot product. This difference form is exact,
    where subtracting four large log-probs would lose digits.
    """
    shift = contexts @ (weights - ref)  # how far the policy's mean has moved, (n, 5)
    return beta * ((preferred - rejected) * shift).sum(axis=1) / SIGMA**2


def dpo_loss_and_grad(weights, contexts, preferred, rejected, beta=BETA, ref=W_REF):
    """Mean DPO loss in nats, and its gradient (4, 5); Rafailov et al. 2023, eq. 7."""
    margin = implicit_margin(weights, contexts, preferred, rejected, beta, ref)
    doubt = sigmoid(-margin)[:, None]  # weight of each pair, 0 to 1
    gradient = -beta / SIGMA**2 * contexts.T @ (doubt * (preferred - rejected)) / len(contexts)
    return np.logaddexp(0.0, -margin).mean(), gradient


# The short form against the definition with four log-probs, at a policy somewhere else.
there = W_REF + 0.3
log_ratio_w = log_prob(preferred, contexts, there) - log_prob(preferred, contexts, W_REF)
log_ratio_l = log_prob(rejected, contexts, there) - log_prob(rejected, contexts, W_REF)
by_definition = BETA * (log_ratio_w - log_ratio_l)
error = abs(by_definition - implicit_margin(there, contexts, preferred, rejected)).max()
loss, gradient = dpo_loss_and_grad(W_REF, contexts, preferred, rejected)

print(f"loss at the reference  {loss:.4f}   (ln 2 = {np.log(2):.4f})")
print("gradient", gradient.shape, " largest entry", f"{abs(gradient).max():.3f}")
print(f"short form against four log-probs: largest difference {error:.0e}")

charts.dpo_loss_curve(sigmoid)

# %% [markdown]
# At margin 0, where every policy starts that is still the reference, a pair weighs one half. Pairs that the policy
# already ranks with confidence fade out of the gradient; pairs it has the wrong way round count fully.
#
# ::: under-the-hood DPO is logistic regression
# With this policy the margin is linear in $W - W_\text{ref}$. So DPO is logistic regression with the
# features $\tfrac{\beta}{\sigma^2}\, x \otimes (y_w - y_l)$: convex, one minimum, no tricks. Given
# infinitely many pairs from the reference, that minimum *is* the RLHF optimum.
# :::

# %% The DPO loop id="dpo-train-def"
def train_dpo(contexts, preferred, rejected, beta=BETA, lr=0.5, steps=150, batch=32, seed=42,
              ref=W_REF, watch=None):
    """Train a policy with DPO on fixed pairs, from the reference, by plain gradient steps.

    Returns the weights after each step (steps + 1, 4, 5), the loss of each batch in nats, and
    the share of all pairs that the implicit reward ranks as the annotator did.
    `watch`, if given, is called with the two histories as they grow.
    """
    rng = np.random.default_rng(seed)
    path, losses, accuracies = [ref.copy()], [], []
    for _ in progress(range(steps)):
        weights = path[-1]
        pick = rng.choice(len(contexts), size=min(batch, len(contexts)), replace=False)
        loss, gradient = dpo_loss_and_grad(
            weights, contexts[pick], preferred[pick], rejected[pick], beta, ref
        )
        margins = implicit_margin(weights, contexts, preferred, rejected, beta, ref)
        path.append(weights - lr * gradient)
        losses.append(loss)
        accuracies.append((margins > 0).mean())
        if watch:
            watch(losses, accuracies)
    return np.array(path), losses, accuracies


print("Compare with train_ppo: no reward model, no sampling, no advantage, no clip.")
print("What both need: the reference, beta, and the same", len(preferred), "pairs.")

# %% [markdown]
# Same pairs, same $\beta$, same number of steps. Here they are.

# %% Train DPO id="dpo-train"
def draw_dpo(losses, accuracies):
    live(charts.dpo_training, losses, accuracies, label_accuracy_limit)


label_accuracy_limit = ((preferred - rejected) @ TRUE_WEIGHTS > 0).mean()
dpo_path, dpo_losses, dpo_accuracies = train_dpo(contexts, preferred, rejected, watch=draw_dpo)
dpo_policy = dpo_path[-1]

for step in (0, 50, 100, 149):
    print(f"step {step:3}   loss {dpo_losses[step]:.4f}   "
          f"KL {kl_to_reference(dpo_path[step]):.3f} nats")
print(f"\npairs ranked as the annotator did: {dpo_accuracies[-1]:.1%}"
      f"   (the true taste itself: {label_accuracy_limit:.1%})")

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

EARLY_STEP = 5


def log_ratio_shift(weights, answers):
    return log_prob(answers, contexts, weights) - log_prob(answers, contexts, W_REF)


chosen_shift = log_ratio_shift(dpo_policy, preferred).mean()
rejected_shift = log_ratio_shift(dpo_policy, rejected).mean()
chosen_rose = (log_ratio_shift(dpo_policy, preferred) > 0).mean()
early_rose = (log_ratio_shift(dpo_path[EARLY_STEP], preferred) > 0).mean()
claim("the chosen answers' log-prob falls in the mean", chosen_shift < 0)
claim("the rejected ones' falls further", rejected_shift < chosen_shift)
claim("only a part of the chosen answers became likelier", chosen_rose < 0.5)
claim("early on it was more of them", early_rose > chosen_rose)
claim("the true score rises", (contexts @ (dpo_policy - W_REF) @ TRUE_WEIGHTS).mean() > 0)

# %% [markdown]
# After {{ len(dpo_losses) }} steps the log-prob of the chosen answers has changed by {{ chosen_shift:+.2f}} nats in the
# mean, and that of the rejected ones by {{ rejected_shift:+.2f}}. Only {{ chosen_rose:.0%}} of the chosen answers
# became
# likelier; after {{ EARLY_STEP }} steps it was {{ early_rose:.0%}}. This is known as *likelihood displacement*:
# probability
# goes to answers that stand in neither half of a pair.
#
# ::: check Is a falling log-prob of the chosen answers a bug?
# No. The loss sees the difference only, and that grows by {{ chosen_shift - rejected_shift:.2f}} nats here. Whether it
# harms depends on where the probability went, and the true score tells: it rises.
# :::
#
# The loss of a batch of 32 jumps about, since every batch has other lucky and unlucky labels. Its trend
# is what counts. As with the reward model, the floor is not zero.
#
# ::: check At step 0 the accuracy is 0 %. Is DPO worse than a coin at first?
# No: at the reference every margin is exactly 0, and a tie is not counted as ranked correctly. One
# step later the policy has an opinion.
# :::
#
# ::: tip Reading a DPO run
# Watch the margin and the KL, not only the loss. A loss that keeps falling on clean labels only says that the
# policy is getting ever more certain, and that it is leaving the reference ever further behind.
# :::
