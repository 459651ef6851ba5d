# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Which word earned it? {#words-credit-section}
#
# A label says that one story is better than another. It does not say why. The reward model answers with a number a
# word. DPO has an answer, too: its implicit reward is a sum over the words, $\beta \log \pi/\pi_\text{ref}$ of each,
# after the two words before it. Here both are read off the same stories.

# %% Credit, word by word id="words-credit"
credit_told = tell(network.policy(storyteller), 1500, 21)
credit_scored = network.score(dpo_story, credit_told)
log_ratios = beta_words * (credit_scored.logps - network.score(storyteller, credit_told).logps)
spoken = np.bincount(credit_told[credit_scored.mask], minlength=len(grammar.VOCABULARY))
implicit = np.bincount(
    credit_told[credit_scored.mask], log_ratios[credit_scored.mask], len(grammar.VOCABULARY)
) / np.maximum(spoken, 1)
judged_words = np.argsort(-abs(story_taste))[:16]
judged_words = judged_words[np.argsort(-story_taste[judged_words])]
show(words.stories.weighed(
    "Three stories, weighed by DPO", credit_told[:3], log_ratios[:3],
    note="Each word with β log π/π_ref: what DPO credits it with at that place.",
))
show(words.stories.coloured("The same, weighed by the reward model", credit_told[:3], story_reward))
implicit_match = np.corrcoef(implicit[judged_words], story_taste[judged_words])[0, 1]
learned_match = np.corrcoef(story_reward[judged_words], story_taste[judged_words])[0, 1]
words.charts.credit(
    [grammar.VOCABULARY[w] for w in judged_words], story_taste[judged_words], implicit[judged_words],
    story_reward[judged_words],
)

# %% Evidence only="build"
claim("DPO credits the right words, by and large", implicit_match > 0.5)
claim("The reward model credits the right words better than DPO does", learned_match > implicit_match)

# %% [markdown]
# Nobody told DPO which words matter, and by and large it found them: over these words its credit correlates with the
# taste at {{ implicit_match:.2f}}, the reward model's at {{ learned_match:.2f}}. DPO spreads some credit to words that
# *lead* to good ones. That is no mistake: $\beta$ times an optimal policy's log-ratio at a word is the advantage of
# saying it, what it is worth and what it lets one say next (Rafailov, Hejna and others, 2024).
#
# PPO has its critic for this. Ours sees what the policy sees, the last two words. Beside it we can put the exact value
# of each state, $V_t$. We fit the same value head twice to stories of the optimum: to returns whose words are paid as
# they are said, and to returns whose score is all paid at the end, as is usual in RLHF. The log-ratio is
# charged word by word in both.

# %% A critic beside the exact value id="words-critic"
critic_told = tell(best_policy, 1500, 22)
critic_scored = network.score(storyteller, critic_told)
critic_mask = critic_scored.mask
before_each = network.contexts_of(critic_told)
places = np.broadcast_to(np.arange(grammar.LENGTH), critic_mask.shape)
exact_values = best_values[places, before_each[..., 0], before_each[..., 1]][critic_mask]
word_gains = (best_values[places + 1, before_each[..., 1], critic_told] * (critic_told > 0) + story_taste[critic_told]
         - best_values[places, before_each[..., 0], before_each[..., 1]]) * critic_mask  # beta log pi*/ref
word_pay = (story_taste[critic_told] - word_gains) * critic_mask  # reward less beta log-ratio, word by word
said_so_far = np.cumsum(story_taste[critic_told] * critic_mask, axis=1) - story_taste[critic_told] * critic_mask
to_go = np.cumsum(word_pay[:, ::-1], axis=1)[:, ::-1]
at_the_end = to_go + said_so_far  # the whole score is still to come, whatever was said
seen_by_critic = np.pad(critic_scored.kept.hidden, ((0, 0), (0, 1)), constant_values=1)[critic_scored.context]


def value_head(returns):
    """The head's values of all states, by least squares on the returns (n, T)."""
    return seen_by_critic @ np.linalg.lstsq(seen_by_critic, returns[critic_mask])[0]


by_word, by_end = value_head(to_go), value_head(at_the_end)
critic_match = [np.corrcoef(exact_values, values)[0, 1] for values in (by_word, by_end)]
print(f"correlation with the exact value: {critic_match[0]:.2f} paid by the word, {critic_match[1]:.2f} at the end")
print(f"spread of the returns less the exact value: {(to_go[critic_mask] - exact_values).std():.2f} by the word, "
      f"{(at_the_end[critic_mask] - exact_values).std():.2f} at the end")
state_codes = before_each[critic_mask] @ (len(grammar.VOCABULARY), 1)
once_each, chances = np.unique(state_codes, return_index=True, return_counts=True)[1:]
words.charts.critic(exact_values[once_each], by_word[once_each], chances)

# %% Evidence only="build"
claim("Paid by the word, what is still to come is the exact value on average",
      abs((to_go[critic_mask] - exact_values).mean()) < 0.03)
claim("Under the optimum the penalised return from a state on does not vary at all",
      (to_go[critic_mask] - exact_values).std() < 1e-9)
claim("A value head that is fitted to pay by the word knows the states better than one paid at the end",
      critic_match[0] > critic_match[1])

# %% [markdown]
# Look at the spread: paid by the word it is 0. Under the optimum every story has the *same* penalised return from a
# state on, whatever is said. That is what makes it the optimum: reward beyond the average is exactly eaten up by the
# log-ratio it took. Paid at the end, the head must also guess what was said before, which two words do not tell.
#
# ## Length and likelihood {#words-length-section}
#
# SimPO drops the reference and averages log-probs over the words, so that long stories are not unlikely merely for
# being long. Here is what that does to length, with a reader who likes short stories and with the reader from above.
# The lengths are exact.

# %% Summed against averaged log-probs id="words-length"
def simpo_of(beta=2.5, gamma=0.5):
    """SimPO's loss on the log-probs of n pairs, averaged over their lengths."""

    def loss(chosen, rejected, ref_chosen, ref_rejected, chosen_length, rejected_length):
        result = pair_losses.simpo(chosen / chosen_length, rejected / rejected_length, beta, gamma)
        by_chosen, by_rejected = result.grads["policy_chosen_logps"], result.grads["policy_rejected_logps"]
        return result._replace(grads={
            "policy_chosen_logps": by_chosen / chosen_length, "policy_rejected_logps": by_rejected / rejected_length,
        })

    return loss


short_pairs = judged_pairs(2000, 31, preferences.taste(preferences.SHORT))
taste_pairs = most_chosen[:2000], most_rejected[:2000]
trained_lengths = {}
for asked, sides in (("short", short_pairs), (taste_name, taste_pairs)):
    for trainer, loss_of in (("DPO", dpo_of(beta_words)), ("SimPO", simpo_of())):
        params = train_on_stories(loss_of, *sides)
        length_visits = solve.visits(solve.table(params), ref_table, grammar.LENGTH)
        trained_lengths[f"{trainer}, {asked}"] = length_visits.length
        print(f"{trainer:5} on a {asked:5} taste: {length_visits.length:5.2f} words, KL {length_visits.kl:6.2f}")
print(f"reference            : {ref_visits.length:5.2f} words")
words.charts.lengths(list(trained_lengths), list(trained_lengths.values()), ref_visits.length)

# %% Evidence only="build"
short_dpo, short_simpo, taste_dpo, taste_simpo = trained_lengths.values()
claim("A taste for short stories shortens them with DPO and with SimPO",
      max(short_dpo, short_simpo) < ref_visits.length - 1)
claim("SimPO shortens stories further than DPO on the same taste", short_simpo < short_dpo - 1)
claim("On the same pairs about another taste DPO's stories get longer and SimPO's shorter",
      taste_dpo > ref_visits.length > taste_simpo)

# %% [markdown]
# Asked for short stories, both shorten: DPO to {{ short_dpo:.1f}} words, SimPO to {{ short_simpo:.1f}}. The last two
# are the surprise. Nobody asked for length there, and on the same pairs DPO's stories get longer ({{ taste_dpo:.1f}}
# words) and SimPO's shorter ({{ taste_simpo:.1f}}). In a sum each further kind word adds to the reward; in a mean it
# must be better than the words beside it. And SimPO has no reference that would hold the length where it was.
#
# ## Your turn {#words-exercises}
#
# Two exercises. Check looks at what your functions return.
#
# ### Exercise 1: one backup {#words-exercise-1}
#
# Soft value iteration is one step, {{ grammar.LENGTH }} times. Write it without looking above: what is each state
# worth, if `after` says what the states after it are worth? Mind the full stop, and rewards so large that `exp`
# overflows.

# %% Exercise 1: one backup id="words-exercise-backup"
def backup(ref, reward, after, beta):
    """Values (V, V) of [older, newer], from log-probs ref (V, V, V), reward (V,) and values after (V, V)."""
    return np.zeros(after.shape)  # your code: a soft maximum over the next word


backed_up = np.zeros((len(grammar.VOCABULARY),) * 2)
for _ in range(grammar.LENGTH):
    backed_up = backup(ref_table, preferences.taste(preferences.CATS), backed_up, 0.5)
library_says = solve.soft_values(ref_table, preferences.taste(preferences.CATS), 0.5, grammar.LENGTH)[0, 0, 0]
print(f"V_0 of a friend of cats: yours {backed_up[0, 0]:.6f}, the library's {library_says:.6f}")

# %% One backup: a worked answer solution="words-exercise-backup"
def backup(ref, reward, after, beta):
    """Values (V, V) of [older, newer], from log-probs ref (V, V, V), reward (V,) and values after (V, V)."""
    later = after.copy()
    later[:, 0] = 0  # the full stop ends the story
    logits = ref + (reward + later) / beta
    peak = logits.max(axis=2)
    return beta * (peak + np.log(np.exp(logits - peak[:, :, None]).sum(axis=2)))


backed_up = np.zeros((len(grammar.VOCABULARY),) * 2)
for _ in range(grammar.LENGTH):
    backed_up = backup(ref_table, preferences.taste(preferences.CATS), backed_up, 0.5)
library_says = solve.soft_values(ref_table, preferences.taste(preferences.CATS), 0.5, grammar.LENGTH)[0, 0, 0]
print(f"V_0 of a friend of cats: yours {backed_up[0, 0]:.6f}, the library's {library_says:.6f}")

# %% [markdown]
# ### Exercise 2: the slope of a story {#words-exercise-2}
#
# Every method on this page needs the gradient of a story's log-prob. The network's layers pass it on; what enters them
# is its slope in the logits, at each place for each word. Write that.

# %% Exercise 2: the slope of a story id="words-exercise-gradient"
def story_slopes(logps, told, mask):
    """Slope of each story's log-prob in all logits (n, T, V).

    logps (n, T, V) are of all words at each place, told (n, T) is what was said, mask (n, T) which places count.
    """
    return np.zeros(logps.shape)  # your code


sloped_told = corpus[:5]
sloped_before = network.contexts_of(sloped_told)
sloped_mask = network.mask(sloped_told)
sloped_logps = ref_table[sloped_before[..., 0], sloped_before[..., 1]]
yours_summed = story_slopes(sloped_logps, sloped_told, sloped_mask).sum(axis=(0, 1))
by_network = network.gradient(storyteller, network.score(storyteller, sloped_told), 1.0 * sloped_mask)
print("the slope in the bias of some words, over five stories:")
for word in ("the", "happy", "ghost"):
    print(f"{word:6} yours {yours_summed[grammar.CODES[word]]:+.4f}, "
          f"the network's {network.parts(by_network).outer_bias[grammar.CODES[word]]:+.4f}")

# %% The slope of a story: a worked answer solution="words-exercise-gradient"
def story_slopes(logps, told, mask):
    """Slope of each story's log-prob in all logits (n, T, V).

    logps (n, T, V) are of all words at each place, told (n, T) is what was said, mask (n, T) which places count.
    """
    return (np.eye(logps.shape[2])[told] - np.exp(logps)) * mask[:, :, None]


sloped_told = corpus[:5]
sloped_before = network.contexts_of(sloped_told)
sloped_mask = network.mask(sloped_told)
sloped_logps = ref_table[sloped_before[..., 0], sloped_before[..., 1]]
yours_summed = story_slopes(sloped_logps, sloped_told, sloped_mask).sum(axis=(0, 1))
by_network = network.gradient(storyteller, network.score(storyteller, sloped_told), 1.0 * sloped_mask)
print("the slope in the bias of some words, over five stories:")
for word in ("the", "happy", "ghost"):
    print(f"{word:6} yours {yours_summed[grammar.CODES[word]]:+.4f}, "
          f"the network's {network.parts(by_network).outer_bias[grammar.CODES[word]]:+.4f}")

# %% [markdown]
# ## What you have seen {#words-summary}
#
# - **A small $\beta$ gives *happy happy happy*, and no optimiser is needed for it.** The proxy pays for every
#   *happy*, and what holds the grammar, $\beta$ times its nats, has become cheaper than that. The lesson has the same
#   curve for a bent taste in [over-optimisation](#over-optimisation); Gao and others (2023) have it for large models.
# - **The optimum is a table**: of all policies the one with the most $E[r] - \beta\,\text{KL}$. Soft value iteration
#   (Ziebart, 2010; Levine, 2018) gives it, and its value is $E[r] - \beta\,\text{KL}$ to all digits. In the lesson the
#   same optimum was a [formula](#optimum).
# - **PPO and RLOO climb to it by telling stories.** They get within a few per cent of its gain, and neither passes it.
# - **DPO comes closer to it as pairs grow.** With few pairs a free network learns them by heart.
# - **DPO lowers the chosen stories' log-prob.** It only asks that the chosen one gain on the rejected one (Razin and
#   others, 2024; Pal and others, 2024). A little of it is right, since the optimum does so, too; with few pairs it is
#   far more, and a fault.
# - **Credit comes with both.** $\beta$ times DPO's log-ratio at a word is the advantage of saying it, as far as DPO has
#   learned it (Rafailov, Hejna and others, 2024).
# - **A mean is another objective than a sum.** SimPO (Meng and others, 2024) shortens stories that nobody wanted
#   shorter; the [relatives](#simpo-loss) have its loss next to the others.
#
# A large model remembers more than two words, and nobody can solve it. The losses are the same functions, and the names
# in the log are the same names.
