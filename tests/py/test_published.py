"""The recipe as published gives, to the last digit, the figures that were measured of the published code."""

import numpy as np

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
