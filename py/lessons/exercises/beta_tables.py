"""What is checked in exercises 1 and 2: a table with one row a beta, and the function that makes a row.

The function is tried on made-up runs; the table is held against runs of our own. Who fills in the table in
another way may leave the function as it was. Mistakes are known by the numbers that they give.
"""

from typing import Any

import numpy as np

from runtime.grading import Column, Exercise, Facts, Refused, Table, is_blank, near, problem, read_row

# fmt: off (a row is what may be wrong and what is said then)

BETAS = (0.1, 0.5, 1.0)
STEPS = 150
SAMPLED = 2000  # answers that evaluate_policy draws

RUN = {  # facts of one training run: its beta and what it `returns`, path first, are given
    "case": lambda c: f"beta = {c.beta:g}",
    "last": lambda c: np.asarray(c.path[-1]),
    "far": lambda c: c.last - c.W_REF,
    "squares": lambda c: (c.far**2).sum(),
    "scale": lambda c: 1 / (2 * c.SIGMA**2),
    "kl": lambda c: c.scale * c.squares,
}


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


def fits(f: Facts, runs: list[Facts], holds: Any = Column.holds) -> bool:
    rows = zip(runs, f.found, strict=True)
    return all(holds(column, run, value) for run, row in rows for column, value in zip(f.columns, row[1:], strict=True))


def is_own_run(f: Facts) -> bool:
    """Another seed is no mistake: the last row follows from the run that is left, the others lie near."""
    left = {name: f.work.get(name) for name in f.arguments[1:]}
    if f.found[-1][0] != BETAS[-1] or any(value is None for value in left.values()):
        return False
    own = f.runs[-1].but(**left)
    follows = not any(column.problem([(own, value)]) for column, value in zip(f.columns, f.found[-1][1:], strict=True))
    return follows and fits(f, f.runs, Column.is_near)


def read_table(f: Facts) -> dict[float, tuple[float, ...]]:
    """The rows of the reader's table by beta; extra betas are welcome."""
    table = f.table
    if isinstance(table, dict):
        table = [[beta, *np.ravel(values)] for beta, values in table.items()]
    if not isinstance(table, (list, tuple, np.ndarray)) or len(table) == 0:
        raise Refused(f"The `table` is empty. Give it one row for each beta: (beta, {f.first.name}, {f.second.name}).")
    rows = [read_row(row, "A row of `table`", "beta", f.columns) for row in table]
    return {beta: row for row in rows for beta in BETAS if near(row[0], beta, 1e-6, 1e-6)}


FACTS = {
    "first": lambda f: f.columns[0],
    "second": lambda f: f.columns[1],
    "problem": lambda f: problem(f.columns, f.runs, [row[1:] for row in f.found], "beta"),
}

TRIED = {
    **FACTS,
    "runs": lambda f: [made_up(f, seed, beta) for seed, beta in enumerate((0.2, 0.7, 1.5))],
    "given": lambda f: [[run[name] for name in f.arguments] for run in f.runs],
    "answers": lambda f: [f.work.call(f.function, *given) for given in f.given],
    "found": lambda f: [read_row(answer, f"`{f.function}`", "beta", f.columns) for answer in f.answers],
}

FUNCTION = (
    (lambda f: not f.work.takes(f.function, *f.given[0]), None),
    (lambda f: all(is_blank(answer, 3) for answer in f.answers), None),
    (lambda f: not all(near(row[0], run.beta) for row, run in zip(f.found, f.runs, strict=True)),
     "`{function}` should return three numbers in this order: `beta`, `{first.name}`, `{second.name}`."),
    (lambda f: all(np.allclose(row[1:], f.found[0][1:]) for row in f.found),
     "`{function}` gives the same row whatever run it gets. Compute it from the function’s own arguments."),
    (lambda f: f.problem, "{problem}"),
)

TABULATED = {
    **FACTS,
    "by_beta": read_table,
    "missing": lambda f: " and ".join(f"{beta:g}" for beta in BETAS if beta not in f.by_beta),
    "found": lambda f: [f.by_beta[beta] for beta in BETAS],
    "runs": lambda f: [run(f, beta) for beta in BETAS],
    "same": lambda f: [all(near(value, values[0]) for value in values) for values in zip(*f.found, strict=True)],
    "stuck": lambda f: next((column for column, same in zip(f.columns, f.same[1:], strict=True) if same), None),
}

TABLE = (
    (lambda f: f.missing, "`table` has no row for beta = {missing}. The first number of a row is its beta."),
    (lambda f: not f.problem or is_own_run(f), None),
    (lambda f: "rm_weights" in f.data and fits(f, [run(f, beta, "TRUE_WEIGHTS") for beta in BETAS]), "These policies "
     "were trained on the true weights, which nobody knows in earnest. Hand `rm_weights` to `train_ppo`."),
    (lambda f: f.stuck, "{stuck.title} is the same for every beta. Is `beta=beta` handed to `{trainer}`, and is it the "
     "policy of that run, `path[-1]`, that you measure?"),
    (lambda f: True, "{problem}"),
)


FINAL_REWARD = Column(
    title="Final Reward", name="final_reward",
    asked="the mean of the last ten entries of `rewards`",
    several="Average the last ten rewards with `np.mean`.",
    right=lambda c: np.mean(c.rewards[-10:]), reach=lambda right: 0.4 + 0.15 * abs(right),
    mistakes=[
        (lambda c: c.rewards[-1], "That is the reward of the very last batch, and 32 answers jump about. Final Reward "
         "is the mean of the last ten."),
        (lambda c: np.mean(c.rewards),
         "That is the mean over the whole run, the climb included. Take the last ten rewards only."),
        (lambda c: np.mean(c.rewards[:10]), "Those are the first ten rewards. `rewards[-10:]` counts from the end."),
        (lambda c: np.sum(c.rewards[-10:]),
         "That is the sum of the last ten rewards. Divide by ten, or use `np.mean`."),
        (lambda c: c.rewards[-10],
         "`rewards[-10]` is one reward, the tenth from the end. With a colon, `rewards[-10:]`, it is the last ten."),
        (lambda c: np.mean(c.rewards[-10:-1]),
         "Nearly: the last reward is missing. `rewards[-10:-1]` stops before it, `rewards[-10:]` does not."),
        (lambda c: np.max(c.rewards),
         "That is the luckiest batch of the run. Final Reward is the mean of the last ten."),
        (lambda c: np.mean(c.rewards[-10:]) - c.beta * c.kl,
         "You have taken the KL price off. That is what PPO maximises; the table asks for the reward alone."),
        (lambda c: c.last[0] @ c.TRUE_WEIGHTS,
         "That is the true score, which PPO never sees. Final Reward is the learned one: the last ten of `rewards`."),
        (lambda c: c.last[0] @ c.rm_weights, "That is the reward of the last policy’s mean answer: a fair measure, but "
         "the table asks for the mean of the last ten batches."),
    ],
)

POLICY_DRIFT = Column(
    title="Policy Drift", name="policy_drift",
    asked="the KL to the reference of the last policy, `path[-1]`, in nats",
    several="`kl_to_reference` of one policy, `path[-1]`, is one number.",
    right=lambda c: c.kl, reach=lambda right: 0.4 * right,
    mistakes=[
        (lambda c: c.squares,
         "Twice too much: that is the squared distance, and the KL is that times 1/(2σ²). `kl_to_reference` knows."),
        (lambda c: np.sqrt(c.squares), "That is a distance without the square. KL grows with the *square* of the "
         "distance: twice as far costs four times as much."),
        (lambda c: np.sqrt(c.squares) * c.scale,
         "The 1/(2σ²) is there, but the square is not. KL is the *squared* distance over 2σ²."),
        (lambda c: np.abs(c.far).sum() * c.scale,
         "You add up differences without the square. KL adds up their squares."),
        (lambda c: c.far.sum() * c.scale,
         "You add up differences without the square, so that they cancel. KL adds up their squares."),
        (lambda c: c.kls[-1], "`kls` holds the KL *before* each step, so its last entry misses the last step. Measure "
         "the trained policy, `path[-1]`."),
        (lambda c: np.mean(c.kls[-10:]),
         "That is the mean of the last ten. Drift is asked for at the end: the KL of `path[-1]`."),
        (lambda c: np.mean(c.kls),
         "That is the mean over the whole run. Drift is asked for at the end: the KL of `path[-1]`."),
        (lambda c: 0.0,
         "A drift of zero is the reference’s own: `path[0]` is where training starts, `path[-1]` where it ends."),
        (lambda c: (c.last**2).sum() * c.scale,
         "You have measured from zero. Subtract the reference, `W_REF`, before you square."),
        (lambda c: (c.far**2).mean() * c.scale,
         "Add the twenty squares up instead of averaging them: KL is a sum over all weights."),
        (lambda c: (c.far**2).mean(), "Add the twenty squares up instead of averaging them, and mind the 1/(2σ²)."),
        (lambda c: c.beta * c.kl, "That is the price, beta times the KL. The drift is the KL itself."),
    ],
)


def dpo_loss(c: Facts, beta: float, sign: float = 1.0) -> Any:
    """Minus log sigmoid of the margin, for each of all pairs."""
    margin = beta * ((c.preferred - c.rejected) * (c.contexts @ c.far)).sum(axis=1) / c.SIGMA**2
    return np.logaddexp(0.0, -sign * margin)


def score_error(c: Facts) -> float:
    """Four standard errors of a sampled true score: an answer's varies by its context and by its own noise."""
    by_context = c.last[1:] @ c.TRUE_WEIGHTS
    return 4 * np.sqrt((by_context @ by_context + c.SIGMA**2 * c.TRUE_WEIGHTS @ c.TRUE_WEIGHTS) / SAMPLED)


FINAL_LOSS = Column(
    title="Final Loss", name="final_loss",
    asked="the DPO loss of `path[-1]` on all pairs, at the beta of its row",
    several="`dpo_loss_and_grad` returns two things, the loss and its gradient. Take the first.",
    right=lambda c: dpo_loss(c, c.beta).mean(), reach=lambda right: 0.15,
    mistakes=[
        (lambda c: c.losses[-1], "`losses[-1]` is the loss of the last batch: 32 pairs, and before the last step. "
         "Measure `path[-1]` on all pairs."),
        (lambda c: np.mean(c.losses[-10:]),
         "That averages the last ten batches. Measure `path[-1]` on all pairs at once, with `dpo_loss_and_grad`."),
        (lambda c: np.mean(c.losses),
         "That is the mean over the whole run. Measure the trained policy, `path[-1]`, on all pairs."),
        (lambda c: dpo_loss(c, c.BETA).mean(),
         "The loss is taken at the default beta in every row. Hand `beta=beta` to `dpo_loss_and_grad`."),
        (lambda c: dpo_loss(c, 1.0).mean(),
         "The margin has lost its beta. It is beta times the difference of the log-ratios."),
        (lambda c: dpo_loss(c, c.beta).sum(), "That is the sum over all pairs. The loss is their mean."),
        (lambda c: -dpo_loss(c, c.beta).mean(),
         "The sign is turned: the loss is *minus* the log-probability of the labels, so it is never negative."),
        (lambda c: np.log(2), "ln 2 is the loss of the reference, `path[0]`. The trained policy is `path[-1]`."),
        (lambda c: dpo_loss(c, c.beta, -1).mean(), "Chosen and rejected are swapped: that is how badly the policy "
         "explains the *opposite* labels. The order is `contexts, preferred, rejected`."),
        (lambda c: np.exp(-dpo_loss(c, c.beta)).mean(),
         "That is a probability, the mean of σ(margin). The loss is the mean of −log σ(margin)."),
        (lambda c: c.accuracies[-1],
         "That is the accuracy, the share of pairs ranked right. The table asks for the loss."),
    ],
)

TRUE_SCORE = Column(
    title="True Score", name="true_score",
    asked="the mean score of the trained policy’s answers under the true weights",
    several="`evaluate_policy` returns three things: mean, standard deviation and half-width. Take the first.",
    right=lambda c: c.last[0] @ c.TRUE_WEIGHTS, reach=lambda right: 0.5 + 0.35 * abs(right),
    noise=score_error,
    mistakes=[
        (lambda c: c.last[0] @ c.rm_weights, "That is the score under the *learned* weights. The true score uses "
         "`TRUE_WEIGHTS`, as `evaluate_policy` does."),
        (lambda c: c.evaluate_policy(c.last)[1],
         "That is the spread of the scores, the second thing that `evaluate_policy` returns. The mean is the first."),
        (lambda c: c.evaluate_policy(c.last)[2], "That is the half-width of the interval, the third thing that "
         "`evaluate_policy` returns. The mean is the first."),
        (lambda c: c.evaluate_policy(c.W_REF)[0],
         "That is the score of the reference. Evaluate the trained policy, `path[-1]`."),
        (lambda c: c.W_REF[0] @ c.TRUE_WEIGHTS,
         "That is the score of the reference. Evaluate the trained policy, `path[-1]`."),
        (lambda c: (c.preferred @ c.TRUE_WEIGHTS).mean(), "That is the score of the preferred answers in the data, "
         "which no training changes. Evaluate the policy’s own answers."),
        (lambda c: c.kl, "That is the KL to the reference. The table asks for the true score."),
        (lambda c: c.accuracies[-1],
         "That is the accuracy on the pairs. The true score is a mean of `answers @ TRUE_WEIGHTS`."),
    ],
)


RLHF = {
    "function": "final_row", "arguments": ("beta", "path", "rewards", "kls"), "columns": (FINAL_REWARD, POLICY_DRIFT),
    "trainer": "train_ppo", "data": ("rm_weights",), "returns": ("path", "rewards", "kls"),
}

DPO = {
    "function": "dpo_row", "arguments": ("beta", "path", "losses"), "columns": (FINAL_LOSS, TRUE_SCORE),
    "trainer": "train_dpo", "data": ("contexts", "preferred", "rejected"), "returns": ("path", "losses", "accuracies"),
}

EXERCISES = {
    "exercise-rlhf": Exercise(
        needs=("W_REF", "SIGMA", "TRUE_WEIGHTS", "rm_weights", "train_ppo"),
        checks=(Table(TRIED | RLHF, FUNCTION), Table(TABULATED | RLHF, TABLE)),
        hints=(
            "Both numbers are about the *end* of the run. `rewards` has one entry a batch; `path` has the weights "
            "after each step.",
            "A slice that counts from the end, `rewards[-10:]`, gives the last ten. One batch alone would be mostly "
            "luck.",
            "The trained policy is `path[-1]`, and the block “Policy and KL” defines a function that says how many "
            "nats it is away from the reference: `kl_to_reference`.",
        ),
        fact="From beta 1.0 to 0.5 the drift grows about four times and the reward about twice: the policy moves twice "
        "as far, and KL counts the square of the way.",
    ),
    "exercise-dpo": Exercise(
        needs=("W_REF", "SIGMA", "BETA", "TRUE_WEIGHTS", "rm_weights", *DPO["data"], "train_dpo", "evaluate_policy"),
        checks=(Table(TRIED | DPO, FUNCTION), Table(TABULATED | DPO, TABLE)),
        hints=(
            "`losses` holds the loss of each *batch*. You need the loss of the finished policy, `path[-1]`, on all 200 "
            "pairs.",
            "`dpo_loss_and_grad(weights, contexts, preferred, rejected, beta=...)` returns the loss and the gradient. "
            "Hand it the beta of the row, or it takes the default.",
            "`evaluate_policy(path[-1])` returns mean, standard deviation and half-width; only the mean goes into the "
            "table: `true_score, _, _ = evaluate_policy(...)`.",
        ),
        fact="The highest true score comes with the smallest beta, and that run is not even finished: its gradient is "
        "smaller by the factor beta. What it pays for the score is KL, which this table does not show.",
    ),
}
