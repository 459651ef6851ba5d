"""The losses of preflab, held against finite differences, each other and what they must refuse."""

from functools import partial

import numpy as np
import pytest
from gradients import check_gradients

from preflab import groups, kl, losses, numeric, ppo, rollout
from reference import gaussian_policy, kl_term, optimum, reward_model, softmax_policy

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])
LABELS = np.array([1, 0, 0, 1, 1])
LENGTHS = (np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6, 5, 3]))
X, Y = np.random.default_rng(7).standard_normal((2, 5, 3))
LOGPS = dict.fromkeys(["policy_chosen_logps", "policy_rejected_logps", "ref_chosen_logps", "ref_rejected_logps"], 5)
PAIR = dict.fromkeys(["policy_chosen_logps", "policy_rejected_logps"], 5)
TOKENS = {"logps": (3, 4), "old_logps": (3, 4), "ref_logps": (3, 4), "advantages": 3}


def through_log_prob(policy, gradient, name):
    """A loss that is linear in the log-probs of `policy`, so that its gradient is all chain rule."""
    slopes = np.arange(5) - 1.5

    def loss(**parameters):
        value = slopes @ policy(**parameters)
        return numeric.Loss(value, slopes, {name: gradient(**parameters, d_log_prob=slopes)}, {})

    return loss


def log_sigma_prob(log_sigma):
    return gaussian_policy.log_prob(Y, X, np.eye(3), np.exp(log_sigma))


def log_sigma_gradient(log_sigma, d_log_prob):
    return gaussian_policy.log_sigma_gradient(np.eye(3), X, Y, np.exp(log_sigma), d_log_prob)


GRPO = partial(groups.grpo_loss, mask=MASK, max_length=8, beta=0.3)
LOSSES = {  # name: the loss, and the shapes of its random arguments
    "dpo": (partial(losses.dpo, beta=0.7), {"difference": 5}),
    "cdpo": (partial(losses.dpo, beta=0.7, label_smoothing=0.2), {"difference": 5}),
    "rdpo": (partial(losses.rdpo, beta=0.7, error_rate=0.2), {"difference": 5}),
    "hinge": (partial(losses.hinge, beta=0.7), {"difference": 5}),
    "ipo": (partial(losses.ipo, beta=0.7), {"difference": 5}),
    "pairwise": (partial(losses.pairwise, losses.rdpo, beta=0.7, error_rate=0.1), LOGPS),
    "pairwise by length": (partial(losses.pairwise, losses.ipo, beta=0.7, lengths=LENGTHS), LOGPS),
    "without reference": (partial(losses.pairwise, losses.dpo, beta=0.7, reference_free=True), LOGPS),
    "kto": (
        partial(losses.kto, labels=LABELS, reference_point=0.3, beta=0.7, undesirable_weight=1.3),
        {"log_ratios": 5},
    ),
    "nll": (losses.nll, {"policy_chosen_logps": 5}),
    "orpo": (partial(losses.orpo, beta=0.7), PAIR),
    "simpo": (partial(losses.simpo, beta=2.0, label_smoothing=0.1), PAIR),
    "alphapo": (partial(losses.simpo, beta=2.0, alpha=0.25), PAIR),
    "reward": (
        partial(reward_model.bradley_terry, centering=0.1),
        {"rewards_chosen": 5, "rewards_rejected": 5, "margin": 5},
    ),
    "linear reward": (
        partial(reward_model.linear_bradley_terry, centering=0.1),
        {"phi_chosen": (5, 3), "phi_rejected": (5, 3), "w": 3, "b": ()},
    ),
    "ppo": (ppo.policy_loss, {"logps": 5, "old_logps": 5, "advantages": 5}),
    "ppo on tokens": (
        partial(ppo.policy_loss, mask=MASK),
        {"logps": (3, 4), "old_logps": (3, 4), "advantages": (3, 4)},
    ),
    "value": (partial(ppo.value_loss, mask=MASK), {"values": (3, 4), "old_values": (3, 4), "returns": (3, 4)}),
    "value without clip": (partial(ppo.value_loss, clip=None), {"values": 5, "old_values": 5, "returns": 5}),
    "reinforce": (partial(ppo.reinforce, mask=MASK), {"logps": (3, 4), "advantages": (3, 4)}),
    "rloo": (partial(groups.rloo_loss, mask=MASK), {"logps": (3, 4), "old_logps": (3, 4), "advantages": 3}),
    "grpo": (GRPO, TOKENS),
    "grpo with a ceiling": (partial(GRPO, ceiling=1.5), TOKENS),
    "bnpo, corrected": (partial(GRPO, normalizer="bnpo", correct_kl=True), TOKENS),
    "dr_grpo": (partial(GRPO, normalizer="dr_grpo"), TOKENS),
    "gspo, corrected": (partial(GRPO, level="sequence", normalizer="dapo", correct_kl=True), TOKENS),
    "k1": (partial(kl_term.in_loss, kind="k1"), {"log_ratio": 5}),
    "k2": (partial(kl_term.in_loss, kind="k2"), {"log_ratio": 5}),
    "k3": (partial(kl_term.in_loss, kind="k3"), {"log_ratio": 5}),
    "Gaussian KL": (partial(gaussian_policy.kl, contexts=X, sigma=0.7), {"weights": (3, 2), "ref": (3, 2)}),
    "diagonal KL": (gaussian_policy.kl_diagonal, {"mean": 5, "std": 5, "ref_mean": 5, "ref_std": 5}),
    "softmax KL": (softmax_policy.kl, {"logits": (2, 4), "ref_logits": (2, 4)}),
    "objective": (
        partial(optimum.gaussian_objective, contexts=X, beta=0.4, sigma=0.7),
        {"weights": (3, 2), "ref": (3, 2), "reward_weights": 2},
    ),
    "Gaussian log-prob": (
        through_log_prob(
            partial(gaussian_policy.log_prob, Y, X, sigma=0.7),
            partial(gaussian_policy.weights_gradient, contexts=X, outputs=Y, sigma=0.7),
            "weights",
        ),
        {"weights": (3, 3)},
    ),
    "Gaussian deviation": (through_log_prob(log_sigma_prob, log_sigma_gradient, "log_sigma"), {"log_sigma": 3}),
    "softmax log-prob": (
        through_log_prob(
            partial(softmax_policy.log_prob, outputs=[0, 2, 1, 2, 2]),
            partial(softmax_policy.logits_gradient, outputs=[0, 2, 1, 2, 2]),
            "logits",
        ),
        {"logits": 3},
    ),
}


def draw(name, shape, rng):
    """Log-probs are below 0 and deviations above it."""
    x = rng.standard_normal(shape)
    return -np.exp(x) if name.endswith("logps") else np.exp(x / 2) if name.endswith("std") else x


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_the_loss(name, seed):
    loss, shapes = LOSSES[name]
    rng = np.random.default_rng(seed)
    check_gradients(loss, **{argument: draw(argument, shape, rng) for argument, shape in shapes.items()})


@pytest.mark.parametrize("loss", ["dpo", "cdpo", "rdpo", "hinge", "ipo", "k1", "k2"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_log_ratios_of_a_thousand_are_no_problem(loss, sign):
    loss, (argument,) = LOSSES[loss]
    with np.errstate(all="raise"):
        value = loss(np.full(5, sign * 1000.0))
    check_gradients(loss, **{argument: np.full(5, sign * 1000.0)})
    assert np.isfinite(value.loss)


def test_at_a_thousand_the_losses_are_their_asymptotes():
    far = np.array([1000.0, -1000.0])
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(losses.dpo(far, 1.0).per_example, [0, 1000])
        np.testing.assert_array_equal(losses.rdpo(far, 1.0, 0.25).per_example, [-500, 1500])
        np.testing.assert_array_equal(losses.kto(far, [1, 0], 0.0, 1.0).per_example, [0, 0])
        np.testing.assert_array_equal(losses.kto(far, [0, 1], 0.0, 1.0).per_example, [1, 1])
        np.testing.assert_allclose(losses.simpo(far - 2000, [-2000, -2000], 1.0, 0.5).per_example, [0, 1000.5])
        np.testing.assert_allclose(losses.orpo(far - 1001, [-1001, -1001], 1.0).per_example, [1, 3001], rtol=1e-3)
        np.testing.assert_array_equal(reward_model.bradley_terry(far, -far).per_example, [0, 2000])


def test_ratios_beyond_float64_stay_finite_and_are_clipped_where_clipping_applies():
    with np.errstate(all="raise", under="ignore"):
        result = ppo.policy_loss([1000.0, 1000.0, -1000.0, 0.0], np.zeros(4), [1.0, 0.0, -1.0, 1.0])
        worst = groups.grpo_loss([[1000.0]], [[0.0]], [-1.0], [[1]], [[-1000.0]], beta=0.1)
    np.testing.assert_allclose(result.per_example, [-1.2, 0, 0.8, -1])
    assert result.metrics["clipfrac"] == 0.5
    assert 1e300 < worst.loss < np.inf and np.isfinite(worst.grads["logps"]).all()


def test_without_smoothing_cdpo_and_rdpo_are_dpo():
    d = np.random.default_rng(0).standard_normal(50)
    for other in (losses.dpo(d, 0.3, label_smoothing=0.0), losses.rdpo(d, 0.3, error_rate=0.0)):
        np.testing.assert_array_equal(other.per_example, losses.dpo(d, 0.3).per_example)
        np.testing.assert_array_equal(other.grads["difference"], losses.dpo(d, 0.3).grads["difference"])


def test_cdpo_is_dpo_on_pairs_of_which_a_share_is_swapped():
    d = np.random.default_rng(1).standard_normal(50)
    mixture = 0.8 * losses.dpo(d, 0.3).per_example + 0.2 * losses.dpo(-d, 0.3).per_example
    np.testing.assert_allclose(losses.dpo(d, 0.3, 0.2).per_example, mixture, rtol=1e-13)


def test_rdpo_averaged_over_flips_is_dpo_on_clean_labels():
    d = np.random.default_rng(2).standard_normal(50)
    averaged = 0.7 * losses.rdpo(d, 0.3, 0.3).per_example + 0.3 * losses.rdpo(-d, 0.3, 0.3).per_example
    np.testing.assert_allclose(averaged, losses.dpo(d, 0.3).per_example, rtol=1e-12)


def test_swapping_a_pair_adds_its_margin_to_the_loss():
    c, r, rc, rr = -np.exp(np.random.default_rng(3).standard_normal((4, 20)))
    given, swapped = (losses.pairwise(losses.dpo, *logps, beta=0.5) for logps in ((c, r, rc, rr), (r, c, rr, rc)))
    margin = given.metrics["chosen_rewards"] - given.metrics["rejected_rewards"]
    np.testing.assert_allclose(swapped.per_example - given.per_example, margin, atol=1e-13)
    assert given.metrics["rewards_accuracy"] == pytest.approx(1 - swapped.metrics["rewards_accuracy"])


def test_ipo_is_at_rest_where_the_difference_is_one_over_two_beta():
    assert losses.ipo([5.0], beta=0.1).loss == 0 and losses.ipo([5.0], beta=0.1).grads["difference"] == 0


def test_simpo_without_a_margin_is_dpo_on_log_probs():
    c, r = -np.exp(np.random.default_rng(4).standard_normal((2, 20)))
    np.testing.assert_array_equal(losses.simpo(c, r, 2.0, gamma=0.0).per_example, losses.dpo(c - r, 2.0).per_example)


def test_alphapo_tends_to_simpo():
    c, r = -np.exp(np.random.default_rng(4).standard_normal((2, 20)))
    near = losses.simpo(c, r, 2.0, alpha=1e-7).per_example
    np.testing.assert_allclose(near, losses.simpo(c, r, 2.0).per_example, rtol=1e-4)


def test_good_and_bad_mirror_each_other_in_kto_around_the_reference_point():
    lr = np.random.default_rng(5).standard_normal(20)
    good, bad = losses.kto(lr, np.ones(20), 0.4, 0.5), losses.kto(0.8 - lr, np.zeros(20), 0.4, 0.5)
    np.testing.assert_allclose(good.per_example, bad.per_example, rtol=1e-13)
    np.testing.assert_allclose(good.grads["log_ratios"], -bad.grads["log_ratios"], rtol=1e-12)


def test_ktos_reference_point_is_clamped_at_zero():
    assert losses.kto_reference_point([1.0, 2.0]) == 1.5
    assert losses.kto_reference_point([1.0, -2.0]) == 0


def test_no_data_can_teach_a_reward_its_constant_unless_rewards_are_centred():
    phi_chosen, phi_rejected = np.random.default_rng(6).standard_normal((2, 20, 3))
    for b in (0.0, 3.0):
        assert reward_model.linear_bradley_terry(np.ones(3), phi_chosen, phi_rejected, b).grads["b"] == 0
    assert reward_model.linear_bradley_terry(np.ones(3), phi_chosen, phi_rejected, 3.0, centering=0.1).grads["b"] > 0


def test_clipping_holds_back_only_a_policy_that_moved_too_far_in_the_right_direction():
    up, down = np.log(1.5), np.log(0.5)
    slopes = ppo.policy_loss([up, up, down, down], np.zeros(4), [1.0, -1.0, 1.0, -1.0]).grads["logps"]
    assert list(slopes != 0) == [False, True, True, False]


@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("options", [{}, {"ceiling": 1.1}, {"correct_kl": True}])
def test_grpo_is_its_definition_written_out_token_by_token(level, options):
    rng = np.random.default_rng(14)
    logps, old, ref = rng.standard_normal((3, 3, 4))
    total = 0.0
    for i, length in enumerate(MASK.sum(axis=1)):
        moved, advantage = logps[i, :length] - old[i, :length], [1.5, -0.5, -2.0][i]
        moved = moved if level == "token" else np.full(length, moved.mean())
        for t, r in enumerate(np.exp(moved)):
            gap = ref[i, t] - logps[i, t]
            price = (np.exp(gap) - 1 - gap) * (r if "correct_kl" in options else 1)
            gain = min(min(r, options.get("ceiling", np.inf)) * advantage, min(max(r, 0.8), 1.3) * advantage)
            total += (0.3 * price - gain) / length / 3
    result = GRPO(logps, old, [1.5, -0.5, -2.0], ref_logps=ref, level=level, high=0.3, **options)
    assert result.loss == pytest.approx(total)


def test_a_tie_shares_its_slope_as_autograd_has_it():
    """Old value 0, clipped at 0.5 from 1: both are 1/4 from the return, but only one of them moves."""
    assert ppo.value_loss([1.0], [0.0], [0.75], clip=0.5).grads["values"] == 0.125


def test_clipping_the_value_only_makes_the_loss_larger():
    values, old, returns = np.random.default_rng(8).standard_normal((3, 200))
    clipped, free = (ppo.value_loss(values, old, returns, clip).per_example for clip in (0.2, None))
    assert (clipped >= free).all() and (clipped > free).any()
    np.testing.assert_allclose(free, (values - returns) ** 2 / 2)


def test_what_stands_in_the_padding_changes_nothing():
    rng = np.random.default_rng(9)
    clean = {name: rng.standard_normal(shape) for name, shape in TOKENS.items()}
    junk = {"logps": np.where(MASK, clean["logps"], 1e6), "ref_logps": np.where(MASK, clean["ref_logps"], -1e6)}
    dirty = clean | junk
    assert GRPO(**clean).loss == GRPO(**dirty).loss
    np.testing.assert_array_equal(GRPO(**clean).grads["logps"], GRPO(**dirty).grads["logps"])


def test_a_long_answer_weighs_as_much_as_a_short_one_only_in_grpo():
    per_answer = {name: ppo.token_weights(MASK, name, 8).sum(axis=1) for name in ("grpo", "bnpo", "dapo", "dr_grpo")}
    np.testing.assert_allclose(per_answer["grpo"], [1 / 3] * 3)
    for name in ("bnpo", "dapo"):
        np.testing.assert_allclose(per_answer[name], np.array([4, 2, 1]) / 7)
    np.testing.assert_allclose(per_answer["dr_grpo"], np.array([4, 2, 1]) / 24)


def test_leave_one_out_is_what_it_says():
    rewards = np.random.default_rng(10).standard_normal(8)
    expected = [r - np.delete(rewards[i - i % 4 :][:4], i % 4).mean() for i, r in enumerate(rewards)]
    np.testing.assert_allclose(groups.rloo_advantages(rewards, 4), expected, rtol=1e-12)


def test_advantages_leave_out_what_nobody_could_score():
    nan = np.nan
    rewards = groups.combine_rewards([[1, nan], [nan, nan], [3, 1], [0, 0], [nan, 5], [nan, nan]], [1, 2])
    np.testing.assert_array_equal(rewards, [1, nan, 5, 0, 10, nan])
    np.testing.assert_allclose(groups.rloo_advantages(rewards, 3), [-4, 0, 4, -10, 10, 0])
    np.testing.assert_allclose(groups.grpo_advantages(rewards, 3, "none"), [-2, 0, 2, -5, 5, 0])
    np.testing.assert_allclose(groups.grpo_advantages(rewards, 3, eps=0), np.array([-1, 0, 1, -1, 1, 0]) / np.sqrt(2))
    std = np.std([1, 5, 0, 10], ddof=1)
    np.testing.assert_allclose(groups.grpo_advantages(rewards, 3, "batch", eps=0), np.array([-2, 0, 2, -5, 5, 0]) / std)


@pytest.mark.parametrize("advantages", [groups.rloo_advantages, groups.grpo_advantages])
def test_an_answer_without_others_has_no_advantage(advantages):
    np.testing.assert_array_equal(advantages([3.0, np.nan, 1.0, 2.0], 1), np.zeros(4))
    np.testing.assert_array_equal(advantages([3.0, np.nan, np.nan, np.nan], 2), np.zeros(4))


def test_gae_is_the_one_step_error_at_lambda_0_and_the_return_less_the_value_at_1():
    rewards, values = np.random.default_rng(11).standard_normal((2, 3, 5))
    after = np.pad(values, ((0, 0), (0, 1)))[:, 1:]
    np.testing.assert_allclose(rollout.gae(rewards, values, 0.9, 0.0), rewards + 0.9 * after - values)
    to_go = np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]
    np.testing.assert_allclose(rollout.gae(rewards, values, 1.0, 1.0), to_go - values)


def test_returns_are_taken_before_whitening_and_padding_is_empty():
    log_ratio, values = np.random.default_rng(12).standard_normal((2, 3, 5))
    result = rollout.rollout(log_ratio, values, [5.0, 6.0, 7.0], [4, 2, 0], kl_coef=0.0, lam=1.0)
    tokens, states = rollout.token_masks([4, 2, 0], 5)
    np.testing.assert_allclose(result.returns, np.array([[5.0], [6.0], [7.0]]) * states)
    assert result.advantages[tokens].mean() == pytest.approx(0)
    assert result.advantages[tokens].std(ddof=1) == pytest.approx(1)
    assert not result.advantages[~tokens].any() and not result.kl[~tokens].any()


def test_whitened_rewards_keep_their_mean():
    log_ratio, values = np.random.default_rng(13).standard_normal((2, 3, 5))
    plain, scaled = (rollout.rollout(log_ratio, values, np.ones(3), [4, 3, 1], whiten_rewards=w) for w in (False, True))
    _, states = rollout.token_masks([4, 3, 1], 5)
    assert scaled.rewards[states].mean() == pytest.approx(plain.rewards[states].mean())
    assert scaled.rewards[states].std(ddof=1) == pytest.approx(1)


def test_small_numbers_keep_their_digits():
    tiny = np.exp(-50)
    near_one, middle, near_zero = numeric.log1mexp([-1e-20, -1.0, -50.0])
    expected = [np.log(1e-20), np.log(1 - np.exp(-1)), -tiny]
    assert [near_one, middle, near_zero] == pytest.approx(expected, rel=1e-14, abs=0)
    np.testing.assert_allclose(numeric.softplus([-50.0, 50.0]), [tiny, 50 + tiny], rtol=1e-15)
    np.testing.assert_allclose(numeric.sigmoid([-50.0, -1000.0, 1000.0]), [tiny / (1 + tiny), 0, 1], rtol=1e-15)
    np.testing.assert_allclose(kl.k3(1e-9)[0], 5e-19, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: losses.dpo([1.0], 0.0), "beta must be above 0"),
        (lambda: losses.dpo([1.0], 0.1, label_smoothing=1.0), "label_smoothing"),
        (lambda: losses.dpo([], 0.1), "empty"),
        (lambda: losses.dpo([[1.0]], 0.1), "1 axis"),
        (lambda: losses.rdpo([1.0], 0.1, error_rate=0.5), "below 0.5"),
        (lambda: losses.pairwise(losses.dpo, [1.0], [1.0, 2.0], [1.0], [1.0], beta=0.1), "rejected_logps has shape"),
        (lambda: losses.pairwise(losses.ipo, *[[1.0]] * 4, beta=0.1, lengths=([1, 2], [1, 2])), "lengths"),
        (lambda: losses.kto([1.0], [0.5], 0.0, 0.1), "labels must be"),
        (lambda: losses.orpo([0.5], [-1.0], 0.1), "densities"),
        (lambda: reward_model.bradley_terry([1.0], [1.0], centering=-1.0), "centering"),
        (lambda: kl_term.in_loss([1.0], "k4"), "k1, k2, k3"),
        (lambda: ppo.policy_loss([1.0], [1.0], [1.0], mask=[1, 1]), "mask"),
        (lambda: ppo.token_weights(MASK, "mean"), "normalizers"),
        (lambda: ppo.token_weights(MASK, "dr_grpo"), "longest"),
        (lambda: groups.grpo_loss(*[[[1.0]]] * 2, [1.0], [[1]], beta=0.1), "ref_logps"),
        (lambda: groups.grpo_loss(*[[[1.0]]] * 2, [[1.0]], [[1]]), "advantages of shape"),
        (lambda: groups.grpo_loss(*[[[1.0]]] * 2, [1.0], [[1]], level="word"), "token or sequence"),
        (lambda: groups.grpo_advantages([1.0, 2.0, 3.0], 2), "groups of 2"),
        (lambda: groups.grpo_advantages([1.0, 2.0], 2, scale="std"), "group, batch or none"),
        (lambda: rollout.rollout([[1.0]], [[1.0]], [1.0], [1]), "last token"),
        (lambda: rollout.rollout([[1.0]], [[1.0]], [1.0], [0]), "two entries"),
        (lambda: rollout.gae([[1.0]], [[1.0]], gamma=1.1), "gamma"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, says):
    with pytest.raises(ValueError, match=says):
        call()
