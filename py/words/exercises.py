"""What is checked in the exercises of the page: a backup of soft value iteration, the slope of a story's log-prob.

Each is tried on made-up inputs; a mistake is known by the numbers that it gives.
"""

import numpy as np

from runtime.grading import Exercise, Table, lines

# fmt: off


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def soft(logits: np.ndarray) -> np.ndarray:
    """log sum exp over the last axis, however large the numbers are."""
    peak = logits.max(axis=-1)
    return peak + np.log(np.exp(logits - peak[..., None]).sum(axis=-1))


def first_difference(found: np.ndarray, right: np.ndarray) -> tuple[int, ...]:
    """Where the two differ most."""
    return tuple(int(i) for i in np.unravel_index(abs(found - right).argmax(), right.shape))


SCOPE = {one.__name__: one for one in (normal, log_softmax, soft, first_difference)}

BACKUP = """
scale = 1.0
beta = 0.7
ref = log_softmax(normal(1, 5, 5, 5))
reward = scale * normal(2, 5)
after = scale * normal(3, 5, 5)
later = after * (np.arange(5) > 0)
answer = np.asarray(call("backup", ref, reward, after, beta), float)
right = beta * soft(ref + (reward + later) / beta)
k = first_difference(answer, right)
where = f"In state {k} you have {answer[k]:.3f}, and it is worth {right[k]:.3f}"
not takes("backup", 0, 0, 0, 0) | `backup` should take (ref, reward, after, beta).
answer.shape == (5, 5) and not answer.any() | `backup` is still empty. Start with what can come after each word.
answer.shape != (5, 5) | There should be a value for each pair of words, (5, 5) here. You have {answer.shape}.
scale > 1 and not np.isfinite(answer).all() | Right for small numbers, but large rewards overflow `exp`. Subtract the
 largest exponent before `exp` and add it after `log`.
np.allclose(answer, right, rtol=1e-6, atol=1e-9) |
= beta * soft(ref + (reward + after) / beta) | The full stop ends the story: what comes after it is worth 0, whatever
 stands in `after[:, 0]`.
= soft(ref + (reward + later) / beta) | That is in units of beta. A value is in those of the reward: multiply the
 logarithm by `beta`.
= beta * soft(ref + reward + later) | What a word brings is divided by `beta` before it is exponentiated.
= soft(ref + reward + later) | Where is `beta`? It divides what a word brings, and multiplies the logarithm.
= beta * soft((ref + reward + later) / beta) | The reference's log-prob is not divided by `beta`:
 only reward and value are.
= beta * soft(0 * ref + (reward + later) / beta) | The reference is missing: a word counts as much as it is likely.
= beta * soft(ref + later / beta) | The word's own reward is missing.
= beta * soft(ref + reward / beta) | What comes after is missing: you look one word ahead and no further.
= (ref * 0 + reward + later).max(axis=2) | That is a hard maximum. With a KL to pay it is soft: a
 logarithm of a sum.
= (np.exp(ref) * (reward + later)).sum(axis=2) | That is what the *reference* can expect. The best policy tilts it.
= beta * soft(ref + (reward + later[:, :, None]) / beta) | `after` is [newer, next]: it lies along the
 last two axes of `ref`.
= -right | The sign is turned.
True | {where}. The soft maximum runs over the next word, the last axis of `ref`.
"""

SLOPES = """
n = 3
told = np.array([[2, 4, 0, 0], [1, 1, 3, 0], [3, 2, 2, 1]])
mask = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]], bool)
logps = log_softmax(normal(4, 3, 4, 5))
answer = np.asarray(call("story_slopes", logps, told, mask), float)
said = np.eye(5)[told]
count = mask[:, :, None]
right = (said - np.exp(logps)) * count
k = first_difference(answer, right)
where = f"At [story, place, word] {k} you have {answer[k]:.3f}, and it is {right[k]:.3f}"
not takes("story_slopes", 0, 0, 0) | `story_slopes` should take (logps, told, mask).
answer.shape != (3, 4, 5) | There should be a slope for each story, place and word, (3, 4, 5).
 You have {answer.shape}.
not answer.any() | `story_slopes` is still empty. What is the slope of one word's log-prob in all logits of a softmax?
np.allclose(answer, right, rtol=1e-6, atol=1e-9) |
= said - np.exp(logps) | Places after the full stop count as well. They are only filling: multiply by the mask.
= -right | The sign is turned: this is the slope of the loss. The word that was said goes up.
= said * count | Only what was said is pulled up. The softmax pulls all words down, each by its probability.
= -np.exp(logps) * count | The word that was said is missing: it is pulled up by 1.
= (said - logps) * count | `logps` are logarithms: it is the probabilities that are subtracted.
= right / mask.sum(axis=1)[:, None, None] | That is the slope of the *mean* log-prob of a word. A story's is the sum.
= right / n | You took the mean over stories. Each story has a slope of its own here.
= right / mask.sum() | That is the mean over all words. A story's log-prob is the sum of its words'.
= (said - np.exp(logps)) * count * said | All words of the softmax have a slope, not only the one that was said.
True | {where}. One-hot minus softmax, where the mask is 1.
"""

EXERCISES = {
    "words-exercise-backup": Exercise(
        checks=(Table(SCOPE, BACKUP, ({}, {"scale": 2000.0})),),
        hints=lines("""
What can come after the newer word and the next one: `reward + after`, but after the full stop (column 0) nothing.
Every next word has the exponent `ref + (reward + later) / beta`: (V, V) broadcasts along the first axis of `ref`.
The value is `beta` times the logarithm of the sum of its exponentials over the last axis.
Subtract the largest exponent before `np.exp`, and add it to the logarithm: `peak + np.log(np.exp(x - peak).sum())`.
"""),
        fact="Fourteen of these are the whole optimum. Elsewhere this is called a soft Bellman backup; as beta goes to "
        "0 it becomes the hard one.",
    ),
    "words-exercise-gradient": Exercise(
        checks=(Table(SCOPE, SLOPES),),
        hints=lines("""
A word's log-prob is its logit minus the logarithm of the sum of all exponentials.
The slope of the first part is 1 for the word that was said. That of the second is minus the softmax, for all words.
`np.eye(V)[told]` is (n, T, V): 1 for the word that was said, 0 elsewhere.
`(np.eye(V)[told] - np.exp(logps)) * mask[:, :, None]`.
"""),
        fact="All of this page hangs on these slopes: pretraining adds them up, PPO weighs them with advantages, "
        "DPO with plus and minus beta times its doubt.",
    ),
}
