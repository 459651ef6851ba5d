"""The exact results of the Gaussian setting: where each loss ends, by quadrature; by samples where that cannot be.

y | x ~ N(x W, s^2 I), pairs from the reference W0, reward w.y, contexts with a constant feature.
"""

from functools import partial
from statistics import NormalDist

import numpy as np
import pytest
from gradients import differences

from preflab import groups, kl, losses, numeric, stationary
from reference import gaussian_policy, kl_term, optimum, preferences, reward_model, scales

SIGMA, BETA = 0.8, 0.5
W = np.array([0.72, -0.96])  # |w| = 1.2
SPREAD = 0.96  # s |w|
W0 = np.array([[0.3, -0.2], [0.5, 0.1]])
SHIFT = optimum.gaussian_shift(W, BETA, SIGMA)
BEST = W0 + np.outer([1, 0], SHIFT)  # feature 0 is always on


def pairs(n, seed, contexts=2):
    """Contexts, chosen and rejected: n pairs from the reference, as Bradley and Terry label them."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.standard_normal((n, contexts - 1))])
    first, second = (gaussian_policy.sample(x, W0[:contexts], SIGMA, rng) for _ in range(2))
    return x, *preferences.label_pairs(first, second, first @ W, second @ W, rng)


def endless_pairs(flip_rate=0.0):
    """Nodes and chances of all pairs: their contexts, and chosen minus rejected.

    The difference of two answers is N(0, 2 s^2 I), and 2 P(it is the chosen that is so much better) times as likely
    once it is labelled.
    """
    contexts, chance_x = np.polynomial.hermite_e.hermegauss(2)
    nodes, chance = np.polynomial.hermite_e.hermegauss(32)
    z, a, b = (axis.ravel() for axis in np.meshgrid(contexts, nodes, nodes, indexing="ij"))
    d = np.sqrt(2) * SIGMA * np.column_stack([a, b])
    p = numeric.sigmoid(d @ W)
    weight = np.einsum("i,j,k->ijk", chance_x, chance, chance).ravel() * (p + flip_rate * (1 - 2 * p))
    return np.column_stack([np.ones_like(z), z]), d, weight / weight.sum()


def gradient(loss, weights, x, chosen, rejected, chance=None):
    """Of the mean loss on pairs, in the weights of the policy; of the expected loss if the pairs have chances."""
    c, r = (gaussian_policy.log_ratio(y, x, weights, W0[: x.shape[1]], SIGMA) for y in (chosen, rejected))
    slope = loss(c - r).grads["difference"] * (1 if chance is None else len(x) * chance)
    through = partial(gaussian_policy.weights_gradient, weights, x, sigma=SIGMA)
    return through(outputs=chosen, d_log_prob=slope) + through(outputs=rejected, d_log_prob=-slope)


def endless_gradient(loss, weights, flip_rate=0.0):
    x, d, chance = endless_pairs(flip_rate)
    return gradient(loss, weights, x, x @ W0 + d, x @ W0, chance)


def hessian(slope, at):
    return np.array([differences(lambda a, i=i: slope(a).flat[i], at).ravel() for i in range(at.size)])


def minimum(slope, start):
    """Where the gradient vanishes, by Newton's method."""
    at = start
    for _ in range(30):
        step = np.linalg.solve(hessian(slope, at), slope(at).ravel()).reshape(at.shape)
        at = at - step
        if abs(step).max() < 1e-13:
            break
    return at


DPO, IPO = partial(losses.dpo, beta=BETA), partial(losses.ipo, beta=BETA)


def test_the_optimum_is_the_same_shift_in_every_context():
    x = pairs(50, 0)[0]
    np.testing.assert_allclose(optimum.gaussian_objective(BEST, W0, x, W, BETA, SIGMA).grads["weights"], 0, atol=1e-14)
    assert gaussian_policy.kl(BEST, W0, x, SIGMA).loss == pytest.approx(1.8432)


def test_with_contexts_of_mean_zero_no_training_can_move_the_score():
    x = np.random.default_rng(1).standard_normal((50, 2))
    x = np.concatenate([x, -x])
    anywhere = np.random.default_rng(2).standard_normal((2, 2))
    objective = partial(optimum.gaussian_objective, ref=W0, contexts=x, reward_weights=W, beta=BETA, sigma=SIGMA)
    assert objective(anywhere).metrics["reward"] == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(objective(W0).grads["weights"], 0, atol=1e-15)


def paid(weights, x, y):
    """The reward less the price of the KL, k1."""
    return y @ W - BETA * kl.k1(gaussian_policy.log_ratio(y, x, weights, W0, SIGMA))[0]


def test_at_the_optimum_reward_less_price_is_the_same_for_all_answers_so_the_gradient_has_no_noise():
    rng = np.random.default_rng(3)
    x = np.repeat(pairs(20, 3)[0], 4, axis=0)
    noise = []
    for weights in (BEST, (W0 + BEST) / 2):
        advantages = groups.rloo_advantages(paid(weights, x, gaussian_policy.sample(x, weights, SIGMA, rng)), 4)
        noise.append(abs(advantages).max())
    assert noise[0] < 1e-13 and noise[1] > 0.1


def test_dpo_is_logistic_regression():
    x, chosen, rejected = pairs(40, 4)
    weights = np.random.default_rng(4).standard_normal((2, 2))
    features = BETA / SIGMA**2 * np.einsum("ni,nj->nij", x, chosen - rejected).reshape(40, 4)
    logits = features @ (weights - W0).ravel()
    log_ratios = (gaussian_policy.log_ratio(y, x, weights, W0, SIGMA) for y in (chosen, rejected))
    assert DPO(np.subtract(*log_ratios)).loss == pytest.approx(np.log(1 + np.exp(-logits)).mean())
    expected = -(features / (1 + np.exp(logits))[:, None]).mean(axis=0).reshape(2, 2)
    np.testing.assert_allclose(gradient(DPO, weights, x, chosen, rejected), expected, rtol=1e-10)


def test_on_endless_pairs_dpo_has_one_minimum_and_it_is_rlhfs_optimum():
    at_best = endless_gradient(DPO, BEST)
    np.testing.assert_allclose(at_best, 0, atol=1e-12)
    assert np.linalg.eigvalsh(hessian(partial(endless_gradient, DPO), BEST)).min() > 0.01
    np.testing.assert_allclose(minimum(partial(endless_gradient, DPO), W0), BEST, atol=1e-9)


ENDS = [("IPO", IPO, 0.0, 0.185)]
for rate, plain, smoothed in ((0.1, 0.707, 0.528), (0.2, 0.488, 0.275), (0.3, 0.308, 0.119)):
    ENDS += [
        (f"DPO {rate}", DPO, rate, plain),
        (f"cDPO {rate}", partial(DPO, label_smoothing=rate), rate, smoothed),
        (f"rDPO {rate}", partial(losses.rdpo, beta=BETA, error_rate=rate), rate, 1.0),
    ]


@pytest.mark.parametrize(("loss", "flip_rate", "scale"), [end[1:] for end in ENDS], ids=[end[0] for end in ENDS])
def test_ends_on_endless_pairs_are_the_known_parts_of_the_optimums_shift(loss, flip_rate, scale):
    moved = minimum(partial(endless_gradient, loss, flip_rate=flip_rate), W0) - W0
    along = moved[0] @ SHIFT / (SHIFT @ SHIFT)
    assert along == pytest.approx(scale, abs=1e-9 if scale == 1 else 5e-4)  # the others are known to three digits
    np.testing.assert_allclose(moved, np.outer([1, 0], along * SHIFT), atol=1e-9)


@pytest.mark.parametrize(("flip_rate", "assumed"), [(0.3, 0.1), (0.1, 0.12)])
def test_rdpo_that_assumes_the_wrong_rate_ends_where_its_scale_says(flip_rate, assumed):
    loss = partial(losses.rdpo, beta=BETA, error_rate=assumed)
    moved = minimum(partial(endless_gradient, loss, flip_rate=flip_rate), W0) - W0
    np.testing.assert_allclose(moved[0], scales.rdpo_scale(SPREAD, flip_rate, assumed) * SHIFT, rtol=1e-6)


def test_ipo_moves_by_the_mean_slope_of_the_sigmoid_over_tau():
    _, d, chance = endless_pairs()
    p = numeric.sigmoid(d @ W)
    unlabelled = chance / p / (chance / p).sum()
    expected = SIGMA**2 * W * (unlabelled @ (p * (1 - p))) / 0.3
    found = minimum(partial(endless_gradient, partial(losses.ipo, beta=0.3)), W0)
    np.testing.assert_allclose((found - W0)[0], expected, rtol=1e-9)


def test_with_only_a_constant_feature_dpo_ends_at_the_reward_model_over_beta_on_the_same_pairs():
    x, chosen, rejected = pairs(200, 5, contexts=1)
    fitted = minimum(lambda w: reward_model.linear_bradley_terry(w, chosen, rejected).grads["w"], np.zeros(2))
    policy = minimum(lambda v: gradient(DPO, v, x, chosen, rejected), W0[:1])
    np.testing.assert_allclose((policy - W0[:1])[0], optimum.gaussian_shift(fitted, BETA, SIGMA), atol=1e-13)


# Pairs whose labels never err: the better answer leads by |N(0, 2 s^2 |w|^2)|, here at its quantiles.
LEADS = np.array([np.sqrt(2) * SPREAD * NormalDist().inv_cdf((1 + (i + 0.5) / 1000) / 2) for i in range(1000)])
PULLS = {  # minus the gradient in the scale c, by which rewards or log-ratios are c times the leads
    "DPO": lambda c: -losses.dpo(c * LEADS, 1.0).grads["difference"] @ LEADS,
    "Bradley-Terry": lambda c: -reward_model.bradley_terry(c * LEADS, 0 * LEADS).grads["rewards_chosen"] @ LEADS,
    "cDPO": lambda c: -losses.dpo(c * LEADS, 1.0, 0.1).grads["difference"] @ LEADS,
    "IPO": lambda c: -losses.ipo(c * LEADS, 1.0).grads["difference"] @ LEADS,
}


@pytest.mark.parametrize("name", ["DPO", "Bradley-Terry"])
def test_where_labels_never_err_there_is_no_optimum_and_the_scale_grows_as_the_cube_root_of_time(name):
    assert all(PULLS[name](c) > 0 for c in np.geomspace(0.01, 100, 50))
    scale, path = 0.0, []
    for _ in range(10_000):
        scale += 2 * PULLS[name](scale)
        path.append(scale)
    late = slice(1000, None)
    slope = np.polyfit(np.log(np.arange(1, 10_001))[late], np.log(path)[late], 1)[0]
    assert slope == pytest.approx(1 / 3, abs=0.005)


@pytest.mark.parametrize(("name", "end"), [("IPO", LEADS.sum() / 2 / (LEADS @ LEADS)), ("cDPO", None)])
def test_where_labels_never_err_ipo_and_cdpo_stop(name, end):
    scale = 0.0
    for _ in range(1000):
        scale += 0.3 * PULLS[name](scale)
    assert PULLS[name](scale) == pytest.approx(0, abs=1e-12)
    assert PULLS[name](1.01 * scale) < 0 < PULLS[name](0.99 * scale)
    assert end is None or scale == pytest.approx(end)


def test_ktos_scales_depend_on_what_the_reference_point_is():
    """The policy's KL, or 0, which is what clamping makes of its estimate on answers of the reference."""
    scales = [[stationary.kto_scale(SPREAD, b, clamped) for b in (0.1, 0.5, 1)] for clamped in (False, True)]
    assert scales[0] == pytest.approx([0.42, 1.02, 1.57], abs=5e-3)
    assert scales[1] == pytest.approx([0.49, 1.15, 1.70], abs=5e-3)


@pytest.mark.parametrize("clamped", [False, True])
@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_ktos_gradient_vanishes_at_its_scale_on_endless_answers(beta, clamped):
    """Standardised answers along w; each is the chosen of its pair as often as it beats another one."""
    t, chance = np.polynomial.hermite_e.hermegauss(80)
    chance /= chance.sum()
    wins = numeric.sigmoid(SPREAD * (t[:, None] - t)) @ chance

    def slope(moved):
        mean = np.array([[moved]])
        log_ratios = gaussian_policy.log_ratio(t[:, None], np.ones((80, 1)), mean, np.zeros((1, 1)), 1.0)
        mismatched = chance @ log_ratios  # answers of the reference: minus the KL
        z0 = losses.kto_reference_point(mismatched if clamped else -mismatched)
        good, bad = (losses.kto(log_ratios, np.full(80, label), z0, beta).grads["log_ratios"] * 80 for label in (1, 0))
        return chance @ ((wins * good + (1 - wins) * bad) * (t - moved))

    end = stationary.kto_scale(SPREAD, beta, clamped) * SPREAD / beta
    assert slope(end) == pytest.approx(0, abs=1e-9)
    assert slope(0.99 * end) < 0 < slope(1.01 * end)


def test_gradients_of_the_kl_estimators_for_the_mean_of_a_gaussian():
    """With the deviation fixed both KLs have one gradient, so that k3 in the loss is right, and in the reward 0."""
    z, chance = np.polynomial.hermite_e.hermegauss(80)
    chance, one = chance / chance.sum(), np.ones((80, 1))
    moved, ref = np.array([[0.9]]), np.zeros((1, 1))
    y = moved + SIGMA * z[:, None]
    u = gaussian_policy.log_ratio(y, one, moved, ref, SIGMA)

    def through(slopes):
        return gaussian_policy.weights_gradient(moved, one, y, SIGMA, chance * slopes).item()

    exact = gaussian_policy.kl(moved, ref, one, SIGMA)
    assert [chance @ kl.k1(u)[0], chance @ kl.k3(u)[0]] == pytest.approx([exact.loss] * 2)
    right = exact.grads["weights"].item()
    assert right == pytest.approx(0.9 / SIGMA**2)
    assert through(kl.k1(u)[0]) == pytest.approx(right)  # k1 in the reward
    assert through(kl.k3(u)[0]) == pytest.approx(0, abs=1e-12)  # k3 in the reward
    assert through(kl.k1(u)[1]) == pytest.approx(0, abs=1e-12)  # k1 in the loss
    assert through(kl.k2(u)[1]) == pytest.approx(right)  # k2 in the loss
    assert through(kl.k3(u)[1]) == pytest.approx(right)  # k3 in the loss
    assert through(sum(kl.k3(u))) == pytest.approx(right)  # ratio k3 in the loss


def grpo_gradients(moved, reward, scale):
    """GRPO's gradient for the mean from each of many groups of four, the mean of answers having moved so far."""
    n = 100_000
    one, ref = np.ones((n, 1)), np.zeros((1, 1))
    y = gaussian_policy.sample(one, ref + moved, SIGMA, np.random.default_rng(6))
    advantages = groups.grpo_advantages(reward * y[:, 0], 4, scale)
    log_ratio = gaussian_policy.log_ratio(y, one, ref + moved, ref, SIGMA)[:, None]
    zero = np.zeros_like(log_ratio)
    slopes = groups.grpo_loss(log_ratio, log_ratio, advantages, one, zero, beta=BETA).grads["logps"] * n
    return (slopes * (y - moved) / SIGMA**2).reshape(-1, 4).mean(axis=1)


@pytest.mark.parametrize("reward", [0.6, 1.2])
@pytest.mark.parametrize("scale", ["group", "none"])
def test_grpo_stops_at_its_shift_which_with_scaling_is_the_same_for_every_reward(reward, scale):
    known = SIGMA / BETA * 3 / 4 * scales.c4(4) if scale == "group" else 3 / 4 * SIGMA**2 * reward / BETA
    assert scales.grpo_scale(SIGMA * reward, 4, scale) * SIGMA**2 * reward / BETA == pytest.approx(known)
    pulls = []  # in standard errors
    for moved in (known, 0.8 * known):
        each = grpo_gradients(moved, reward, scale)
        pulls.append(abs(each.mean()) / each.std() * np.sqrt(len(each)))
    assert pulls[0] < 4 and pulls[1] > 8


def test_c4_is_the_mean_deviation_of_a_few_normal_draws():
    assert scales.c4(2) == pytest.approx(np.sqrt(2 / np.pi))
    deviations = np.random.default_rng(7).standard_normal((100_000, 4)).std(axis=1, ddof=1)
    assert deviations.mean() == pytest.approx(scales.c4(4), abs=4 * deviations.std() / np.sqrt(100_000))


@pytest.mark.parametrize("kind", kl.ESTIMATORS)
def test_a_kl_term_of_the_loss_is_the_mean_estimate(kind):
    u = np.random.default_rng(8).standard_normal(20)
    assert kl_term.in_loss(u, kind).loss == pytest.approx(kl.estimator(kind)(u)[0].mean())


def test_alphapos_reward_is_its_definition():
    """(1 - pi^-alpha) / alpha, for probabilities of 1/4 and 1/9 and alpha 1/2: -2 and -4."""
    found = losses.simpo(np.log([1 / 4]), np.log([1 / 9]), beta=3.0, gamma=0.7, alpha=0.5).loss
    assert found == pytest.approx(np.log(1 + np.exp(-(3.0 * 2 - 0.7))))
