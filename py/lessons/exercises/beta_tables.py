"""What is checked in exercises 1 and 2: a table with one row a beta, and the function that makes a row.

The function is tried on made-up runs; the table is held against runs of our own. Who fills in the table in
another way may leave the function as it was. Mistakes are known by the numbers that they give.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.grading import Exercise, Facts, Refused, Table, is_blank, kind, lines, near, number, read

# fmt: off

STEPS = 150
SAMPLED = 2000  # answers that evaluate_policy draws

Rows = list[tuple[float, ...]]  # beta and the two numbers, as the reader has them


@dataclass(frozen=True)
class Column:
    """A number of each row. Its text has what is `right` in a run, the `noise` of sampling it, and what mistakes give.

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

    def holds(self, run: Facts, value: float, *within: float) -> bool:
        run = run.but(**{"noise": 0.0, **read(self.text).facts})
        absolute, relative = within or (0.006, 0.004)
        return near(value, run.right, absolute + run.noise, relative)

    def problem(self, pairs: list[tuple[Facts, float]]) -> str | None:
        """What is wrong with the reader's values, given as (run, value)."""
        # Where rounding would let both pass, a mistake that fits to two digits is the better guess.
        exact = all(self.holds(run, value, 0.0055, 0.0) for run, value in pairs)
        said = None if exact else self._mistake(pairs, 0.0)
        wrong = [(run, value) for run, value in pairs if not self.holds(run, value)]
        if said or not wrong:
            return said
        (run, value), *_ = wrong
        digits = " Give it at least two digits after the point." if self.holds(run, value, 0.06, 0.0) else ""
        asked = f"at beta = {run.beta:g} you have {value:.4g}. It should be {self.asked}.{digits}"
        return self._mistake(wrong, 0.004) or f"{self.title} is not right yet: {asked}"

    def _mistake(self, pairs: list[tuple[Facts, float]], relative: float) -> str | None:
        """What is said to the first mistake that would give the reader's value in every run."""
        pairs = [(run.but(**read(self.text).facts), value) for run, value in pairs]
        for wrong, said in read(self.text).rows:
            if all(near(value, float(eval(wrong, run)), relative=relative) for run, value in pairs):
                return said
        return None


def read_row(cells: Any, whose: str, columns: tuple[Column, ...]) -> tuple[float, ...]:
    """The numbers of a row that a reader made."""
    cells = list(cells.values()) if isinstance(cells, dict) else cells
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


def problem_of(runs: list[Facts], rows: Rows, columns: tuple[Column, ...]) -> str | None:
    first, second = columns
    if all(first.holds(run, b) and second.holds(run, a) for run, (_, a, b) in zip(runs, rows, strict=True)):
        return f"The two columns are swapped: after beta comes {first.title}, then {second.title}."
    values = ([row[i] for row in rows] for i in (1, 2))
    said = (column.problem(list(zip(runs, of, strict=True))) for column, of in zip(columns, values, strict=True))
    return next(filter(None, said), None)


RUN = read("""
last = np.asarray(path[-1])
far = last - W_REF
squares = (far**2).sum()
scale = 1 / (2 * SIGMA**2)
kl = scale * squares
""").facts


def run(f: Facts, beta: float, *names: str) -> Facts:
    """A run of our own, on the reader's names."""
    returned = f[f.trainer](*(f[name] for name in names or f.data), beta=beta)
    return f.but(**RUN, beta=beta, **dict(zip(f.returns, returned, strict=True)))


def made_up(f: Facts, seed: int, beta: float) -> Facts:
    """A run that wanders off the reference, with histories that could be anything."""
    rng = np.random.default_rng(seed)
    steps = 0.1 * rng.standard_normal((STEPS + 1, *np.shape(f.W_REF)))
    path = f.W_REF + steps.cumsum(axis=0) - steps[0]
    trend = np.linspace(-1, 5 * rng.random() + 2, STEPS)
    histories = {name: list(trend + rng.standard_normal(STEPS)) for name in f.returns[1:]}
    return f.but(**RUN, beta=beta, path=path, **histories)


def fits(runs: list[Facts], rows: Rows, columns: tuple[Column, ...], near_by: bool = False) -> bool:
    """Whether the rows are those of the runs, or near them, as another run's would be."""
    return all(
        column.holds(run, value, *(column.reach if near_by else ()))
        for run, row in zip(runs, rows, strict=True) for column, value in zip(columns, row[1:], strict=True)
    )


def is_own_run(f: Facts) -> bool:
    """Another seed is no mistake: the last row follows from the run that is left, the others lie near."""
    left = {name: f.work.get(name) for name in f.arguments[1:]}
    if any(value is None for value in left.values()):
        return False
    own = f.runs[-1].but(**left)
    follows = not any(column.problem([(own, value)]) for column, value in zip(f.columns, f.found[-1][1:], strict=True))
    return follows and fits(f.runs, f.found, f.columns, near_by=True)


FUNCTION = """
runs = [made_up(f, seed, beta) for seed, beta in enumerate((0.2, 0.7, 1.5))]
given = [[run[name] for name in arguments] for run in runs]
answers = [call(function, *some) for some in given]
found = [read_row(answer, f"`{function}`", columns) for answer in answers]
problem = problem_of(runs, found, columns)
not takes(function, *given[0]) |
all(is_blank(answer, 3) for answer in answers) |
not all(near(row[0], run.beta) for row, run in zip(found, runs)) | `{function}` should return three numbers in
 this order: `beta`, `{columns[0].name}`, `{columns[1].name}`.
all(np.allclose(row[1:], found[0][1:]) for row in found) | `{function}` gives the same row whatever run it gets.
problem | {problem}
"""

TABLE = """
by_beta = read_table(f)
missing = " and ".join(f"{beta:g}" for beta in betas if beta not in by_beta)
found = [by_beta[beta] for beta in betas]
runs = [run(f, beta) for beta in betas]
problem = problem_of(runs, found, columns)
on_truth = "rm_weights" in data and fits([run(f, beta, "TRUE_WEIGHTS") for beta in betas], found, columns)
stuck = next((column for i, column in enumerate(columns, 1) if all(near(row[i], found[0][i]) for row in found)), None)
missing | `table` has no row for beta = {missing}. The first number of a row is its beta.
not problem |
on_truth | These policies were trained on the true weights, which nobody knows. Hand `rm_weights` to `train_ppo`.
is_own_run(f) |
stuck | {stuck.title} is the same for every beta. Is `beta=beta` handed to `{trainer}`, and is `path[-1]` that run’s?
True | {problem}
"""

FINAL_REWARD = Column(
    "final_reward", "the mean of the last ten entries of `rewards`",
    "Average the last ten with `np.mean`.", (0.4, 0.4), """
right = np.mean(rewards[-10:])
rewards[-1] | That is the very last batch, and 32 answers jump about. Final Reward is the mean of the last ten.
np.mean(rewards) | That is the mean over the whole run, the climb included. Take the last ten rewards only.
np.mean(rewards[:10]) | Those are the first ten rewards. `rewards[-10:]` counts from the end.
np.sum(rewards[-10:]) | That is the sum of the last ten rewards. Divide by ten, or use `np.mean`.
rewards[-10] | `rewards[-10]` is the tenth from the end. With a colon, `rewards[-10:]`, it is the last ten.
np.mean(rewards[-10:-1]) | The last reward is missing. `rewards[-10:-1]` stops before it, `rewards[-10:]` does not.
np.max(rewards) | That is the luckiest batch of the run. Final Reward is the mean of the last ten.
right - beta * kl | You have taken the KL price off. PPO maximises that; the table asks for the reward alone.
last[0] @ TRUE_WEIGHTS | That is the true score, which PPO never sees. Final Reward is the learned one.
last[0] @ rm_weights | That is the last policy’s mean answer. The table asks for the mean of the last ten batches.
""")

POLICY_DRIFT = Column(
    "policy_drift", "the KL to the reference of the last policy, `path[-1]`, in nats",
    "`kl_to_reference` of one policy, `path[-1]`, is one number.", (0.0, 0.9), """
right = kl
squares | Twice too much: that is the squared distance, and the KL is that times 1/(2σ²).
np.sqrt(squares) | That is a distance without the square. Twice as far costs four times as much KL.
np.sqrt(squares) * scale | The 1/(2σ²) is there, but the square is not. KL is the *squared* distance over 2σ².
abs(far).sum() * scale | You add up differences without the square. KL adds up their squares.
far.sum() * scale | You add up differences without the square, so that they cancel. KL adds up their squares.
kls[-1] | `kls` has the KL *before* each step: the last step is missing. Measure the trained policy, `path[-1]`.
np.mean(kls[-10:]) | That is the mean of the last ten. Drift is asked for at the end: the KL of `path[-1]`.
np.mean(kls) | That is the mean over the whole run. Drift is asked for at the end: the KL of `path[-1]`.
0 | A drift of zero is the reference’s own: `path[0]` is where training starts, `path[-1]` where it ends.
(last**2).sum() * scale | You have measured from zero. Subtract the reference, `W_REF`, before you square.
(far**2).mean() * scale | Add the twenty squares up instead of averaging them: KL is a sum over all weights.
(far**2).mean() | Add the twenty squares up instead of averaging them, and mind the 1/(2σ²).
beta * kl | That is the price, beta times the KL. The drift is the KL itself.
""")


def dpo_loss(run: Facts, beta: float, sign: float = 1.0) -> Any:
    """Minus log sigmoid of the margin, for each of all pairs."""
    margin = beta * ((run.preferred - run.rejected) * (run.contexts @ run.far)).sum(axis=1) / run.SIGMA**2
    return np.logaddexp(0.0, -sign * margin)


# A sampled true score is allowed four standard errors: an answer's varies by its context and by its own noise.
FINAL_LOSS = Column(
    "final_loss", "the DPO loss of `path[-1]` on all pairs, at the beta of its row",
    "`dpo_loss_and_grad` returns two things, the loss and its gradient. Take the first.", (0.15, 0.0), """
right = dpo_loss(f, beta).mean()
losses[-1] | That is the last batch: 32 pairs, before the last step. Measure `path[-1]` on all pairs.
np.mean(losses[-10:]) | That averages the last ten batches. Measure `path[-1]` on all pairs, with `dpo_loss_and_grad`.
np.mean(losses) | That is the mean over the whole run. Measure the trained policy, `path[-1]`, on all pairs.
dpo_loss(f, BETA).mean() | Every row has the loss at the default beta. Hand `beta=beta` to `dpo_loss_and_grad`.
dpo_loss(f, 1.0).mean() | The margin has lost its beta. It is beta times the difference of the log-ratios.
dpo_loss(f, beta).sum() | That is the sum over all pairs. The loss is their mean.
-right | The sign is turned: the loss is *minus* the log-probability of the labels, so it is never negative.
np.log(2) | ln 2 is the loss of the reference, `path[0]`. The trained policy is `path[-1]`.
dpo_loss(f, beta, -1).mean() | Chosen and rejected are swapped. The order is `contexts, preferred, rejected`.
np.exp(-dpo_loss(f, beta)).mean() | That is a probability, the mean of σ(margin). The loss is that of −log σ(margin).
accuracies[-1] | That is the accuracy, the share of pairs ranked right. The table asks for the loss.
""")

TRUE_SCORE = Column(
    "true_score", "the mean score of the trained policy’s answers under the true weights",
    "`evaluate_policy` returns three things, the mean first. Take that.", (0.5, 0.35), """
right = last[0] @ TRUE_WEIGHTS
by_context = last[1:] @ TRUE_WEIGHTS
noise = 4 * np.sqrt((by_context @ by_context + SIGMA**2 * TRUE_WEIGHTS @ TRUE_WEIGHTS) / SAMPLED)
last[0] @ rm_weights | That is the score under the *learned* weights. The true score uses `TRUE_WEIGHTS`.
evaluate_policy(last)[1] | That is the spread of the scores, the second thing that `evaluate_policy` returns.
evaluate_policy(last)[2] | That is the half-width of the interval. `evaluate_policy` returns the mean first.
evaluate_policy(W_REF)[0] | That is the score of the reference. Evaluate the trained policy, `path[-1]`.
W_REF[0] @ TRUE_WEIGHTS | That is the score of the reference. Evaluate the trained policy, `path[-1]`.
(preferred @ TRUE_WEIGHTS).mean() | That is the data’s score, which no training changes. Evaluate the policy’s answers.
kl | That is the KL to the reference. The table asks for the true score.
accuracies[-1] | That is the accuracy on the pairs. The true score is a mean of `answers @ TRUE_WEIGHTS`.
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
