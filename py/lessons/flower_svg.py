"""An answer as a flower, in SVG: five numbers, five parts.

What the annotator likes is the length of the petals (feature 0, weight 1.0) and their fullness (feature 1, 0.8); what
they dislike is the droop of the stem (feature 3, -0.3); hue (feature 2) and the size of the centre (feature 4) leave
them cold. Every part is a smooth, rising function of its number and has a limit, so that any answer can be drawn: what
lies far outside of the reference's answers becomes monstrous, not endless.

All colours are read on white and on black. Lengths are in units of the drawing; a flower stands on the origin.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

PETALS = 8  # in each of three rings
CELL = 112  # from one flower to the next
STEM, ARC = 42.0, 50.0  # the straight part and the one that bends
LEAN = -14.0  # where the stem stands in its cell: heads nod to the right
SHORTEST, LONGEST = 10.0, 86.0  # petals
SMALLEST = 50.0  # leaves reach so far to the side
CURL = 0.5  # of the longest petals: how far the tip leans, in parts of their length
GROUND = 9.0  # below the stem
STEM_GREEN, LEAF_GREEN, EARTH, UNKNOWN = "#5b9a5f", "#74b070", "#8f857a", "#8b929b"
CHOSEN, REJECTED = "#1f9d78", "#cf5c97"  # the page's roles, between light and dark

LAB_TO_LMS = np.array([
    [1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480],
])  # fmt: skip
LMS_TO_RGB = np.array([
    [4.0767416621, -3.3077115913, 0.2309699292],
    [-1.2684380046, 2.6097574011, -0.3413193965],
    [-0.0041960863, -0.7034186147, 1.7076147010],
])  # fmt: skip


class Shape(NamedTuple):
    """The parts of a flower."""

    length: float  # of the petals, from SHORTEST to LONGEST
    fullness: float  # of the petals, 0 to 1: how wide they are and how far the two inner rings have grown
    hue: float  # of the petals, in degrees of OKLCH: violet, pink, amber
    droop: float  # of the stem, 0 to 150 degrees
    centre: float  # its radius


def shape(answer: Sequence[float]) -> Shape | None:
    """What an answer's first five numbers look like; None if one of them is no number."""
    given = np.asarray(answer, float).ravel()[:5]
    long, full, tint, droop, centre = np.pad(given, (0, 5 - len(given)))
    if np.isnan(given).any():
        return None
    return Shape(
        SHORTEST + (LONGEST - SHORTEST) * _rise(long, 2.6, 2.1), _rise(full, 1.0, 1.5),
        (250 + 190 * _rise(tint, 0.0, 1.1)) % 360, 150 * _rise(droop, 1.5, 1.2),
        3 + 12 * _rise(centre, 0.8, 1.3),
    )  # fmt: skip


def flower(answer: Sequence[float]) -> str:
    """One flower."""
    return row([answer])


def row(answers: Iterable[Sequence[float]], room: float | None = None, even: bool = False) -> str:
    """Flowers side by side. `room` is kept beside the outer ones, else what they need; if `even`, above them as well.

    Rows of one `room` and of as many flowers have one scale, and their flowers stand below each other.
    """
    shapes = [shape(answer) for answer in answers]
    reach = max([SMALLEST, *map(_reach, shapes)]) if room is None else room
    side = max(0.0, reach - CELL / 2 + 6)
    top = STEM + ARC + reach if even else max(map(_top, shapes), default=STEM)
    below = max(GROUND, reach - STEM - 9) if even else max(map(_below, shapes), default=GROUND)
    drawn = [_standing(it, i, CELL * i + LEAN) for i, it in enumerate(shapes)]
    return _svg(-CELL / 2 - side, -top - 4, CELL * max(len(shapes), 1) + 2 * side, top + 4 + below, drawn)


def pair(chosen: Sequence[float], rejected: Sequence[float], among: Sequence[Sequence[float]] = ()) -> str:
    """The chosen answer with a tick below it, and beside it the rejected one with a cross.

    Pairs that are drawn `among` the same answers have one size.
    """
    both = shape(chosen), shape(rejected)
    all_shapes = [*both, *map(shape, among)]
    side, top = max(0.0, max(map(_reach, all_shapes)) - CELL / 2 + 6), max(map(_top, all_shapes))
    marks = [
        _mark(LEAN, CHOSEN, "M-5 0.5L-1.5 4L5.5-4"),
        _mark(CELL + LEAN, REJECTED, "M-4-4L4 4M4-4L-4 4"),
    ]
    drawn = [_standing(it, i, CELL * i + LEAN) for i, it in enumerate(both)] + marks
    return _svg(-CELL / 2 - side, -top - 4, 2 * CELL + 2 * side, top + 4 + max(34.0, *map(_below, all_shapes)), drawn)


def reach_of(answers: Iterable[Sequence[float]]) -> float:
    """The `room` that these answers need."""
    return max([SMALLEST, *(_reach(shape(answer)) for answer in answers)])


def words(answer: Sequence[float]) -> str:
    """A flower for those who do not see it."""
    it = shape(answer)
    if it is None:
        return "no flower: not all of its numbers are numbers"
    petals = _said(it.length, (17, "very short"), (29, "short"), (45, "long"), (66, "very long"), (99, "monstrous"))
    width = _said(it.fullness, (0.2, "thin"), (0.45, "narrow"), (0.7, "full"), (2, "very full"))
    stem = _said(it.droop, (22, "an upright stem"), (60, "a nodding stem"), (180, "a drooping stem"))
    return f"{petals}, {width} petals on {stem}"


def _rise(value: float, middle: float, width: float) -> float:
    """From 0 to 1, one half at `middle`; also for infinity."""
    return float(0.5 + 0.5 * np.tanh((value - middle) / (2 * width)))


def _said(value: float, *limits: tuple[float, str]) -> str:
    return next(word for limit, word in limits if value <= limit)


def _head(it: Shape | None) -> tuple[float, float]:
    """Where the stem ends: an arc of length ARC that turns by the droop, on top of a straight part."""
    turn = np.radians(it.droop) if it else 0.0
    if turn < 1e-6:
        return 0.0, -STEM - ARC
    return ARC / turn * (1 - np.cos(turn)), -STEM - ARC / turn * np.sin(turn)


def _petals(it: Shape) -> float:
    """How far the petals reach from the middle of the head."""
    return 1.05 * float(np.hypot(1, CURL * _wild(it))) * it.length + 0.7 * it.centre


def _reach(it: Shape | None) -> float:
    """How far a flower reaches to the side from its cell's middle."""
    return SMALLEST if it is None else max(SMALLEST, abs(_head(it)[0] + LEAN) + _petals(it))


def _top(it: Shape | None) -> float:
    return 140.0 if it is None else max(-_head(it)[1] + _petals(it), STEM + 12)


def _below(it: Shape | None) -> float:
    """How far below the ground: only the longest petals on a drooping stem get there."""
    return GROUND if it is None else max(GROUND, _head(it)[1] + _petals(it))


def _standing(it: Shape | None, index: int, x: float) -> str:
    inside = _placeholder() if it is None else _stem(it) + _blossom(it, f"f{index}")
    earth = f"<ellipse cy='3' rx='24' ry='4' fill='{EARTH}' fill-opacity='.35'/>"
    return f"<g transform='translate({_n(x)} 0)'>{earth}{inside}</g>"


def _stem(it: Shape) -> str:
    x, y = _head(it)
    turn = np.radians(it.droop)
    handle = 4 / 3 * np.tan(turn / 4) * ARC / turn if turn > 1e-6 else ARC / 3
    bend = f"M0 3C-2-18 0-34 0 {_n(-STEM)}C0 {_n(-STEM - handle)} {_n(x - handle * np.sin(turn))} "
    bend += f"{_n(y + handle * np.cos(turn))} {_n(x)} {_n(y)}"
    leaves = (
        "<path d='M0-14C8-34 26-38 36-34C32-20 16-10 0-14Z'/><path d='M-1-24C-8-42-24-48-34-46C-30-30-18-20-1-24Z'/>"
    )
    ribs = "M1-15C10-24 20-30 30-32M-2-25C-10-34-18-40-28-43"
    return (
        f"<path d='{bend}' fill='none' stroke='{STEM_GREEN}' stroke-width='3.4' stroke-linecap='round'/>"
        f"<g fill='{LEAF_GREEN}'>{leaves}</g><path d='{ribs}' fill='none' stroke='{STEM_GREEN}' stroke-width='1.2'/>"
    )


def _blossom(it: Shape, name: str) -> str:
    """Three rings of petals and a centre, seen from the front and, as the stem droops, more from the side."""
    x, y = _head(it)
    wild = _wild(it)
    base = colour(0.60 - 0.16 * wild, 0.17, it.hue - 14)
    tip = colour(0.80 - 0.06 * wild, 0.12 + 0.05 * wild, it.hue)
    edge = colour(0.53 - 0.12 * wild, 0.15, it.hue - 8)
    outset = 0.7 * it.centre
    middle, inner = np.clip((it.fullness - 0.3) / 0.4, 0, 1), np.clip((it.fullness - 0.55) / 0.4, 0, 1)
    rings = []
    for ring, (size, start) in enumerate(((1.0, 0.0), (0.8 * middle, 0.5), (0.58 * inner, 0.25))):
        length = size * it.length
        if length < 3:
            continue
        petal = f"{name}{'abc'[ring]}"
        width = length * (0.13 + 0.34 * it.fullness)
        drawn = f"<g id='{petal}'>{_petal(length, width, wild)}</g>"
        turned = []
        for k in range(PETALS):
            turn = 360 * (k + start) / PETALS + 5 * np.sin(2.4 * k + 1.7 * ring)  # as if grown, not ruled
            grown = 1 + 0.05 * np.sin(5.1 * k + ring)
            scale = f"scale({grown:.2f})"
            turned.append(f"<use href='#{petal}' transform='rotate({turn:.0f})translate(0 {_n(-outset)}){scale}'/>")
        rings.append(f"<defs>{drawn}</defs>{''.join(turned)}")
    flat = 1 - 0.4 * it.droop / 150
    return (
        f"<radialGradient id='{name}' gradientUnits='userSpaceOnUse' cx='0' cy='0' r='{_n(it.length)}'>"
        f"<stop stop-color='{base}'/><stop offset='.75' stop-color='{tip}'/></radialGradient>"
        f"<g transform='translate({_n(x)} {_n(y)})rotate({it.droop:.0f})scale(1 {flat:.2f})' "
        f"fill='url(#{name})' stroke='{edge}' stroke-width='.9' stroke-linejoin='round'>{''.join(rings)}</g>"
        f"<g transform='translate({_n(x)} {_n(y)})rotate({it.droop:.0f})scale(1 {flat:.2f})'>{_centre(it.centre)}</g>"
    )


def _wild(it: Shape) -> float:
    """Petals beyond all measure curl and darken: 0 up to a length of 60, 1 at the longest."""
    return max(0.0, (it.length - 60) / (LONGEST - 60))


def _petal(length: float, width: float, wild: float) -> str:
    """A petal that points up, and its vein. `width` is of the handles: the petal is three quarters as wide."""
    lean = CURL * wild * length  # the tip curls to one side
    tip, low, high = f"{_n(lean)} {_n(-length)}", _n(-0.3 * length), _n(-(0.98 - 0.1 * wild) * length)
    outline = f"M0 0C{_n(width)} {low} {_n(width)} {high} {tip}C{_n(-width)} {high} {_n(-width)} {low} 0 0Z"
    vein = f"M0 {_n(-0.2 * length)}Q0 {_n(-0.5 * length)} {_n(0.4 * lean)} {_n(-0.72 * length)}"
    return f"<path d='{outline}'/><path d='{vein}' fill='none' stroke-opacity='.45' stroke-width='.8'/>"


def _centre(radius: float) -> str:
    """A disc with seeds, each turned from the last by the golden angle, as in a sunflower."""
    seeds = []
    count = int(5 + 1.6 * radius)
    for k in range(count):
        out, turn = 0.82 * radius * np.sqrt((k + 0.5) / count), 2.39996 * k
        seeds.append(f"M{_n(out * np.cos(turn))} {_n(out * np.sin(turn))}h0")
    return (
        f"<circle r='{_n(radius)}' fill='#e3ac3b' stroke='#a9741d' stroke-width='.9'/>"
        f"<path d='{''.join(seeds)}' stroke='#8a5a16' stroke-width='{_n(0.8 + radius / 12)}' stroke-linecap='round'/>"
    )


def _placeholder() -> str:
    """Where there are no numbers: a bare stem, an empty ring, a question mark."""
    return (
        f"<g fill='none' stroke='{UNKNOWN}' stroke-width='2.5' stroke-linecap='round'>"
        f"<path d='M0 3V-84'/><circle cy='-110' r='26' stroke-dasharray='5 6'/>"
        "<path d='M-7-117C-7-128 8-128 8-117C8-110 0-110 0-103M0-94h0'/></g>"
    )


def _mark(x: float, ground: str, path: str) -> str:
    return (
        f"<g transform='translate({_n(x)} 21)'><circle r='11' fill='{ground}'/>"
        f"<path d='{path}' fill='none' stroke='#fff' stroke-width='2.6' stroke-linecap='round'"
        " stroke-linejoin='round'/></g>"
    )


def _svg(left: float, top: float, width: float, height: float, parts: Iterable[str]) -> str:
    box = f"{_n(left)} {_n(top)} {_n(width)} {_n(height)}"
    size = f"width='{width:.0f}' height='{height:.0f}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{box}' {size}>{''.join(parts)}</svg>"


def _n(value: float) -> str:
    """A number as short as can be: a tenth of a unit is not seen."""
    return f"{value:z.1f}".removesuffix(".0")


def colour(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH as sRGB in hex: equal lightness looks equally light in every hue (Ottosson, 2020)."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    linear = np.clip(LMS_TO_RGB @ (LAB_TO_LMS @ np.array([lightness, a, b])) ** 3, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in encoded)
