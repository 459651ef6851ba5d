"""What the page of checks draws."""

import numpy as np

from runtime.figures import figure, line, panel, points

KL = "KL to reference (nats)"


def design(others, mine, start, slope, noisy, never_err):
    """The end of a loss of one's own, (score, KL) or None, on the plane of others' {name: (score, KL)}; its two losses.

    The KL axis has a square-root scale, on which the frontier is a straight line; `slope` is its steepness.
    """
    widest = max([9.0, *(1.1 * kl for _, kl in others.values()), *([1.1 * mine[1]] if mine else [])])
    root = np.linspace(0, np.sqrt(widest), 60)
    marks = [mark for mark in (0, 0.1, 0.5, 1, 2, 4, 8, 16, 32) if mark <= widest]
    axis = {"tickvals": [float(np.sqrt(mark)) for mark in marks], "ticktext": [f"{mark:g}" for mark in marks]}
    plane = [
        line(root, start[0] + slope * np.sqrt(2) * root, "exact frontier", "guide"),
        *[points([np.sqrt(kl)], [score], name, name, size=10, label="middle left") | {"showlegend": False}
          for name, (score, kl) in others.items()],
    ]  # fmt: skip
    if mine:
        plane.append(points([np.sqrt(mine[1])], [mine[0]], "yours", "optimum", size=14, symbol="diamond"))
    falls = [
        line(np.sqrt(noisy.path**2 / 2), noisy.loss - noisy.loss[0], "labels err as Bradley and Terry say", "RLHF"),
        line(np.sqrt(never_err.path**2 / 2), np.maximum(never_err.loss - never_err.loss[0], -5), "labels never err",
             "DPO", dash="dot"),
    ]  # fmt: skip
    far = [0, 1, 4, 16, 50]
    wide = {"tickvals": [float(np.sqrt(mark)) for mark in far], "ticktext": [f"{mark:g}" for mark in far]}
    shown = np.concatenate([noisy.loss - noisy.loss[0], np.maximum(never_err.loss - never_err.loss[0], -5)])
    top = 0.3 * (shown.max() - shown.min()) if shown.min() > -0.1 else -0.6 * shown.min()
    said = f"at {mine[1]:.2f} nats, true score {mine[0]:.2f}" if mine else "nowhere"
    return figure(
        [
            panel(plane, KL, "true score", xaxis=axis | {"range": [-0.15, float(np.sqrt(widest))]}),
            panel(falls, KL, "mean loss, from the reference’s", xaxis=wide,
                  yaxis={"range": [float(1.1 * shown.min()), float(max(top, 0.02))]}),
        ],
        "Where your loss ends",
        f"With endless pairs it stops {said}. The others, with the settings of the relatives: "
        + ", ".join(f"{name} at {kl:.2f}" for name, (_, kl) in others.items()) + " nats.",
    )  # fmt: skip
