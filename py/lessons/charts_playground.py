"""The picture that opens the lesson."""

import numpy as np

from lessons.annotator import title_of
from preflab import playground as recipe
from runtime.figures import figure, line, panel, points

TICKS = [0, 0.5, 2, 5, 10, 18, 36, 72, 144, 288, 576, 1152]  # nats
WIDEST = 18  # nats that the picture has room for; four times as many where a policy goes further, and so on


def playground(run, methods="both"):
    """Paths and exact ends of a `recipe.Run` under the frontier, which the root of the KL makes a straight line."""
    paths = {"RLHF": (run.rlhf, run.rlhf_end), "DPO": (run.dpo, run.dpo_end)}
    drawn = {name: paths[name] for name in ([methods] if methods in paths else paths)}
    best_score, best_kl = recipe.score_and_kl(run.optimum)
    furthest = max(recipe.score_and_kl(path)[1].max() for path, _ in drawn.values())
    room = WIDEST * 4 ** max(0, np.ceil(np.log(max(furthest, best_kl) / WIDEST) / np.log(4)))

    along = room * np.array([0, 0.55, 1])
    frontier = line(_x(along), recipe.frontier(along), "frontier", "guide")
    named = {"text": ["", "\N{NO-BREAK SPACE}frontier", ""], "textposition": "bottom right"}
    traces = [frontier | {"mode": "lines+text"} | named]
    told = []
    for name, (path, end) in drawn.items():
        score, kl = recipe.score_and_kl(path)
        traces += [line(_x(kl), score, name, name), points(_x(kl[-1:]), score[-1:], name, name, size=11)]
        share = score[-1] / recipe.frontier(kl[-1])
        told.append(f"{name} ends at {kl[-1]:.2f} nats with {share:.0%} of what any policy can score for its KL")
        if end is not None and recipe.score_and_kl(end)[1] <= room:
            end_score, end_kl = recipe.score_and_kl(end)
            traces.append(points(_x([end_kl]), [end_score], f"{name}, exact end", name, size=14, symbol="diamond-open"))
        else:
            told[-1] += ", and has no exact end" if end is None else ", and its exact end lies outside of the picture"
    traces += [
        points([0], [0], "reference", "reference", size=11, symbol="square", label="bottom right"),
        points(_x([best_kl]), [best_score], "optimum", "optimum", size=14, symbol="star", label="top left"),
    ]
    traces = [dict(trace, showlegend=trace["mode"] == "lines") for trace in traces]  # the others say who they are
    ticks = [tick for tick in TICKS if tick <= room]
    top = float(recipe.frontier(room))
    return figure(
        panel(
            traces, "KL to the reference (nats, square-root scale)", "true score above the reference’s",
            xaxis={"range": [-0.02 * _x(room), _x(room)], "tickvals": _x(ticks).tolist(), "ticktext": ticks},
            yaxis={"range": [-0.12 * top, 1.02 * top]},
        ),
        "Two ways from the reference, and the frontier that no policy passes",
        f"{'; '.join(told)}. The optimum for the true taste is at {best_kl:.2f} "
        "nats. Diamonds are exact ends.",
    )  # fmt: skip


def tilt(mean, weights, beta):
    """Densities of the reference's answers and the optimum's along the reward `weights`, and the tilt between them.

    mean is the reference's mean answer (d,), averaged over contexts.
    """
    length = np.linalg.norm(weights)
    start, end = mean @ weights / length, mean @ weights / length + length / beta
    along = np.linspace(-4, 9, 131)

    def density(centre):
        return np.exp(-((along - centre) ** 2) / 2) / np.sqrt(2 * np.pi)

    factor = np.exp(np.minimum((along - end) * length / beta, 0))  # e^(r / beta), 1 at the optimum's mean
    shown = along <= end
    return figure(
        panel(
            [
                line(along, density(start), "reference", "reference"),
                line(along[shown], 0.4 * factor[shown], "tilt e^(r/β), scaled", "reward model", dash="dot"),
                line(along, density(end), "optimum", "optimum"),
            ],
            "answer along the learned taste", "density",
            xaxis={"range": [-4, 9]}, yaxis={"range": [0, 0.43]},
        ),
        title_of("The tilt moves the Gaussian and leaves its shape"),
        f"At beta = {beta} the mean moves by {end - start:.2f}, at a KL of {(end - start) ** 2 / 2:.2f} nats.",
    )  # fmt: skip


def _x(kl):
    """Where a KL stands on the axis: the length of the shift, in units of the policy's spread."""
    return np.sqrt(2 * np.asarray(kl, float))
