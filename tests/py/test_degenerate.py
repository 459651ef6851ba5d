"""A setting at which a formula has no value ends in a sentence that names it, and in no made-up number."""

import asyncio

import numpy as np
import pytest

from lessons.block_globals import GIVEN
from runtime.runner import Runner


def run(lesson, source):
    """The events of `source` after all chapters, whose values it may change."""
    events = []
    runner = Runner(events.append, GIVEN)
    runner.namespace.update(vars(lesson))
    asyncio.run(runner.run(1, "block", source))
    return events


@pytest.mark.parametrize("flips", [0.5, 0.7, 1.0])
def test_rdpo_says_that_no_more_than_half_of_the_labels_may_be_flipped(lesson, flips):
    with pytest.raises(ValueError, match=rf"look at FLIPS \({flips}\)"):
        lesson.theory_scale(lambda logs: lesson.rdpo(logs, flips=flips), flips)
    assert np.isfinite(lesson.theory_scale(lambda logs: lesson.rdpo(logs, flips=0.45), 0.45))


@pytest.mark.parametrize("beta", [0.0, 0, -0.1, np.nan, np.float64(0)])
def test_there_is_no_optimum_without_a_price(lesson, beta):
    with pytest.raises(ValueError, match="BETA unless given"):
        lesson.optimal_policy(lesson.rm_weights, beta=beta)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("beta", "flips"), [(0.5, 0.6), (np.nan, 0.0), (np.inf, 0.0)])
def test_a_loss_without_a_minimum_gives_no_number(lesson, beta, flips):
    with pytest.raises(ValueError, match="look at FLIPS"):
        lesson.theory_scale(lambda logs: lesson.dpo(logs, beta=beta), flips)


@pytest.mark.parametrize(
    ("set_to", "block"),
    [("BETA = 0.0", "policy"), ("BETA = 0", "policy"), ("FLIPS = 0.5", "rdpo"), ("BETA = float('nan')", "policy")],
)
def test_the_block_names_the_setting(lesson, blocks, set_to, block):
    events = run(lesson, f"{set_to}\n{blocks[block]}")
    (error,) = [event for event in events if event["type"] == "error"]
    assert error["name"] == "ValueError"
    assert set_to.split(" = ")[0] in error["message"]
    assert [event for event in events if event["type"] == "stdout"] == []
