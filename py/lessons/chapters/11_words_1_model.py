# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# # Words {#words}
#
# What has all this to do with text? On this page the *policy*, the model that RLHF and DPO train, is a language model.
# It knows {{ len(grammar.VOCABULARY) - 1 }} words, it tells stories of at most {{ grammar.LENGTH }} of them, and it
# is small enough to be *solved*: beside everything that RLHF and DPO make of it stands the exact optimum, without
# sampling and without training.
#
# ## Goodhart in words {#words-goodhart-section}
#
# A reader likes kind stories. A kind word pleases once; said again it annoys, and so does rambling. We ask this reader
# about a thousand pairs of stories and fit a reward model to the answers: a number for each word, summed over the
# story. That model is our *proxy*. It cannot say *once*.
#
# *Goodhart's law* says that a measure stops being a good one when it becomes the target. Let us make it the target.

# %% A storyteller, a reader, a proxy id="words-setup"
import words.charts
import words.stories
from words import grammar, network, preferences, reference, solve

storyteller = reference.weights()  # trained further down; its numbers come with the page
ref_table = solve.table(storyteller)  # log-probs of each word after each pair of words
kind_taste = preferences.taste(preferences.KIND)
small_words = [grammar.CODES[word] for word in ("the", "a", "and")]


def tell(next_logps, n, seed):
    """n stories of a policy, (n, 14) codes of words."""
    noise = network.noise(n, grammar.LENGTH, len(grammar.VOCABULARY), np.random.default_rng(seed))
    return network.sample(next_logps, noise)


def true_score(told):
    """What this reader means: a kind word counts once, repetition and more than nine words cost."""
    said = preferences.counts(told)
    once = (said > 0) @ kind_taste
    again = np.maximum(said - 1, 0)
    again[:, small_words] = 0
    return once - again.sum(axis=1) - 0.3 * np.maximum(said.sum(axis=1) - 9, 0)


first_told, second_told = tell(network.policy(storyteller), 2000, seed=3).reshape(2, 1000, -1)
gap_told = true_score(first_told) - true_score(second_told)
word_proxy = preferences.fit_reward(
    *preferences.annotate(first_told, second_told, gap_told, np.random.default_rng(4)), prior=0.7
)
best_first = np.argsort(-word_proxy)
print("the proxy likes   ", ", ".join(f"{grammar.VOCABULARY[w]} {word_proxy[w]:+.1f}" for w in best_first[:8]))
print("the proxy dislikes", ", ".join(f"{grammar.VOCABULARY[w]} {word_proxy[w]:+.1f}" for w in best_first[:-6:-1]))

# %% [markdown]
# Now let nothing but the proxy rule. A policy earns $E[r]$, the proxy's reward in the mean, and pays $\beta$ for each
# nat of KL: of how much likelier, on average, its own stories are to it than to the storyteller it started from, the
# *reference*. (One nat is a factor of $e$.)
#
# At each $\beta$ there is one policy with the most $E[r] - \beta\,\text{KL}$, and for a model of this size we can
# compute it. Move $\beta$ and watch the same four stories: their random numbers stay, so a word changes only where the
# policy changes its mind.
#
# ::: guess words-goodhart The proxy rules, and $\beta$ falls from 4 to 0.1. What will the reader's true score do?
# - only rise
# - rise, then stay where it is
# - rise, then fall below where it began
# - only fall
#
# It rises from {{ ref_true:.2f}} to {{ max(goodhart_true):.2f}}, and then falls to {{ goodhart_true[-1]:.1f}}.
# :::

# %% Turn beta down id="words-goodhart" code="folded"
# price of one nat of KL
beta_goodhart = 0.25  # @param {type:"slider", min:0.1, max:4, step:0.05}

proxy_values = solve.soft_values(ref_table, word_proxy, beta_goodhart, grammar.LENGTH)
proxy_visits = solve.soft_visits(ref_table, proxy_values, word_proxy, beta_goodhart)
proxy_optimum = solve.soft_policy(ref_table, proxy_values, word_proxy, beta_goodhart)
told_anew = tell(proxy_optimum, 400, seed=5)
proxy_mean, true_mean_now = proxy_visits.counts @ word_proxy, true_score(told_anew).mean()
print(f"beta {beta_goodhart:g}: KL {proxy_visits.kl:.2f}, proxy {proxy_mean:.2f} (exact)")
print(f"true score {true_mean_now:.2f} (of 400 stories)")
told_before = tell(network.policy(storyteller), 4, seed=5)
show(words.stories.coloured("Without a reward", told_before, word_proxy))
show(words.stories.coloured(
    f"The exact optimum of the proxy at beta {beta_goodhart:g}", told_anew[:4], word_proxy,
    note="Underlined words the proxy likes, dotted ones it dislikes. Point at a story for the numbers.",
))

# %% A row of betas id="words-goodhart-row"
goodhart_betas = (4, 2, 1, 0.7, 0.5, 0.35, 0.25, 0.2, 0.15, 0.1)
goodhart_kl, goodhart_proxy, goodhart_true, goodhart_told = [], [], [], []
for one_beta in progress(goodhart_betas):
    values_here = solve.soft_values(ref_table, word_proxy, one_beta, grammar.LENGTH)
    visits_here = solve.soft_visits(ref_table, values_here, word_proxy, one_beta)
    told_here = tell(solve.soft_policy(ref_table, values_here, word_proxy, one_beta), 400, seed=5)
    goodhart_kl.append(visits_here.kl)
    goodhart_proxy.append(visits_here.counts @ word_proxy)
    goodhart_true.append(true_score(told_here).mean())
    goodhart_told.append(told_here[1])
show(words.stories.coloured(
    "One story at every beta", np.array(goodhart_told), word_proxy, [f"beta {b:g}" for b in goodhart_betas],
))
words.charts.goodhart(goodhart_kl, goodhart_proxy, goodhart_true, goodhart_betas)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

goodhart_best = int(np.argmax(goodhart_true))
ref_true = true_score(tell(network.policy(storyteller), 400, seed=5)).mean()
claim("As beta falls, the proxy's own score of its optimum only rises", bool((np.diff(goodhart_proxy) > 0).all()))
claim("As beta falls, the true score of the proxy's optimum rises at first",
      goodhart_true[goodhart_best] > ref_true + 0.5)
claim("The true score of the proxy's optimum is best at a beta in the middle",
      0 < goodhart_best < len(goodhart_betas) - 1)
happy_code = grammar.CODES["happy"]
happy_nats, happy_pay = -ref_table[(happy_code,) * 3], word_proxy[happy_code]
happys_told = {
    b: solve.soft_visits(
        ref_table, solve.soft_values(ref_table, word_proxy, b, grammar.LENGTH), word_proxy, b
    ).counts[happy_code] for b in (0.25, 0.2, 0.15)
}
claim("At beta 0.1 the proxy pays more for a third happy than its nats cost, at beta 0.25 less",
      0.1 * happy_nats < happy_pay < 0.25 * happy_nats)
claim("At beta 0.25 the proxy's optimum says happy less than once a story, at beta 0.15 more than three times",
      happys_told[0.25] < 1 and happys_told[0.15] > 3)
claim("At beta 0.1 the proxy's optimum scores worse in truth than stories told without any reward",
      goodhart_true[-1] < ref_true - 3)

# %% [markdown]
# The proxy only ever rises. The true score rises with it at first, is best at
# $\beta$ = {{ goodhart_betas[goodhart_best] }}, and then falls far below where it began: the few words that pay most,
# over and over.
#
# No optimiser is to blame. These are the exact optima: this is what was asked for. Reckon it for one word. After
# *happy happy* the reference finds a third *happy* unlikely: it costs {{ happy_nats:.1f}} nats, each at the price
# $\beta$. At $\beta$ = 0.25 that makes {{ 0.25 * happy_nats:.1f}}, and at 0.1 only {{ 0.1 * happy_nats:.1f}}. The proxy
# pays {{ happy_pay:+.1f}} for it, the first time and every time: too little at the first price, and a profit at the
# second.
#
# *Happy* is not alone. Any well-paid word may come next, and earns again, so the turn comes early: at $\beta$ = 0.25
# the optimum says *happy* {{ happys_told[0.25]:.1f}} times a story, at 0.2 {{ happys_told[0.2]:.1f}} times, at 0.15
# {{ happys_told[0.15]:.1f}} times. The reader, who is pleased once, is not asked.
#
# ## A storyteller {#words-model}
#
# The corpus is three thousand stories of a small grammar: who, what they are like, what they do, and often where.

# %% The corpus id="words-corpus"
corpus = grammar.corpus(3000, np.random.default_rng(1))
for story_codes in corpus[:6]:
    print(grammar.text(story_codes))
print(f"\n{len(np.unique(corpus, axis=0)):,} of {len(corpus):,} stories differ; "
      f"{(corpus > 0).sum(axis=1).mean():.1f} words on average; "
      f"{len(grammar.VOCABULARY)} words, the full stop included")

# %% [markdown]
# The model is the neural language model of Bengio and others (2003). It sees the last two words, looks up an embedding
# for each, mixes them in one tanh layer, and gives each word a log-prob through a softmax. A story starts after two
# full stops and ends with the next one, or after {{ grammar.LENGTH }} words.
#
# Here is all of it, with its backward pass. The loss is the cross-entropy of the word that came.

# %% Forward, loss, gradient id="words-network"
def next_word_logps(params, before):
    """Log-probs of the next word (m, V) after two words (m, 2); and the layers below, for the gradient."""
    E, W, b, U, c = network.parts(params)
    x = E[before].reshape(len(before), -1)  # (m, 32): two embeddings of 16
    h = np.tanh(x @ W + b)  # (m, 32)
    logits = h @ U + c  # (m, V)
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), x, h


def word_loss_and_grad(params, before, word):
    """Mean cross-entropy in nats a word, and its gradient, for words (m,) after before (m, 2)."""
    E, W, b, U, c = network.parts(params)
    logps, x, h = next_word_logps(params, before)
    at = np.arange(len(word)), word
    by_logits = np.exp(logps)
    by_logits[at] -= 1  # softmax minus what came
    by_logits /= len(word)
    by_h = by_logits @ U.T * (1 - h**2)
    by_E = np.zeros_like(E)
    np.add.at(by_E, before, (by_h @ W.T).reshape(len(before), 2, -1))
    grads = by_E, x.T @ by_h, by_h.sum(axis=0), h.T @ by_logits, by_logits.sum(axis=0)
    return -logps[at].mean(), np.concatenate([g.ravel() for g in grads])


some_before, some_word = network.contexts_of(corpus[:20])[:, 3], corpus[:20, 3]
direction = np.random.default_rng(2).standard_normal(len(storyteller))
by_hand = word_loss_and_grad(storyteller, some_before, some_word)[1]
moved_losses = [word_loss_and_grad(storyteller + e * direction, some_before, some_word)[0] for e in (1e-5, -1e-5)]
print(f"along a random direction: gradient {by_hand @ direction:.6f}, "
      f"finite difference {(moved_losses[0] - moved_losses[1]) / 2e-5:.6f}")

# %% Evidence only="build"
claim("The gradient in this block is that of its loss, by finite differences",
      abs(by_hand @ direction - (moved_losses[0] - moved_losses[1]) / 2e-5) < 1e-6)

# %% [markdown]
# Training from random numbers takes a few seconds. The library's `network.score` computes a context that comes often
# only once, which is why it is quick; `network.descend` is one step of Adam, gradient
# descent with a step size for each number.

# %% From gibberish to grammar id="words-pretrain"
def pretrain(stories, steps=800, batch=32, lr=0.02):
    """Adam on batches of stories, the step size falling to 0; yields the weights before each step and the loss."""
    rng = np.random.default_rng(0)
    state = network.Adam(network.initial(len(grammar.VOCABULARY), rng))
    for step in range(steps):
        told = network.score(state.weights, stories[rng.integers(len(stories), size=batch)])
        yield state.weights, -told.logps.sum() / told.mask.sum()
        down = network.gradient(state.weights, told, -1.0 * told.mask / told.mask.sum())
        state = network.descend(state, down, lr * (1 - step / steps))
    yield state.weights, np.nan


pretrain_losses, milestones = [], {}
for done, (pretrained, word_loss) in enumerate(progress(pretrain(corpus), total=801)):
    pretrain_losses.append(word_loss)
    live(words.charts.pretraining, pretrain_losses[:800], 800)
    if done in (0, 50, 200, 800):
        milestones[f"step {done}"] = tell(network.policy(pretrained), 2, seed=5)
show(words.stories.plain(
    "The same two stories while the model learns", np.concatenate(list(milestones.values())),
    [label for label in milestones for _ in range(2)],
))
scored_corpus = network.score(pretrained, corpus)
print(f"{-scored_corpus.logps.sum() / scored_corpus.mask.sum():.3f} nats a word on the whole corpus; "
      f"to guess blindly costs {np.log(len(grammar.VOCABULARY)):.2f}")

# %% Evidence only="build"
shipped = network.score(storyteller, corpus)
claim("What this block trains is as good as the weights that come with the page",
      abs((shipped.logps.sum() - scored_corpus.logps.sum()) / shipped.mask.sum()) < 0.005)
claim("Before any training a word costs about what blind guessing costs",
      abs(pretrain_losses[0] / np.log(len(grammar.VOCABULARY)) - 1) < 0.02)
claim("Pretraining gets far below what blind guessing costs",
      -shipped.logps.sum() / shipped.mask.sum() < 0.4 * np.log(len(grammar.VOCABULARY)))

# %% [markdown]
# At step 0 every word is about as likely as any other. Then come words that go together, then phrases, and in the end
# mostly stories that the grammar could have told. Two words of memory suffice for what may follow *under the*; who the
# story was about is forgotten by then.
#
# So that you need not wait, its weights also come with the page, as half-precision numbers. They are the reference
# throughout this page.
