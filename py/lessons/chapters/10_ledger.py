# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# # The ledger {#the-ledger}
#
# This page follows the outline of a published article. We ran its code as printed, and almost none of the outputs
# that it prints came out. So here is the account: what the article prints, what its own recipe gives, and what the
# recipe of this page gives. What it prints and the reasons in the last column are typed in; all else in the tables is
# computed. Press Run, and your browser does the sums again.
#
# The published recipe is in `preflab.published`: our own code, the same draws from the same generator in the same
# order, so that seed 42 gives what its code gives, to the last digit.
#
# First, some statistics. One seed is an anecdote. This block repeats the whole lesson, reward model, PPO, PPO without
# KL, DPO, and the pairs of mistake 3, for each of 20 seeds, and the published recipe beside it.

# %% Twenty seeds of both recipes id="ledger-seeds"
from preflab import published

SEEDS = 20  # more seeds, narrower intervals: try 50
CHECKPOINTS = [0, 50, 100, 149]


class SeedRun(NamedTuple):
    """What one seed of the repaired recipe gives; published.Recipe has the same names."""

    weights: np.ndarray
    losses: np.ndarray
    accuracy: float
    gap: float
    rewards: np.ndarray
    kls: np.ndarray
    dpo_losses: np.ndarray
    scores: dict  # mean and std of the true score, exact
    drift: dict  # KL in nats, exact
    free_reward: float
    efficiency: dict  # score gained per score possible at that KL


def exact_score(weights):
    """Mean and standard deviation of the true score over contexts and answers."""
    mean = weights @ TRUE_WEIGHTS  # by context feature; the first one is always on
    variance = (mean[1:] ** 2).sum() + SIGMA**2 * (TRUE_WEIGHTS @ TRUE_WEIGHTS)
    return mean[0], np.sqrt(variance)


def score_for_kl(weights):
    possible = SIGMA * np.linalg.norm(TRUE_WEIGHTS) * np.sqrt(2 * kl_to_reference(weights))
    return (weights - W_REF)[0] @ TRUE_WEIGHTS / possible


def run_seed(seed):
    pairs = sample_pairs(200, np.random.default_rng([seed, 0]))
    learned, losses = train_reward_model(*pairs[1:])
    _, chosen, rejected = sample_pairs(1000, np.random.default_rng([seed, 3]))
    gaps = (chosen - rejected) @ learned
    ppo_path, rewards, kls = train_ppo(learned, seed=[seed, 1])
    free, free_rewards, _ = train_ppo(learned, beta=0.0, seed=[seed, 1])
    dpo_path, dpo_losses, _ = train_dpo(*pairs, seed=[seed, 2])
    policies = {"reference": W_REF, "RLHF": ppo_path[-1], "DPO": dpo_path[-1],
                "without KL": free[-1]}
    efficiency = {}
    for n in (50, 1000):
        some = sample_pairs(n, np.random.default_rng([seed, n]))
        # RLHF's end is known: the exact optimum of the reward that these pairs teach.
        reward, _ = train_reward_model(*some[1:])
        efficiency["RLHF", n] = score_for_kl(optimal_policy(reward))
        efficiency["DPO", n] = score_for_kl(train_dpo(*some, seed=[seed, 2])[0][-1])
    return SeedRun(
        learned, np.array(losses)[[0, -1]], (gaps > 0).mean(), gaps.mean(),
        *[np.array(history)[CHECKPOINTS] for history in (rewards, kls, dpo_losses)],
        {name: exact_score(w) for name, w in policies.items()},
        {name: kl_to_reference(w) for name, w in policies.items()},
        free_rewards[-1], efficiency,
    )


seed_runs, published_runs = [], []
for seed in progress(range(SEEDS)):
    seed_runs.append(run_seed(seed))
    published_runs.append(published.run(seed))
    score_lead = [run.scores["RLHF"][0] - run.scores["DPO"][0] for run in seed_runs]
    extra_kl = [run.drift["DPO"] - run.drift["RLHF"] for run in seed_runs]
    live(charts.narrowing, {"true score, RLHF minus DPO": score_lead,
                            "KL, DPO minus RLHF (nats)": extra_kl}, SEEDS)

print(f"{SEEDS} seeds: RLHF scored higher than DPO in {sum(np.array(score_lead) > 0)}")

# %% [markdown]
# ## Figure by figure {#ledger-figures}
#
# A figure holds if the article's recipe gives it to every digit that was printed.

# %% What the article prints id="ledger"
recipe = published.run(seed=42)
article_figures = list(published.figures(recipe))

agreeing = sum(figure.agreeing for figure in article_figures)
of = sum(len(figure.printed) for figure in article_figures)
print(f"{agreeing} of {of} printed figures are what the recipe gives")

tables.ledger(article_figures, seed_runs)

# %% [markdown]
# The figures that agree are ln 2, the loss of a model that knows nothing. No training was needed for them.
#
# ## Claim by claim {#ledger-claims}
#
# Words are easier to believe than digits, and harder to check. For each claim below we measure one number a seed,
# which is positive if the claim is right. The verdict is read off the 95 % interval: it *holds* if all of the
# interval says so, it *does not hold* if all of it says the opposite, and otherwise it *cannot be told*. Raise
# `SEEDS` above and watch the intervals shrink.

# %% What the article claims id="claims"
print(f"{len(seed_runs)} seeds of each recipe, 95 % intervals")

tables.claims(published_runs, seed_runs)

# %% [markdown]
# ::: note What “does not hold” means
# That it does not hold *here*, in a linear world with Gaussian noise, at this $\beta$, with these learning rates. The
# claims about language models that the article takes from the literature are other claims, and this page cannot test
# them.
# :::
