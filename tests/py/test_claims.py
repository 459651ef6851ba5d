"""Sentences that are held against the run."""

import ast
import re

import numpy as np
import pytest

from lessons.claims import claim, claimed


@pytest.fixture(autouse=True)
def nothing_claimed_yet():
    claimed.clear()


def test_what_holds_says_nothing():
    assert claim("one is less than two", 1 < 2) is None
    claim("so it is for NumPy", np.float64(1) < 2)


def test_what_holds_is_noted_with_the_block_that_shows_it_if_one_is_named():
    claim("it holds", True)
    claim("it holds elsewhere", True, see="policy")
    assert claimed == [("it holds", None), ("it holds elsewhere", "policy")]


@pytest.mark.parametrize("holds", [False, np.float64(2) < 1, np.nan > 0])
def test_what_does_not_hold_ends_it_and_is_named(holds):
    with pytest.raises(AssertionError, match="“two is less than one”"):
        claim("two is less than one", holds)
    assert claimed == []


@pytest.mark.parametrize("holds", [np.array([True]), 1, np.nan, None, "yes"])
def test_what_is_neither_true_nor_false_is_no_claim(holds):
    with pytest.raises(TypeError, match="a claim holds or does not"):
        claim("it is so", holds)


def test_claims_stand_in_cells_that_only_the_build_runs(cells):
    found = {cell["kind"] for cell in cells if re.search(r"^\s*claim\(", cell["source"], flags=re.M)}
    assert found == {"evidence"}


def calls(cells):
    """The calls of `claim` on all pages, as syntax."""
    trees = [ast.parse(cell["source"]) for cell in cells if cell["kind"] == "evidence"]
    return [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "claim"
    ]


def test_a_claim_leads_to_a_block_that_there_is(cells, blocks):
    named = [key.value.value for call in calls(cells) for key in call.keywords if key.arg == "see"]
    assert named and set(named) <= set(blocks)
    first = next(index for index, cell in enumerate(cells) if cell["kind"] == "evidence")
    assert "block" in {cell["kind"] for cell in cells[:first]}


def test_each_sentence_can_be_read_by_itself(cells):
    """The page lists it beneath a block, where no other sentence comes before it."""
    sentences = [ast.unparse(call.args[0]) for call in calls(cells)]
    assert len(sentences) > 170
    lost = [text for text in sentences if re.match(r"""f?['"](?:and|but|so|because|it|that|they|then)\b""", text, re.I)]
    assert lost == []
