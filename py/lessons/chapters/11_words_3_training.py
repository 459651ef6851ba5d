# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## RLHF, word by word {#words-rlhf}
#
# Nobody can solve a large model, so it is trained. PPO tells stories, scores each with the reward model, charges
# $\beta$ times the log-ratio to the reference for every word, and passes the return back to the words by
# [GAE](#critic). A *critic*, here a value head that is linear in the network's hidden layer, says what return to
# expect. The functions are `preflab.rollout` and `preflab.ppo`, which agree with those of TRL, Hugging Face's training
# library, to the last digits; here they train a language model.
#
# ::: guess words-ppo 150 batches of 64 stories: how much of the exact optimum's gain will PPO have?
# - 0 to 100 by 5 %
#
# {{ ppo_share:.0%}}.
# :::

# %% PPO id="words-ppo"
from preflab import groups
from preflab import losses as pair_losses
from preflab import ppo as ppo_losses
from preflab.rollout import rollout


def story_objective(params, reward, beta):
    """E[r] - beta KL of a network, exactly."""
    of = solve.visits(solve.table(params), ref_table, grammar.LENGTH)
    return of.counts @ reward - beta * of.kl


def reference_logps(told):
    """The reference's log-prob of each word of the stories (n, T), looked up."""
    before = network.contexts_of(told)
    return ref_table[before[..., 0], before[..., 1], told]


def one_further(array):
    """Values reach one place further than words: to the state after the last one, (n, T) -> (n, T + 1)."""
    return np.pad(array, ((0, 0), (0, 1)))


def train_ppo_words(reward, beta, steps=150, n=64, passes=2, lr=0.005, seed=0, every=25):
    """PPO on stories; returns the network, the value head (33,), and E[r] - beta KL every so many steps, exactly."""
    rng = np.random.default_rng([seed, 5])
    actor, critic = network.Adam(storyteller), network.Adam(np.zeros(network.HIDDEN + 1))
    path = [story_objective(storyteller, reward, beta)]
    for step in progress(range(steps)):
        told = tell(network.policy(actor.weights), n, rng)
        old, ref_logps = network.score(actor.weights, told), reference_logps(told)
        seen = np.zeros((*told.shape, network.HIDDEN + 1))  # what the value head sees before each word
        seen[old.mask] = np.pad(old.kept.hidden, ((0, 0), (0, 1)), constant_values=1)[old.context]
        paid = rollout(
            one_further((old.logps - ref_logps) * old.mask), one_further(seen @ critic.weights),
            preferences.counts(told) @ reward,
            old.mask.sum(axis=1) - 1, kl_coef=beta, gamma=1.0, lam=1.0,
        )
        for turn in range(passes):
            now = network.score(actor.weights, told) if turn else old
            loss = ppo_losses.policy_loss(now.logps, old.logps, paid.advantages_raw[:, :-1], mask=now.mask)
            by_logps = loss.grads["logps"] * now.mask.sum() / n  # a sum over words, a mean over stories
            actor = network.descend(actor, network.gradient(actor.weights, now, by_logps), lr * (1 - step / steps))
            expected, returns = seen @ critic.weights, paid.returns[:, :-1]
            value = ppo_losses.value_loss(expected, expected, returns, clip=None, mask=old.mask)
            critic = network.descend(critic, np.tensordot(value.grads["values"], seen, 2), 0.05)
        if (step + 1) % every == 0:
            path.append(story_objective(actor.weights, reward, beta))
    return actor.weights, critic.weights, np.array(path)


ppo_story, ppo_critic, ppo_climb = train_ppo_words(story_reward, beta_words)
learned_best = solve.soft_values(ref_table, story_reward, beta_words, grammar.LENGTH)[0, 0, 0]
ppo_share = (ppo_climb[-1] - ppo_climb[0]) / (learned_best - ppo_climb[0])
print(f"E[r] - beta KL of the learned reward: from {ppo_climb[0]:.3f} to {ppo_climb[-1]:.3f}; the optimum has "
      f"{learned_best:.3f}: {ppo_share:.1%} of its gain")

# %% [markdown]
# RLOO does without the critic. Each story of a group is held against the mean of the *others*, and all its words share
# the verdict.

# %% RLOO id="words-rloo"
def train_rloo_words(reward, beta, steps=150, n=64, lr=0.01, seed=0, every=25):
    """RLOO on stories, one pass a batch; returns the network and E[r] - beta KL every so many steps, exactly."""
    rng = np.random.default_rng([seed, 6])
    actor = network.Adam(storyteller)
    path = [story_objective(storyteller, reward, beta)]
    for step in progress(range(steps)):
        told = tell(network.policy(actor.weights), n, rng)
        now, ref_logps = network.score(actor.weights, told), reference_logps(told)
        paid = preferences.counts(told) @ reward - beta * ((now.logps - ref_logps) * now.mask).sum(axis=1)
        loss = groups.rloo_loss(now.logps, now.logps, groups.rloo_advantages(paid, n), now.mask)
        by_weights = network.gradient(actor.weights, now, loss.grads["logps"])
        actor = network.descend(actor, by_weights, lr * (1 - step / steps))
        if (step + 1) % every == 0:
            path.append(story_objective(actor.weights, reward, beta))
    return actor.weights, np.array(path)


rloo_story, rloo_climb = train_rloo_words(story_reward, beta_words)
rloo_share = (rloo_climb[-1] - rloo_climb[0]) / (learned_best - rloo_climb[0])
print(f"RLOO: {rloo_share:.1%} of the optimum's gain")
learned_optimum = solve.soft_policy(
    ref_table, solve.soft_values(ref_table, story_reward, beta_words, grammar.LENGTH), story_reward, beta_words
)
rlhf_policies = {
    "reference": network.policy(storyteller), "PPO": network.policy(ppo_story),
    "RLOO": network.policy(rloo_story), "optimum": learned_optimum,
}
show(words.stories.coloured(
    "Three stories on the same random numbers",
    np.stack([tell(policy_of, 3, 11) for policy_of in rlhf_policies.values()], axis=1).reshape(12, -1),
    story_reward, list(rlhf_policies) * 3,
))
words.charts.curves(learned_best, ppo_climb[0], 150, PPO=ppo_climb, RLOO=rloo_climb)

# %% Evidence only="build"
claim("PPO gets at least 93 % of the optimum's gain", ppo_share > 0.93)
claim("RLOO gets at least 95 % of the optimum's gain", rloo_share > 0.95)
claim("Neither PPO nor RLOO passes the optimum on its way", max(ppo_climb.max(), rloo_climb.max()) <= learned_best)

# %% [markdown]
# Both climb to the exact optimum and neither can pass it: PPO ends at {{ ppo_share:.0%}} of its gain, RLOO at
# {{ rloo_share:.0%}}. That is worth a thought. The optimum was computed as a table for each place in the story; the
# network has never seen it, forgets which place it is at, and gets there by telling {{ 150 * 64:,}} stories.
#
# ## DPO, on the same pairs {#words-dpo-section}
#
# DPO needs no stories of its own and no reward model: the thousand pairs and the reference. The loss is
# `preflab.losses.dpo` on summed log-probs. What is logged has the names that TRL's trainer uses, so that you can read
# a real run afterwards.
#
# ::: guess words-dpo DPO's loss falls. What happens meanwhile to the log-prob of the *chosen* stories?
# - it rises
# - it stays where it is
# - it falls
#
# It falls, from {{ dpo_story_log["logps/chosen"][0]:.2f}} to {{ dpo_story_log["logps/chosen"][-1]:.2f}} nats.
# :::

# %% DPO id="words-dpo"
def dpo_of(beta):
    """DPO's loss on the summed log-probs of n pairs; lengths do not matter to it."""
    return lambda chosen, rejected, ref_chosen, ref_rejected, *lengths: pair_losses.pairwise(
        pair_losses.dpo, chosen, rejected, ref_chosen, ref_rejected, beta=beta
    )


def train_on_stories(loss, chosen, rejected, steps=150, batch=64, lr=0.005, seed=0, log=None, beta=1.0):
    """Adam on batches of pairs (n, T), the step size falling to 0; returns the network and fills the log if given."""
    rng = np.random.default_rng([seed, 7])
    actor = network.Adam(storyteller)
    ref = [network.score(storyteller, side).logps.sum(axis=1) for side in (chosen, rejected)]
    for step in progress(range(steps)):
        rows = rng.choice(len(chosen), min(batch, len(chosen)), replace=False)
        both = network.score(actor.weights, np.concatenate([chosen[rows], rejected[rows]]))
        logps, lengths = (np.split(per_word.sum(axis=1), 2) for per_word in (both.logps, both.mask))
        result = loss(*logps, ref[0][rows], ref[1][rows], *lengths)
        by_logps = [result.grads["policy_chosen_logps"], result.grads["policy_rejected_logps"]]
        by_weights = network.sequence_gradient(actor.weights, both, np.concatenate(by_logps))
        if log is not None and step % 5 == 0:
            log_step(log, actor.weights, chosen, rejected, ref, beta)
        actor = network.descend(actor, by_weights, lr * (1 - step / steps))
    if log is not None:
        log_step(log, actor.weights, chosen, rejected, ref, beta)
    return actor.weights


def log_step(log, params, chosen, rejected, ref, beta):
    """Over the first 300 pairs, under the names that TRL gives them."""
    both = network.score(params, np.concatenate([chosen[:300], rejected[:300]]))
    up, down = np.split(both.logps.sum(axis=1), 2)
    won, lost = beta * (up - ref[0][:300]), beta * (down - ref[1][:300])
    entries = {
        "loss": np.logaddexp(0, lost - won), "logps/chosen": up, "logps/rejected": down, "rewards/chosen": won,
        "rewards/rejected": lost, "rewards/margins": won - lost, "rewards/accuracies": won > lost,
    }
    for name, values in entries.items():
        log.setdefault(name, []).append(values.mean())


dpo_story_log = {}
dpo_story = train_on_stories(
    dpo_of(beta_words), story_chosen, story_rejected, log=dpo_story_log, beta=beta_words
)
for logged, entries in dpo_story_log.items():
    print(f"{logged:20} {entries[0]:8.3f} -> {entries[-1]:8.3f}")
words.charts.dpo_log(dpo_story_log, every=5)

# %% Evidence only="build"
optimal_ratios = [  # log pi*/pi_ref of a story is (r - V_0) / beta
    ((preferences.counts(side) @ story_taste - best_values[0, 0, 0]) / beta_words).mean()
    for side in (story_chosen, story_rejected)
]
listed = np.unique(np.concatenate([story_chosen, story_rejected]), axis=0)
listed_mass = [np.exp(network.score(params, listed).logps.sum(axis=1)).sum() for params in (storyteller, dpo_story)]
claim("Under the exact optimum, too, the chosen stories of these pairs are less likely, and the rejected ones more so",
      optimal_ratios[1] < optimal_ratios[0] < 0)
claim("DPO moves probability to stories in neither half of a pair", listed_mass[1] < 0.9 * listed_mass[0])
claim("DPO's loss falls", dpo_story_log["loss"][-1] < dpo_story_log["loss"][0] - 0.05)
claim("The chosen stories' log-prob falls while DPO's loss does",
      dpo_story_log["logps/chosen"][-1] < dpo_story_log["logps/chosen"][0] - 0.1)
claim("The rejected stories' log-prob falls further than the chosen ones'",
      dpo_story_log["logps/rejected"][-1] < dpo_story_log["logps/chosen"][-1] - 0.5)

# %% [markdown]
# Look at `logps/chosen`: it goes from {{ dpo_story_log["logps/chosen"][0]:.2f}} to
# {{ dpo_story_log["logps/chosen"][-1]:.2f}} nats. The chosen stories have become *less* likely while the loss went
# down as it should. This is likelihood displacement (Razin and others, 2024). DPO only asks that the chosen story gain
# on the rejected one: both may fall if the rejected one falls further.
#
# Why should both fall? They are the reference's stories, and a policy that tells better ones tells these less often.
# The exact optimum of the taste does so, too: it changes the log-prob of the chosen stories by
# {{ optimal_ratios[0]:+.2f}} nats in the mean, and that of the rejected ones by {{ optimal_ratios[1]:+.2f}}. What both
# lose goes to stories in neither list: under the reference the listed ones had {{ listed_mass[0]:.1%}} of all
# probability, under DPO's policy they have {{ listed_mass[1]:.1%}}.
#
# With few pairs DPO goes much further down than that, and there it is a fault.

# %% The same pairs, two paths id="words-dpo-pairs"
pair_numbers = (300, 1000, 5000)
most_chosen, most_rejected = judged_pairs(max(pair_numbers), 7, story_taste)  # the first 1,000 are those above
corpus_pairs = np.zeros((len(grammar.VOCABULARY),) * 2, bool)
corpus_pairs[corpus[:, :-1], corpus[:, 1:]] = True


def off_grammar(told):
    """Share of stories with two words in a row that never follow each other in the corpus."""
    return (~corpus_pairs[told[:, :-1], told[:, 1:]]).any(axis=1).mean()


dpo_by_pairs, rlhf_by_pairs, displaced, dpo_broken, dpo_told, dpo_networks = [], [], [], [], [], []
for pair_count in pair_numbers:
    side_up, side_down = most_chosen[:pair_count], most_rejected[:pair_count]
    params = train_on_stories(dpo_of(beta_words), side_up, side_down)
    dpo_networks.append(params)
    dpo_by_pairs.append(story_objective(params, story_taste, beta_words))
    word_model = preferences.fit_reward(side_up, side_down, prior=0.7)
    fitted_values = solve.soft_values(ref_table, word_model, beta_words, grammar.LENGTH)
    end_of = solve.soft_visits(ref_table, fitted_values, word_model, beta_words)
    rlhf_by_pairs.append(end_of.counts @ story_taste - beta_words * end_of.kl)
    moved_logps = network.score(params, side_up).logps - network.score(storyteller, side_up).logps
    displaced.append(moved_logps.sum(axis=1).mean())
    dpo_broken.append(off_grammar(tell(network.policy(params), 1000, 11)))
    dpo_told.append(tell(network.policy(params), 2, 11))
ref_broken = off_grammar(tell(network.policy(storyteller), 1000, 11))
print("          E[r] - beta KL    of DPO: chosen log-prob, stories that break the grammar")
print("             DPO    RLHF")
for pair_row in zip(pair_numbers, dpo_by_pairs, rlhf_by_pairs, displaced, dpo_broken, strict=True):
    print("{:5,} pairs {:6.2f}  {:6.2f}    {:+.2f} nats, {:.1%}".format(*pair_row))
print(f"reference   {ref_visits.counts @ story_taste:6.2f}                        {ref_broken:.1%}")
print(f"optimum     {best_values[0, 0, 0]:6.2f}")
show(words.stories.coloured(
    "Two stories of DPO's, by the number of pairs", np.concatenate(dpo_told), story_taste,
    [f"{n:,} pairs" for n in pair_numbers for _ in range(2)],
))
words.charts.by_pairs(
    pair_numbers, dpo_by_pairs, rlhf_by_pairs, best_values[0, 0, 0], ref_visits.counts @ story_taste
)

# %% Evidence only="build"
def ranked_as_labelled(params, chosen, rejected):
    """Share of pairs (n, T) whose chosen story has gained more log-prob than its rejected one."""
    both = np.concatenate([chosen, rejected])
    now, ref = (network.score(weights, both).logps.sum(axis=1) for weights in (params, storyteller))
    won, lost = np.split(now - ref, 2)
    return (won > lost).mean()


own_right = ranked_as_labelled(dpo_networks[0], most_chosen[:300], most_rejected[:300])
new_right = ranked_as_labelled(dpo_networks[0], *judged_pairs(1000, 8, story_taste))
claim("On 300 pairs DPO ranks nearly all its own pairs as labelled, and far fewer new ones",
      own_right > 0.9 and new_right < 0.7)
optimal_on_few = (preferences.counts(most_chosen[:300]) @ story_taste - best_values[0, 0, 0]).mean() / beta_words
claim("On 300 pairs DPO lowers the chosen stories' log-prob far more than the optimum does",
      displaced[0] < optimal_on_few - 0.3)
claim("DPO's E[r] - beta KL rises with the number of pairs", bool((np.diff(dpo_by_pairs) > 0).all()))
claim("On 300 pairs DPO ends below the reference", dpo_by_pairs[0] < ref_visits.counts @ story_taste)
claim("On 5,000 pairs DPO ends above the reference", dpo_by_pairs[-1] > ref_visits.counts @ story_taste)
claim("On the same pairs the optimum of the reward model is better than DPO's end each time",
      all(r > d for r, d in zip(rlhf_by_pairs, dpo_by_pairs, strict=True)))
claim("The fewer pairs DPO has, the more the chosen stories' log-prob falls",
      bool((np.diff(displaced) > 0).all()) and displaced[-1] < 0)
claim("On 300 pairs DPO's stories break the grammar more often than the reference's and than on 5,000",
      dpo_broken[0] > 1.5 * ref_broken and dpo_broken[0] > dpo_broken[-1])

# %% [markdown]
# RLHF's column is the exact optimum of the reward model that these pairs give. As pairs grow, both come closer to the
# same point, the optimum of the taste. On a few hundred they are far apart, and so is what they fit: the reward model
# has {{ len(grammar.VOCABULARY) - 1 }} numbers and a prior, DPO's implicit reward is the whole network,
# {{ f"{len(storyteller):,}" }} numbers without one.
#
# With 300 pairs DPO learns them by heart: it ranks {{ own_right:.0%}} of them as labelled, and {{ new_right:.0%}} of
# new ones. Its $E[r] - \beta\,\text{KL}$ is {{ dpo_by_pairs[0]:.2f}}, below the reference's, and
# {{ dpo_broken[0]:.1%}} of its stories break the grammar, against {{ ref_broken:.1%}} of the reference's. In the
# lesson the same gap was between [five numbers and twenty](#same-class-why).
