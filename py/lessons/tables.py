"""The tables of the ledger: what the article prints and claims, beside what was measured."""

import numpy as np

from preflab.evaluate import interval, verdict, verdict_equal
from preflab.published import REPAIRS
from runtime.tables import table, toned

TONES = {"holds": "yes", "does not hold": "no", "cannot be told": "open"}

# Why the published recipe gives what it gives. Each line is about the recipe, not about chance.
WHY = {
    "first preferred answer": "Seed 42 draws other numbers.",
    "first rejected answer": "What is printed as preferred is, but for a digit, what the recipe rejects.",
    "learned weights": "100 steps at a learning rate of 0.01 are a start; as the labels never err, there is no end.",
    "reward-model loss, first and last": "ln 2 is where any such loss starts; 100 small steps get no further.",
    "held-out accuracy": "Labels that never err are easy to agree with.",
    "mean held-out gap": "Small weights give small gaps.",
    "PPO reward at steps 0, 50, 100, 149": "It is the bias (0.43), which pairs cannot teach, and it does not climb.",
    "“KL” at steps 0, 50, 100, 149": "A squared distance, nearly all of it sampling noise.",
    "DPO loss at steps 0, 50, 100, 149": "Contexts of mean 0, and pairs that ignore them: the expected gradient is 0.",
    "true score of the reference, mean and std": "Contexts of mean zero, no constant feature: every mean is 0.",
    "true score of RLHF, mean and std": "The same. No training can move a mean that is 0 by construction.",
    "true score of DPO, mean and std": "The same, and DPO has hardly moved at all.",
    "drift of RLHF": "Little pulls, so little drifts.",
    "drift of DPO": "Nothing pulls, so nothing drifts.",
    "drift without KL": "The penalty never had a gradient of its own, so leaving it out changes nothing.",
    "reward without KL": "The bias again.",
    "drift without KL, as a multiple": "Two runs that stay where they began.",
}

# What stands in the place of each figure in the repaired recipe: from one run to its numbers.
REPAIRED = {
    "learned weights": lambda run: run.weights,
    "reward-model loss, first and last": lambda run: run.losses,
    "held-out accuracy": lambda run: [100 * run.accuracy],
    "mean held-out gap": lambda run: [run.gap],
    "PPO reward at steps 0, 50, 100, 149": lambda run: run.rewards,
    "“KL” at steps 0, 50, 100, 149": lambda run: run.kls,
    "DPO loss at steps 0, 50, 100, 149": lambda run: run.dpo_losses,
    "true score of the reference, mean and std": lambda run: run.scores["reference"],
    "true score of RLHF, mean and std": lambda run: run.scores["RLHF"],
    "true score of DPO, mean and std": lambda run: run.scores["DPO"],
    "drift of RLHF": lambda run: [run.drift["RLHF"]],
    "drift of DPO": lambda run: [run.drift["DPO"]],
    "drift without KL": lambda run: [run.drift["without KL"]],
    "reward without KL": lambda run: [run.free_reward],
    "drift without KL, as a multiple": lambda run: [run.drift["without KL"] / run.drift["RLHF"]],
}
UNITS = {
    "held-out accuracy": "%",
    "drift of RLHF": "\u00a0nats",
    "drift of DPO": "\u00a0nats",
    "drift without KL": "\u00a0nats",
    "drift without KL, as a multiple": "x",
}


def ledger(figures, runs):
    """Every figure that the article prints, what its recipe gives, and what the repaired one gives."""
    return table(
        "Every figure that the article prints",
        ["Figure", "It prints", "Its recipe gives", f"Repaired recipe, {len(runs)} seeds", "Verdict", "Why"],
        [
            [
                figure.name, "\n".join(figure.printed), "\n".join(figure.given),
                _repaired(figure.name, runs), _agreement(figure), WHY[figure.name],
            ]
            for figure in figures
        ],
    )  # fmt: skip


def _repaired(name, runs):
    """Mean and 95 % interval of each number over the runs."""
    if name not in REPAIRED:
        return "draws differ by seed"
    columns = np.array([REPAIRED[name](run) for run in runs]).T
    unit = UNITS.get(name, "")
    return "\n".join(_estimate(values) + unit for values in columns)


def _estimate(values):
    """The mean, and its interval where it is not too narrow to be seen."""
    mean, half = interval(values)
    digits = 1 if abs(mean) >= 10 else 2
    seen = f"\u00a0±\u00a0{half:.{digits}f}" if half >= 0.5 * 10**-digits else ""
    return f"{mean:.{digits}f}{seen}"


def _agreement(figure):
    """Does the recipe give what is printed, to every digit?"""
    if figure.agreeing == len(figure.printed):
        return toned("holds", "yes")
    some = f"\n{figure.agreeing} of {len(figure.printed)} does" if figure.agreeing else ""
    return toned(f"does not hold{some}", "no")


# Each claim: a number a run, in the published recipe and in the repaired one, that is positive if the claim is right.
# Where the published recipe has no such number, what stands in its place says why.
CLAIMS = [
    (
        "RLHF raises the true score",
        lambda run: run.scores["RLHF"][0] - run.scores["reference"][0],
        lambda run: run.scores["RLHF"][0] - run.scores["reference"][0],
        "A constant feature lets training move the mean.",
    ),
    (
        "DPO raises the true score",
        lambda run: run.scores["DPO"][0] - run.scores["reference"][0],
        lambda run: run.scores["DPO"][0] - run.scores["reference"][0],
        "The constant feature again: without it the expected gradient on such pairs is 0.",
    ),
    (
        "PPO's reward climbs",
        lambda run: run.rewards[-1] - run.rewards[0],
        lambda run: run.rewards[-1] - run.rewards[0],
        "The score function and the ratio make it a policy gradient.",
    ),
    (
        "DPO's loss falls",
        lambda run: run.dpo_losses[0] - run.dpo_losses[-1],
        lambda run: run.dpo_losses[0] - run.dpo_losses[-1],
        "There is something in the pairs to learn.",
    ),
    (
        "RLHF scores higher than DPO",
        lambda run: run.scores["RLHF"][0] - run.scores["DPO"][0],
        lambda run: run.scores["RLHF"][0] - run.scores["DPO"][0],
        "Both aim at one optimum; what parts them is label noise, and where each is stopped.",
    ),
    (
        "DPO drifts less than RLHF",
        lambda run: run.drift["RLHF"] - run.drift["DPO"],
        lambda run: run.drift["RLHF"] - run.drift["DPO"],
        "Repaired, DPO fits twenty numbers and RLHF five, so more noise becomes drift. As published, neither moves.",
    ),
    (
        "DPO makes the chosen answers likelier",
        "its pairs are new at each step",
        lambda run: run.chosen_shift,
        "In nats of log-prob. It pushes the two of a pair apart, and both can fall.",
    ),
    (
        "DPO's loss punishes straying",
        "its policy has hardly strayed",
        lambda run: run.stray_cost,
        "What twice the shift adds to the loss, in nats. Indirectly: noisy labels contradict too large margins.",
    ),
    (
        "The labels are noisy (more than 1 in 100 is wrong)",
        lambda run: run.wrong_labels - 0.01,
        lambda run: run.wrong_labels - 0.01,
        "The published annotator never errs, so its losses have no minimum. Ours follows Bradley and Terry.",
    ),
    (
        "The reward model smooths the noise",
        lambda run: run.ranked_right - (1 - run.wrong_labels),
        lambda run: run.ranked_right - (1 - run.wrong_labels),
        "It ranks more of its own pairs as the taste does than the labels do. Without noise there is none to smooth.",
    ),
    (
        "One bad batch moves PPO less than REINFORCE",
        "a fragment that does not run",
        lambda run: run.bad_batch,
        "After ten passes over it, in roots of the KL. In the first pass they are the same.",
    ),
    (
        "More pairs help RLHF (1,000 against 50)",
        "one set of pairs",
        lambda run: run.efficiency["RLHF", 1000] - run.efficiency["RLHF", 50],
        "Measured as score for the KL spent, 1 at best.",
    ),
    (
        "More pairs help DPO (1,000 against 50)",
        "one set of pairs",
        lambda run: run.efficiency["DPO", 1000] - run.efficiency["DPO", 50],
        "Measured as score for the KL spent, 1 at best.",
    ),
]
MULTIPLE = 4.0  # of the drift, without KL, as the article has it


def claims(published_runs, runs):
    """What the article says in words, measured over seeds with both recipes."""
    rows = []
    for claim, published, repaired, why in CLAIMS:
        rows.append([claim, *_judged(published, published_runs), *_judged(repaired, runs), why])

    def multiple(run):
        return run.drift["without KL"] / run.drift["RLHF"]

    rows.append([
        f"Without KL the drift is {MULTIPLE:.1f} times as large",
        *_judged(multiple, published_runs, MULTIPLE), *_judged(multiple, runs, MULTIPLE),
        "Without a penalty nothing stops it: the multiple grows with every step.",
    ])  # fmt: skip
    return table(
        "What the article claims",
        [
            "Claim", f"Published recipe, {len(published_runs)} seeds", "Verdict",
            f"Repaired recipe, {len(runs)} seeds", "Verdict", "Why",
        ],
        rows,
    )  # fmt: skip


# Of the claims above those that can be measured in the published recipe, and two more that only repairs can turn.
SWITCHED = [
    *[(claim, published) for claim, published, _, _ in CLAIMS if callable(published)],
    ("Without KL the policy drifts further", lambda run: run.drift["without KL"] - run.drift["RLHF"]),
    ("PPO starts from a reward of about 0 (within 0.3)", lambda run: 0.3 - abs(run.rewards[0])),
]


def switches(published_runs, runs, repairs):
    """What the claims come to with some faults repaired, beside the recipe as published."""
    rows = []
    for claim, measure in SWITCHED:
        before, after = (_judged(measure, some) for some in (published_runs, runs))
        rows.append([claim, *before, *after, "turned" if before[1] != after[1] else "no"])
    with_these = f"Repaired: {', '.join(repairs) or 'nothing'}"
    return table(
        f"The claims, over {len(runs)} seeds",
        ["Claim", "As published", "Verdict", with_these, "Verdict", "Turned"],
        rows,
    )  # fmt: skip


TWICE = 2.0  # half-widths: 64 settings are many looks


def which_fault(runs_by_setting):
    """Which fault kills which claim: {repairs: runs} of all settings, from none repaired to all.

    A fault's column says what becomes of the claim if all others are repaired; a dash, that the fault makes no
    difference. Enough to repair are the smallest sets of repairs with which the claim holds.
    """
    every = max(runs_by_setting, key=len)
    rows = []
    for claim, measure in SWITCHED:
        found = {
            repairs: verdict([measure(run) for run in runs], widths=TWICE) for repairs, runs in runs_by_setting.items()
        }
        alone = [_left(found[every], found[every - {fault}]) for fault in _in_order(every)]
        ends = [toned(found[setting], TONES[found[setting]]) for setting in (frozenset(), every)]
        rows.append([claim, ends[0], _least(found), *alone, ends[1]])
    return table(
        "Which fault kills which claim: in the column of a fault all others are repaired",
        ["Claim", "As published", "Enough to repair", *_in_order(every), "All repaired"], rows,
    )  # fmt: skip


def _left(repaired, with_fault):
    """What one fault does to a claim when all others are repaired."""
    if with_fault == repaired:
        return "–"
    if repaired == "holds":
        return toned("kills it", "no")
    return toned("holds with it", "yes") if with_fault == "holds" else with_fault


def _least(found):
    """The smallest sets of repairs with which a claim holds."""
    good = [repairs for repairs, said in found.items() if said == "holds"]
    least = [repairs for repairs in good if not any(other < repairs for other in good)]
    return " or ".join(" + ".join(_in_order(repairs)) or "nothing" for repairs in least) or "never"


def _in_order(repairs):
    return [name for name in REPAIRS if name in repairs]


def _judged(measure, runs, claimed=None):
    """The estimate with its interval, and the verdict."""
    if isinstance(measure, str):
        return measure, toned("cannot be told", "open")
    values = [measure(run) for run in runs]
    mean, half = interval(values)
    found = verdict(values) if claimed is None else verdict_equal(values, claimed)
    sign = "+" if claimed is None else ""
    # Two that the interval leaves sure; where all runs agree there is no interval.
    digits = int(np.clip(1 - np.floor(np.log10(half)), 0, 6)) if half > 1e-12 else 2
    return f"{mean:{sign}z.{digits}f}\u00a0±\u00a0{half:.{digits}f}", toned(found, TONES[found])
