# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Preferences {#words-preferences}
#
# Two stories of the reference, side by side, and a reader who picks one. Our reader is simulated: a taste gives each
# word a worth, a story is worth the sum, and the better one wins with the Bradley–Terry probability, the logistic
# function of the difference: close calls go either way. Mix a taste of your own and run on: everything below follows
# it.

# %% Pairs id="words-pairs"
# happy, polite, sang
kindness = 1.0  # @param {type:"slider", min:0, max:2, step:0.25}
# ghosts, dark forests
spookiness = 0.0  # @param {type:"slider", min:0, max:2, step:0.25}
# cats, not dogs
cats = 0.0  # @param {type:"slider", min:0, max:2, step:0.25}
# cake, soup, cheese
food = 0.0  # @param {type:"slider", min:0, max:2, step:0.25}
# minds every word
brevity = 0.0  # @param {type:"slider", min:0, max:2, step:0.25}

mixed = {"kind": kindness, "spooky": spookiness, "cats": cats, "food": food, "short": brevity}
story_taste = sum(
    much * preferences.taste(preferences.TASTES[name]) for name, much in mixed.items()
)
taste_name = " and ".join(name for name, much in mixed.items() if much) or "flat"


def judged_pairs(n, seed, reward):
    """n pairs of the reference's own stories, judged by a taste (V,): chosen and rejected, (n, 14) each."""
    halves = []
    for part in range(0, n, 500):  # so that the random numbers fit into little memory
        first, second = tell(network.policy(storyteller), 1000, [seed, part]).reshape(2, 500, -1)
        gap = (preferences.counts(first) - preferences.counts(second)) @ reward
        halves.append(preferences.annotate(first, second, gap, np.random.default_rng([seed, part, 1])))
    return [np.concatenate(half)[:n] for half in zip(*halves, strict=True)]


story_chosen, story_rejected = judged_pairs(1000, 7, story_taste)
story_gaps = (preferences.counts(story_chosen) - preferences.counts(story_rejected)) @ story_taste
print(f"{len(story_chosen):,} pairs; in {(story_gaps < 0).mean():.0%} the worse story was picked")
show(words.stories.coloured(
    f"Four pairs, judged by a {taste_name} taste",
    np.stack([story_chosen[:4], story_rejected[:4]], axis=1).reshape(8, -1), story_taste,
    ["chosen", "rejected"] * 4,
    note="Underlined words please the reader, dotted ones do not.",
))

# %% [markdown]
# ## A reward model over words {#words-reward}
#
# The reward model has the shape of the taste: a number a word. With a few hundred pairs and
# {{ len(grammar.VOCABULARY) - 1 }} numbers, some words are seen too seldom to say much about them. Fitted freely, they
# get large numbers by accident. A Gaussian prior, which is weight decay by another name, keeps such words near 0.

# %% With a prior and without id="words-reward-model"
few_chosen, few_rejected = story_chosen[:300], story_rejected[:300]
free_reward = preferences.fit_reward(few_chosen, few_rejected, prior=100.0)  # as good as none
few_reward = preferences.fit_reward(few_chosen, few_rejected, prior=0.7)
story_reward = preferences.fit_reward(story_chosen, story_rejected, prior=0.7)  # on all 1,000, for what follows

fresh = preferences.counts(np.concatenate(judged_pairs(1000, 8, story_taste))).reshape(2, 1000, -1)
fresh_gaps = fresh[0] - fresh[1]
clear_gaps = fresh_gaps[abs(fresh_gaps @ story_taste) > 0.3]


def ranked_as(reward):
    """Share of fresh pairs, close calls left out, that a reward ranks as the taste does."""
    return (np.sign(clear_gaps @ reward) == np.sign(clear_gaps @ story_taste)).mean()


for model_name, word_model in (
    ("300 pairs, free", free_reward), ("300 pairs, prior", few_reward), ("1,000, prior", story_reward),
):
    print(f"{model_name:17} fresh pairs ranked right: {ranked_as(word_model):.1%}")
accidents = np.argsort(-abs(free_reward) * (story_taste == 0))[:5]
print("\nnothing to the taste  free  prior")
for word_code in accidents:
    print(f"{grammar.VOCABULARY[word_code]:20} {free_reward[word_code]:+5.1f}  {few_reward[word_code]:+5.1f}")
words.charts.learned_words(story_taste, prior=few_reward, free=free_reward)

# %% Evidence only="build"
claim("On 300 pairs the reward model with a prior ranks fresh pairs better than the one without",
      ranked_as(few_reward) > ranked_as(free_reward))
claim("A reward model on 1,000 pairs ranks fresh pairs better than one on 300",
      ranked_as(story_reward) > ranked_as(few_reward))
claim("Words to which the taste is indifferent get larger numbers without a prior",
      bool((abs(free_reward[accidents]) > abs(few_reward[accidents])).all()))

# %% [markdown]
# A policy that is trained against these numbers will use the accidents, too: to it they are as good as the taste.
#
# ## The optimum {#words-optimum-section}
#
# In the lesson the optimum was a formula. Here it is ten lines. The state is the last two words,
# {{ len(grammar.VOCABULARY) }}² of them. Go backwards from the last place. What a state is worth is a soft maximum
# over the next word $w$ of its reward and of what the state after it is worth, weighted by the reference:
#
# $$ V_t(a, b) = \beta \log \sum_w \pi_\text{ref}(w \mid a, b)\,
#   \exp\!\Big(\frac{r(w) + V_{t+1}(b, w)}{\beta}\Big) $$
#
# After the full stop comes nothing. The best policy is the reference, tilted:
# $\pi_t^*(w \mid a, b) \propto \pi_\text{ref}(w \mid a, b)\, \exp\big((r(w) + V_{t+1}(b, w))/\beta\big)$. No other has
# more $E[r] - \beta\,\text{KL}$, and what it has is $V_0$ of the empty story.

# %% Soft value iteration id="words-optimum"
# price of one nat of KL
beta_words = 1.0  # @param {type:"slider", min:0.25, max:4, step:0.25}


def story_values(ref, reward, beta, places=grammar.LENGTH):
    """Values (places + 1, V, V) of all states, from the log-probs ref (V, V, V): [older, newer, next]."""
    values = np.zeros((places + 1, *ref.shape[:2]))
    for t in reversed(range(places)):
        later = values[t + 1].copy()  # [newer, next]
        later[:, grammar.END] = 0  # nothing comes after the full stop
        logits = ref + (reward + later) / beta
        peak = logits.max(axis=2)
        values[t] = beta * (peak + np.log(np.exp(logits - peak[:, :, None]).sum(axis=2)))
    return values


best_values = story_values(ref_table, story_taste, beta_words)
best_visits = solve.soft_visits(ref_table, best_values, story_taste, beta_words)
best_policy = solve.soft_policy(ref_table, best_values, story_taste, beta_words)
ref_visits = solve.visits(ref_table, ref_table, grammar.LENGTH)
print(f"reference   E[r] {ref_visits.counts @ story_taste:6.3f}   KL 0       {ref_visits.length:.1f} words")
print(f"the optimum E[r] {best_visits.counts @ story_taste:6.3f}   KL {best_visits.kl:.3f}   "
      f"{best_visits.length:.1f} words")
print(f"\nE[r] - beta KL = {best_visits.counts @ story_taste - beta_words * best_visits.kl:.12f}")
print(f"V_0            = {best_values[0, 0, 0]:.12f}")
show(words.stories.coloured(
    "The same random numbers, without and with the taste",
    np.stack([tell(network.policy(storyteller), 4, 5), tell(best_policy, 4, 5)], axis=1).reshape(8, -1),
    story_taste, ["reference", "optimum"] * 4,
))

# %% Evidence only="build"
best_gain = best_visits.counts @ story_taste - beta_words * best_visits.kl
claim("V_0 is E[r] - beta KL of the optimum, to ten digits", abs(best_values[0, 0, 0] - best_gain) < 1e-10)
claim("The soft value iteration in this block agrees with the library's",
      abs(best_values - solve.soft_values(ref_table, story_taste, beta_words, grammar.LENGTH)).max() < 1e-10)

# %% [markdown]
# $E[r]$, KL and length come without sampling as well. Start with all probability on the empty story and push it
# forward place by place. `counts` is how often each word is said in a story on average, so that `counts @ reward` is
# the expected reward for *any* reward over words. From here on every $E[r]$, KL and length on this page is computed so:
# no sampling noise, for any policy.
#
# At a row of betas the optima draw the frontier. What a policy with the reward model's numbers reaches lies below it,
# even when it is the exact optimum of *those* numbers.

# %% The frontier id="words-frontier"
frontier_betas = (4, 3, 2, 1.5, 1, 0.75, 0.6, 0.5)
frontier_values = [solve.soft_values(ref_table, story_taste, b, grammar.LENGTH) for b in frontier_betas]
frontier_visits = [
    solve.soft_visits(ref_table, v, story_taste, b) for v, b in zip(frontier_values, frontier_betas, strict=True)
]
frontier_line = [v.kl for v in frontier_visits], [v.counts @ story_taste for v in frontier_visits]
learned_ends = {}
for model_name, word_model in (
    ("free_on_300", free_reward), ("prior_on_300", few_reward), ("prior_on_1000", story_reward),
):
    values_of = solve.soft_values(ref_table, word_model, beta_words, grammar.LENGTH)
    visits_of = solve.soft_visits(ref_table, values_of, word_model, beta_words)
    learned_ends[model_name] = visits_of.kl, visits_of.counts @ story_taste
    true_mean = visits_of.counts @ story_taste
    print(f"optimum of the model {model_name:14} KL {visits_of.kl:5.2f}, true E[r] {true_mean:5.2f}, "
          f"true E[r] - beta KL {true_mean - beta_words * visits_of.kl:6.2f}")
near_ends = {key: end for key, end in learned_ends.items() if end[0] < 5}  # the free one is off the chart
words.charts.frontier(*frontier_line, reference=(0, ref_visits.counts @ story_taste), **near_ends)

# %% Evidence only="build"
def is_below_frontier(kl, reward):
    """Whether a policy lies on or below every supporting line of the frontier: E[r] - b KL <= V_0 at b."""
    return all(reward - b * kl <= v[0, 0, 0] + 1e-9 for v, b in zip(frontier_values, frontier_betas, strict=True))


claim("No optimum of a learned reward lies above the frontier",
      all(is_below_frontier(*end) for end in learned_ends.values()))
free_j, few_j, many_j = [reward - beta_words * kl for kl, reward in learned_ends.values()]
claim("Without a prior the reward model's optimum is worse than the reference",
      free_j < ref_visits.counts @ story_taste)
claim("A prior brings the reward model's optimum nearer to the true one, and so do more pairs",
      free_j < few_j < many_j)

# %% [markdown]
# The free model's optimum walks {{ learned_ends["free_on_300"][0]:.1f}} nats for numbers that are mostly accidents,
# and would have been better off at home: its $E[r] - \beta\,\text{KL}$ is {{ free_j:.2f}}, the reference's
# {{ ref_visits.counts @ story_taste:.2f}}. With the prior the same 300 pairs give {{ few_j:.2f}}, a thousand
# {{ many_j:.2f}}; the optimum of the true taste has {{ best_gain:.2f}}.
