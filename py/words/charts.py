"""The pictures of the page. Each function takes what a block has computed and returns a figure."""

import numpy as np

from runtime.figures import bars, figure, level, line, marked_line, panel, points
from words.grammar import VOCABULARY

KL = "KL to reference (nats a story)"
J = "E[r] − β KL"
STEP = "step"


def pretraining(losses, steps):
    """Cross-entropy (nats a word) after each step."""
    guess = np.log(len(VOCABULARY))
    return figure(
        panel(
            [
                level(guess, [0, steps], "every word alike", "guide"),
                line(np.arange(len(losses)), losses, "batch of stories", "reference"),
            ],
            STEP, "loss (nats a word)", xaxis={"range": [0, steps]}, yaxis={"rangemode": "tozero"},
        ),
        "Learning to tell stories",
        f"After {len(losses)} of {steps} steps the loss is {np.mean(losses[-20:]):.2f} nats a word; "
        f"guessing blindly costs {guess:.2f}.",
    )  # fmt: skip


def goodhart(kls, proxy, truth, betas):
    """The exact optimum of the proxy at each beta: what it scores by the proxy and in truth."""
    best = int(np.argmax(truth))
    return figure(
        panel(
            [
                marked_line(kls, proxy, "proxy (what is optimised)", "reward model"),
                marked_line(kls, truth, "true score", "true", dash="dash"),
            ],
            KL, "score of a story", xaxis={"type": "log"},
        ),
        "The better the proxy, the worse the stories",
        f"From beta {betas[0]:g} to {betas[-1]:g} the proxy only rises. The true score is best at beta {betas[best]:g} "
        f"({truth[best]:.1f}) and ends at {truth[-1]:.1f}.",
    )  # fmt: skip


def learned_words(true, **learned):
    """What words are worth, true against learned, (V,) each."""
    reach = [float(true.min()), float(true.max())]
    roles = ("reward model", "rejected")
    traces = [line(reach, reach, "as it is", "true", dash="dash", width=1.8)]
    for (name, reward), role in zip(learned.items(), roles, strict=False):
        symbol = "circle" if role == "reward model" else "x"
        traces.append(points(true[1:], reward[1:], name.replace("_", " "), role, size=7, symbol=symbol))
    off = {name.replace("_", " "): float(np.sqrt(np.mean((r - true)[1:] ** 2))) for name, r in learned.items()}
    return figure(
        panel(traces, "what a word is worth", "what was learned"),
        "What the reward model makes of each word",
        "Root mean square error a word: " + ", ".join(f"{name} {error:.2f}" for name, error in off.items()) + ".",
    )


def frontier(kls, rewards, **policies):
    """The exact frontier, and policies (KL, reward) beside it; their names say their roles."""
    roles = {"reference": "reference", "PPO": "RLHF", "RLOO": "RLOO", "DPO": "DPO"}
    traces = [marked_line(kls, rewards, "exact optima", "optimum")]
    others = iter(("square", "diamond", "triangle-up"))
    for name, (kl, reward) in policies.items():
        role = roles.get(name.split("_")[0], "reward model")
        symbol = next(others, "x") if role == "reward model" else "circle"
        traces.append(points([kl], [reward], name.replace("_", " "), role, size=11, symbol=symbol))
    said = "No policy lies above it." if policies else "No policy can lie above it."
    return figure(
        panel(traces, KL, "E[r] (true taste)"),
        "The frontier",
        f"The most reward that each KL can buy, for betas that fall from left to right. {said}",
    )


def curves(best, start, steps, **runs):
    """J along several runs of so many steps, exactly, between that of the reference and that of the optimum."""
    roles = {"PPO": ("RLHF", "solid"), "RLOO": ("RLOO", "dashdot"), "DPO": ("DPO", "solid")}
    traces = [
        level(best, [0, steps], "the optimum", "optimum"),
        level(start, [0, steps], "the reference", "reference"),
    ]
    for name, run in runs.items():
        role, dash = roles[name]
        traces.append(line(np.linspace(0, steps, len(run)), run, name, role, dash=dash))
    share = {name: (run[-1] - start) / (best - start) for name, run in runs.items()}
    return figure(
        panel(traces, STEP, J),
        "How far training gets, exactly",
        "Share of the optimum's gain: " + ", ".join(f"{name} {part:.0%}" for name, part in share.items()) + ".",
    )


def dpo_log(log, every):
    """What TRL logs for DPO, every so many steps."""
    steps = every * np.arange(len(log["logps/chosen"]))
    first, last = log["logps/chosen"][0], log["logps/chosen"][-1]
    return figure(
        [
            panel(
                [
                    line(steps, log["logps/chosen"], "logps/chosen", "chosen"),
                    line(steps, log["logps/rejected"], "logps/rejected", "rejected", dash="dash"),
                ],
                STEP, "log-prob of a story (nats)",
            ),
            panel(
                [
                    line(steps, log["rewards/chosen"], "rewards/chosen", "chosen", dash="dot"),
                    line(steps, log["rewards/margins"], "rewards/margins", "DPO"),
                ],
                STEP, "implicit reward",
            ),
        ],
        "What DPO's trainer logs",
        f"The chosen stories' log-prob goes from {first:.1f} to {last:.1f} nats while the margin grows to "
        f"{log['rewards/margins'][-1]:.2f}.",
    )  # fmt: skip


def by_pairs(numbers, dpo, rlhf, best, start):
    """J of DPO and of RLHF's exact end, against the number of pairs."""
    ends = [numbers[0], numbers[-1]]
    return figure(
        panel(
            [
                level(best, ends, "the optimum", "optimum"),
                level(start, ends, "the reference", "reference"),
                marked_line(numbers, dpo, "DPO on the network", "DPO"),
                marked_line(numbers, rlhf, "RLHF's end: the optimum of the reward model", "RLHF", dash="dash"),
            ],
            "pairs", J, xaxis={"type": "log", "tickvals": list(numbers), "ticktext": [f"{n:,}" for n in numbers]},
        ),
        "The same pairs, two paths",
        f"On {numbers[0]:,} pairs DPO ends at {dpo[0]:.2f}, on {numbers[-1]:,} at {dpo[-1]:.2f}; "
        f"the optimum has {best:.2f}.",
    )  # fmt: skip


def credit(names, true, implicit, learned):
    """What some words earn: the true taste, DPO's mean log-ratio times beta, the reward model."""
    return figure(
        panel(
            [
                bars(names, true, "true taste", "true"),
                bars(names, implicit, "DPO: β log π/π_ref, mean", "DPO"),
                bars(names, learned, "reward model", "reward model"),
            ],
            "word", "worth",
        ),
        "Which word earned it",
        f"Correlation with the true taste over these words: DPO {np.corrcoef(true, implicit)[0, 1]:.2f}, "
        f"reward model {np.corrcoef(true, learned)[0, 1]:.2f}.",
    )  # fmt: skip


def critic(exact, learned, chance):
    """The value of states, exact against a value head's, (k,) each; the size of a marker is how often it is met."""
    reach = [float(exact.min()), float(exact.max())]
    weigh = np.cov(exact, learned, fweights=chance)
    size = float(weigh[0, 1] / np.sqrt(weigh[0, 0] * weigh[1, 1]))
    common = np.argsort(-chance)[:300]
    return figure(
        panel(
            [
                line(reach, reach, "as it is", "optimum", dash="dash", width=1.8),
                points(exact[common], learned[common], "states of stories", "RLHF", size=5, opacity=0.6),
            ],
            "exact value of the state", "what the value head says",
        ),
        "A critic beside the exact value",
        f"Over states as they come up the correlation is {size:.2f}.",
    )  # fmt: skip


def lengths(names, words, reference):
    """Mean length of stories after each method."""
    said = "; ".join(f"{name} {length:.1f}" for name, length in zip(names, words, strict=True))
    return figure(
        panel(
            [bars(names, words, "trained", "SimPO"), level(reference, [names[0], names[-1]], "reference", "reference")],
            "method", "words a story", yaxis={"rangemode": "tozero"},
        ),
        "What each does to length",
        f"The reference tells {reference:.1f} words: {said}.",
    )  # fmt: skip


def by_heart(trained, held_out, whose):
    """DPO's loss on the comparisons it is trained on and on those held out, at each step."""
    steps, best = np.arange(len(trained)), int(np.argmin(held_out))
    return figure(
        panel(
            [
                level(np.log(2), [0, len(trained) - 1], "knows nothing, ln 2", "guide"),
                line(steps, trained, "trained on", "DPO"),
                line(steps, held_out, "held out", "DPO", dash="dash"),
                points([best], [held_out[best]], "lowest", "DPO", size=11),
            ],
            STEP, "loss (nats a pair)", yaxis={"rangemode": "tozero"},
        ),
        f"DPO on {'your comparisons' if whose == 'you' else f'the comparisons of {whose}'}",
        f"On what it is trained on the loss falls to {trained[-1]:.3f}. Held out it is lowest at step {best} "
        f"({held_out[best]:.2f}) and ends at {held_out[-1]:.2f}.",
    )  # fmt: skip


def two_tastes(names, first, second, which, *whose):
    """What two readers think of some words, with 90 % intervals: tastes and the words' codes."""
    roles = (("reward model", "circle"), ("rejected", "x"))
    marks = [
        points(names, taste.mean[which], who, role, size=9, symbol=symbol, error=taste.half[which])
        for taste, who, (role, symbol) in zip((first, second), whose, roles, strict=True)
    ]
    zero = line(names, np.zeros(len(names)), "indifferent", "guide", dash="dash", width=1.8)
    return figure(
        panel([zero, *marks], "word", "worth a word (nats)"),
        "Where two tastes differ",
        f"The words about which they differ most surely: {', '.join(names)}. Lines are 90 % intervals.",
    )
