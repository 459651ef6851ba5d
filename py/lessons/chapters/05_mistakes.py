# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## A taste that bends {#bent}
#
# So far the annotator's taste was linear: more of a good thing was better without end. Real taste is not. A little
# more detail is good, much more is not. So here is a second annotator, who dislikes extremes:
#
# $$ r^*(y) = w^* \cdot y - c\,\|y\|^2 $$
#
# The reward model stays as it was, linear. It is fitted where the reference answers, and there it sees the slope of
# this taste and not its bend. It is a *proxy*.

# %% A taste that bends id="bent-taste"
CURVATURE = 0.15  # how much the annotator dislikes extremes


def bent_taste(outputs):
    """The second annotator's score of each answer: (n, 5) -> (n,)."""
    return outputs @ TRUE_WEIGHTS - CURVATURE * (outputs**2).sum(axis=-1)


def bent_scores(weights, proxy):
    """Mean proxy score, mean true score and KL of a policy, all exact (E[x x^T] = I)."""
    mean_square = (weights**2).sum(axis=(-2, -1)) + OUTPUT_DIM * SIGMA**2  # of an answer's length
    true = weights[..., 0, :] @ TRUE_WEIGHTS - CURVATURE * mean_square
    return weights[..., 0, :] @ proxy, true, kl_to_reference(weights)


bent_pairs = sample_pairs(200, np.random.default_rng(42), taste=bent_taste)
proxy, _ = train_reward_model(*bent_pairs[1:])

# Policies whose mean is moved so far along the taste.
along = np.linspace(-2, 9, 45)
line = np.tile(W_REF, (len(along), 1, 1))  # (45, 4, 5)
line[:, 0] += along[:, None] * TRUE_WEIGHTS / np.linalg.norm(TRUE_WEIGHTS)
on_the_line = bent_scores(line, proxy)
turn = along[on_the_line[1].argmax()]

print("proxy weights", proxy.round(2), "  w*", TRUE_WEIGHTS)
print(f"true score of the reference   {bent_scores(W_REF, proxy)[1]:6.2f}")
print(f"the best on the line          {on_the_line[1].max():6.2f}, moved by {turn:.1f}")
print(f"the proxy there and at {along[-1]:.0f}     {on_the_line[0][on_the_line[1].argmax()]:6.2f}"
      f" and {on_the_line[0][-1]:.2f}")

charts.proxy_and_truth(along, on_the_line[0], on_the_line[1], SIGMA)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

proxy_cosine = proxy @ TRUE_WEIGHTS / np.linalg.norm(proxy) / np.linalg.norm(TRUE_WEIGHTS)
claim("The proxy points roughly along the taste's slope", proxy_cosine > 0.9)
claim("Along the taste the true score rises and then falls", 0 < on_the_line[1].argmax() < len(along) - 1)
claim("Along the taste the proxy rises all the way", (np.diff(on_the_line[0]) > 0).all())
claim("The true score turns outside of where the reference answers", turn > 2 * SIGMA)

# %% [markdown]
# ## Four mistakes {#mistakes}
#
# Each of these is easy to make and hard to see in a loss curve. Each one runs here, for the annotator with the bent
# taste.
#
# ### 1. No price on KL {#mistake-1}
#
# Leave out the KL term and PPO does exactly what it was told: raise the learned reward, for ever.
#
# ::: guess no-kl Of the 150 steps without a KL price, for how many does the true score rise with the learned reward?
# - 0 to 150 by 5 steps
#
# For {{ free_peak }}. After that only the learned reward rises.
# :::

# %% Mistake 1: no KL id="no-kl"
free_path, _, _ = train_ppo(proxy, beta=0.0)
priced_path, _, _ = train_ppo(proxy)
free, priced = bent_scores(free_path, proxy), bent_scores(priced_path, proxy)  # exact, by step

print("             learned reward      true score              KL")
print(f"step        beta 0  beta {BETA}  beta 0  beta {BETA}  beta 0  beta {BETA}")
for step in (0, 10, 20, 50, 100, 150):
    cells = [f"{run[step]:8.2f} " for pair in zip(free, priced, strict=True) for run in pair]
    print(f"{step:4}     ", "".join(cells))

charts.with_and_without_kl(free, priced, BETA)

# %% Evidence only="build"
free_peak = free[1].argmax()
claim("Without the price the learned reward rises without end", (np.diff(free[0][::15]) > 0).all())
claim("Without the price the true score rises at first", free[1][free_peak] > free[1][0] + 2)
claim("Without the price the true score ends far below where it began", free[1][-1] < free[1][0] - 20)
claim("With the price the true score ends above where it began", priced[1][-1] > priced[1][0] + 1.5)
claim("Without the price the KL is many times as large", free[2][-1] > 50 * priced[2][-1])
linear_free = train_ppo(rm_weights, beta=0.0)[0][-1]
linear_free_score, linear_priced_score = summary(linear_free)[0], summary(policy_weights)[0]
claim("Under the linear taste the run without the price looks far better", linear_free_score > 5 * linear_priced_score)

# %% [markdown]
# The learned reward looks better than ever. The true score rises with it for {{ free_peak }} steps, turns, and ends at
# {{ free[1][-1]:.1f}}, far below the reference's {{ free[1][0]:.2f}}. By then the KL to the reference, whose answers
# are all that the annotator ever judged, is {{ free[2][-1]:.0f}} nats.
#
# ::: warning The reward curve hides it
# That is what makes this mistake so common. In practice there is no curve of the true score. The one that you have, and
# that shows it, is the KL.
# :::
#
# ::: note In the linear world it would look like a good idea
# There the same run ends at a true score of {{ linear_free_score:.1f}}, against {{ linear_priced_score:.1f}} with the
# price, since that taste has no limit either. A toy that is too simple teaches the opposite.
# :::
#
# ### 2. A β that is too small {#mistake-2}
#
# In DPO, $\beta$ is the same price. The margin is $\beta$ times a log-ratio, so a tenth of
# $\beta$ needs ten times the log-ratio to explain the same preferences. For Gaussians of fixed spread that means ten
# times the shift, and a KL that grows with $1/\beta^2$.
#
# There is a second effect that hides the first. The gradient carries a factor $\beta$ too. At a fixed learning
# rate and number of steps, a tiny $\beta$ can look harmless only because training has not got anywhere.

# %% Mistake 2: a tiny beta in DPO id="beta-dpo"
betas = [0.05, 0.1, 0.25, 0.5, 1.0]
same_lr = [train_dpo(*bent_pairs, beta=b)[0][-1] for b in betas]
# With lr / beta^2 each run takes the same steps in its own margins, and gets equally far.
same_fit = [train_dpo(*bent_pairs, beta=b, lr=0.5 * (BETA / b) ** 2)[0][-1] for b in betas]
_, true_same_lr, kl_same_lr = bent_scores(np.array(same_lr), proxy)
_, true_same_fit, kl_same_fit = bent_scores(np.array(same_fit), proxy)
kl_end = [kl_to_reference(dpo_minimum(*bent_pairs, beta=b)) for b in betas]

print("         lr = 0.5            lr = 0.5 (0.5 / beta)²   exact end")
print(" beta   true score      KL   true score         KL           KL")
for row in zip(betas, true_same_lr, kl_same_lr, true_same_fit, kl_same_fit, kl_end, strict=True):
    print("{:5} {:12.2f} {:7.2f} {:12.2f} {:10.2f} {:12.2f}".format(*row))

charts.beta_sweep(betas, (true_same_lr, kl_same_lr), (true_same_fit, kl_same_fit), kl_end)

# %% Evidence only="build"
claim(
    "Fitted equally, a tenth of beta costs a hundred times the KL",
    abs(kl_same_fit[0] / kl_same_fit[3] / 100 - 1) < 0.01,
)
claim("At the exact ends, too, a tenth of beta costs a hundred times the KL",
      abs(kl_end[0] / kl_end[3] / 100 - 1) < 1e-6)
claim("Fitted equally, beta 0.05 ends far below the reference's true score", true_same_fit[0] < -40)
claim("The best of these betas is neither the smallest nor the largest", 0 < int(np.argmax(true_same_fit)) < 4)
claim("At one learning rate a tiny beta looks harmless", true_same_lr[0] > bent_scores(W_REF, proxy)[1])
claim("At one learning rate a tiny beta is far from its end", kl_same_lr[0] < kl_end[0] / 50)

# %% [markdown]
# Fitted equally well, a tenth of $\beta$ costs a hundred times the KL: a straight line of slope −2 on the left, below
# that of the exact ends. What it buys is a true score of {{ true_same_fit[0]:.1f}}. At one fixed learning rate the left
# end of the curve bends down. That is not restraint but unfinished training.
#
# ### 3. Too few pairs {#mistake-3}
#
# With ten noisy comparisons, chance decides what the annotator seems to like. How much do more pairs help, and whom?
# Ten seeds each, all trained at once.
#
# ::: guess few-pairs Trained on ten pairs, how do the two compare with the reference, which was not trained at all?
# - both score higher
# - only RLHF does
# - only DPO does
# - both score lower
#
# RLHF ends at {{ score_by_size["RLHF"][0]:.2f}}, DPO at {{ score_by_size["DPO"][0]:.2f}}, and the reference is at
# {{ bent_scores(W_REF, proxy)[1]:.2f}}.
# :::

# %% Mistake 3: too few pairs id="few-pairs"
# pairs in the first row
fewest = 10  # @param [5, 10, 20, 30] {type:"raw"}
sizes, seeds = [fewest, 50, 200, 1000], range(10)
pairs_by_size = [sample_pairs(n, Seeds(1000 + seed for seed in seeds), taste=bent_taste)
                 for n in sizes]
learned = np.array([train_reward_model(*pairs[1:])[0] for pairs in pairs_by_size])  # (4, 10, 5)

dpo_paths = np.array([train_dpo(*pairs, seed=Seeds(seeds))[0] for pairs in pairs_by_size])
policies = {"RLHF": train_ppo(learned, seed=Seeds(seeds))[0][-1],
            "DPO": dpo_paths[:, -1]}  # (4, 10, 4, 5) each
results = {name: np.array(bent_scores(weights, proxy)[1:]) for name, weights in policies.items()}
halfway = kl_to_reference(dpo_paths[:, 75]).mean(axis=-1)

print(f"mean over {len(seeds)} seeds, after 150 steps of either")
print("            RLHF                  DPO                DPO, step 75")
print("pairs   true score     KL   true score     KL             KL")
for i, n in enumerate(sizes):
    (score, kl), (dpo_score, dpo_kl) = (results[name][:, i].mean(axis=-1) for name in results)
    print(f"{n:5} {score:12.2f} {kl:6.1f} {dpo_score:12.2f} {dpo_kl:6.1f} {halfway[i]:14.1f}")

charts.pairs_sweep(sizes, {name: scores for name, (scores, _) in results.items()},
                   bent_scores(W_REF, proxy)[1])

# %% Evidence only="build"
from preflab import logistic  # noqa: E402


def separable(features):
    """Of each draw (draws, pairs, d): can some weights rank every pair right? Then its loss has no minimum."""
    return np.array([_is_separable(pairs) for pairs in features])


def _is_separable(pairs):
    try:
        logistic.minimum(pairs)
    except ValueError as reason:
        if "separable" not in str(reason):
            raise
        return True
    return False


draws = sample_pairs(10, Seeds(range(200)), taste=bent_taste)
pair_features = np.einsum("sni,snj->snij", draws[0], draws[1] - draws[2]).reshape(200, 10, -1)
separable_rm, separable_dpo = separable(draws[1] - draws[2]).mean(), separable(pair_features).mean()
claim("With 10 pairs a linear reward model can rank all as labelled in most draws", 0.6 < separable_rm < 0.9)
claim("With 10 pairs DPO can rank all as labelled in every draw", separable_dpo == 1)
end_kl = results["DPO"][1].mean(axis=-1)
claim("With 10 pairs DPO's KL goes on growing from step 75 to 150", end_kl[0] > 1.4 * halfway[0])
longer = kl_to_reference(train_dpo(*pairs_by_size[0], steps=600, seed=Seeds(seeds))[0]).mean(axis=-1)
claim("With 10 pairs DPO's KL goes on growing after 150 steps",
      longer[150] * 1.3 < longer[300] and longer[300] * 1.2 < longer[600])
score_by_size = {name: scores.mean(axis=-1) for name, (scores, _) in results.items()}
kl_by_size = {name: kls.mean(axis=-1) for name, (_, kls) in results.items()}
claim("With 10 pairs both end below the reference", max(s[0] for s in score_by_size.values()) < free[1][0])
claim("RLHF is as good with 50 pairs as with 1,000", score_by_size["RLHF"][1] > score_by_size["RLHF"][3] - 0.1)
claim("DPO is not as good with 50 pairs as with 1,000", score_by_size["DPO"][1] < score_by_size["DPO"][3] - 0.5)
claim("DPO's true score rises with every number of pairs", (np.diff(score_by_size["DPO"]) > 0).all())
claim("RLHF is ahead with 50, 200 and 1,000 pairs", (score_by_size["RLHF"][1:] > score_by_size["DPO"][1:]).all())
claim("RLHF is behind with 10 pairs", score_by_size["RLHF"][0] < score_by_size["DPO"][0])
claim("The KL of both falls with every number of pairs", all((np.diff(kl) < 0).all() for kl in kl_by_size.values()))

# %% [markdown]
# With ten pairs both end below the reference's {{ bent_scores(W_REF, proxy)[1]:.2f}}. A model fitted to ten pairs is
# too sure of itself, and moves too far in a direction that is partly chance. RLHF, with five numbers to learn, is as
# good as it gets with 50 pairs. DPO, with twenty, needs more.
#
# ::: warning With ten pairs there is no end
# Twenty numbers can rank any ten pairs as labelled, and five can in {{ separable_rm:.0%}} of draws. Then no label
# contradicts the model, the loss has no minimum, and longer training only goes further: DPO's KL is {{
# halfway[0]:.1f}} nats after 75 steps, {{ longer[150]:.1f}} after 150, {{ longer[600]:.1f}} after 600. RLHF has no
# end there, either: its reward model is stopped after 100 epochs. The figures of the first row are those of these
# epochs and steps, and no more than that.
# :::
#
# ### 4. Stale pairs {#mistake-4}
#
# The pairs should come from the policy that you are about to train. Do they have to? We start from
# a policy that has already been aligned once, and answers at the peak of the taste, $w^*/2c$. We train it again with
# DPO: on *stale* pairs that the old reference answered, and on *fresh* pairs that it answers itself.
#
# ::: guess stale-pairs 500 more comparisons, all by the same honest annotator, but of old answers. The true score
# - rises
# - stays where it is
# - falls
#
# It changes by {{ gains["stale"].mean():+.2f}} in the mean; with fresh pairs by {{ gains["fresh"].mean():+.2f}}.
# :::

# %% Mistake 4: stale pairs id="stale-pairs"
from preflab import evaluate

second_taste = bent_taste  # try linear_taste
PEAK = TRUE_WEIGHTS / (2 * CURVATURE)  # where the annotator is happiest
W_NOW = W_REF.copy()
W_NOW[0] = PEAK  # after a first round of alignment the policy answers there


def mean_score(weights, taste):
    """Mean score of 4,000 answers of a policy; of each policy, if they are stacked."""
    rng = np.random.default_rng(5)
    return taste(generate_output(sample_contexts(4000, rng), weights, rng)).mean(axis=-1)


gains = {}
for kind, source in (("stale", W_REF), ("fresh", W_NOW)):
    pairs = sample_pairs(500, Seeds(range(8)), source, second_taste)
    again = train_dpo(*pairs, ref=W_NOW, seed=Seeds(range(8)))[0][-1]  # (8, 4, 5)
    gains[kind] = mean_score(again, second_taste) - mean_score(W_NOW, second_taste)

print("change of the true score by a second round of DPO (8 seeds)")
for kind, gain in gains.items():
    mean, half = evaluate.interval(gain)
    print(f"  {kind} pairs  {mean:+6.2f} ± {half:.2f}")

charts.stale_against_fresh(gains)

# %% Evidence only="build"
claim("Stale pairs push the policy past the peak", gains["stale"].max() < -0.5)
claim("Fresh pairs leave the policy close to where it was", abs(gains["fresh"]).max() < 0.2)
stale_path, fresh_path = (
    train_dpo(*sample_pairs(500, np.random.default_rng(0), source, linear_taste), ref=W_NOW, seed=0)[0]
    for source in (W_REF, W_NOW)
)
claim("Under a linear taste stale and fresh pairs teach the same", np.allclose(stale_path, fresh_path))

# %% [markdown]
# The stale pairs still say "more", though the policy is already there. They push it past the peak, and the score drops.
# Fresh ones leave it close to where it was.
#
# Under a linear taste the two would be the same to the last digits: a label then depends only on the difference of two
# answers, and that does not know where the policy is.
#
# ::: check How would you notice stale pairs in practice?
# Sample from the policy that you have just trained and let someone compare the answers with those of the policy
# before. That is the number that counts. The DPO loss only tells how well the policy explains the old comparisons.
# :::
