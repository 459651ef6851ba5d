"""The pictures of the chapters after the lesson: the relatives, over-optimisation, the ledger."""

import numpy as np

from lessons.annotator import figure
from preflab.evaluate import interval
from runtime.figures import band, bars, level, line, panel, points

KL = "KL to reference (nats)"
WIDEST = 9.0  # nats; the plane ends there
# Where a name stands beside its point, so that none covers another.
LABEL_SIDE = {
    "IPO": "bottom right", "ORPO": "top left", "cDPO": "bottom right", "GRPO": "bottom right", "KTO": "bottom right",
    "RLOO": "top left", "REINFORCE": "bottom right", "DPO": "middle right", "SimPO": "bottom center",
}  # fmt: skip


def label_noise(shifts, theory, steps):
    """Shift along the taste by method and number of pairs {(method, n): per seed}, beside theory {method: c}."""
    methods, sizes = list(theory), sorted({n for _, n in shifts})
    traces = []
    for n, role in zip(sizes, ("reference", "reward model"), strict=True):
        found = [interval(shifts[name, n]) for name in methods]
        means, halves = zip(*found, strict=True)
        traces.append(bars(methods, means, f"{n:,} pairs", role, error=halves))
    traces.append(points(methods, list(theory.values()), "endless pairs", "true", size=12, symbol="diamond"))
    traces.append(level(1.0, [methods[0], methods[-1]], "RLHF's optimum", "optimum"))
    most = {name: np.mean(shifts[name, sizes[-1]]) for name in methods}
    told = ", ".join(f"{name} {mean:.2f} (with endless pairs {theory[name]:.2f})" for name, mean in most.items())
    return figure(
        panel(traces, "loss", "shift along the taste (the optimum’s is 1)"),
        f"One label in five is wrong: after {steps} steps",
        f"With {sizes[-1]:,} pairs and {steps} steps the mean shifts, as parts of the optimum's, are: {told}.",
    )


def variants_plane(ends, endless, exact_here, start, slope, finite_frontier):
    """Where each method ended, {name: (score, KL)}, beside its end with endless pairs or on these, under the frontiers.

    The KL axis has a square-root scale, on which the Gaussian frontier is a straight line.
    """
    marks = [0, 0.1, 0.5, 1, 2, 4, 6, 8]
    root = np.linspace(0, np.sqrt(WIDEST), 60)
    finite = np.array([(score, kl) for score, kl in finite_frontier if kl < WIDEST])
    inside = {name: end for name, end in ends.items() if end[1] < WIDEST}
    known = [
        points(np.sqrt(kl), score, name, role, size=12, symbol=symbol)
        for name, role, symbol, found in (
            ("end with endless pairs", "optimum", "diamond-open", endless),
            ("exact end on these pairs", "reward model", "square-open", exact_here),
        )
        for score, kl in [np.transpose(list(found.values()))]
    ]
    traces = [
        line(root, start[0] + slope * np.sqrt(2) * root, "exact frontier", "guide"),
        line(np.sqrt(finite[:, 1]), finite[:, 0], "frontier of the finite set", "guide", dash="dot"),
        *known,
        *[
            points([np.sqrt(kl)], [score], name, name, size=10, label=LABEL_SIDE.get(name, "middle right"))
            | {"showlegend": False}
            for name, (score, kl) in inside.items()
        ],
    ]
    outside = [f"{name} lies outside, at {end[1]:.0f} nats" for name, end in ends.items() if name not in inside]
    nearest = min(inside, key=lambda name: inside[name][1])
    furthest = max(inside, key=lambda name: inside[name][1])
    return figure(
        panel(traces, KL, "true score", xaxis=_root_axis(marks) | {"range": [-0.15, np.sqrt(WIDEST)]}),
        "The relatives on one plane",
        f"From {nearest} at {inside[nearest][1]:.2f} nats to {furthest} at {inside[furthest][1]:.1f}: dots are runs, "
        f"diamonds their ends with endless pairs, squares their exact ends on these. {'; '.join(outside)}.",
    )


def _root_axis(marks):
    """An axis with a square-root scale, marked with the values themselves."""
    return {"tickvals": np.sqrt(marks).tolist(), "ticktext": [str(mark) for mark in marks]}


def over_optimisation(pushed, with_price, beta):
    """Proxy and true score against KL as policies are pushed, {name: (n, proxy | true | KL)}.

    `with_price` is where each method ends with a KL price, {name: (proxy, true, KL)}.
    """
    marks = [0, 1, 4, 9, 16, 25, 36, 49]
    traces = []
    for name, curve in pushed.items():
        curve = curve[np.argsort(curve[:, 2])]
        root = np.sqrt(curve[:, 2])
        traces.append(line(root, curve[:, 0], f"{name}, proxy", name, dash="dot", width=2))
        traces.append(line(root, curve[:, 1], f"{name}, true score", name))
        _, true, kl = with_price[name]
        traces.append(points([np.sqrt(kl)], [true], f"{name} with β = {beta}", name, size=13, symbol="star"))
    told = []
    for name, curve in pushed.items():
        best = curve[curve[:, 1].argmax()]
        furthest = curve[curve[:, 2].argmax()]
        told.append(
            f"{name} peaks at a true score of {best[1]:.2f} ({best[2]:.0f} nats) and falls to {furthest[1]:.2f} "
            f"({furthest[2]:.0f} nats), while the proxy reaches {furthest[0]:.1f}"
        )
    return figure(
        panel(traces, KL, "score", xaxis=_root_axis(marks)),
        "Pushed past the point where the proxy holds",
        f"{'; '.join(told)}.",
    )  # fmt: skip


def checked_rewards(steps, checked, best_rate):
    """Pass rate and KL while training on a checker's verdicts, {beta: (n, pass rate | KL)}, at these steps."""
    panels, told = [], []
    axis = {"range": [0, int(steps[-1])]}
    for column, (y, unit) in enumerate((("share of answers that pass", ""), (KL, " nats"))):
        traces = []
        for beta, dash in zip(checked, ("solid", "dot"), strict=True):
            values = np.asarray(checked[beta])[:, column]
            traces.append(line(steps, values, f"β = {beta:g}", "RLHF", dash=dash))
            told.append(f"β = {beta:g} ends at {values[-1]:.2f}{unit}")
        if column == 0:
            traces.append(level(best_rate, [0, int(steps[-1])], "most that this spread allows", "optimum"))
        panels.append(panel(traces, "step", y, xaxis=axis))
    return figure(panels, "A checker as the reward", f"Pass rate: {told[0]}, {told[1]}. KL: {told[2]}, {told[3]}.")


def online_dpo(curves, best):
    """True score and KL by round, {name: (rounds + 1, score | KL)}, beside the optimum (score, KL)."""
    panels, rounds = [], len(next(iter(curves.values()))) - 1
    for column, y in enumerate(("true score (bent taste)", KL)):
        traces = [
            line(range(rounds + 1), curve[:, column], name, "DPO", dash=dash)
            for (name, curve), dash in zip(curves.items(), ("dot", "solid"), strict=True)
        ]
        traces.append(level(best[column], [0, rounds], "exact optimum at this β", "optimum"))
        panels.append(panel(traces, "round of 32 pairs", y, xaxis={"range": [0, rounds]}))
    told = ", ".join(f"with {name} {curve[-1, 0]:.2f} at {curve[-1, 1]:.1f} nats" for name, curve in curves.items())
    return figure(
        panels,
        "The same number of labels",
        f"True score in the end: {told}; the optimum’s is {best[0]:.2f} at {best[1]:.1f} nats.",
    )


def narrowing(differences, total):
    """Running mean and 95 % interval of {name: values by seed}, one panel each, against the number of seeds."""
    panels, told = [], []
    for name, values in differences.items():
        counts = range(2, len(values) + 1)
        found = np.array([interval(values[:n]) for n in counts]).reshape(-1, 2)
        mean, half = found[:, 0], found[:, 1]
        traces = [
            band(counts, mean - half, mean + half, "95 % interval", "true"),
            line(counts, mean, "mean so far", "true"),
            level(0.0, [2, total], "no difference", "guide"),
        ]
        panels.append(panel(traces, "seeds", name, xaxis={"range": [2, max(total, 3)]}))
        if len(mean):
            told.append(f"{name} {mean[-1]:+.2f} ± {half[-1]:.2f}")
    summary = f"After {len(values)} seeds: {'; '.join(told)}." if told else "After 1 seed there is no interval yet."
    return figure(panels, "More seeds, narrower intervals", summary)
