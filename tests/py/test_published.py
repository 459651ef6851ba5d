"""The recipe as published gives, to the last digit, the figures that were measured of the published code."""

import numpy as np
import pytest

from preflab import published

# What the article's own code prints (NumPy 2, legacy seed 42), digit by digit.
MEASURED = {
    "first preferred answer": "1.399 0.925 0.060 -0.647 0.698",
    "first rejected answer": "0.497 -0.138 0.648 1.523 -0.234",
    "learned weights": "0.298 0.322 0.040 -0.135 0.033",
    "reward-model loss, first and last": "0.6931 0.4776",
    "held-out accuracy": "96.0%",
    "mean held-out gap": "0.614",
    "PPO reward at steps 0, 50, 100, 149": "0.4539 0.4201 0.4157 0.3943",
    "“KL” at steps 0, 50, 100, 149": "0.0009 0.0008 0.0009 0.0009",
    "DPO loss at steps 0, 50, 100, 149": "0.6931 0.6931 0.6931 0.6934",
    "true score of the reference, mean and std": "0.0088 0.2515",
    "true score of RLHF, mean and std": "-0.0103 0.3238",
    "true score of DPO, mean and std": "-0.0053 0.2762",
    "drift of RLHF": "0.0000631",
    "drift of DPO": "0.0000023",
    "drift without KL": "0.0000611",
    "reward without KL": "0.4144",
    "drift without KL, as a multiple": "0.97x",
}


def test_every_figure_to_the_last_digit():
    assert {f.name: " ".join(f.given) for f in published.figures(published.run())} == MEASURED


def test_the_bias_is_nearly_all_of_the_first_reward():
    recipe = published.run()
    assert f"{recipe.bias:.3f}" == "0.430"
    assert abs(recipe.rewards[0] - recipe.bias) < 0.03


def test_agreement_is_counted_at_the_digits_printed():
    assert published.Figure("", ("0.6931", "88.0%", "4.0x"), ("0.6931", "96.0%", "3.96x")).agreeing == 2


def test_only_the_losses_of_a_model_that_knows_nothing_agree():
    agreeing = {f.name: f.agreeing for f in published.figures(published.run()) if f.agreeing}
    assert agreeing == {"reward-model loss, first and last": 1, "DPO loss at steps 0, 50, 100, 149": 1}


def test_no_seed_moves_the_mean_score():
    """Contexts of mean zero and no constant feature: training changes nothing that the mean could see."""
    runs = published.run_all(range(20))
    for name in ("RLHF", "DPO"):
        change = np.array([run.scores[name][0] - run.scores["reference"][0] for run in runs])
        assert abs(change.mean()) < 3 * change.std(ddof=1) / np.sqrt(len(change))


def test_seeds_that_run_together_give_what_each_gives_alone():
    for seed, together in zip((3, 42), published.run_all([3, 42]), strict=True):
        alone = published.run(seed)
        for name, value in alone._asdict().items():
            other = getattr(together, name)
            if isinstance(value, dict):
                assert other.keys() == value.keys()
                value, other = list(value.values()), list(other.values())
            np.testing.assert_allclose(other, value, rtol=1e-12, err_msg=name)


def test_a_run_leaves_the_global_generator_alone():
    state = np.random.get_state()[1].copy()
    published.run()
    assert (np.random.get_state()[1] == state).all()


ALL = frozenset(published.REPAIRS)


def mean(runs, measure):
    return np.mean([measure(run) for run in runs])


@pytest.fixture(scope="module")
def by_setting():
    """{repairs: runs of 20 seeds} of all 64 settings."""
    run_with = published.runner(range(20))
    return {repairs: run_with(repairs) for repairs in published.SETTINGS}


def test_there_are_64_settings_from_none_to_all():
    assert len(set(published.SETTINGS)) == len(published.SETTINGS) == 64
    assert published.SETTINGS[0] == frozenset() and published.SETTINGS[-1] == ALL


def test_a_repair_that_there_is_none_of_is_refused():
    with pytest.raises(ValueError, match="no repair is called taste: there are contexts, pairs, step, KL, bias"):
        published.run(repairs=["contexts", "taste"])


def same(one, other):
    for name, value in one._asdict().items():
        values = list(value.values()) if isinstance(value, dict) else value
        others = getattr(other, name)
        np.testing.assert_allclose(
            list(others.values()) if isinstance(others, dict) else others, values, rtol=1e-9, atol=1e-12, err_msg=name
        )


@pytest.mark.parametrize("repairs", [(), ("contexts", "step"), ("pairs", "labels"), tuple(published.REPAIRS)])
def test_settings_that_share_parts_give_what_each_gives_alone(by_setting, repairs):
    same(by_setting[frozenset(repairs)][3], published.run(3, repairs))


@pytest.mark.slow
def test_with_none_repaired_it_is_the_recipe_as_published(by_setting):
    for seed in (0, 19):
        same(by_setting[frozenset()][seed], published.run(seed))


@pytest.mark.slow
def test_with_all_repaired_it_is_the_lessons_recipe(by_setting):
    """Its draws are others; its means over 20 seeds are within noise of those of the independent sketch."""
    runs = by_setting[ALL]
    for method, gain, kl in (("RLHF", 3.57, 3.9), ("DPO", 3.56, 4.6)):
        assert mean(runs, lambda r, m=method: r.scores[m][0] - r.scores["reference"][0]) == pytest.approx(gain, abs=0.3)
        assert mean(runs, lambda r, m=method: r.drift[m]) == pytest.approx(kl, abs=0.6)
    assert mean(runs, lambda r: r.drift["without KL"]) == pytest.approx(160, rel=0.1)
    assert mean(runs, lambda r: r.wrong_labels) == pytest.approx(0.24, abs=0.03)


def test_the_repaired_step_is_the_lessons(lesson):
    rng = np.random.default_rng(0)
    x, old = lesson.sample_contexts(32, rng), rng.standard_normal((4, 5))
    y = x @ old + rng.standard_normal((32, 5))
    advantages = rng.standard_normal(32)
    expected = old
    for _ in range(4):
        expected = lesson.ppo_step(expected, old, x, y, advantages)
    np.testing.assert_allclose(published._four_passes(old, x, y, advantages, 1.0), expected, atol=1e-12)


def test_at_another_spread_the_step_is_the_same_in_parts_of_the_spread():
    rng = np.random.default_rng(1)
    x, noise, advantages = rng.standard_normal((32, 4)), rng.standard_normal((32, 5)), rng.standard_normal(32)
    old = rng.standard_normal((4, 5))
    steps = [
        (published._four_passes(old, x, x @ old + spread * noise, advantages, spread) - old) / spread
        for spread in (1.0, 0.1)
    ]
    np.testing.assert_allclose(*steps, atol=1e-12)


def test_each_repair_mends_what_it_says():
    bare = published.run()
    repaired = {name: published.run(repairs=[name]) for name in published.REPAIRS}
    others = published.run(repairs=ALL - {"contexts"})
    moved = [abs(run.scores["RLHF"][0] - run.scores["DPO"][0]) for run in (bare, others)]
    assert max(moved) < 0.1, "without a constant feature no mean moves"
    assert repaired["pairs"].drift["DPO"] > 100 * bare.drift["DPO"]
    assert repaired["step"].drift["RLHF"] > 10 * bare.drift["RLHF"]
    assert repaired["KL"].drift["RLHF"] != bare.drift["RLHF"]
    assert repaired["bias"].bias == 0 and bare.bias > 0.4
    assert repaired["labels"].wrong_labels > 0.15 and bare.wrong_labels == 0
    np.testing.assert_allclose(bare.rewards - repaired["bias"].rewards, bare.bias)
    np.testing.assert_array_equal(bare.penalties, repaired["bias"].penalties)


def test_in_nats_the_mean_penalty_is_beta_times_the_kl():
    """Of the last batches, averaged: the log-ratio of samples has the KL as its mean."""
    run = published.run(repairs=ALL)
    assert run.penalties[-50:].mean() == pytest.approx(0.5 * run.drift["RLHF"], rel=0.25)


def test_repaired_pairs_answer_to_their_contexts():
    drawn = published._draw(range(3))
    for on, follows in ((frozenset(), False), (frozenset({"pairs"}), True)):
        pairs = published._pairs(drawn, on)
        middles = (pairs.chosen + pairs.rejected) / 2
        fits = [np.linalg.lstsq(x, y, rcond=None)[0] for x, y in zip(pairs.contexts, middles, strict=True)]
        near = np.linalg.norm(fits - drawn.reference) < 0.8 * np.linalg.norm(drawn.reference)
        assert near == follows


def test_a_repair_leaves_the_published_draws_as_they_are():
    """So two settings differ by what they repair: nobody's luck changes."""
    bare, mended = published.run(), published.run(repairs=["labels"])
    both = [np.sort(np.stack([run.chosen, run.rejected]), axis=0) for run in (bare, mended)]
    np.testing.assert_array_equal(*both)
    assert bare.scores["reference"] == mended.scores["reference"]
