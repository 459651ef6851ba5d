"""Sentences that are held against the run."""

import re

import numpy as np
import pytest

from lessons.claims import claim


def test_what_holds_says_nothing():
    assert claim("one is less than two", 1 < 2) is None
    claim("so it is for NumPy", np.float64(1) < 2)


@pytest.mark.parametrize("holds", [False, np.float64(2) < 1, np.nan > 0])
def test_what_does_not_hold_ends_it_and_is_named(holds):
    with pytest.raises(AssertionError, match="“two is less than one”"):
        claim("two is less than one", holds)


@pytest.mark.parametrize("holds", [np.array([True]), 1, np.nan, None, "yes"])
def test_what_is_neither_true_nor_false_is_no_claim(holds):
    with pytest.raises(TypeError, match="a claim holds or does not"):
        claim("it is so", holds)


def test_claims_stand_in_cells_that_only_the_build_runs(cells):
    found = {cell["kind"] for cell in cells if re.search(r"^\s*claim\(", cell["source"], flags=re.M)}
    assert found == {"evidence"}
