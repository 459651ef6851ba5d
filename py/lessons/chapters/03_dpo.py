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
# $$ r(x, y) = \beta \log\frac{\pi^*(y \mid x)}{\pi_\text{ref}(y \mid x)} + C(x) $$
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
    return beta * np.vecdot(preferred - rejected, shift) / SIGMA**2


def dpo_loss_and_grad(weights, contexts, preferred, rejected, beta=BETA, ref=W_REF):
    """Mean DPO loss in nats, and its gradient (4, 5); Rafailov et al. 2023, eq. 7."""
    margin = implicit_margin(weights, contexts, preferred, rejected, beta, ref)
    error = sigmoid(-margin)[..., None]  # the prediction error weighs each pair, 0 to 1
    slope = -beta / SIGMA**2 * error * (preferred - rejected)  # d loss / d mean, (n, 5)
    return np.logaddexp(0.0, -margin).mean(axis=-1), contexts.mT @ slope / contexts.shape[-2]


# The short form against the definition with four log-probs, at a policy somewhere else.
there = W_REF + 0.3
log_ratio_w = log_prob(preferred, contexts, there) - log_prob(preferred, contexts, W_REF)
log_ratio_l = log_prob(rejected, contexts, there) - log_prob(rejected, contexts, W_REF)
by_definition = BETA * (log_ratio_w - log_ratio_l)
rounding = abs(by_definition - implicit_margin(there, contexts, preferred, rejected)).max()
loss, gradient = dpo_loss_and_grad(W_REF, contexts, preferred, rejected)

print(f"loss at the reference  {loss:.4f}   (ln 2 = {np.log(2):.4f})")
print("gradient", gradient.shape, " largest entry", f"{abs(gradient).max():.3f}")
print(f"short form against four log-probs: largest difference {rounding:.0e}")

charts.dpo_loss_curve(sigmoid)

# %% [markdown]
# At margin 0, where every policy starts that is still the reference, a pair weighs one half. Pairs that the policy
# already ranks with confidence fade out of the gradient; pairs it has the wrong way round weigh more, up to one.
#
# ### Where DPO ends {#dpo-minimum}
#
# With this policy the margin is linear in $W - W_\text{ref}$. So DPO is logistic regression with the
# features $\tfrac{\beta}{\sigma^2}\, x \otimes (y_w - y_l)$, all products of a number of the context with one of the
# difference: convex, and unless the pairs can be separated there is
# one minimum. Newton's method finds it to the last digits, so DPO's curves have an exact end on these pairs, too.

# %% DPO's exact end id="dpo-end"
from preflab import logistic  # logistic regression to its minimum, by Newton's method


def dpo_minimum(contexts, preferred, rejected, beta=BETA, ref=W_REF):
    """The policy (4, 5) at which the DPO loss of these pairs is least."""
    features = np.einsum("ni,nj->nij", contexts, preferred - rejected)  # x (y_w - y_l)
    fitted = logistic.minimum(beta / SIGMA**2 * features.reshape(len(contexts), -1))
    return ref + fitted.reshape(ref.shape)


dpo_end = dpo_minimum(contexts, preferred, rejected)
end_loss, end_gradient = dpo_loss_and_grad(dpo_end, contexts, preferred, rejected)

print(f"largest entry of the gradient there  {abs(end_gradient).max():.0e}")
print(f"loss  {end_loss:.4f} nats")
print(f"KL    {kl_to_reference(dpo_end):.3f} nats")

# %% The DPO loop id="dpo-train-def"
def train_dpo(contexts, preferred, rejected, beta=BETA, lr=0.5, steps=150, batch=32, seed=42,
              ref=W_REF, watch=None):
    """Train a policy with DPO on fixed pairs, from the reference, by plain gradient steps.

    Returns the weights after each step (steps + 1, 4, 5), the loss of each batch in nats, and
    the share of all pairs that the implicit reward ranks as the annotator did.
    `watch`, if given, is called with the two histories as they grow.
    """
    rng = np.random.default_rng(seed)
    start = ref + np.zeros((*contexts.shape[:-2], 1, 1))  # one for each run, if runs are stacked
    path, losses, accuracies = [start], [], []
    n = contexts.shape[-2]
    for _ in progress(range(steps)):
        weights = path[-1]
        pick = rng.choice(n, size=min(batch, n), replace=False)
        pick = (*np.indices(pick.shape, sparse=True)[:-1], pick)  # stacked runs: each its own rows
        loss, gradient = dpo_loss_and_grad(
            weights, contexts[pick], preferred[pick], rejected[pick], beta, ref
        )
        margins = implicit_margin(weights, contexts, preferred, rejected, beta, ref)
        path.append(weights - lr * gradient)
        losses.append(loss)
        accuracies.append((margins > 0).mean(axis=-1))
        if watch:
            watch(losses, accuracies)
    return np.array(path), losses, accuracies


print("Compare with train_ppo: no reward model, no sampling, no advantage, no clip.")
print("What both need: the reference, beta, and the same", len(preferred), "pairs.")

# %% [markdown]
# Now train it: same pairs, same $\beta$, same number of steps as PPO.

# %% Train DPO id="dpo-train"
def draw_dpo(losses, accuracies):
    live(charts.dpo_training, losses, accuracies, label_accuracy_limit, end_loss, end_accuracy)


label_accuracy_limit = ((preferred - rejected) @ TRUE_WEIGHTS > 0).mean()
end_accuracy = (implicit_margin(dpo_end, contexts, preferred, rejected) > 0).mean()
dpo_path, dpo_losses, dpo_accuracies = train_dpo(contexts, preferred, rejected, watch=draw_dpo)
dpo_policy = dpo_path[-1]

for step in (0, 50, 100, 149):
    print(f"step {step:3}   loss {dpo_losses[step]:.4f}   "
          f"KL {kl_to_reference(dpo_path[step]):.3f} nats")
print(f"exact end  loss {end_loss:.4f}   KL {kl_to_reference(dpo_end):.3f} nats")
print(f"\npairs ranked as the annotator did: {dpo_accuracies[-1]:.1%}"
      f"   (the true taste itself: {label_accuracy_limit:.1%})")

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

last_loss, _ = dpo_loss_and_grad(dpo_policy, contexts, preferred, rejected)
claim("Late on, a batch's loss jumps by more than its trend falls", np.std(dpo_losses[-50:]) > 0.02)
claim("After 150 steps the loss on all pairs is not yet at its minimum", last_loss > end_loss + 1e-4)
claim("DPO's exact end lies further out than 150 steps have come",
      kl_to_reference(dpo_end) > kl_to_reference(dpo_policy))
claim("DPO's policy ranks its own pairs better than the true taste does", dpo_accuracies[-1] > label_accuracy_limit)
truly_better = ((preferred - rejected) @ TRUE_WEIGHTS > 0)[:, None]
never_errs = np.where(truly_better, preferred - rejected, rejected - preferred)
try:
    logistic.minimum(never_errs)
except ValueError:
    claim("Where labels never err, DPO's loss has no minimum", True, see="dpo-end")
else:
    claim("Where labels never err, DPO's loss has no minimum", False, see="dpo-end")
claim("Pairs that are ranked with confidence fade out of the gradient", sigmoid(-4.0) < 0.02, see="dpo-loss")

# %% [markdown]
# The loss of a batch of 32 jumps about, since every batch has other lucky and unlucky labels. Its trend
# is what counts, and it does not fall to zero: the labels contradict each other. Mind the last line. The policy ranks
# these pairs a little *better* than the taste that labelled them: it has learned some of their luck.
#
# We stop after {{ len(dpo_losses) }} steps, on the way to the minimum. The policy is at {{
# kl_to_reference(dpo_policy):.2f}} nats of KL, its exact end on these pairs at {{ kl_to_reference(dpo_end):.2f}}.
#
# ### Apart, not up {#displacement}
#
# What happened to the chosen answers meanwhile?
#
# ::: guess log-ratios After 150 steps of DPO, the log-prob of the chosen answers has, on average,
# - risen
# - stayed about the same
# - fallen
#
# It has changed by {{ chosen_shift[-1]:+.1f}} nats.
# :::

# %% Both log-ratios id="log-ratios"
def mean_log_ratios(weights, answers):
    """Mean of log pi - log pi_ref over the pairs, and the share of answers that became likelier."""
    log_ratio = log_prob(answers, contexts, weights) - log_prob(answers, contexts, W_REF)
    return log_ratio.mean(), (log_ratio > 0).mean()


chosen_shift, chosen_rose = np.transpose([mean_log_ratios(w, preferred) for w in dpo_path])
rejected_shift, rejected_rose = np.transpose([mean_log_ratios(w, rejected) for w in dpo_path])

print("        mean log-ratio (nats)     became likelier")
print("step     chosen   rejected       chosen  rejected")
for step in (1, 5, 20, 50, 150):
    print(f"{step:4} {chosen_shift[step]:10.2f} {rejected_shift[step]:10.2f} "
          f"{chosen_rose[step]:12.0%} {rejected_rose[step]:9.0%}")

charts.log_ratios(chosen_shift, rejected_shift)

# %% Evidence only="build"
claim("At the reference no pair counts as ranked correctly", dpo_accuracies[0] == 0, see="dpo-train")
claim("At first the chosen answers become likelier in the mean", chosen_shift[5] > 0)
claim("In the end the chosen answers' log-prob has fallen in the mean", chosen_shift[-1] < 0)
claim("The rejected answers' log-prob has fallen further", rejected_shift[-1] < chosen_shift[-1])
claim("The gap between chosen and rejected grows all the while",
      (np.diff((chosen_shift - rejected_shift)[[0, 5, 20, 50, 150]]) > 0).all())
claim("Only a part of the chosen answers became likelier", chosen_rose[-1] < 0.3)
claim("After 5 steps more than half of the chosen answers had become likelier", chosen_rose[5] > 0.5)
claim("DPO's true score rises although the chosen answers become less likely",
      (dpo_policy - W_REF)[0] @ TRUE_WEIGHTS > 0 > chosen_shift[-1])
rlhf_log_ratio = log_prob(preferred, contexts, policy_weights) - log_prob(preferred, contexts, W_REF)
claim("RLHF's policy makes the chosen answers less likely as well", rlhf_log_ratio.mean() < 0)

# %% [markdown]
# For a few steps they rise. After {{ len(dpo_losses) }} steps the log-prob of the chosen answers has changed by {{
# chosen_shift[-1]:+.2f}} nats in the mean, and that of the rejected ones by {{ rejected_shift[-1]:+.2f}}. Only {{
# chosen_rose[-1]:.0%}} of the chosen answers became likelier; after 5 steps it was {{ chosen_rose[5]:.0%}}. This is
# known as *likelihood displacement* (Razin and others, 2024): probability goes to answers
# that stand in neither half of a pair.
#
# ::: check Is a falling log-prob of the chosen answers a bug?
# No. The loss sees the difference only, and that grew by {{ chosen_shift[-1] - rejected_shift[-1]:.2f}} nats. Whether
# it harms depends on where the probability went, and here the true score tells: it rises. A policy of fixed spread
# that moves to better answers must leave those of the reference behind. RLHF's does so, too:
# {{ rlhf_log_ratio.mean():+.2f}} nats for the chosen answers.
# :::
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
