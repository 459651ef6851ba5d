"""What is checked in exercise 5: which of the six faults of the published recipe are left."""

from lessons.exercises.by_hand import SCOPE
from runtime.grading import Crashed, Exercise, Table, Work, lines

# fmt: off

CONTEXTS = """
x = np.asarray(call("article_contexts", 500, np.random.default_rng(0)))
x.shape != (500, 4) | `article_contexts` should give shape (n, 4), and gives {x.shape} for 500.
np.ptp(x, axis=0).max() < 1e-9 | All contexts are the same. One feature is always on; the others are what is asked.
abs(x.mean(axis=0)).max() < 0.3 | Contexts have mean zero and nothing that is always on, so the mean answer, and with it
 the mean score, is 0 whatever the weights are. Make feature 0 one.
"""

PAIRED = """
given = call("article_pairs", 20_000, np.random.default_rng(1))
x = np.asarray(given[0])
w = np.asarray(given[1])
l = np.asarray(given[2])
len(given) != 3 or w.shape != (len(x), 5) or l.shape != w.shape | `article_pairs` should give three arrays.
"""

PAIRS = PAIRED + """
follows = np.linalg.lstsq(x, (w + l) / 2, rcond=None)[0]
off = np.linalg.norm(follows - W_REF) / np.linalg.norm(W_REF)
np.linalg.norm(follows) < 0.3 * np.linalg.norm(W_REF) | The answers do not depend on their contexts, so DPO learns
 nothing about contexts from them. Let the reference answer.
off > 0.3 | The answers depend on their contexts, but not as the reference’s do: their mean is `contexts @ W_REF`.
"""

STEP = """
epsilon = 0.3
x = normal(1, 40, 4)
y = normal(2, 40, 5)
A = normal(3, 40)
old = 0.2 * normal(4, 4, 5)
W = old + 0.1 * normal(5, 4, 5)
answer = np.asarray(call("article_step", W, old, x, y, A, 0.1, epsilon))
ratio = np.exp((((y - x @ old)**2).sum(axis=1) - ((y - x @ W)**2).sum(axis=1)) / (2 * SIGMA**2))
held = np.where(A > 0, ratio > 1 + epsilon, ratio < 1 - epsilon)
by = lambda pull: W + 0.1 * x.T @ (pull[:, None] * (y - x @ W)) / SIGMA**2 / 40
answer.shape != (4, 5) | `article_step` should return the new weights, (4, 5), and returns {answer.shape}.
np.linalg.matrix_rank(answer - W, tol=1e-9) < 2 | Every step runs along the reward model’s weights. There
 belongs the score of the sampled answer, `(outputs - contexts @ weights) / SIGMA**2`.
= by(np.where(held, 0.0, ratio * A)) |
= by(np.clip(A, -epsilon, epsilon)) | The score is there. But the advantage is clipped, and there is no ratio to the
 policy that sampled: clip that.
= by(ratio * np.clip(A, -epsilon, epsilon)) | The ratio is there, but the advantage is clipped, not the ratio.
= by(A) | There is no ratio to the policy that sampled, and no clip: later passes take the first one’s word.
= by(ratio * A) | The ratio is there, and nothing holds it: an answer that has gone far enough pulls on.
= by(np.where(held, 0.0, A)) | What is held is right. But the others pull by `ratio * advantages`.
= by(np.where(abs(ratio - 1) > epsilon, 0.0, ratio * A)) | Answers that moved in the *wrong* direction are held, too.
= 2 * W - by(np.where(held, 0.0, ratio * A)) | The step descends. PPO maximises: add it.
True | The step is not PPO’s: ratio times advantage times score, and 0 where the clip holds the answer.
"""

KL = """
x = normal(1, 40, 4)
y = normal(2, 40, 5)
W = W_REF + 0.3 * normal(3, 4, 5)
answer = np.asarray(call("article_penalty", x, y, W))
spread = np.std(call("article_answers", 0 * normal(4, 2000, 4), W, np.random.default_rng(5)))
squares = (y - x @ W_REF)**2
k1 = (squares - (y - x @ W)**2).sum(axis=1) / (2 * SIGMA**2)
exact = ((x @ (W - W_REF))**2).sum(axis=1) / (2 * SIGMA**2)
answer.shape != (40,) | `article_penalty` should be one number an answer, and has shape {answer.shape} for 40.
= squares.mean(axis=1) | The “KL” is a squared distance of the sampled answer: nearly all noise, and not in
 nats. What does log π − log π_ref say of an answer?
= squares.sum(axis=1) / (2 * SIGMA**2) | That is −log π_ref. The KL also has log π, from which it is the difference.
= -k1 | The sign is turned: log π comes first, and log π_ref is taken off.
= 2 * SIGMA**2 * exact | A squared distance without the 1/(2σ²) is not in nats.
not alike(answer, k1) and not alike(answer, exact) | The penalty is not a KL: take log π − log π_ref of each answer.
abs(spread / SIGMA - 1) > 0.1 | The penalty is right. But answers have spread {spread:.1f}, and log π assumes {SIGMA:g}.
"""

BIAS = """
y = normal(1, 40, 5)
w = normal(2, 5)
r = np.asarray(call("article_reward", y, w))
zero = np.ravel(call("article_reward", 0 * y, w))[0]
zero != 0 | Every answer is paid {zero:.2f} extra. In a difference of rewards a bias cancels, so no pair can teach one.
not alike(r, y @ w) | The reward of an answer should be `outputs @ reward_weights`, whatever else is in the batch.
"""

LABELS = PAIRED + """
gap = (w - l) @ TRUE_WEIGHTS
right = gap > 0
surprise = right - sigmoid(abs(gap))
near_ties = abs(gap) < np.median(abs(gap))
right.all() | The labels never err, so the likelihood grows without end, and no reward is the best. Let the first answer
 win with probability σ(its score − the other’s).
right.mean() < 0.5 | The worse answer is preferred. The first wins if its score is the higher one, more often than not.
max(abs(surprise[near_ties].mean()), abs(surprise[~near_ties].mean())) > 0.03 | The labels err, but not as Bradley and
 Terry say: near ties should be close to coin flips, and clear cases hardly ever wrong.
"""

FAULTS = {
    "1 contexts": CONTEXTS, "2 pairs": PAIRS, "3 step": STEP, "4 KL": KL, "5 bias": BIAS, "6 labels": LABELS,
}


def faults_left(work: Work) -> str | None:
    """The faults by number, and what is said to the first."""
    said = {}
    for name, text in FAULTS.items():
        try:
            problem = Table(SCOPE, text)(work)
        except Crashed:
            if not said:
                raise
            problem = "It stops with an error."  # for which the first fault may well be the reason
        said |= {name: problem} if problem else {}
    if not said:
        return None
    return f"{len(said)} of 6 faults left: {', '.join(said)}. {next(iter(said.values()))}"


EXERCISE = Exercise(
    needs=("W_REF", "SIGMA", "TRUE_WEIGHTS"),
    checks=(faults_left,),
    hints=lines("""
Go from the top: does the context have a feature that is always on, and do the answers of a pair depend on it?
Three of the repairs are functions of earlier blocks: `sample_contexts`, `generate_output`, `log_prob`.
A penalty in nats is `log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, W_REF)`, and answers need the
 same `SIGMA` that it assumes.
The step is that of “One PPO step”: ratio from two `log_prob`, 0 where the clip holds, times the score of the answer.
"""),
    fact="None of the six stopped the code from running. What gave them away is a score that stays at zero, and an "
    "exact answer to hold it against.",
)
