"""Tables as data, and the two of the ledger."""

import numpy as np
import pytest

from lessons import tables as ledger_tables
from preflab import ledger, published
from runtime import tables
from runtime.display import bundle


def test_a_table_is_shown_as_one():
    mime, data = bundle(tables.table("T", ["a", "b"], [["x", 1], ["y", tables.toned("holds", "yes")]]))
    assert mime == tables.MIME
    assert data["rows"] == [["x", "1"], ["y", {"text": "holds", "tone": "yes"}]]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="1 cells and the table 2 columns"):
        tables.table("T", ["a", "b"], [["x"]])
    with pytest.raises(ValueError, match="yes, no or open"):
        tables.toned("maybe", "perhaps")


def texts(table):
    return [[cell if isinstance(cell, str) else cell["text"] for cell in row] for row in table["rows"]]


def test_every_figure_has_a_reason_and_a_computed_verdict(lesson):
    rows = texts(ledger_tables.ledger(list(published.figures(published.run())), lesson.seed_runs))
    assert len(rows) == len(ledger_tables.WHY) == 17
    verdicts = {row[0]: row[4].split("\n")[0] for row in rows}
    assert set(verdicts.values()) == {"does not hold"}
    honest = published.Figure("drift of DPO", ("0.0000023",), ("0.0000023",))
    assert texts(ledger_tables.ledger([honest], lesson.seed_runs))[0][4] == "holds"


@pytest.mark.slow
def test_the_claims_as_measured(lesson):
    table = ledger_tables.claims(lesson.published_runs, lesson.seed_runs)
    verdicts = {row[0]: (row[2], row[4]) for row in texts(table)}
    unknown, yes, no = "cannot be told", "holds", "does not hold"
    assert verdicts == {
        "RLHF raises the true score": (unknown, yes),
        "DPO raises the true score": (unknown, yes),
        "PPO's reward climbs": (unknown, yes),
        "DPO's loss falls": (unknown, yes),
        "RLHF scores higher than DPO": (unknown, unknown),
        "DPO makes the chosen answers likelier": (unknown, no),
        "DPO's loss punishes straying": (unknown, yes),
        "The labels are noisy (more than 1 in 100 is wrong)": (no, yes),
        "The reward model smooths the noise": (no, yes),
        "One bad batch moves PPO less than REINFORCE": (unknown, yes),
        "DPO drifts less than RLHF": (yes, no),
        "More pairs help RLHF (1,000 against 50)": (unknown, yes),
        "More pairs help DPO (1,000 against 50)": (unknown, yes),
        "Without KL the drift is 4.0 times as large": (no, no),
    }


@pytest.mark.slow
def test_which_fault_kills_which_claim(lesson):
    rows = texts(ledger_tables.which_fault(lesson.by_setting))
    kills = {
        row[0]: [fault for fault, cell in zip(published.REPAIRS, row[3:9], strict=True) if cell == "kills it"]
        for row in rows
    }
    least = {row[0]: row[2] for row in rows}
    rlhf, climbs = "RLHF raises the true score", "PPO's reward climbs"
    assert kills == {
        rlhf: ["contexts", "step"],
        "DPO raises the true score": ["contexts"],
        climbs: ["contexts", "step"],
        "DPO's loss falls": ["contexts"],
        "RLHF scores higher than DPO": [],
        "DPO drifts less than RLHF": [],
        "The labels are noisy (more than 1 in 100 is wrong)": ["labels"],
        "The reward model smooths the noise": ["labels"],
        "Without KL the policy drifts further": ["step", "KL"],
        "PPO starts from a reward of about 0 (within 0.3)": ["bias"],
    }
    assert least[rlhf] == least[climbs] == "contexts + step"
    assert least["DPO drifts less than RLHF"] == "nothing"


def test_a_switch_that_is_not_thrown_turns_no_claim():
    run_with = published.runner(range(3))
    rows = texts(ledger_tables.switches(run_with([]), run_with([]), []))
    assert {row[-1] for row in rows} == {"no"}
    thrown = texts(ledger_tables.switches(run_with([]), run_with(["labels"]), ["labels"]))
    assert "The labels are noisy (more than 1 in 100 is wrong)" in {row[0] for row in thrown if row[-1] == "turned"}


@pytest.mark.slow
def test_the_seeds_of_the_ledger_are_those_of_the_lesson(lesson):
    """The ledger and the evidence of the head-to-head draw the same pairs and train the same policies."""
    for run, (ppo, dpo, _) in zip(lesson.seed_runs, lesson.twenty, strict=True):
        base = lesson.exact_score(lesson.W_REF)[0]
        np.testing.assert_allclose([run.scores["RLHF"][0] - base, run.drift["RLHF"]], ppo, atol=1e-12)
        np.testing.assert_allclose([run.scores["DPO"][0] - base, run.drift["DPO"]], dpo, atol=1e-12)


def test_the_exact_score_is_that_of_samples(lesson):
    rng = np.random.default_rng(0)
    weights = lesson.W_REF + 0.3 * rng.standard_normal((4, 5))
    scores = lesson.generate_output(lesson.sample_contexts(200_000, rng), weights, rng) @ lesson.TRUE_WEIGHTS
    assert lesson.exact_score(weights) == pytest.approx((scores.mean(), scores.std()), abs=0.02)


def test_records_by_seed_say_what_the_stacks_say(lesson):
    assert len(lesson.seed_runs) == lesson.SEEDS
    for i in (0, 7):
        run = lesson.seed_runs[i]
        np.testing.assert_array_equal(run.weights, lesson.learned[i])
        assert run.losses[0] == pytest.approx(np.log(2))
        assert run.dpo_losses[0] == pytest.approx(np.log(2))
        assert run.kls[0] == run.drift["reference"] == 0
        assert run.scores["DPO"] == tuple(part[i] for part in lesson.exact_score(lesson.dpo_ends[200]))
        assert run.efficiency["DPO", 50] == lesson.score_for_kl(lesson.dpo_ends[50])[i]


def test_an_unknown_field_or_a_missing_one_is_refused():
    with pytest.raises(TypeError):
        ledger.collect(weights=np.zeros((2, 5)), **{name: np.zeros((150, 2)) for name in ("losses", "rewards", "kls")},
                       dpo_losses=np.zeros((150, 2)), other=1)  # fmt: skip


@pytest.mark.slow
def test_descending_on_several_stacks_is_training_on_each(lesson):
    """One of its seeds, alone, on each of its sizes."""
    seed = 3
    for n, number in ((200, 0), (50, 50)):
        pairs = lesson.sample_pairs(n, np.random.default_rng([seed, number]))
        path, history, _ = lesson.train_dpo(*pairs, seed=[seed, 2])
        np.testing.assert_allclose(lesson.dpo_ends[n][seed], path[-1], atol=1e-12)
        if n == 200:
            np.testing.assert_allclose(lesson.dpo_history[:, 0, seed], history, atol=1e-12)
