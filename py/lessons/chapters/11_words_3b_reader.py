# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## You are the annotator {#words-you}
#
# So far a taste was set with sliders and the human was simulated. Now choose for yourself: the best of four stories,
# twenty times. Each choice is three comparisons. Every fourth choice is held out: nothing is trained on it, which
# leaves 45.
#
# Sixty comparisons for {{ len(grammar.VOCABULARY) - 1 }} words are few, so the prior has to help. Before you have said
# anything it knows three things: a word may be worth something of its own; words whose embeddings are alike may be
# worth something alike; and every word may count, which is a taste for long stories or short ones. The questions are
# those that can tell most under this prior. They do not depend on what you answer, so that two readers can compare.

# %% What will be asked id="words-asked"
from preflab import picks as reader_picks
from words import readers

reader_prior = readers.prior(storyteller, own=0.5, alike=0.2, length=0.5)  # covariance, in nats squared
reader_heaps = tell(network.policy(storyteller), 800, 41).reshape(20, 40, grammar.LENGTH)
reader_asked = reader_picks.questions(
    preferences.counts(reader_heaps.reshape(800, -1)).reshape(20, 40, -1), reader_prior, seed=1
)
reader_cards = reader_heaps.reshape(800, -1)[reader_asked.cards]  # (24, 4, 14): the last four are asked again
reader_counts = preferences.counts(reader_cards.reshape(96, -1)).reshape(24, 4, -1)
spoken_in_corpus = preferences.counts(corpus).sum(axis=0)
print(f"{reader_asked.new} questions, then {len(reader_cards) - reader_asked.new} of them again")
print("under the prior, one word of its own: ±", reader_prior[1, 1].round(2) ** 0.5)

# %% [markdown]
# Your choices are the text `story_picks`. They stay in this browser, unless you share the link with your edits.

# %% The best of four stories id="words-your-taste" code="folded"
# your choices, a sign each
story_picks = ""  # @param {type:"string"}

reader_read = reader_picks.read(story_picks, len(reader_cards))
reader_taken, reader_who = reader_picks.or_simulated(reader_read, reader_counts, 2 * kind_taste, seed=10)
reader_learned = reader_picks.learn(reader_counts, reader_taken, reader_asked.again, reader_prior)
reader_taste = reader_learned.taste
trained_rows = np.flatnonzero(reader_learned.trained)
reader_pairs = reader_picks.pairs(reader_cards[trained_rows], reader_taken[trained_rows])  # chosen, rejected

print(reader_picks.report(reader_learned, reader_who, reader_asked))
show(words.stories.choose(
    reader_cards, reader_read, "story_picks",
    note="" if reader_read.picks else "Nobody has chosen yet. What is shown below comes from a simulated annotator "
    "who likes kind stories.",
    lines="" if not reader_read.picks else reader_picks.json_lines(
        ["Tell a story."] * len(reader_pairs[0]), *([grammar.text(one) for one in side] for side in reader_pairs)
    ),
))
outstanding = readers.outstanding(reader_taste)
length_worth = readers.length_worth(reader_taste, spoken_in_corpus)
charts.your_taste(
    [grammar.VOCABULARY[w] for w in outstanding], reader_taste.mean[outstanding], reader_taste.half[outstanding],
    f"{'your' if reader_who == 'you' else reader_who + '’s'} taste", "word",
    "One more word, whichever it is: {:+.2f} ± {:.2f}.".format(*length_worth),
)

# %% Evidence only="build"
six_tastes = {name: 2 * preferences.taste(worth) for name, worth in preferences.TASTES.items()}
six_tastes["long"] = -six_tastes["short"]
clear_fresh = preferences.counts(tell(network.policy(storyteller), 2000, 42)).reshape(2, 1000, -1)
clear_fresh = clear_fresh[0] - clear_fresh[1]
six_right, six_word_cover, six_cared_cover, six_gap_cover, six_hits, six_same = [], [], [], [], [], []
six_learned = {}
for six_name, six_taste in six_tastes.items():
    for six_seed in range(4):
        one_string = reader_picks.simulated(reader_counts, six_taste, six_seed)
        one_taken = reader_picks.read(one_string, len(reader_cards)).taken
        one = reader_picks.learn(reader_counts, one_taken, reader_asked.again, reader_prior)
        six_learned.setdefault(six_name, one)
        gaps, found = clear_fresh @ six_taste, clear_fresh @ one.taste.mean
        six_right.append((np.sign(gaps) == np.sign(found))[abs(gaps) > 0.6].mean())
        inside = abs(six_taste - one.taste.mean) <= one.taste.half
        six_word_cover.append(inside[1:].mean())
        six_cared_cover.append(inside[six_taste != 0].mean())
        spread = np.sqrt(((clear_fresh @ one.taste.cov) * clear_fresh).sum(axis=1))
        six_gap_cover.append((abs(gaps - found) <= reader_picks.Z * spread).mean())
        six_hits.append(one.hits.mean())
        six_same.append(reader_picks.agreement(reader_asked, one_taken).mean())
claim("Of six simulated tastes fresh clear pairs are ranked right 80 % of the time after 20 choices",
      np.mean(six_right) >= 0.8, see="words-your-taste")
claim("The 90 % intervals hold the gap between two fresh stories in 85 to 95 % of cases",
      0.85 < np.mean(six_gap_cover) < 0.95, see="words-your-taste")
claim("The 90 % intervals of words hold the truth less often where the taste cares than over all words",
      np.mean(six_cared_cover) < 0.85 < np.mean(six_word_cover), see="words-your-taste")
claim("Choices are expected more often than by chance", np.mean(six_hits) > 0.35, see="words-your-taste")
claim("No held-out choice and no repeated question is trained on",
      not (reader_learned.trained[3::4].any() or reader_learned.trained[reader_asked.new:].any()),
      see="words-your-taste")

# %% [markdown]
# The words with the largest weights stand here whether the model is sure of them or not: where a line crosses zero, a
# word may be there by accident, because it was said in a story that you took for something else.
#
# How good is this? Six simulated tastes (kind, spooky, cats, food, short, long) answered the same questions. Fresh
# stories that are clearly apart were ranked right in {{ np.mean(six_right):.0%}} of pairs; {{ np.mean(six_hits):.0%}}
# of the choices were expected. The 90 % intervals held the gap between two stories in {{
# np.mean(six_gap_cover):.0%}} of cases. Of single words they held {{ np.mean(six_word_cover):.0%}}, but of the words
# that the taste cares about only {{ np.mean(six_cared_cover):.0%}}: the prior pulls strong likings towards zero, and
# one interval is right on average, not for each word.
#
# The last four questions are repeats, in another order. Do you agree with yourself? The simulated annotators took the
# same story again in {{ np.mean(six_same):.0%}} of cases. That is the label noise that this page assumes.
#
# ## What would you like to read? {#words-your-optimum-section}
#
# For the taste that was learned, the optimum can be computed at once.

# %% Your optimum at three betas id="words-your-optimum"
reader_told = {"reference": tell(network.policy(storyteller), 3, 43)}
for reader_beta in (1.0, 0.5, 0.25):
    optimum_values = solve.soft_values(ref_table, reader_taste.mean, reader_beta, grammar.LENGTH)
    optimum_visits = solve.soft_visits(ref_table, optimum_values, reader_taste.mean, reader_beta)
    optimum_policy = solve.soft_policy(ref_table, optimum_values, reader_taste.mean, reader_beta)
    reader_told[f"beta {reader_beta:g}"] = tell(optimum_policy, 3, 43)
    print(f"beta {reader_beta:4g}: learned reward {optimum_visits.counts @ reader_taste.mean:z5.2f}, "
          f"KL {optimum_visits.kl:z5.2f}, {optimum_visits.length:.1f} words")
words.stories.coloured(
    f"Three stories for {reader_who}, on the same random numbers",
    np.stack(list(reader_told.values()), axis=1).reshape(12, -1), reader_taste.mean, list(reader_told) * 3,
    note="Underlined words are those that the model thinks are liked; accidents are among them.",
)

# %% [markdown]
# PPO and DPO have to get there by training. PPO climbs the learned reward. DPO has your comparisons and nothing else;
# those of the held-out choices tell how it is doing.
#
# ::: guess words-your-training DPO on 45 comparisons: where will its loss on *them* be after 60 steps?
# - 0 to 0.7 by 0.05 nats a pair
#
# At {{ reader_dpo[-1][0]:.3f}} nats a pair; on the held-out ones at {{ reader_dpo[-1][1]:.2f}}.
# :::

# %% PPO and DPO on your choices id="words-your-training"
def dpo_on_choices(chosen, rejected, held_chosen, held_rejected, beta=0.5, steps=60, lr=0.005):
    """DPO on all pairs (n, T) at once; yields its loss, that on the held-out pairs, and the network at each step."""
    state = network.Adam(storyteller)
    told = np.concatenate([chosen, held_chosen, rejected, held_rejected])
    ref_logps = network.score(storyteller, told).logps.sum(axis=1)
    for _ in range(steps + 1):
        now = network.score(state.weights, told)
        won, lost = np.split(beta * (now.logps.sum(axis=1) - ref_logps), 2)
        margins, held_margins = np.split(won - lost, [len(chosen)])
        yield np.logaddexp(0, -margins).mean(), np.logaddexp(0, -held_margins).mean(), state.weights
        wrong = np.zeros(len(won))  # held-out pairs teach nothing
        wrong[: len(chosen)] = beta / (1 + np.exp(margins)) / len(margins)
        by_params = network.sequence_gradient(state.weights, now, np.concatenate([-wrong, wrong]))
        state = network.descend(state, by_params, lr)


held_rows = np.flatnonzero(~reader_learned.trained & reader_learned.new)
reader_held = reader_picks.pairs(reader_cards[held_rows], reader_taken[held_rows])
if len(reader_pairs[0]) and len(reader_held[0]):
    reader_dpo = list(dpo_on_choices(*reader_pairs, *reader_held))
    reader_stop = int(np.argmin([held for _, held, _ in reader_dpo]))  # where the held-out loss was lowest
    reader_ppo, _, _ = train_ppo_words(reader_taste.mean, 0.5, steps=100)
    print(f"{len(reader_pairs[0])} comparisons trained on, {len(reader_held[0])} held out, from {reader_who}")
    print(f"DPO's held-out loss is lowest at step {reader_stop}: {reader_dpo[reader_stop][1]:.2f} nats a pair; "
          f"in the end {reader_dpo[-1][1]:.2f}")
    reader_policies = {
        "reference": storyteller, "PPO": reader_ppo, "DPO, stopped": reader_dpo[reader_stop][2],
        "DPO, step 60": reader_dpo[-1][2],
    }
    show(words.stories.coloured(
        f"Two stories for {reader_who}, on the same random numbers",
        np.stack([tell(network.policy(p), 2, 43) for p in reader_policies.values()], axis=1).reshape(8, -1),
        reader_taste.mean, list(reader_policies) * 2,
    ))
    show(words.charts.by_heart(*np.array([row[:2] for row in reader_dpo]).T, reader_who))
else:
    print("It takes a card from a question that is trained on, and one from every fourth, which is held out.")

# %% Evidence only="build"
def six_ends():
    """True E[r] - 0.5 KL of each of six tastes: the reference, DPO stopped and not, the learned reward's optimum."""
    for name, taste in six_tastes.items():
        learned = six_learned[name]
        rows = [np.flatnonzero(which) for which in (learned.trained, ~learned.trained & learned.new)]
        sides = [side for row in rows for side in reader_picks.pairs(reader_cards[row], learned.taken[row])]
        path = list(dpo_on_choices(*sides))
        stop = int(np.argmin([held for _, held, _ in path]))
        values = solve.soft_values(ref_table, learned.taste.mean, 0.5, grammar.LENGTH)
        best = solve.soft_visits(ref_table, values, learned.taste.mean, 0.5)
        objectives = [story_objective(p, taste, 0.5) for p in (storyteller, path[stop][2], path[-1][2])]
        yield [*objectives, best.counts @ taste - 0.5 * best.kl]


reader_ends = np.array(list(six_ends()))
gain_stopped, gain_end, gain_rlhf = (reader_ends[:, 1:] - reader_ends[:, :1]).mean(axis=0)
claim("DPO learns the 45 comparisons by heart: its loss on them goes to nothing", reader_dpo[-1][0] < 0.02)
claim("On held-out comparisons its loss does not", reader_dpo[-1][1] > 0.3)
claim("For six tastes, on average, DPO that is stopped by the held-out loss ends better than DPO that goes on",
      gain_stopped > gain_end)
claim("For each of six tastes the optimum of the reward model with its prior is better than DPO's end",
      bool((reader_ends[:, 3] > reader_ends[:, 2]).all()))

# %% [markdown]
# DPO has {{ f"{len(storyteller):,}" }} numbers for 45 comparisons. Within a few steps it knows them by heart; its loss
# on them is {{ reader_dpo[-1][0]:.3f}} while that on the held-out ones is {{ reader_dpo[-1][1]:.2f}}. Two things help.
# Stop where the held-out loss is lowest: over the six tastes the gain in true $E[r] - \beta\,\text{KL}$ at
# $\beta = 0.5$ is then {{ gain_stopped:+.2f}} on average, and {{ gain_end:+.2f}} without. Or know less of the pairs and
# more of the world: the reward model with its prior gains {{ gain_rlhf:+.2f}}.
#
# ## Was this you? {#words-was-it-you-section}
#
# Of 1,000 stories, here are the two that the model thinks you like best and least. Is that you? Your answer counts as
# one more held-out choice. Press 1 or 2.

# %% Was this you? id="words-was-it-you" code="folded"
# your choices until then, and 1 for yes or 2 for no
was_it_you = ""  # @param {type:"string"}

thousand = tell(network.policy(storyteller), 1000, 44)
thousand = thousand[np.argsort(preferences.counts(thousand) @ reader_taste.mean)]
about_me = reader_read.picks if reader_learned.trained.any() else ""
print(reader_picks.verdict(was_it_you, reader_learned, about_me))
show(words.stories.coloured(
    f"For {reader_who}, by the model: the favourite, and the least favourite", thousand[[-1, 0]], reader_taste.mean,
    ["favourite", "least favourite"],
))
words.stories.agree(was_it_you, "was_it_you", about_me)

# %% [markdown]
# ## Two readers {#words-two-readers-section}
#
# *Human preferences* is a plural. Ask a friend for the link that “Take along” gives them, or for the text in their
# `story_picks`, and paste it here. Until then a simulated friend of ghosts answers. One policy for both gets the
# mean of the two rewards.

# %% Two readers id="words-two-readers" code="folded"
# a friend’s link, or their choices
friend_picks = ""  # @param {type:"string"}

friend_read = reader_picks.read_shared(friend_picks, "story_picks", len(reader_cards))
friend_taken, friend_who = reader_picks.or_simulated(
    friend_read, reader_counts, 2 * preferences.taste(preferences.SPOOKY), seed=6
)
friend_who = "your friend" if friend_who == "you" else "a simulated friend of ghosts"
friend_taste = reader_picks.learn(reader_counts, friend_taken, reader_asked.again, reader_prior).taste
in_common = reader_picks.in_common(reader_asked, reader_taken, friend_taken)[1]
if friend_read.damage:
    print(friend_read.damage)
print(f"reader 1: {reader_who}\nreader 2: {friend_who}")
if len(in_common):
    print(f"the same story in {in_common.sum()} of {len(in_common)} questions;\nby chance in one of four")
print()
tastes_of_two = {reader_who: reader_taste.mean, friend_who: friend_taste.mean}
tastes_of_two["one policy for both"] = (reader_taste.mean + friend_taste.mean) / 2
two_told, two_rewards = [], []
for mean_taste in tastes_of_two.values():
    two_values = solve.soft_values(ref_table, mean_taste, 0.5, grammar.LENGTH)
    two_counts = solve.soft_visits(ref_table, two_values, mean_taste, 0.5).counts
    two_rewards.append([two_counts @ reader_taste.mean, two_counts @ friend_taste.mean])
    two_told.append(tell(solve.soft_policy(ref_table, two_values, mean_taste, 0.5), 2, 43))
ref_rewards = [ref_visits.counts @ reader_taste.mean, ref_visits.counts @ friend_taste.mean]
print("learned reward above the reference’s\nof the optimum for   reader 1   reader 2")
for two_name, rewards_of in zip(("reader 1", "reader 2", "both, their mean"), two_rewards, strict=True):
    print(f"{two_name:18} {rewards_of[0] - ref_rewards[0]:z10.2f} {rewards_of[1] - ref_rewards[1]:z10.2f}")
differ = readers.differing(reader_taste, friend_taste)
show(words.charts.two_tastes([grammar.VOCABULARY[w] for w in differ], reader_taste, friend_taste, differ,
                             reader_who, friend_who))
words.stories.plain(
    "Two stories for each, on the same random numbers", np.concatenate(two_told),
    [name for name in tastes_of_two for _ in range(2)],
)

# %% Evidence only="build"
two_rewards = np.array(two_rewards) - ref_rewards
claim("One policy for both gives each less than a policy of their own",
      two_rewards[2, 0] < two_rewards[0, 0] and two_rewards[2, 1] < two_rewards[1, 1])
claim("One policy for both gives each more than a policy for the other alone",
      two_rewards[2, 0] > two_rewards[1, 0] and two_rewards[2, 1] > two_rewards[0, 1])

# %% [markdown]
# The one policy gives both of them something and neither what they would get alone. Whoever averages labels over
# readers trains such a policy, whether they say so or not.
#
# Under the cards a button saves your choices as pairs, `{"prompt", "chosen", "rejected"}` a line, which is what
# trainers read.
