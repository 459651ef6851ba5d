"""A choice as plain data: the cards that lie there, and the text in the block's code that says what was taken.

To choose is to write one more sign into that text, which a control of this name holds (`name = "31"  # @param
{type:"string"}`), and to run the block: the page does that, and a reader of the code can.
"""

from collections.abc import Callable, Sequence
from typing import Any

MIME = "application/vnd.preference-lab.choices+json"
MOST_CARDS = 9  # what a key can say
LONGEST = 10_000  # signs of a control's text

Choices = dict[str, Any]
TEXTS = ("title", "name", "given", "picks", "asked", "note", "damage", "lines")
KEYS = {*TEXTS, "cards", "none", "onward"}


def card(text: str, svg: str | None = None) -> dict:
    """A card: what it says, or a picture, and then what the picture shows."""
    return {"text": text, "svg": svg}


def choices(
    title: str, name: str, picks: str, cards: Sequence[dict], *, given: str | None = None, asked: str = "",
    note: str = "", damage: str = "", lines: str = "", none: bool = True,
    onward: dict[str, str] | None = None,
) -> Choices:  # fmt: skip
    """Cards under a title; none of them where all is answered.

    name: of the block's text control. picks: its choices so far. given: what it holds, if not the same; then `damage`
    says what is wrong with it. asked: which question this is. none: whether one may take none of them. lines: what a
    reader may save of the choices, JSON lines. onward: a button of this `label` writes the choices into the control
    `name` of another `block`, too.
    """
    return {
        "title": title, "name": name, "given": (picks if given is None else given)[: LONGEST + 1], "picks": picks,
        "asked": asked, "note": note, "damage": damage, "lines": lines, "cards": list(cards)[:MOST_CARDS],
        "none": none, "onward": onward,
    }  # fmt: skip


def question(title: str, name: str, read: Any, options: Any, face: Callable[[Any], dict], **more: Any) -> Choices:
    """The cards of the first question that has no answer yet, among options (n, 4, ...).

    read: what was chosen, as `preflab.picks.read` gives it. face: the card of an option. `more` goes to `choices`.
    """
    at = len(read.picks)
    cards = [face(one) for four in options[at : at + 1] for one in four]
    asked = f"Question {at + 1} of {len(options)}" if cards else f"All {len(options)} are answered. Thank you."
    return choices(title, name, read.picks, cards, given=read.given, asked=asked, damage=read.damage, **more)


def is_choices(value: Any) -> bool:
    """Whether `value` is what `choices` makes, or so like it that the page can show it."""
    if not isinstance(value, dict) or value.keys() != KEYS:
        return False
    texts = all(isinstance(value[key], str) for key in TEXTS) and isinstance(value["none"], bool)
    texts = texts and (value["onward"] is None or _is_onward(value["onward"]))
    return texts and isinstance(value["cards"], list) and len(value["cards"]) <= MOST_CARDS and all(
        map(_is_card, value["cards"])
    )  # fmt: skip


def _is_onward(value: Any) -> bool:
    keys = {"block", "name", "label"}
    return isinstance(value, dict) and value.keys() == keys and all(isinstance(value[key], str) for key in keys)


def _is_card(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"text", "svg"} or not isinstance(value["text"], str):
        return False
    return value["svg"] is None or isinstance(value["svg"], str)
