"""Policies, annotators and closed forms of preflab, held against each other and against sampling."""

from types import SimpleNamespace

import numpy as np
import pytest
from gradients import differences

from preflab import groups, kl, losses, stationary
from reference import gaussian_policy, optimum, preferences, scales, softmax_policy

W = np.array([0.9, -0.6, 0.5])
SPREAD = 0.96  # sigma 0.8, |w| 1.2


def constant_contexts(n):
    return np.ones((n, 1))


def test_the_log_ratio_is_the_difference_of_log_probs_also_between_deviations():
    x, y, w, ref = np.random.default_rng(0).standard_normal((4, 5, 5))
    for ref_sigma in (0.7, np.array([0.5, 1.0, 2.0, 0.7, 0.9])):
        by_definition = gaussian_policy.log_prob(y, x, w, 0.7) - gaussian_policy.log_prob(y, x, ref, ref_sigma)
        np.testing.assert_allclose(gaussian_policy.log_ratio(y, x, w, ref, 0.7, ref_sigma), by_definition, rtol=1e-11)


def test_the_log_ratio_keeps_its_digits_where_log_probs_lose_them():
    x, y, ref = np.ones((1, 1)), np.array([[1e6]]), np.zeros((1, 1))
    assert gaussian_policy.log_ratio(y, x, ref + 1e-9, ref, 1.0) == pytest.approx(1e-3, rel=1e-12)
    assert gaussian_policy.log_ratio(y, x, ref, ref, 1.0) == 0


def test_the_difference_of_a_pair_has_a_short_form():
    x, chosen, rejected, w, ref = np.random.default_rng(20).standard_normal((5, 5, 5))
    up, down = (gaussian_policy.log_ratio(y, x, w, ref, 0.7) for y in (chosen, rejected))
    np.testing.assert_allclose(gaussian_policy.log_ratio_difference(w, ref, x, chosen, rejected, 0.7), up - down)
    slope = np.arange(5) - 1.5
    through_log_probs = [gaussian_policy.weights_gradient(w, x, y, 0.7, slope) for y in (chosen, rejected)]
    short = gaussian_policy.difference_gradient(x, chosen, rejected, 0.7, slope)
    np.testing.assert_allclose(short, np.subtract(*through_log_probs), atol=1e-12)


def test_sampled_log_ratios_average_to_the_kl():
    rng = np.random.default_rng(1)
    x, w, ref = rng.standard_normal((20000, 3)), rng.standard_normal((3, 2)), rng.standard_normal((3, 2))
    y = gaussian_policy.sample(x, w, 1.5, rng)
    log_ratio, exact = gaussian_policy.log_ratio(y, x, w, ref, 1.5), gaussian_policy.kl(w, ref, x, 1.5).loss
    assert log_ratio.mean() == pytest.approx(exact, abs=4 * log_ratio.std() / np.sqrt(len(x)))


def test_the_two_kls_of_gaussians_agree():
    mean, ref = np.random.default_rng(2).standard_normal((2, 1, 4))
    one = gaussian_policy.kl(mean, ref, np.ones((1, 1)), 0.6).loss
    assert gaussian_policy.kl_diagonal(mean[0], np.full(4, 0.6), ref[0], np.full(4, 0.6)).loss == pytest.approx(one)


def test_entropy_is_the_mean_surprise():
    rng, log_sigma = np.random.default_rng(3), np.array([0.2, -0.5])
    x, w = constant_contexts(20000), np.ones((1, 2))
    surprise = -gaussian_policy.log_prob(gaussian_policy.sample(x, w, np.exp(log_sigma), rng), x, w, np.exp(log_sigma))
    assert surprise.mean() == pytest.approx(gaussian_policy.entropy(log_sigma), abs=0.03)


def test_softmax_samples_follow_their_probabilities():
    rng = np.random.default_rng(4)
    counts = np.bincount(softmax_policy.sample([0.0, 1.0, 2.0], 20000, rng)) / 20000
    np.testing.assert_allclose(counts, softmax_policy.probs([0.0, 1.0, 2.0]), atol=0.015)
    rows = softmax_policy.sample([[50.0, 0.0], [0.0, 50.0]], 2, rng)
    np.testing.assert_array_equal(rows, [0, 1])


def test_rounding_never_samples_beyond_the_last_output():
    highest = SimpleNamespace(random=lambda shape: np.full(shape, np.nextafter(1.0, 0.0)))
    assert np.cumsum(softmax_policy.probs(np.zeros(10)))[-1] < 1
    assert softmax_policy.sample(np.zeros(10), 1, highest) == 9


def test_logits_of_a_thousand_are_no_problem():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(softmax_policy.log_probs([1000.0, 0.0, -1000.0]), [0, -1000, -2000])
        assert softmax_policy.kl([1000.0, 0.0], [0.0, 1000.0]).loss == 1000


def test_an_annotator_errs_as_often_as_bradley_and_terry_say():
    rng = np.random.default_rng(5)
    rewards = np.full((2, 20000), [[1.2], [0.4]])
    chosen, rejected = preferences.label_pairs(np.ones(20000), np.zeros(20000), *rewards, rng)
    assert chosen.mean() == pytest.approx(preferences.preference_probability([1.2], [0.4])[0], abs=0.015)
    np.testing.assert_array_equal(chosen + rejected, 1)
    flipped, _ = preferences.flip_labels(np.ones(20000), np.zeros(20000), 0.3, rng)
    assert 1 - flipped.mean() == pytest.approx(0.3, abs=0.015)


def test_whole_outputs_are_swapped_not_their_entries():
    first, second = np.zeros((50, 3)), np.ones((50, 3))
    chosen, rejected = preferences.flip_labels(first, second, 0.5, np.random.default_rng(6))
    assert set(chosen.sum(axis=1)) == {0, 3}
    np.testing.assert_array_equal(chosen + rejected, first + second)


def test_the_gaussian_optimum_is_one():
    x, ref = constant_contexts(1), np.zeros((1, 3))
    at = ref + optimum.gaussian_shift(W, 0.5, 0.8)
    best = optimum.gaussian_objective(at, ref, x, W, 0.5, 0.8)
    np.testing.assert_allclose(best.grads["weights"], 0, atol=1e-15)
    assert best.metrics["kl"] == pytest.approx(optimum.gaussian_kl(W, 0.5, 0.8))
    assert best.metrics["reward"] == pytest.approx(optimum.gaussian_frontier(best.metrics["kl"], W, 0.8))


def test_the_kl_of_the_optimum_is_the_known_figure():
    assert optimum.gaussian_kl([1.2, 0.0], 0.5, 0.8) == pytest.approx(1.8432)


def test_no_gaussian_policy_lies_above_the_frontier():
    rng = np.random.default_rng(7)
    shifts = rng.standard_normal((200, 3)) * 3
    kls = (shifts**2).sum(axis=1) / (2 * 0.8**2)
    assert (shifts @ W <= optimum.gaussian_frontier(kls, W, 0.8)).all()


def test_at_the_tilted_policy_reward_less_its_price_is_the_same_for_all_outputs():
    ref, rewards = np.random.default_rng(8).standard_normal((2, 6))
    best = optimum.tilted(ref, rewards, 0.3)
    paid = rewards - 0.3 * (best - softmax_policy.log_probs(ref))
    np.testing.assert_allclose(paid, paid[0])


def test_no_softmax_policy_lies_above_the_frontier():
    rng = np.random.default_rng(9)
    ref, rewards = rng.standard_normal((2, 4))
    kls, best = optimum.softmax_frontier(ref, rewards, np.geomspace(0.05, 50, 200))
    assert (np.diff(kls) < 0).all() and (np.diff(best) < 0).all()
    for logits in rng.standard_normal((200, 4)) * 2:
        spent = softmax_policy.kl(logits, ref).loss
        if kls[-1] < spent < kls[0]:
            assert softmax_policy.probs(logits) @ rewards <= np.interp(spent, kls[::-1], best[::-1]) + 1e-3


def expected_gradient(logits, slopes):
    """E[slope(y) d log pi(y)] over all outputs."""
    return softmax_policy.logits_gradient(logits, np.arange(4), softmax_policy.probs(logits) * slopes)


def test_which_estimators_have_the_gradient_of_the_kl():
    logits, ref = np.random.default_rng(10).standard_normal((2, 4))
    u = softmax_policy.log_probs(logits) - softmax_policy.log_probs(ref)
    right = softmax_policy.kl(logits, ref).grads["logits"]
    forward = differences(lambda x: softmax_policy.kl(ref, x).loss, logits)
    np.testing.assert_allclose(expected_gradient(logits, kl.k1(u)[0]), right)  # k1 in the reward
    np.testing.assert_allclose(expected_gradient(logits, kl.k1(u)[1]), 0, atol=1e-15)  # k1 in the loss
    np.testing.assert_allclose(expected_gradient(logits, kl.k2(u)[1]), right)  # k2 in the loss
    np.testing.assert_allclose(expected_gradient(logits, kl.k3(u)[1]), forward, atol=1e-8)  # k3 in the loss
    np.testing.assert_allclose(expected_gradient(logits, sum(kl.k3(u))), right)  # ratio k3 in the loss


def test_scales_under_flipped_labels_are_the_known_figures():
    rates = (0.1, 0.2, 0.3)
    assert [scales.dpo_scale(SPREAD, e) for e in rates] == pytest.approx([0.707, 0.488, 0.308], abs=6e-4)
    assert [scales.dpo_scale(SPREAD, e, e) for e in rates] == pytest.approx([0.528, 0.275, 0.119], abs=6e-4)
    assert [scales.rdpo_scale(SPREAD, e, e) for e in rates] == pytest.approx([1, 1, 1])
    assert scales.dpo_scale(SPREAD) == pytest.approx(1)
    assert scales.rdpo_scale(SPREAD, 0.1, 0.0) == pytest.approx(scales.dpo_scale(SPREAD, 0.1))
    assert scales.rdpo_scale(SPREAD, 0.0, 0.4) == np.inf


def test_scales_of_ipo_and_kto_are_the_known_figures():
    assert scales.ipo_scale(SPREAD, 0.5, 0.5) == pytest.approx(0.185, abs=6e-4)
    assert [stationary.kto_scale(SPREAD, b) for b in (0.1, 0.5, 1)] == pytest.approx([0.42, 1.02, 1.57], abs=6e-3)


def pairs_from_the_reference(n, seed, flip_rate=0.0):
    """Standardised outputs along w, as an annotator labels them: sigma 1, |w| the spread."""
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((2, n, 1))
    pairs = preferences.label_pairs(first, second, SPREAD * first[:, 0], SPREAD * second[:, 0], rng)
    return preferences.flip_labels(*pairs, flip_rate, rng)


@pytest.mark.parametrize(
    ("loss", "scale", "flip_rate"),
    [
        (lambda d: losses.dpo(d, 0.5), scales.dpo_scale(SPREAD, 0.2), 0.2),
        (lambda d: losses.dpo(d, 0.5, 0.2), scales.dpo_scale(SPREAD, 0.2, 0.2), 0.2),
        (lambda d: losses.rdpo(d, 0.5, 0.2), 1.0, 0.2),
        (lambda d: losses.ipo(d, 0.5), scales.ipo_scale(SPREAD, 0.5, 0.5), 0.0),
    ],
)
def test_the_gradient_of_a_large_sample_vanishes_at_the_stationary_scale(loss, scale, flip_rate):
    chosen, rejected = pairs_from_the_reference(200_000, 11, flip_rate)
    moved = scale * optimum.gaussian_shift([SPREAD], 0.5, 1.0)
    x, ref = constant_contexts(len(chosen)), np.zeros((1, 1))
    c, r = (gaussian_policy.log_ratio(y, x, ref + moved, ref, 1.0) for y in (chosen, rejected))
    slope = loss(c - r).grads["difference"] * len(chosen)
    each = slope * (chosen - rejected)[:, 0]
    noise = each.std() / np.sqrt(len(each))
    assert abs(each.mean()) < 4 * noise
    assert abs(loss(1.2 * (c - r)).grads["difference"] @ (chosen - rejected)[:, 0]) > 8 * noise  # a fifth too far


@pytest.mark.parametrize("clamped", [False, True])
def test_ktos_gradient_of_a_large_sample_vanishes_at_its_scale(clamped):
    chosen, rejected = pairs_from_the_reference(200_000, 12)
    y, labels = np.concatenate([chosen, rejected]), np.repeat([1, 0], len(chosen))
    moved = stationary.kto_scale(SPREAD, 0.5, clamped) * SPREAD / 0.5
    z0 = 0.0 if clamped else moved**2 / 2
    log_ratios = gaussian_policy.log_ratio(y, constant_contexts(len(y)), np.array([[moved]]), np.zeros((1, 1)), 1.0)
    each = losses.kto(log_ratios, labels, z0, 0.5).grads["log_ratios"] * len(y) * (y[:, 0] - moved)
    assert abs(each.mean()) < 4 * each.std() / np.sqrt(len(each))


@pytest.mark.parametrize("scale", ["group", "none"])
def test_grpos_pull_is_that_of_its_scale(scale):
    """With advantages A the pull is E[A t], t the standardised output; RLHF's pull is the spread."""
    t = np.random.default_rng(13).standard_normal(400_000)
    each = groups.grpo_advantages(SPREAD * t, 4, scale, eps=0) * t
    expected = SPREAD * scales.grpo_scale(SPREAD, 4, scale)
    assert each.mean() == pytest.approx(expected, abs=4 * each.std() / np.sqrt(len(t)))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gaussian_policy.log_prob(np.ones((2, 1)), np.ones((2, 1)), np.ones((1, 1)), 0.0), "sigma must be"),
        (lambda: gaussian_policy.log_prob(np.ones((2, 3)), np.ones((2, 1)), np.ones((1, 1)), 1.0), "outputs have"),
        (
            lambda: gaussian_policy.log_ratio_difference(*np.ones((2, 1, 3)), *np.ones((3, 2, 1)), 1.0),
            "Pairs have shapes",
        ),
        (lambda: softmax_policy.log_prob([0.0, 0.0], [2]), "from 0 to 1"),
        (lambda: optimum.gaussian_shift(W, 0.0, 1.0), "beta must be"),
        (lambda: optimum.gaussian_frontier(-1.0, W, 1.0), "never negative"),
        (lambda: optimum.tilted([0.0, 0.0], [1.0], 1.0), "rewards has shape"),
        (lambda: preferences.flip_labels([1.0], [0.0], 1.5, np.random.default_rng(0)), "rate"),
        (lambda: preferences.label_pairs([1.0], [0.0], [1.0, 2.0], [0.0, 0.0], np.random.default_rng(0)), "1 pairs"),
        (lambda: scales.dpo_scale(SPREAD, 0.5), "flip_rate"),
        (lambda: scales.grpo_scale(SPREAD, 1), "two answers"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, says):
    with pytest.raises(ValueError, match=says):
        call()
