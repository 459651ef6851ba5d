"""Flowers: each number moves its part, everything is bounded, and what is drawn stays in its frame."""

import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lessons import flower_svg, flowers
from runtime import pictures
from runtime.bounds import MOST_PARTS, MOST_ROWS, MOST_SVG
from runtime.display import Display, bundle, current, live

PARTS = {0: "length", 1: "fullness", 2: "hue", 3: "droop", 4: "centre"}
TASTE = np.array([1.0, 0.8, 0.0, -0.3, 0.0])
INF = math.inf
EXTREME = [
    [0.0] * 5, [1e300] * 5, [-1e300] * 5, [INF] * 5, [-INF] * 5, [INF, INF, 0, -INF, 0], [40, 30, -20, -12, 9],
    [INF, -INF, 0, INF, 0], [math.nan] * 5, [0, 0, math.nan, 0, 0], [], [1.0], list(range(50)),
]  # fmt: skip


def with_number(index, value):
    answer = np.zeros(5)
    answer[index] = value
    return answer


def tree(svg):
    return ET.fromstring(svg)


def box(svg):
    return [float(number) for number in tree(svg).get("viewBox").split()]


@pytest.mark.parametrize("index", PARTS)
def test_each_number_moves_its_own_part_and_no_other(index):
    shapes = [flower_svg.shape(with_number(index, value)) for value in np.linspace(-4, 6, 21)]
    own = [getattr(it, PARTS[index]) for it in shapes]
    if index == 2:
        own = np.unwrap(own, period=360)  # a circle
    assert (np.diff(own) > 0).all(), "more of a number is more of its part"
    for other in set(PARTS.values()) - {PARTS[index]}:
        assert len({getattr(it, other) for it in shapes}) == 1, other


def test_the_parts_are_those_that_the_taste_likes_dislikes_and_ignores(lesson):
    np.testing.assert_array_equal(lesson.TRUE_WEIGHTS, TASTE)
    assert [PARTS[i] for i in np.argsort(-TASTE)[:2]] == ["length", "fullness"]
    assert [PARTS[i] for i in np.flatnonzero(TASTE < 0)] == ["droop"]


@pytest.mark.parametrize("answer", EXTREME, ids=str)
def test_any_answer_is_a_flower_of_bounded_size(answer):
    svg = flower_svg.flower(answer)
    tree(svg)
    assert len(svg) < 5_000
    assert not re.search(r"nan|inf|e[+-]?\d", re.sub(r"#[0-9a-f]{6}", "", svg).replace("defs", ""))
    _, _, width, height = box(svg)
    assert 60 < width < 320 and 60 < height < 300


def test_what_is_no_number_is_a_placeholder():
    svg = flower_svg.flower([0, 0, math.nan, 0, 0])
    assert "stroke-dasharray" in svg and "radialGradient" not in svg
    assert flower_svg.words([math.nan] * 5).startswith("no flower")


def test_the_same_answer_is_the_same_flower():
    answers = np.random.default_rng(0).standard_normal((5, 5))
    assert flower_svg.row(answers) == flower_svg.row(answers.copy())
    assert len({flower_svg.flower(answer) for answer in answers}) == 5


def points(path, count=40):
    """Points along the curves of a path of absolute M, C and Q."""
    x = y = 0.0
    found = []
    for command, text in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]
        if command in "MCQ":
            size = {"M": 2, "C": 6, "Q": 4}[command]
            for i in range(0, len(numbers), size):
                corner = [(x, y), *zip(numbers[i : i + size : 2], numbers[i + 1 : i + size : 2], strict=True)]
                t = np.linspace(0, 1, count)[:, None]
                if command == "M":
                    found.append(np.array(corner[1:]))
                else:
                    n = len(corner) - 1
                    found.append(sum(
                        math.comb(n, k) * t**k * (1 - t) ** (n - k) * np.array(corner[k]) for k in range(n + 1)
                    ))  # fmt: skip
                x, y = corner[-1]
        else:
            assert command == "Z"
    return np.concatenate(found)


@pytest.mark.parametrize("answer", [a for a in EXTREME if not any(map(math.isnan, a))], ids=str)
@pytest.mark.parametrize("even", [False, True])
def test_no_petal_reaches_out_of_the_frame(answer, even):
    """Every point of every petal, through the transforms that place it."""
    svg = tree(flower_svg.row([answer], flower_svg.reach_of([answer]), even))
    left, top, width, height = (float(n) for n in svg.get("viewBox").split())
    name = "{http://www.w3.org/2000/svg}"
    petals = {g.get("id"): g.find(f"{name}path").get("d") for g in svg.iter(f"{name}g") if g.get("id")}
    standing = svg.find(f"{name}g")
    seen = []
    for head in standing.iter(f"{name}g"):
        for use in head.findall(f"{name}use"):
            at = points(petals[use.get("href")[1:]])
            for transform in (use.get("transform"), head.get("transform"), standing.get("transform")):
                for kind, text in reversed(re.findall(r"(\w+)\(([^)]*)\)", transform)):
                    numbers = [float(n) for n in text.split()]
                    if kind == "rotate":
                        turn = np.radians(numbers[0])
                        turned = [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
                        at = at @ np.array(turned)
                    else:
                        at = at * numbers if kind == "scale" else at + numbers
            seen.append(at)
    at = np.concatenate(seen)
    assert len(seen) >= flower_svg.PETALS
    assert at[:, 0].min() >= left and at[:, 0].max() <= left + width
    assert at[:, 1].min() >= top and at[:, 1].max() <= top + height


def test_rows_of_one_garden_have_one_scale():
    answers = np.random.default_rng(1).standard_normal((6, 5))
    picture = flowers.garden({"reference": answers, "monsters": answers + [8, 7, 0, -2, 0]})
    assert len({part["width"] for part in picture["parts"]}) == 1
    assert [part["label"] for part in picture["parts"]] == ["reference", "monsters"]
    assert "monstrous" in picture["parts"][1]["alt"] and "monstrous" not in picture["parts"][0]["alt"]
    assert picture["numbers"]["rows"][6][0] == "monsters, 1"
    assert float(picture["numbers"]["rows"][0][1]) == pytest.approx(answers[0, 0], abs=0.005)


def test_with_room_given_a_garden_keeps_its_size():
    sizes = set()
    for answers in (np.zeros((4, 5)), np.full((4, 5), 3.0), np.full((4, 5), -9.0), np.full((4, 5), np.nan)):
        picture = flowers.garden({"a": answers}, room=90)
        sizes.add((picture["parts"][0]["width"], picture["parts"][0]["height"]))
    assert len(sizes) == 1


def test_pairs_say_who_won_and_whether_the_taste_agrees():
    chosen, rejected = np.array([[1.0, 1, 0, 0, 0], [-1, 0, 0, 0, 0]]), np.zeros((2, 5))
    picture = flowers.pairs(chosen, rejected, TASTE)
    assert [part["note"] for part in picture["parts"]] == ["as the taste has it", "against the taste"]
    assert [part["label"] for part in picture["parts"]] == ["+1.80 over +0.00", "−1.00 over +0.00"]
    assert "in 1 of these 2 pairs" in picture["summary"]
    for part in picture["parts"]:
        assert part["svg"].count(flower_svg.CHOSEN) == part["svg"].count(flower_svg.REJECTED) == 1
    assert len({(part["width"], part["height"]) for part in picture["parts"]}) == 1


def test_stages_are_one_flower_each():
    picture = flowers.stages({"step 0": np.zeros(5), "step 9": [2, 1.6, 0, -0.6, 0]}, "It grows")
    assert [part["label"] for part in picture["parts"]] == ["step 0", "step 9"]
    assert [row[0] for row in picture["numbers"]["rows"]] == ["step 0", "step 9"]


@pytest.mark.parametrize(
    "picture",
    [flowers.garden({}), flowers.garden({"none": np.zeros((0, 5))}), flowers.garden({"odd": EXTREME[0:9]}),
     flowers.stages({}, "nothing"), flowers.pairs(np.zeros((0, 5)), np.zeros((0, 5)), TASTE)],
)  # fmt: skip
def test_pictures_are_shown_as_such_and_are_json(picture):
    mime, data = bundle(picture)
    assert mime == pictures.MIME
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    for part in data["parts"]:
        tree(part["svg"])
        assert (round(box(part["svg"])[2]), round(box(part["svg"])[3])) == (part["width"], part["height"])


def test_a_garden_can_grow_while_a_loop_runs():
    sent = []
    token = current.set(Display(sent.append, clock=iter(np.arange(1000.0)).__next__))
    try:
        for length in (0.0, 1.0, 2.0):
            live(flowers.garden, {"one": np.full((1, 5), length)})
        current.get().flush()
    finally:
        current.reset(token)
    assert {event["slot"] for event in sent} == {"garden"} and sent[-1]["mime"] == pictures.MIME
    assert sent[-1]["data"]["parts"][0]["svg"] == flowers.garden({"one": np.full((1, 5), 2.0)})["parts"][0]["svg"]


def test_colours_are_srgb():
    assert flower_svg.colour(1, 0, 0) == "#ffffff" and flower_svg.colour(0, 0, 0) == "#000000"
    assert flower_svg.colour(0.627955, 0.257683, 29.2339) == "#ff0000"


def test_what_is_not_quite_a_picture_is_a_value():
    good = pictures.picture("t", "s", [pictures.part("<svg width='3' height='4'/>", "l", "n", "a")])
    assert pictures.is_picture(good)
    for bad in (
        {**good, "parts": [{}]}, {**good, "parts": None}, {**good, "title": 3}, {**good, "numbers": {}}, [],
        good | {"x": 1},
        {**good, "numbers": {"columns": ["a"], "rows": [[1]]}}, {**good, "arrangement": "spiral"},
    ):  # fmt: skip
        assert not pictures.is_picture(bad)
        assert bundle(bad)[0] == "text/plain"
    with pytest.raises(ValueError, match="no width or no height"):
        pictures.part("<svg/>", "", "", "")
    with pytest.raises(ValueError, match="rows or tiles"):
        pictures.picture("t", "s", [], arrangement="spiral")


def test_more_than_a_page_can_hold_is_left_out_and_said():
    part = pictures.part("<svg width='3' height='4'/>", "l", "n", "a")
    many = pictures.picture("t", "s", [part] * 100, rows=[["1"]] * 9_999)
    _, data = bundle(many)
    assert len(data["parts"]) == MOST_PARTS and len(data["numbers"]["rows"]) == MOST_ROWS
    assert data["summary"] == f"s Only the first {MOST_PARTS} of 100 images are shown."
    large = pictures.picture("t", "", [part | {"svg": part["svg"] + " " * MOST_SVG}, part])
    assert bundle(large)[1]["parts"] == []
