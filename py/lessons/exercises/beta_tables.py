"""What is checked in exercises 1 and 2: a table with one row a beta, and the function that makes a row.

The function is tried on made-up runs; the table is held against runs of our own. Who fills in the table in
another way may leave the function as it was. Mistakes are known by the numbers that they give.
"""

from typing import Any, NamedTuple

import numpy as np

from runtime.grading import Exercise, Facts, Refused, Table, is_blank, kind, lines, near, number, read, speak

# fmt: off

STEPS = 150
SAMPLED = 2000  # answers that evaluate_policy draws

Runs = dict[str, np.ndarray]  # beta, and what training returns, path first, each stacked run by run


class Column(NamedTuple):
    """A number of each row. Its text has what is `right` in each run, the `noise` of sampling it, and mistakes.

    `reach` is how far another run of it may lie: absolute, and relative to what is right.
    """

    name: str
    asked: str
    several: str  # for who gives more than one number
    reach: tuple[float, float]
    text: str

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").title()


FIRST = """
last = path[:, -1]
far = last - W_REF
squares = (far**2).sum(axis=(1, 2))
scale = 1 / (2 * SIGMA**2)
kl = scale * squares
noise = 0.0
ok = holds(f)
alike = lambda answer, wrong: (ok | (abs(answer - wrong) <= 0.006 + 0.004 * abs(wrong))).all()
ok.all() |
"""

LAST = """
k = ok.argmin()
where = f"at beta = {beta[k]:g} you have {answer[k]:.4g}"
digits = " Give it at least two digits after the point." if abs(answer[k] - right[k]) < 0.06 else ""
True | {column.title} is not right yet: {where}. It should be {column.asked}.{digits}
"""


def column_facts(f: Facts, column: Column, runs: Runs, answer: np.ndarray) -> Facts:
    return f.but(**{**read(FIRST + column.text + LAST).facts, **runs, "answer": answer, "column": column})


def holds(f: Facts, absolute: float = 0.006, relative: float = 0.004) -> np.ndarray:
    """In which runs the answer is right, but for rounding to two digits."""
    return abs(f.answer - f.right) <= absolute + f.noise + relative * abs(f.right)


def fits(f: Facts, runs: Runs, rows: np.ndarray, within: Any = lambda column: (0.006, 0.004)) -> bool:
    """Whether the reader's two numbers a run, (k, 2), are right, or as near as `within` says."""
    columns = zip(f.columns, rows.T, strict=True)
    return all(holds(column_facts(f, one, runs, of), *within(one)).all() for one, of in columns)


def problem_of(f: Facts, runs: Runs, rows: np.ndarray) -> str | None:
    """What is wrong with the reader's two numbers a run."""
    first, second = f.columns
    if fits(f, runs, rows[:, ::-1]):
        return f"The two columns are swapped: after beta comes {first.title}, then {second.title}."
    columns = zip(f.columns, rows.T, strict=True)
    said = (speak(read(FIRST + one.text + LAST).rows, column_facts(f, one, runs, of)) for one, of in columns)
    return next(filter(None, said), None)


def read_row(cells: Any, whose: str, columns: tuple[Column, ...]) -> tuple[float, ...]:
    """The numbers of a row that a reader made."""
    if not isinstance(cells, (list, tuple, np.ndarray)) or len(cells) != 3:
        names = ", ".join(column.name for column in columns)
        raise Refused(f"{whose} should be three numbers, (beta, {names}), and is {kind(cells)}.")
    for column, cell in zip(columns, cells[1:], strict=True):
        if is_blank(cell):
            raise Refused(f"`{column.name}` is still empty. It should be {column.asked}.")
        if number(cell) is None:
            raise Refused(f"`{column.name}` should be one number, and is {kind(cell)}. {column.several}")
    return tuple(np.nan if value is None else value for value in map(number, cells))


def read_table(f: Facts) -> dict[float, tuple[float, ...]]:
    """The rows of the reader's table by beta; extra betas are welcome."""
    table = f.table
    if isinstance(table, dict):
        table = [[beta, *np.ravel(values)] for beta, values in table.items()]
    if not isinstance(table, (list, tuple, np.ndarray)) or len(table) == 0:
        names = ", ".join(column.name for column in f.columns)
        raise Refused(f"The `table` is empty. Give it one row for each beta: (beta, {names}).")
    rows = [read_row(row, "A row of `table`", f.columns) for row in table]
    return {beta: row for row in rows for beta in f.betas if near(row[0], beta, 1e-6, 1e-6)}


def trained(f: Facts, *names: str) -> Runs:
    """Runs of our own, on the reader's names."""
    runs = [f[f.trainer](*(f[name] for name in names or f.data), beta=beta) for beta in f.betas]
    stacked = {name: np.array(of) for name, of in zip(f.returns, zip(*runs, strict=True), strict=True)}
    return {"beta": np.array(f.betas), **stacked}


def made_up(f: Facts) -> Runs:
    """Three runs that wander off the reference, with histories that could be anything."""
    rng = np.random.default_rng(0)
    steps = 0.1 * rng.standard_normal((3, STEPS + 1, *np.shape(f.W_REF)))
    trend = np.linspace(-1, rng.uniform(2, 7, 3), STEPS, axis=1)
    histories = {name: trend + rng.standard_normal((3, STEPS)) for name in f.returns[1:]}
    return {"beta": np.array([0.2, 0.7, 1.5]), "path": f.W_REF + steps.cumsum(axis=1) - steps[:, :1], **histories}


def is_own_run(f: Facts) -> bool:
    """Another seed is no mistake: the last row follows from the run that is left, the others lie near."""
    left = {name: np.array([f.work.get(name)]) for name in f.arguments[1:]}
    if any(value.dtype == object for value in left.values()):
        return False
    own = {"beta": f.runs["beta"][-1:], **left}
    to_two_digits = fits(f, own, f.rows[-1:], lambda column: (0.0055, 0.0))  # or a mistake may pass for rounding
    return to_two_digits and fits(f, f.runs, f.rows, lambda column: column.reach)


FUNCTION = """
runs = made_up(f)
given = [(*run[:2], *map(list, run[2:])) for run in zip(*(runs[name] for name in arguments))]
answers = [call(function, *some) for some in given]
found = np.array([read_row(answer, f"`{function}`", columns) for answer in answers])
problem = problem_of(f, runs, found[:, 1:])
not takes(function, *given[0]) |
all(map(is_blank, answers)) |
not all(map(near, found[:, 0], runs["beta"])) | `{function}` should return three numbers in this order: `beta`,
 `{columns[0].name}`, `{columns[1].name}`.
np.ptp(found[:, 1:], axis=0).max() < 1e-9 | `{function}` gives the same row whatever run it gets.
problem | {problem}
"""

TABLE = """
by_beta = read_table(f)
missing = " and ".join(f"{beta:g}" for beta in betas if beta not in by_beta)
rows = np.array([by_beta[beta][1:] for beta in betas])
runs = trained(f)
problem = problem_of(f, runs, rows)
stuck = next((column for column, of in zip(columns, rows.T) if all(near(value, of[0]) for value in of)), None)
missing | `table` has no row for beta = {missing}. The first number of a row is its beta.
not problem |
"rm_weights" in data and fits(f, trained(f, "TRUE_WEIGHTS"), rows) | These policies were trained on the true weights,
 which nobody knows. Hand `rm_weights` to `train_ppo`.
is_own_run(f) |
stuck | {stuck.title} is the same for every beta. Is `beta=beta` handed to `{trainer}`, and is `path[-1]` that run’s?
True | {problem}
"""

FINAL_REWARD = Column(
    "final_reward", "the mean of the last ten entries of `rewards`",
    "Average the last ten with `np.mean`.", (0.4, 0.4), """
right = rewards[:, -10:].mean(axis=1)
= rewards[:, -1] | That is the very last batch, and 32 answers jump about. Final Reward is the mean of the last ten.
= rewards.mean(axis=1) | That is the mean over the whole run, the climb included. Take the last ten rewards only.
= rewards[:, :10].mean(axis=1) | Those are the first ten rewards. `rewards[-10:]` counts from the end.
= rewards[:, -10:].sum(axis=1) | That is the sum of the last ten rewards. Divide by ten, or use `np.mean`.
= rewards[:, -10] | `rewards[-10]` is the tenth from the end. With a colon, `rewards[-10:]`, it is the last ten.
= rewards[:, -10:-1].mean(axis=1) | The last reward is missing. `rewards[-10:-1]` stops before it.
= rewards.max(axis=1) | That is the luckiest batch of the run. Final Reward is the mean of the last ten.
= right - beta * kl | You have taken the KL price off. PPO maximises that; the table asks for the reward alone.
= last[:, 0] @ TRUE_WEIGHTS | That is the true score, which PPO never sees. Final Reward is the learned one.
= last[:, 0] @ rm_weights | That is the last policy’s mean answer. The table asks for the mean of the last ten batches.
""")

POLICY_DRIFT = Column(
    "policy_drift", "the KL to the reference of the last policy, `path[-1]`, in nats",
    "`kl_to_reference` of one policy, `path[-1]`, is one number.", (0.0, 0.9), """
right = kl
= squares | Twice too much: that is the squared distance, and the KL is that times 1/(2σ²).
= np.sqrt(squares) | That is a distance without the square. Twice as far costs four times as much KL.
= np.sqrt(squares) * scale | The 1/(2σ²) is there, but the square is not. KL is the *squared* distance over 2σ².
= abs(far).sum(axis=(1, 2)) * scale | You add up differences without the square. KL adds up their squares.
= far.sum(axis=(1, 2)) * scale | You add up differences without the square, so that they cancel.
= kls[:, -1] | `kls` has the KL *before* each step: the last step is missing. Measure the trained policy, `path[-1]`.
= kls[:, -10:].mean(axis=1) | That is the mean of the last ten. Drift is asked for at the end: the KL of `path[-1]`.
= kls.mean(axis=1) | That is the mean over the whole run. Drift is asked for at the end: the KL of `path[-1]`.
= 0 | A drift of zero is the reference’s own: `path[0]` is where training starts, `path[-1]` where it ends.
= (last**2).sum(axis=(1, 2)) * scale | You have measured from zero. Subtract the reference, `W_REF`, before you square.
= squares / 20 * scale | Add the twenty squares up instead of averaging them: KL is a sum over all weights.
= squares / 20 | Add the twenty squares up instead of averaging them, and mind the 1/(2σ²).
= beta * kl | That is the price, beta times the KL. The drift is the KL itself.
""")


def dpo_loss(f: Facts, beta: Any) -> np.ndarray:
    """Minus log sigmoid of the margin, for each run and each of all pairs."""
    gaps = ((f.preferred - f.rejected) * (f.contexts @ f.far)).sum(axis=2) / f.SIGMA**2
    return np.logaddexp(0.0, -np.reshape(beta, (-1, 1)) * gaps)


# A sampled true score is allowed four standard errors: an answer's varies by its context and by its own noise.
FINAL_LOSS = Column(
    "final_loss", "the DPO loss of `path[-1]` on all pairs, at the beta of its row",
    "`dpo_loss_and_grad` returns two things, the loss and its gradient. Take the first.", (0.15, 0.0), """
right = dpo_loss(f, beta).mean(axis=1)
= losses[:, -1] | That is the last batch: 32 pairs, before the last step. Measure `path[-1]` on all pairs.
= losses[:, -10:].mean(axis=1) | That averages the last ten batches. Measure `path[-1]` on all pairs.
= losses.mean(axis=1) | That is the mean over the whole run. Measure the trained policy, `path[-1]`, on all pairs.
= dpo_loss(f, BETA).mean(axis=1) | Every row has the loss at the default beta. Hand `beta=beta` to `dpo_loss_and_grad`.
= dpo_loss(f, 1.0).mean(axis=1) | The margin has lost its beta. It is beta times the difference of the log-ratios.
= dpo_loss(f, beta).sum(axis=1) | That is the sum over all pairs. The loss is their mean.
= -right | The sign is turned: the loss is *minus* the log-probability of the labels, so it is never negative.
= np.log(2) | ln 2 is the loss of the reference, `path[0]`. The trained policy is `path[-1]`.
= dpo_loss(f, -beta).mean(axis=1) | Chosen and rejected are swapped. The order is `contexts, preferred, rejected`.
= np.exp(-dpo_loss(f, beta)).mean(axis=1) | That is a probability. The loss is the mean of −log σ(margin).
= accuracies[:, -1] | That is the accuracy, the share of pairs ranked right. The table asks for the loss.
""")

TRUE_SCORE = Column(
    "true_score", "the mean score of the trained policy’s answers under the true weights",
    "`evaluate_policy` returns three things, the mean first. Take that.", (0.5, 0.35), """
right = last[:, 0] @ TRUE_WEIGHTS
by_context = ((last[:, 1:] @ TRUE_WEIGHTS)**2).sum(axis=1)
noise = 4 * np.sqrt((by_context + SIGMA**2 * TRUE_WEIGHTS @ TRUE_WEIGHTS) / SAMPLED)
evaluated = np.array([evaluate_policy(weights) for weights in last])
= last[:, 0] @ rm_weights | That is the score under the *learned* weights. The true score uses `TRUE_WEIGHTS`.
= evaluated[:, 1] | That is the spread of the scores, the second thing that `evaluate_policy` returns.
= evaluated[:, 2] | That is the half-width of the interval. `evaluate_policy` returns the mean first.
= evaluate_policy(W_REF)[0] | That is the score of the reference. Evaluate the trained policy, `path[-1]`.
= (preferred @ TRUE_WEIGHTS).mean() | That is the data’s score, which no training changes. Evaluate the policy.
= kl | That is the KL to the reference. The table asks for the true score.
= accuracies[:, -1] | That is the accuracy on the pairs. The true score is a mean of `answers @ TRUE_WEIGHTS`.
""")

RLHF = {
    "betas": (0.01, 0.1, 1.0), "function": "final_row", "arguments": ("beta", "path", "rewards", "kls"),
    "columns": (FINAL_REWARD, POLICY_DRIFT), "trainer": "train_ppo", "data": ("rm_weights",),
    "returns": ("path", "rewards", "kls"),
}

DPO = {
    "betas": (0.05, 0.1, 0.5), "function": "dpo_row", "arguments": ("beta", "path", "losses"),
    "columns": (FINAL_LOSS, TRUE_SCORE), "trainer": "train_dpo", "data": ("contexts", "preferred", "rejected"),
    "returns": ("path", "losses", "accuracies"),
}

EXERCISES = {
    "exercise-rlhf": Exercise(
        needs=("W_REF", "SIGMA", "TRUE_WEIGHTS", "rm_weights", "train_ppo"),
        checks=(Table(globals(), FUNCTION, (RLHF,)), Table(globals(), TABLE, (RLHF,))),
        hints=lines("""
Both numbers are about the *end* of the run. `rewards` has one entry a batch; `path` has the weights after each step.
A slice that counts from the end, `rewards[-10:]`, gives the last ten. One batch alone would be mostly luck.
The trained policy is `path[-1]`, and “Policy and KL” defines what says how far off it is: `kl_to_reference`.
"""),
        fact="From beta 1 to 0.1 the reward grows about ten times and the drift nearly a hundred: the policy moves "
        "ten times as far, and KL counts the square of the way. At 0.01 the run ends long before it gets there.",
    ),
    "exercise-dpo": Exercise(
        needs=("W_REF", "SIGMA", "BETA", "TRUE_WEIGHTS", "rm_weights", *DPO["data"], "train_dpo", "evaluate_policy"),
        checks=(Table(globals(), FUNCTION, (DPO,)), Table(globals(), TABLE, (DPO,))),
        hints=lines("""
`losses` holds the loss of each *batch*. You need the loss of the finished policy, `path[-1]`, on all 200 pairs.
`dpo_loss_and_grad(weights, contexts, preferred, rejected, beta=...)` returns the loss and the gradient.
`evaluate_policy(path[-1])` returns mean, deviation and half-width: `true_score, _, _ = evaluate_policy(...)`.
"""),
        fact="The smallest beta has the highest loss, and no high score either: that run is not finished, since its "
        "gradient is smaller by the factor beta. What a score costs in KL, this table does not show.",
    ),
}
