"""What is checked in exercises 1 and 2: a table with one row a beta, and the function that makes a row.

The function is tried on generated runs; the table is held against runs of our own. Who fills in the table in
another way may leave the function as it was. Mistakes are known by the numbers that they give.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from runtime.grading import Exercise, Mistake, Refused, Work, diagnose, near, number

BETAS = (0.1, 0.5, 1.0)
STEPS = 150

Case = SimpleNamespace  # one training run: beta, path and its histories
Row = tuple[float, float, float]


@dataclass(frozen=True)
class Column:
    """One number of a row: what it is in a case, what else it is taken for, and how it is asked for in words."""

    title: str
    name: str  # of the starter's variable
    asked: str
    right: Callable[[Case], float]
    mistakes: Sequence[Mistake]
    several: str  # for who put in more than one number
    slack: Callable[[Case], float] = lambda case: 0.0  # sampling noise of a right answer
    reach: Callable[[float], float] = lambda right: 0.0  # how far another seed or length of training may take it

    def holds(self, case: Case, value: float) -> bool:
        return near(value, self.right(case), 0.006 + self.slack(case))

    def problem(self, pairs: list[tuple[Case, float]]) -> str | None:
        """What is wrong with the reader's values, given as (case, value)."""
        if not all(near(value, self.right(case), 0.0055 + self.slack(case), 0.0) for case, value in pairs):
            # Where rounding would let both pass, a mistake that fits to two digits is the better guess.
            said = diagnose(pairs, self.mistakes, relative=0.0)
            if said:
                return said
        wrong = [(case, value) for case, value in pairs if not self.holds(case, value)]
        if not wrong:
            return None
        (case, value), *_ = wrong
        digits = " Give it at least two digits after the point." if abs(value - self.right(case)) < 0.06 else ""
        return diagnose(wrong, self.mistakes) or (
            f"{self.title} is not right yet: at beta = {case.beta:g} you have {value:.4g}. It should be"
            f" {self.asked}.{digits}"
        )


@dataclass(frozen=True)
class TableExercise:
    """A function of `arguments` makes a row; `tries` and `runs` give generated and real cases for it."""

    function: str
    arguments: tuple[str, ...]
    columns: tuple[Column, Column]
    tries: Callable[[Work], list[Case]]
    run: Callable[[Work, float], Case]
    trainer: str
    others: Sequence[tuple[Callable[[Work, float], Case], str]] = ()  # wrong runs, by their rows

    def function_holds(self, work: Work) -> str | None:
        cases = self.tries(work)
        given = [[getattr(case, name) for name in self.arguments] for case in cases]
        if not work.takes(self.function, *given[0]):
            return None
        answers = [work.call(self.function, *arguments) for arguments in given]
        if all(_is_empty(answer) for answer in answers):
            return None
        found = [self._row(answer, f"`{self.function}`") for answer in answers]
        if any(not near(row[0], case.beta) for row, case in zip(found, cases, strict=True)):
            names = f"`{self.columns[0].name}`, `{self.columns[1].name}`"
            return f"`{self.function}` should return three numbers in this order: `beta`, {names}."
        if all(np.allclose(row[1:], found[0][1:]) for row in found):
            return (
                f"`{self.function}` gives the same row whatever run it gets. Compute it from the function’s own"
                " arguments."
            )
        return self._differs(found, cases)

    def table_holds(self, work: Work) -> str | None:
        found = self._table(work)
        cases = [self.run(work, beta) for beta in BETAS]
        said = self._differs(found, cases)
        if said is None or self._is_own_run(work, found, cases):
            return None
        for make, message in self.others:
            wrong = [make(work, beta) for beta in BETAS]
            if all(
                column.holds(case, value)
                for case, row in zip(wrong, found, strict=True)
                for column, value in self._cells(row)
            ):
                return message
        for index, column in enumerate(self.columns, 1):
            if all(near(row[index], found[0][index]) for row in found):
                return (
                    f"{column.title} is the same for every beta. Is `beta=beta` handed to `{self.trainer}`, "
                    "and is it the policy of that run, `path[-1]`, that you measure?"
                )
        return said

    def _is_own_run(self, work: Work, found: list[Row], cases: list[Case]) -> bool:
        """Another seed is no mistake: the last row follows from the run that is left, the others lie near."""
        if found[-1][0] != BETAS[-1] or any(work.get(name) is None for name in self.arguments[1:]):
            return False
        own = Case(**{**vars(cases[-1]), **{name: work.get(name) for name in self.arguments[1:]}})
        return not any(column.problem([(own, value)]) for column, value in self._cells(found[-1])) and all(
            abs(value - column.right(case)) <= column.reach(column.right(case))
            for case, row in zip(cases, found, strict=True)
            for column, value in self._cells(row)
        )

    def _cells(self, row: Row) -> list[tuple[Column, float]]:
        return list(zip(self.columns, row[1:], strict=True))

    def _differs(self, found: list[Row], cases: list[Case]) -> str | None:
        first, second = self.columns
        pairs = list(zip(cases, found, strict=True))
        if all(first.holds(case, b) and second.holds(case, a) for case, (_, a, b) in pairs):
            return f"The two columns are swapped: after beta comes {first.title}, then {second.title}."
        problems = (
            column.problem([(case, row[index]) for case, row in pairs]) for index, column in enumerate(self.columns, 1)
        )
        return next((said for said in problems if said), None)

    def _table(self, work: Work) -> list[Row]:
        """The rows of the reader's table in the order of BETAS; extra betas are welcome."""
        table = work["table"]
        if isinstance(table, dict):
            table = [[beta, *np.ravel(values)] for beta, values in table.items()]
        if not isinstance(table, (list, tuple, np.ndarray)) or len(table) == 0:
            raise Refused("The `table` is empty. Give it one row for each beta: (beta, " + self._names() + ").")
        by_beta = {}
        for cells in table:
            row = self._row(list(cells.values()) if isinstance(cells, dict) else cells, "A row of `table`")
            by_beta |= {beta: row for beta in BETAS if near(row[0], beta, 1e-6, 1e-6)}
        missing = [f"{beta:g}" for beta in BETAS if beta not in by_beta]
        if missing:
            raise Refused(
                f"`table` has no row for beta = {' and '.join(missing)}. The first number of a row is its beta."
            )
        return [by_beta[beta] for beta in BETAS]

    def _row(self, cells: Any, whose: str) -> Row:
        if not isinstance(cells, (list, tuple, np.ndarray)) or len(cells) != 3:
            raise Refused(f"{whose} should be three numbers, (beta, {self._names()}), and is {_kind(cells)}.")
        for column, cell in zip(self.columns, list(cells)[1:], strict=True):
            if _is_nothing(cell):
                raise Refused(f"`{column.name}` is still empty. It should be {column.asked}.")
            if number(cell) is None:
                raise Refused(f"`{column.name}` should be one number, and is {_kind(cell)}. {column.several}".strip())
        beta, first, second = (number(cell) for cell in cells)
        return beta if beta is not None else np.nan, first, second

    def _names(self) -> str:
        return ", ".join(column.name for column in self.columns)


def _is_nothing(cell: Any) -> bool:
    value = number(cell)
    return cell is None or (value is not None and np.isnan(value))


def _is_empty(answer: Any) -> bool:
    """Of a row that the reader has not begun with."""
    return answer is None or (
        isinstance(answer, (list, tuple)) and len(answer) == 3 and all(map(_is_nothing, answer[1:]))
    )


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing" if value is None else f"{value!r:.40}"


def _squares(case: Case, weights: Any) -> float:
    return ((weights - case.ref) ** 2).sum()


def _kl(case: Case, weights: Any) -> float:
    return _squares(case, weights) / (2 * case.sigma**2)


def _last(case: Case) -> Any:
    return np.asarray(case.path[-1])


FINAL_REWARD = Column(
    title="Final Reward",
    name="final_reward",
    asked="the mean of the last ten entries of `rewards`",
    right=lambda case: np.mean(case.rewards[-10:]),
    reach=lambda right: 0.4 + 0.15 * abs(right),
    several="Average the last ten rewards with `np.mean`.",
    mistakes=[
        (
            lambda case: case.rewards[-1],
            (
                "That is the reward of the very last batch, and 32 answers jump about. Final Reward is the mean of the"
                " last ten."
            ),
        ),
        (
            lambda case: np.mean(case.rewards),
            "That is the mean over the whole run, the climb included. Take the last ten rewards only.",
        ),
        (
            lambda case: np.mean(case.rewards[:10]),
            "Those are the first ten rewards. `rewards[-10:]` counts from the end.",
        ),
        (
            lambda case: np.sum(case.rewards[-10:]),
            "That is the sum of the last ten rewards. Divide by ten, or use `np.mean`.",
        ),
        (
            lambda case: case.rewards[-10],
            "`rewards[-10]` is one reward, the tenth from the end. With a colon, `rewards[-10:]`, it is the last ten.",
        ),
        (
            lambda case: np.mean(case.rewards[-10:-1]),
            "Nearly: the last reward is missing. `rewards[-10:-1]` stops before it, `rewards[-10:]` does not.",
        ),
        (
            lambda case: np.max(case.rewards),
            "That is the luckiest batch of the run. Final Reward is the mean of the last ten.",
        ),
        (
            lambda case: np.mean(case.rewards[-10:]) - case.beta * _kl(case, _last(case)),
            "You have taken the KL price off. That is what PPO maximises; the table asks for the reward alone.",
        ),
        (
            lambda case: _last(case)[0] @ case.true_weights,
            "That is the true score, which PPO never sees. Final Reward is the learned one: the last ten of `rewards`.",
        ),
        (
            lambda case: _last(case)[0] @ case.learned,
            (
                "That is the reward of the last policy’s mean answer: a fair measure, but the table asks for the mean"
                " of the last ten batches."
            ),
        ),
    ],
)

POLICY_DRIFT = Column(
    title="Policy Drift",
    name="policy_drift",
    asked="the KL to the reference of the last policy, `path[-1]`, in nats",
    right=lambda case: _kl(case, _last(case)),
    reach=lambda right: 0.4 * right,
    several="`kl_to_reference` of one policy, `path[-1]`, is one number.",
    mistakes=[
        (
            lambda case: _squares(case, _last(case)),
            "Twice too much: that is the squared distance, and the KL is that times 1/(2σ²). `kl_to_reference` knows.",
        ),
        (
            lambda case: np.sqrt(_squares(case, _last(case))),
            (
                "That is a distance without the square. KL grows with the *square* of the distance: twice as far costs"
                " four times as much."
            ),
        ),
        (
            lambda case: np.sqrt(_squares(case, _last(case))) / (2 * case.sigma**2),
            "The 1/(2σ²) is there, but the square is not. KL is the *squared* distance over 2σ².",
        ),
        (
            lambda case: np.abs(_last(case) - case.ref).sum() / (2 * case.sigma**2),
            "You add up differences without the square. KL adds up their squares.",
        ),
        (
            lambda case: (_last(case) - case.ref).sum() / (2 * case.sigma**2),
            "You add up differences without the square, so that they cancel. KL adds up their squares.",
        ),
        (
            lambda case: case.kls[-1],
            (
                "`kls` holds the KL *before* each step, so its last entry misses the last step. Measure the trained"
                " policy, `path[-1]`."
            ),
        ),
        (
            lambda case: np.mean(case.kls[-10:]),
            "That is the mean of the last ten. Drift is asked for at the end: the KL of `path[-1]`.",
        ),
        (
            lambda case: np.mean(case.kls),
            "That is the mean over the whole run. Drift is asked for at the end: the KL of `path[-1]`.",
        ),
        (
            lambda case: 0.0,
            "A drift of zero is the reference’s own: `path[0]` is where training starts, `path[-1]` where it ends.",
        ),
        (
            lambda case: (_last(case) ** 2).sum() / (2 * case.sigma**2),
            "You have measured from zero. Subtract the reference, `W_REF`, before you square.",
        ),
        (
            lambda case: ((_last(case) - case.ref) ** 2).mean() / (2 * case.sigma**2),
            "Add the twenty squares up instead of averaging them: KL is a sum over all weights.",
        ),
        (
            lambda case: ((_last(case) - case.ref) ** 2).mean(),
            "Add the twenty squares up instead of averaging them, and mind the 1/(2σ²).",
        ),
        (
            lambda case: case.beta * _kl(case, _last(case)),
            "That is the price, beta times the KL. The drift is the KL itself.",
        ),
    ],
)


def _world(work: Work) -> dict[str, Any]:
    """What a case needs to know of the lesson."""
    return {
        "ref": np.asarray(work["W_REF"]),
        "sigma": work["SIGMA"],
        "true_weights": np.asarray(work["TRUE_WEIGHTS"]),
        "learned": np.asarray(work["rm_weights"]),
    }


def _random_path(world: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """The weights after each step of a run that wanders off the reference."""
    steps = 0.1 * rng.standard_normal((STEPS, *world["ref"].shape))
    return np.concatenate([world["ref"][None], world["ref"] + steps.cumsum(axis=0)])


def _ppo_tries(work: Work) -> list[Case]:
    world, cases = _world(work), []
    for seed, beta in enumerate((0.2, 0.7, 1.5)):
        rng = np.random.default_rng(seed)
        path = _random_path(world, rng)
        rewards = list(np.linspace(-1, 5 * rng.random() + 2, STEPS) + rng.standard_normal(STEPS))
        kls = [((weights - world["ref"]) ** 2).sum() / (2 * world["sigma"] ** 2) for weights in path[:-1]]
        cases.append(Case(beta=beta, path=path, rewards=rewards, kls=kls, **world))
    return cases


def _ppo_run(work: Work, beta: float, weights: str = "rm_weights") -> Case:
    path, rewards, kls = work["train_ppo"](work[weights], beta=beta)
    return Case(beta=beta, path=path, rewards=rewards, kls=kls, **_world(work))


RLHF = TableExercise(
    function="final_row",
    arguments=("beta", "path", "rewards", "kls"),
    columns=(FINAL_REWARD, POLICY_DRIFT),
    tries=_ppo_tries,
    run=_ppo_run,
    trainer="train_ppo",
    others=[
        (
            lambda work, beta: _ppo_run(work, beta, "TRUE_WEIGHTS"),
            (
                "These policies were trained on the true weights, which nobody knows in earnest. Hand `rm_weights` to"
                " `train_ppo`."
            ),
        ),
    ],
)


def _dpo_loss(case: Case, weights: Any, beta: float, sign: float = 1.0) -> Any:
    """Minus log sigmoid of the margin, for each of all pairs."""
    shift = case.contexts @ (np.asarray(weights) - case.ref)
    margin = beta * ((case.preferred - case.rejected) * shift).sum(axis=1) / case.sigma**2
    return np.logaddexp(0.0, -sign * margin)


def _score_deviation(case: Case) -> float:
    """Standard deviation of an answer's true score: from its context and from its own noise."""
    by_context = _last(case)[1:] @ case.true_weights
    return np.sqrt(by_context @ by_context + case.sigma**2 * case.true_weights @ case.true_weights)


SAMPLED = 2000  # answers that evaluate_policy draws

FINAL_LOSS = Column(
    title="Final Loss",
    name="final_loss",
    asked="the DPO loss of `path[-1]` on all pairs, at the beta of its row",
    right=lambda case: _dpo_loss(case, _last(case), case.beta).mean(),
    reach=lambda right: 0.15,
    several="`dpo_loss_and_grad` returns two things, the loss and its gradient. Take the first.",
    mistakes=[
        (
            lambda case: case.losses[-1],
            (
                "`losses[-1]` is the loss of the last batch: 32 pairs, and before the last step. Measure `path[-1]` on"
                " all pairs."
            ),
        ),
        (
            lambda case: np.mean(case.losses[-10:]),
            "That averages the last ten batches. Measure `path[-1]` on all pairs at once, with `dpo_loss_and_grad`.",
        ),
        (
            lambda case: np.mean(case.losses),
            "That is the mean over the whole run. Measure the trained policy, `path[-1]`, on all pairs.",
        ),
        (
            lambda case: _dpo_loss(case, _last(case), case.default_beta).mean(),
            "The loss is taken at the default beta in every row. Hand `beta=beta` to `dpo_loss_and_grad`.",
        ),
        (
            lambda case: _dpo_loss(case, _last(case), 1.0).mean(),
            "The margin has lost its beta. It is beta times the difference of the log-ratios.",
        ),
        (
            lambda case: _dpo_loss(case, _last(case), case.beta).sum(),
            "That is the sum over all pairs. The loss is their mean.",
        ),
        (
            lambda case: -_dpo_loss(case, _last(case), case.beta).mean(),
            "The sign is turned: the loss is *minus* the log-probability of the labels, so it is never negative.",
        ),
        (lambda case: np.log(2), "ln 2 is the loss of the reference, `path[0]`. The trained policy is `path[-1]`."),
        (
            lambda case: _dpo_loss(case, _last(case), case.beta, sign=-1).mean(),
            (
                "Chosen and rejected are swapped: that is how badly the policy explains the *opposite* labels. The"
                " order is `contexts, preferred, rejected`."
            ),
        ),
        (
            lambda case: np.exp(-_dpo_loss(case, _last(case), case.beta)).mean(),
            "That is a probability, the mean of σ(margin). The loss is the mean of −log σ(margin).",
        ),
        (
            lambda case: case.accuracies[-1],
            "That is the accuracy, the share of pairs ranked right. The table asks for the loss.",
        ),
    ],
)

TRUE_SCORE = Column(
    title="True Score",
    name="true_score",
    asked="the mean score of the trained policy’s answers under the true weights",
    right=lambda case: _last(case)[0] @ case.true_weights,
    slack=lambda case: 4 * _score_deviation(case) / np.sqrt(SAMPLED),
    reach=lambda right: 0.5 + 0.35 * abs(right),
    several="`evaluate_policy` returns three things: mean, standard deviation and half-width. Take the first.",
    mistakes=[
        (
            lambda case: _last(case)[0] @ case.learned,
            (
                "That is the score under the *learned* weights. The true score uses `TRUE_WEIGHTS`, as"
                " `evaluate_policy` does."
            ),
        ),
        (
            lambda case: case.evaluate(_last(case))[1],
            "That is the spread of the scores, the second thing that `evaluate_policy` returns. The mean is the first.",
        ),
        (
            lambda case: case.evaluate(_last(case))[2],
            (
                "That is the half-width of the interval, the third thing that `evaluate_policy` returns. The mean is"
                " the first."
            ),
        ),
        (
            lambda case: case.evaluate(case.ref)[0],
            "That is the score of the reference. Evaluate the trained policy, `path[-1]`.",
        ),
        (
            lambda case: case.ref[0] @ case.true_weights,
            "That is the score of the reference. Evaluate the trained policy, `path[-1]`.",
        ),
        (
            lambda case: (case.preferred @ case.true_weights).mean(),
            (
                "That is the score of the preferred answers in the data, which no training changes. Evaluate the"
                " policy’s own answers."
            ),
        ),
        (lambda case: _kl(case, _last(case)), "That is the KL to the reference. The table asks for the true score."),
        (
            lambda case: case.accuracies[-1],
            "That is the accuracy on the pairs. The true score is a mean of `answers @ TRUE_WEIGHTS`.",
        ),
    ],
)


def _dpo_world(work: Work) -> dict[str, Any]:
    pairs = {name: np.asarray(work[name]) for name in ("contexts", "preferred", "rejected")}
    return _world(work) | pairs | {"default_beta": work["BETA"], "evaluate": work["evaluate_policy"]}


def _dpo_tries(work: Work) -> list[Case]:
    world, cases = _dpo_world(work), []
    for seed, beta in enumerate((0.2, 0.7, 1.5)):
        rng = np.random.default_rng(10 + seed)
        path = _random_path(world, rng)
        losses, accuracies = 0.4 + 0.3 * rng.random(STEPS), 0.5 + 0.3 * rng.random(STEPS)
        cases.append(Case(beta=beta, path=path, losses=list(losses), accuracies=list(accuracies), **world))
    return cases


def _dpo_run(work: Work, beta: float) -> Case:
    world = _dpo_world(work)
    path, losses, accuracies = work["train_dpo"](world["contexts"], world["preferred"], world["rejected"], beta=beta)
    return Case(beta=beta, path=path, losses=losses, accuracies=accuracies, **world)


DPO = TableExercise(
    function="dpo_row",
    arguments=("beta", "path", "losses"),
    columns=(FINAL_LOSS, TRUE_SCORE),
    tries=_dpo_tries,
    run=_dpo_run,
    trainer="train_dpo",
)

EXERCISES = {
    "exercise-rlhf": Exercise(
        needs=("W_REF", "SIGMA", "TRUE_WEIGHTS", "rm_weights", "train_ppo"),
        checks=(RLHF.function_holds, RLHF.table_holds),
        hints=(
            (
                "Both numbers are about the *end* of the run. `rewards` has one entry a batch; `path` has the weights"
                " after each step."
            ),
            (
                "A slice that counts from the end, `rewards[-10:]`, gives the last ten. One batch alone would be mostly"
                " luck."
            ),
            (
                "The trained policy is `path[-1]`, and the block “Policy and KL” defines a function that says how many"
                " nats it is away from the reference: `kl_to_reference`."
            ),
        ),
        fact=(
            "From beta 1.0 to 0.5 the drift grows about four times and the reward about twice: the policy moves twice"
            " as far, and KL counts the square of the way."
        ),
    ),
    "exercise-dpo": Exercise(
        needs=(
            *("W_REF", "SIGMA", "BETA", "TRUE_WEIGHTS", "rm_weights", "contexts", "preferred", "rejected"),
            *("train_dpo", "evaluate_policy"),
        ),
        checks=(DPO.function_holds, DPO.table_holds),
        hints=(
            (
                "`losses` holds the loss of each *batch*. You need the loss of the finished policy, `path[-1]`, on all"
                " 200 pairs."
            ),
            (
                "`dpo_loss_and_grad(weights, contexts, preferred, rejected, beta=...)` returns the loss and the"
                " gradient. Hand it the beta of the row, or it takes the default."
            ),
            (
                "`evaluate_policy(path[-1])` returns mean, standard deviation and half-width; only the mean goes into"
                " the table: `true_score, _, _ = evaluate_policy(...)`."
            ),
        ),
        fact=(
            "The highest true score comes with the smallest beta, and that run is not even finished: its gradient is "
            "smaller by the factor beta. What it pays for the score is KL, which this table does not show."
        ),
    ),
}
