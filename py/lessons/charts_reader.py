"""Pictures of a reader's taste, as it is learned."""

import numpy as np

from runtime.figures import figure, line, panel, points


def your_taste(names, mean, half, whose, what, more=""):
    """What the posterior says of some weights: means (k,) and halves of their 90 % intervals (k,), under their names.

    `whose` taste it is stands in the title, `more` at the end of the summary; `what` is on the axis.
    """
    mean, half = np.asarray(mean), np.asarray(half)
    likes = [name for name, m, h in zip(names, mean, half, strict=True) if m > h]
    dislikes = [name for name, m, h in zip(names, mean, half, strict=True) if m < -h]
    clear = "; ".join(
        f"{verb} {', '.join(those)}" for verb, those in (("liked:", likes), ("disliked:", dislikes)) if those
    )
    return figure(
        panel(
            [
                line(list(names), np.zeros(len(names)), "indifferent", "guide", dash="dash", width=1.8),
                points(list(names), mean, f"{whose}, 90 % intervals", "reward model", size=9, error=half),
            ],
            what, "worth (nats)",
        ),
        f"What has been learned of {whose}",
        f"Intervals that leave out 0: {clear or 'none yet'}. {more}".strip(),
    )  # fmt: skip
