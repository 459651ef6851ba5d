"""Answers as flowers: each function takes answers and returns a picture. flower_svg.py says which number is which part.

An answer is five numbers; what it scores is said beside it. More about a flower is in the numbers below the picture.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from lessons import flower_svg
from lessons.annotator import title_of
from lessons.flower_svg import flower  # noqa: F401
from runtime.choices import card, question
from runtime.pictures import part, picture

COLUMNS = ["flower", "petal length (0)", "fullness (1)", "hue (2)", "droop (3)", "centre (4)"]


def garden(rows, title="", notes=None, room=None):
    """A row of flowers for each name in `rows` {name: answers (n, 5)}, all in one scale.

    `notes` {name: text} stand beside the names. `room` is what the petals may need, 0 to 120: give it where the picture
    must keep its size while the answers change.
    """
    rows = {str(name): np.atleast_2d(np.asarray(answers, float)) for name, answers in rows.items()}
    needed = max([flower_svg.reach_of(answers) for answers in rows.values()], default=0.0)
    parts = [
        part(
            flower_svg.row(answers, needed if room is None else room, even=room is not None),
            name, (notes or {}).get(name, ""), f"{name}: {_told(answers)}",
        )
        for name, answers in rows.items()
    ]  # fmt: skip
    numbers = [
        [f"{name}, {i + 1}", *_rounded(answer)] for name, answers in rows.items() for i, answer in enumerate(answers)
    ]
    title = title or title_of("What the policies answer")
    return picture(title, f"The mean flower of each row. {_all_told(rows)}", parts, columns=COLUMNS, rows=numbers)


def stages(answers, title, notes=None):
    """One flower for each name in `answers` {name: answer (5,)}, side by side and in one scale."""
    answers = {str(name): np.asarray(answer, float) for name, answer in answers.items()}
    room = flower_svg.reach_of(answers.values())
    parts = [
        part(flower_svg.row([answer], room, even=True), name, (notes or {}).get(name, ""), f"{name}: {_told([answer])}")
        for name, answer in answers.items()
    ]
    numbers = [[name, *_rounded(answer)] for name, answer in answers.items()]
    told = _all_told({name: answer[None] for name, answer in answers.items()})
    return picture(title_of(title), told, parts, arrangement="tiles", columns=COLUMNS, rows=numbers)


def pairs(chosen, rejected, true_weights):
    """Each pair (n, 5) as two flowers: the annotator's choice has a tick. Scores are of the true taste."""
    chosen, rejected = np.atleast_2d(chosen), np.atleast_2d(rejected)
    scores = np.column_stack([chosen @ true_weights, rejected @ true_weights])
    right = scores[:, 0] > scores[:, 1]
    everyone = [*chosen, *rejected]
    parts = [
        part(
            flower_svg.pair(*both, everyone), f"{_signed(score[0])} over {_signed(score[1])}",
            "as the taste has it" if agrees else "against the taste",
            f"Pair {i + 1}. Chosen, of true score {score[0]:.2f}: {flower_svg.words(both[0])}. "
            f"Rejected, of true score {score[1]:.2f}: {flower_svg.words(both[1])}.",
        )
        for i, (both, score, agrees) in enumerate(zip(zip(chosen, rejected, strict=True), scores, right, strict=True))
    ]  # fmt: skip
    numbers = [
        [f"pair {i + 1}, {which}", *_rounded(answer), f"{score:.2f}"]
        for i, both in enumerate(zip(chosen, rejected, strict=True))
        for which, answer, score in zip(("chosen", "rejected"), both, scores[i], strict=True)
    ]
    title = f"The first {len(right)} pairs, as flowers"
    taste = (
        "The annotator likes long petals (feature 0) and full ones (1), dislikes a drooping stem (3), and cares "
        "neither for the hue (2) nor for the size of the centre (4)."
    )
    if title_of(title) != title:  # a reader's taste
        worth = zip(COLUMNS[1:], true_weights, strict=True)
        taste = f"Worth a unit: {', '.join(f'{part} {weight:+.1f}' for part, weight in worth)}."
    return picture(
        title_of(title),
        f"{taste} The tick is their choice; in {right.sum()} of these {len(right)} pairs it is the flower with the "
        "higher true score.",
        parts, arrangement="tiles", columns=[*COLUMNS, "true score"], rows=numbers,
    )  # fmt: skip


def choose(
    options, read, name, title="Which of these flowers do you like best?", note="", lines="", onward=None, room=68
):
    """The cards of the first question that has no answer yet: options (n, 4, 5), `read` by preflab.picks.

    `name` is the block's control that holds the choices; `room` is what the petals may need, for all questions alike.
    """
    return question(
        title, name, read, options, lambda one: card(flower_svg.words(one), flower_svg.row([one], room, even=True)),
        note=note, lines=lines, onward=onward if read.picks else None,
    )  # fmt: skip


def _rounded(answer: Sequence[float]) -> list[str]:
    return [f"{value:z.2f}" for value in np.ravel(answer)[: len(COLUMNS) - 1]]


def _signed(value: float) -> str:
    return f"{value:+z.2f}".replace("-", "\N{MINUS SIGN}")


def _told(answers: np.ndarray) -> str:
    """What the mean flower of a row looks like, in the three parts that the taste looks at."""
    if not len(answers):
        return "no flowers"
    with np.errstate(invalid="ignore"):  # infinity less infinity is no number, and then there is no mean
        return flower_svg.words(np.mean(answers, axis=0))


def _all_told(rows: Mapping[str, np.ndarray]) -> str:
    """Every row in words; neighbours that look alike share them."""
    alike = [(look, [name for name, _ in same]) for look, same in groupby(rows.items(), lambda row: _told(row[1]))]
    told = "; ".join(f"{_listed(names)}: {look}" for look, names in alike)
    return f"{told[:1].upper()}{told[1:]}."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
