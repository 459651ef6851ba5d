"""Intervals and verdicts over seeds."""

import numpy as np
import pytest

from preflab.evaluate import interval, t_quantile, verdict, verdict_equal


@pytest.mark.parametrize(
    ("freedom", "exact"),
    [(1, 12.7062), (2, 4.30265), (3, 3.18245), (5, 2.57058), (19, 2.09302), (99, 1.98422), (10**6, 1.95996)],
)
def test_the_quantile_of_students_t(freedom, exact):
    assert t_quantile(freedom) == pytest.approx(exact, rel=2e-3)


def test_an_interval_covers_the_truth_in_95_of_100_cases():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (4000, 5))
    covered = [abs(mean - 3.0) < half for mean, half in map(interval, draws)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_one_value_has_no_interval():
    with pytest.raises(ValueError, match="at least two values"):
        interval([1.0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 1.1, 0.9], "holds"), ([-1.0, -1.1, -0.9], "does not hold"), ([-1.0, 1.0, 0.1], "cannot be told")],
)
def test_a_verdict_is_read_off_the_interval(values, expected):
    assert verdict(values) == expected


def test_equality_can_be_refuted_but_not_shown():
    assert verdict_equal([42.0, 41.0, 43.0], 4.0) == "does not hold"
    assert verdict_equal([3.9, 4.1, 4.0], 4.0) == "cannot be told"
