"""The functions in the page's blocks agree with preflab, gradients included."""

import ast
import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from gradients import differences

from lessons.block_globals import GIVEN
from preflab import groups, logistic, losses, numeric, ppo, stationary
from preflab.seeds import Seeds
from reference import gaussian_policy, optimum, preferences, reward_model, scales, softmax_policy

SIGMA = 0.8  # on the page it is 1, which would hide where it is missing
N = 30


def defines(node):
    """Is it a function, a type, an import or a constant?"""
    if not isinstance(node, ast.Assign):
        return isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))
    return all(name.id.isupper() for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))


@pytest.fixture(scope="module")
def page(blocks):
    """What the blocks define, without what they run; pairs and the learned reward are random here."""
    chosen, rejected = np.random.default_rng(0).standard_normal((2, N, 5))
    data = {"preferred": chosen, "rejected": rejected, "rm_weights": np.array([1.0, 0.5, 0.0, 0.0, -0.7])}
    names = GIVEN | data | {"__name__": "page"}
    for source in blocks.values():
        body = [node for node in ast.parse(source).body if defines(node)]
        exec(compile(ast.Module(body, []), "page", "exec"), names)
    names["SIGMA"] = SIGMA
    return SimpleNamespace(**names)


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture
def pairs(page):
    return page.sample_pairs(N, rng())


@pytest.fixture
def weights(page):
    return page.W_REF + 0.5 * rng(2).standard_normal((4, 5))


def log_ratio(page, weights, x, y, ref=None):
    return gaussian_policy.log_ratio(y, x, weights, page.W_REF if ref is None else ref, SIGMA)


def chain(x, weights, *slopes):
    """Gradient in the weights, from pairs of outputs and slopes in their log-probs."""
    return sum(gaussian_policy.weights_gradient(weights, x, y, SIGMA, slope) for y, slope in slopes)


def same(found, expected, rtol=1e-10):
    np.testing.assert_allclose(found, expected, rtol, atol=1e-13)


# Chapter 1: pairs and the reward model


def test_sigmoid(page):
    z = np.array([-1000, -40, -1, 0, 1, 40, 1000])
    same(page.sigmoid(z), numeric.sigmoid(z))
    with np.errstate(over="raise", invalid="raise"):
        assert list(page.sigmoid(z[[0, -1]])) == [0, 1]


def test_contexts_have_a_constant_feature_and_the_second_moments_that_the_kl_assumes(page):
    x = page.sample_contexts(40_000, rng())
    assert (x[:, 0] == 1).all()
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(4), atol=0.03)


def test_pairs_are_the_references_answers_as_bradley_and_terry_label_them(page, weights):
    draws = rng()
    x = page.sample_contexts(N, draws)
    first, second = (gaussian_policy.sample(x, weights, SIGMA, draws) for _ in range(2))
    expected = preferences.label_pairs(first, second, first @ page.TRUE_WEIGHTS, second @ page.TRUE_WEIGHTS, draws)
    found = page.sample_pairs(N, rng(), weights)
    same(found[0], x)
    same(found[1:], expected)


def test_another_taste_labels_the_same_answers(page, weights):
    x, *pair = page.sample_pairs(N, rng(), weights, page.bent_taste)
    draws = rng()
    same(page.sample_contexts(N, draws), x)
    first, second = (gaussian_policy.sample(x, weights, SIGMA, draws) for _ in range(2))
    scores = [y @ page.TRUE_WEIGHTS - page.CURVATURE * (y**2).sum(axis=1) for y in (first, second)]
    same(pair, preferences.label_pairs(first, second, *scores, draws))


def test_training_the_reward_model_descends_the_bradley_terry_loss(page, pairs):
    w, expected = np.zeros(5), []
    for _ in range(20):
        result = reward_model.linear_bradley_terry(w, *pairs[1:])
        expected.append(result.loss)
        w = w - 0.3 * result.grads["w"]
    found, history = page.train_reward_model(*pairs[1:], lr=0.3, epochs=20)
    same(found, w)
    same(history, expected)


def test_the_reward_model_has_no_bias_and_no_use_for_one(page, pairs):
    _, chosen, rejected = pairs
    weights, _ = page.train_reward_model(chosen, rejected)
    assert weights.shape == (5,)
    same(page.train_reward_model(chosen + 3, rejected + 3)[0], weights)


# Many runs at once, on a leading axis: each is the run of its own seed.


def test_pairs_and_reward_models_of_many_seeds(page):
    stacked = page.sample_pairs(N, Seeds([3, [4, 1]]))
    singles = [page.sample_pairs(N, rng(seed)) for seed in (3, [4, 1])]
    for found, expected in zip(stacked, zip(*singles, strict=True), strict=True):
        np.testing.assert_array_equal(found, expected)
    weights, losses = page.train_reward_model(*stacked[1:], epochs=5)
    expected = [page.train_reward_model(*single[1:], epochs=5) for single in singles]
    same(weights, [w for w, _ in expected])
    same(np.transpose(losses), [history for _, history in expected])


def test_ppo_of_many_seeds(page):
    rewards = rng().standard_normal((3, 5))
    path, reward, kl = page.train_ppo(rewards, steps=4, seed=Seeds(range(3)))
    for seed in range(3):
        expected = page.train_ppo(rewards[seed], steps=4, seed=seed)
        for found, one in zip((path, reward, kl), expected, strict=True):
            same(np.array(found)[:, seed], one)


def test_dpo_of_many_seeds(page):
    pairs = page.sample_pairs(40, Seeds(range(3)))
    path, loss, accuracy = page.train_dpo(*pairs, steps=4, seed=Seeds(range(5, 8)))
    for seed in range(3):
        expected = page.train_dpo(*[part[seed] for part in pairs], steps=4, seed=5 + seed)
        for found, one in zip((path, loss, accuracy), expected, strict=True):
            same(np.array(found)[:, seed], one)


def test_scores_of_many_policies(page):
    policies = rng().standard_normal((3, 4, 5))
    same(page.summary(policies), np.transpose([page.summary(w) for w in policies]))
    same(page.bent_scores(policies, np.ones(5)), np.transpose([page.bent_scores(w, np.ones(5)) for w in policies]))


def test_seeds_refuse_what_would_draw_once_for_all():
    with pytest.raises(TypeError, match="not with normal"):
        Seeds([1, 2]).normal()


# Chapter 2: the policy and PPO


def test_policy(page, pairs, weights):
    x, y, _ = pairs
    same(page.generate_output(x, weights, rng()), gaussian_policy.sample(x, weights, SIGMA, rng()))
    same(page.log_prob(y, x, weights), gaussian_policy.log_prob(y, x, weights, SIGMA))


def test_kl_and_optimum(page, weights):
    x = 2 * np.eye(4)  # E[x x^T] = I
    same(page.kl_to_reference(weights), gaussian_policy.kl(weights, page.W_REF, x, SIGMA).loss)
    reward = np.arange(5.0)
    shift = page.optimal_policy(reward, 0.3) - page.W_REF
    same(shift, np.outer([1, 0, 0, 0], optimum.gaussian_shift(reward, 0.3, SIGMA)))
    same(page.kl_to_reference(page.optimal_policy(reward, 0.3)), optimum.gaussian_kl(reward, 0.3, SIGMA))


def ppo_gradient(x, y, weights, old, advantages, epsilon=0.2):
    moved = gaussian_policy.log_ratio(y, x, weights, old, SIGMA)
    slope = ppo.policy_loss(moved, np.zeros_like(moved), advantages, clip=epsilon).grads["logps"]
    return gaussian_policy.weights_gradient(weights, x, y, SIGMA, slope)


def test_a_ppo_step_descends_the_clipped_loss(page, pairs, weights):
    x, y, _ = pairs
    advantages = rng(3).standard_normal(N)
    old = weights + 0.1 * rng(4).standard_normal((4, 5))
    for epsilon in (0.05, 0.2, np.inf):
        step = page.ppo_step(weights, old, x, y, advantages, lr=0.7, epsilon=epsilon) - weights
        same(step, -0.7 * ppo_gradient(x, y, weights, old, advantages, epsilon))


def test_the_surrogate_is_minus_the_policy_loss(page):
    moved, advantages = 0.4 * rng().standard_normal(N), rng(2).standard_normal(N)
    expected = -ppo.policy_loss(moved, np.zeros(N), advantages).per_example
    same(page.surrogate(np.exp(moved), advantages), expected)


def test_whitening_is_the_librarys_but_for_its_deviation(page):
    """The library's has ddof 1, as TRL has; the page's ddof 0."""
    rewards = rng().standard_normal(N)
    same(page.whiten(rewards), (rewards - rewards.mean()) / rewards.std(), rtol=1e-6)
    assert abs(page.whiten(np.ones(3))).max() == 0


def test_the_ppo_loop_hands_on_its_learning_rate_and_clip(page):
    reward = np.array([1.0, -0.5, 0, 0, 0.2])
    usual = page.train_ppo(reward, steps=3)[0]
    same(page.train_ppo(reward, steps=3, lr=0.05, epsilon=0.2)[0], usual)
    assert abs(page.train_ppo(reward, steps=3, lr=0.1)[0] - usual).max() > 0.01
    assert abs(page.train_ppo(reward, steps=3, epsilon=np.inf)[0] - usual).max() > 0.01


def test_the_ppo_loop_pays_kl_in_the_reward_and_uses_each_batch_four_times(page):
    reward, draws = np.array([1.0, -0.5, 0, 0, 0.2]), rng()
    path, rewards, kls = page.train_ppo(reward, beta=0.7, steps=3, seed=1)
    old = page.W_REF
    for step in range(3):
        x = page.sample_contexts(32, draws)
        y = gaussian_policy.sample(x, old, SIGMA, draws)
        paid = y @ reward - 0.7 * log_ratio(page, old, x, y)
        weights = old
        for _ in range(4):
            weights = weights - 0.05 * ppo_gradient(x, y, weights, old, (paid - paid.mean()) / paid.std())
        assert (rewards[step], kls[step]) == pytest.approx(((y @ reward).mean(), page.kl_to_reference(old)))
        same(path[step + 1], weights, rtol=1e-6)  # the page adds 1e-8 to the deviation
        old = path[step + 1]


# Chapter 3: DPO


def test_the_implicit_margin_is_beta_times_the_difference_of_log_ratios(page, pairs, weights):
    x, chosen, rejected = pairs
    expected = 0.3 * (log_ratio(page, weights, x, chosen) - log_ratio(page, weights, x, rejected))
    same(page.implicit_margin(weights, x, chosen, rejected, 0.3), expected)


def test_the_implicit_margin_keeps_its_digits_where_four_log_probs_lose_them(page):
    far = np.full((1, 5), 1e6)
    margin = page.implicit_margin(page.W_REF + 1e-6, np.ones((1, 4)), far, -far, 0.5)
    assert margin == pytest.approx(0.5 * 5 * 2e6 * 4e-6 / SIGMA**2, rel=1e-9)


def test_dpo_loss_and_gradient(page, pairs, weights):
    x, chosen, rejected = pairs
    difference = log_ratio(page, weights, x, chosen) - log_ratio(page, weights, x, rejected)
    expected = losses.dpo(difference, 0.3)
    slope = expected.grads["difference"]
    value, gradient = page.dpo_loss_and_grad(weights, x, chosen, rejected, 0.3)
    same(value, expected.loss)
    same(gradient, chain(x, weights, (chosen, slope), (rejected, -slope)))


def test_margins_of_a_thousand_are_no_problem(page):
    """Answers far apart, so that -log sigmoid(margin) is 0 or the margin itself."""
    y = np.array([[1000.0, 0, 0, 0, 0], [-1000.0, 0, 0, 0, 0]])
    away = page.W_REF + np.outer([1, 0, 0, 0], [1, 0, 0, 0, 0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, _ = page.dpo_loss_and_grad(away, np.eye(4)[[0, 0]], y, -y, 0.5)
        same(value, 0.5 * 2000 * 0.5 / SIGMA**2)
        far = page.Logs(np.array([0.0, -9e3]), np.array([-9e3, 0.0]), *np.zeros((3, 2)))
        for name in ("dpo", "cdpo", "rdpo", "simpo"):
            assert np.isfinite(getattr(page, name)(far)).all()


def test_the_dpo_loop_descends_its_loss(page, pairs):
    path, history, accuracies = page.train_dpo(*pairs, lr=0.3, steps=2, batch=N)
    for now, after, loss, accuracy in zip(path, path[1:], history, accuracies, strict=False):
        expected, gradient = page.dpo_loss_and_grad(now, *pairs)
        same(after, now - 0.3 * gradient)
        assert loss == pytest.approx(expected)
        assert accuracy == (page.implicit_margin(now, *pairs) > 0).mean()


def test_dpos_gradient_vanishes_at_its_exact_end(page):
    pairs = page.sample_pairs(200, rng())
    end = page.dpo_minimum(*pairs, beta=0.3)
    _, gradient = page.dpo_loss_and_grad(end, *pairs, beta=0.3)
    assert abs(gradient).max() < 1e-10 < page.kl_to_reference(end)


def test_there_is_no_minimum_where_pairs_can_be_separated(page):
    with pytest.raises(ValueError, match="separable"):
        page.dpo_minimum(*page.sample_pairs(10, rng()))


def test_the_fitted_minimum_is_where_gradient_descent_ends(page):
    _, chosen, rejected = page.sample_pairs(60, rng())
    expected, _ = page.train_reward_model(chosen, rejected, epochs=5000)
    same(logistic.minimum(chosen - rejected), expected, rtol=1e-8)


@pytest.mark.parametrize("scale", [1e-3, 1, 30])
def test_of_few_pairs_each_draw_has_a_minimum_or_can_be_separated(scale):
    """Near the minimum rounding decides whether a step has made the loss smaller: no draw may stick there."""
    ends = {"minimum": 0, "separable": 0}
    for draw in np.random.default_rng(5).standard_normal((400, 14, 5)):
        try:
            weights = logistic.minimum(scale * draw)
        except ValueError as reason:
            assert "separable" in str(reason)
            ends["separable"] += 1
        else:
            error = numeric.sigmoid(-scale * draw @ weights)
            assert abs(error @ draw / 14).max() < 1e-9
            ends["minimum"] += 1
    assert min(ends.values()) > 20


def test_a_reward_model_of_the_policys_shape_leads_rlhf_to_dpos_minimum(page):
    """Swamy et al. 2025: the tilt is taken context by context, so that x B y moves the mean by sigma^2 x B / beta."""
    x, chosen, rejected = page.sample_pairs(200, rng())
    features = np.einsum("ni,nj->nij", x, chosen - rejected).reshape(200, -1)
    shift = optimum.gaussian_shift(logistic.minimum(features).reshape(4, 5), 0.3, SIGMA)
    same(page.W_REF + shift, page.dpo_minimum(x, chosen, rejected, beta=0.3), rtol=1e-8)


# Chapter 7: the relatives


def logs(page, drift=0.0):
    """Random log-probs, and mismatched log-ratios whose mean is about the drift."""
    values = -np.exp(rng(5).standard_normal((4, N)))
    return page.Logs(*values, drift + rng(6).standard_normal(N))


def pairwise(loss, *arguments, **options):
    """A preflab loss on log-ratio differences, as value and two slopes for each pair."""

    def on_logs(logs):
        result = losses.pairwise(partial(loss, **options), *logs[:4], beta=arguments[0])
        return result.per_example, *(N * result.grads[f"policy_{which}_logps"] for which in ("chosen", "rejected"))

    return on_logs


def on_policy(loss, scale=1.0):
    """The same for a loss without reference, on log-probs times a scale."""

    def on_logs(logs):
        result = loss(scale * logs.chosen, scale * logs.rejected)
        return result.per_example, *(N * scale * result.grads[f"policy_{w}_logps"] for w in ("chosen", "rejected"))

    return on_logs


def kto_on_pairs(logs, beta):
    """One good and one bad answer a pair."""
    ratios = np.concatenate([logs.chosen - logs.ref_chosen, logs.rejected - logs.ref_rejected])
    z0 = losses.kto_reference_point(logs.mismatched)
    result = losses.kto(ratios, np.repeat([1, 0], N), z0, beta)
    slopes = N * result.grads["log_ratios"].reshape(2, N)
    return result.per_example.reshape(2, N).mean(axis=0), *slopes


VARIANTS = {
    "dpo": ({"beta": 0.3}, pairwise(losses.dpo, 0.3)),
    "ipo": ({"beta": 0.3}, pairwise(losses.ipo, 0.3)),
    "cdpo": ({"beta": 0.3, "flips": 0.1}, pairwise(losses.dpo, 0.3, label_smoothing=0.1)),
    "rdpo": ({"beta": 0.3, "flips": 0.1}, pairwise(losses.rdpo, 0.3, error_rate=0.1)),
    "kto": ({"beta": 0.3}, partial(kto_on_pairs, beta=0.3)),
    "simpo": ({}, on_policy(partial(losses.simpo, beta=2.5), 1 / 5)),
    "orpo": ({"beta": 0.3}, on_policy(partial(losses.orpo, beta=0.3))),
}


@pytest.mark.parametrize("drift", [-2.0, 2.0])
@pytest.mark.parametrize("name", VARIANTS)
def test_values_and_both_slopes_of_the_relatives(page, name, drift):
    options, expected = VARIANTS[name]
    given = logs(page, drift)
    same(getattr(page, name)(given, **options), expected(given))


@pytest.mark.parametrize("name", ["dpo", "ipo", "kto", "cdpo", "rdpo"])
def test_the_relatives_start_from_the_pages_beta(page, name):
    beta = page.BETA
    flips = {"flips": page.FLIPS} if name in ("cdpo", "rdpo") else {}
    same(getattr(page, name)(logs(page)), getattr(page, name)(logs(page), beta=beta, **flips))


def test_a_density_has_no_odds_on_the_page_either(page):
    with np.errstate(invalid="ignore"):
        value, *_ = page.orpo(page.Logs(*np.full((5, 1), 0.5)))
    assert np.isnan(value)


def test_the_trainer_hands_each_loss_the_logs_of_its_pairs(page, pairs):
    x, chosen, rejected = pairs
    given = []

    def spy(logs):
        given.append(logs)
        return page.dpo(logs)

    path = page.train_on_pairs(spy, *pairs, lr=0.3, steps=2, mismatched=chosen[::-1])
    expected = [gaussian_policy.log_prob(y, x, w, SIGMA) for w in (path[1], page.W_REF) for y in (chosen, rejected)]
    same(given[1][:4], expected)
    same(given[1].mismatched, log_ratio(page, path[1], x, chosen[::-1]))


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "orpo"])
def test_the_trainer_descends_any_loss_that_takes_densities(page, pairs, name):
    x, chosen, rejected = pairs
    loss, others = getattr(page, name), chosen[::-1]
    path = page.train_on_pairs(loss, *pairs, lr=0.3, steps=2, mismatched=others)
    logs = [gaussian_policy.log_prob(y, x, w, SIGMA) for w in (path[1], page.W_REF) for y in (chosen, rejected)]
    _, up, down = loss(page.Logs(*logs, log_ratio(page, path[1], x, others)))
    same(path[2], path[1] - 0.3 * chain(x, path[1], (chosen, up / N), (rejected, down / N)))


def test_flipping_labels(page, pairs):
    same(page.flip_labels(*pairs[1:], 0.3, rng()), preferences.flip_labels(*pairs[1:], 0.3, rng()))


def test_all_data_sets_and_losses_at_once_are_the_trainer_on_each(page):
    """In the same draws and the same steps, at the first two of its data sets."""
    features = np.array([page.noisy_features(N, seed) for seed in (0, 1)])
    found = page.train_on_targets(features, page.NOISE_TARGETS, lr=0.7, steps=3)
    for seed in (0, 1):
        draws = np.random.default_rng([seed, N])
        x, *answers = page.sample_pairs(N, draws)
        pairs = x, *page.flip_labels(*answers, page.FLIPS, draws)
        for i, loss in enumerate((page.dpo, page.cdpo, page.rdpo)):
            change = page.train_on_pairs(loss, *pairs, lr=0.7, steps=3)[-1] - page.W_REF
            same(found[seed, :, i], change.ravel())


def test_theory_is_that_of_the_library(page):
    spread, beta = SIGMA * np.linalg.norm(page.TRUE_WEIGHTS), page.BETA
    at = partial(page.theory_scale, flips=0.2)
    found = [page.theory_scale(page.dpo), at(page.dpo), at(page.cdpo), at(page.rdpo), page.theory_scale(page.ipo)]
    expected = [
        1.0,
        scales.dpo_scale(spread, 0.2),
        scales.dpo_scale(spread, 0.2, 0.2),
        scales.rdpo_scale(spread, 0.2, 0.2),
        scales.ipo_scale(spread, beta, beta),
    ]
    same(np.multiply(found, beta), expected, rtol=1e-6)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_ktos_theory_is_that_of_the_clamped_reference_point(page, beta):
    """Four digits: the page's quadrature has few nodes, and KTO goes far at a large beta."""
    spread = SIGMA * np.linalg.norm(page.TRUE_WEIGHTS)
    c = page.theory_scale(partial(page.kto, beta=beta), widest=40.0)
    assert c * beta == pytest.approx(stationary.kto_scale(spread, beta, clamped=True), abs=5e-5)


def test_simpos_theory_is_where_the_gradient_of_a_large_sample_vanishes(page):
    """It has no reference, so the length of an answer matters, and there is no closed form."""
    x, *answers = page.sample_pairs(100_000, rng())

    def slopes(c):
        """Of each pair's loss along the taste."""
        weights = page.shifted_policy(c)
        logs = [gaussian_policy.log_prob(y, x, weights, SIGMA) for y in answers]
        _, *by = page.simpo(page.Logs(*logs, *logs))
        return sum(slope * ((y - x @ weights) @ page.TRUE_WEIGHTS) for slope, y in zip(by, answers, strict=True))

    scale = page.theory_scale(page.simpo)
    noise = slopes(scale).std() / np.sqrt(len(x))
    assert abs(slopes(scale).mean()) < 4 * noise
    assert abs(slopes(1.05 * scale).mean()) > 4 * noise


def test_moving_by_the_theory_lands_on_the_optimum(page):
    same(page.shifted_policy(1 / 0.3), page.optimal_policy(page.TRUE_WEIGHTS, 0.3))


def test_the_finite_policy_is_a_softmax(page):
    v = np.array([0.5, -0.2, 0.1, 0, 1.0])
    logits = page.ANSWERS @ v
    same(page.finite_log_probs(v), softmax_policy.log_probs(logits))
    score, spent = page.finite_summary(v)
    assert score == pytest.approx(softmax_policy.probs(logits) @ page.ANSWERS @ page.TRUE_WEIGHTS)
    assert spent == pytest.approx(softmax_policy.kl(logits, np.zeros(2 * N)).loss)
    assert page.finite_summary(np.zeros(5))[1] == pytest.approx(0, abs=1e-15)


def test_the_finite_frontier(page):
    betas = np.array([0.1, 0.5, 2.0])
    kls, rewards = optimum.softmax_frontier(np.zeros(2 * N), page.ANSWERS @ page.TRUE_WEIGHTS, betas)
    same([page.finite_summary(page.TRUE_WEIGHTS / b) for b in betas], np.column_stack([rewards, kls]))


@pytest.mark.parametrize("name", ["dpo", "orpo"])
def test_the_finite_trainer_descends_any_loss(page, name):
    path = page.train_finite(getattr(page, name), lr=0.3, steps=2)
    logits, uniform = page.ANSWERS @ path[1], np.full(N, -np.log(2 * N))
    logps = softmax_policy.log_probs(logits)
    _, up, down = getattr(page, name)(page.Logs(logps[:N], logps[N:], uniform, uniform, np.zeros(N)))
    slopes = softmax_policy.logits_gradient(logits, np.arange(2 * N), np.concatenate([up, down]) / N)
    same(path[2], path[1] - 0.3 * page.ANSWERS.T @ slopes)


def test_leave_one_out(page):
    earned = rng().standard_normal((6, 4))
    same(page.rloo_advantage(earned).ravel(), groups.rloo_advantages(earned.ravel(), 4))


def on_policy_batch(page, weights, draws, prompts):
    x = np.repeat(page.sample_contexts(prompts, draws), 4, axis=0)
    return x, gaussian_policy.sample(x, weights, SIGMA, draws)


def test_training_on_rewards_is_reinforce_with_kl_in_the_reward(page):
    path, draws = page.train_on_rewards(page.rloo_advantage, beta=0.3, steps=3), rng(42)
    for now, after in zip(path, path[1:], strict=False):
        x, y = on_policy_batch(page, now, draws, 8)
        advantages = groups.rloo_advantages(y @ page.rm_weights - 0.3 * log_ratio(page, now, x, y), 4)[:, None]
        logps = gaussian_policy.log_prob(y, x, now, SIGMA)[:, None]
        slope = ppo.reinforce(logps, advantages).grads["logps"][:, 0]
        same(after, now - 0.05 * chain(x, now, (y, slope)))


@pytest.mark.parametrize(("scale", "name"), [(True, "group"), (False, "none")])
def test_training_grpo_descends_its_loss(page, scale, name):
    path, draws = page.train_grpo(scale, beta=0.3, steps=3), rng(42)
    for now, after in zip(path, path[1:], strict=False):
        x, y = on_policy_batch(page, now, draws, 32)
        advantages = groups.grpo_advantages(y @ page.rm_weights, 4, name)
        logps, ref = (gaussian_policy.log_prob(y, x, w, SIGMA)[:, None] for w in (now, page.W_REF))
        loss = groups.grpo_loss(logps, logps, advantages, np.ones_like(logps), ref, beta=0.3)
        same(after, now - 0.02 * chain(x, now, (y, loss.grads["logps"][:, 0])))


def test_where_grpo_ends(page):
    scale = scales.grpo_scale(SIGMA * np.linalg.norm(page.rm_weights), 6)
    shift = scale * optimum.gaussian_shift(page.rm_weights, 0.3, SIGMA)
    same(page.grpo_theory(6, 0.3) - page.W_REF, np.outer([1, 0, 0, 0], shift))


# Chapters 8 to 10


def test_the_checker_passes_what_is_within_one_of_the_sum(page):
    x = np.array([[1.0, 2.0, -1.0, 0.5]] * 4)
    y = np.zeros((4, 5))
    y[:, 0] = [1.5, 2.4, 0.4, -9.0]  # the sum is 1.5
    assert list(page.adds_up(x, y)) == [1, 1, 0, 0]


def test_a_policy_that_adds_faultlessly_passes_as_often_as_its_spread_allows(page):
    x = page.sample_contexts(40_000, rng())
    passed = page.adds_up(x, gaussian_policy.sample(x, page.KNOWS, SIGMA, rng(2)))
    assert passed.mean() == pytest.approx(np.vectorize(math.erf)(1 / (SIGMA * np.sqrt(2))), abs=0.01)


@pytest.mark.parametrize("fresh", [True, False])
def test_training_by_rounds_is_dpo_on_pairs_of_the_moment_or_of_the_reference(page, fresh):
    path, draws = page.train_by_rounds(fresh), rng(42)
    for now, after in zip(path[:4], path[1:], strict=False):
        source = now if fresh else page.W_REF
        x = page.sample_contexts(32, draws)
        first, second = (gaussian_policy.sample(x, source, SIGMA, draws) for _ in range(2))
        tastes = page.bent_taste(first), page.bent_taste(second)
        chosen, rejected = preferences.label_pairs(first, second, *tastes, draws)
        difference = log_ratio(page, now, x, chosen) - log_ratio(page, now, x, rejected)
        slope = losses.dpo(difference, page.ONLINE_BETA).grads["difference"]
        same(after, now - page.ONLINE_LR * chain(x, now, (chosen, slope), (rejected, -slope)), rtol=1e-8)


def test_the_bent_optimum_is_the_best_of_all_policies_near_it(page):
    def objective(weights):
        _, true, kl = page.bent_scores(weights, np.zeros(5))
        return true - 0.3 * kl

    best = page.bent_optimum(0.3)
    np.testing.assert_allclose(differences(objective, best), 0, atol=1e-7)


def test_the_exact_score_is_the_mean_and_the_deviation_of_samples(page, weights):
    x = page.sample_contexts(100_000, rng())
    scores = gaussian_policy.sample(x, weights, SIGMA, rng(2)) @ page.TRUE_WEIGHTS
    assert page.exact_score(weights) == pytest.approx((scores.mean(), scores.std()), abs=0.03)
    stacked = page.exact_score(np.array([weights, page.W_REF]))
    same(np.transpose(stacked), [page.exact_score(weights), page.exact_score(page.W_REF)])


def test_bent_scores_are_those_of_samples(page, weights):
    proxy = np.arange(5.0)
    y = page.generate_output(page.sample_contexts(100_000, rng()), weights, rng(2))
    found = page.bent_scores(weights, proxy)
    for exact, scores in zip(found, (y @ proxy, page.bent_taste(y)), strict=False):
        assert exact == pytest.approx(scores.mean(), abs=4 * scores.std() / np.sqrt(len(y)))
    assert found[2] == page.kl_to_reference(weights)


def test_the_score_for_its_kl_is_measured_against_the_frontier(page, weights):
    gain = (weights - page.W_REF)[0] @ page.TRUE_WEIGHTS
    possible = optimum.gaussian_frontier(page.kl_to_reference(weights), page.TRUE_WEIGHTS, SIGMA)
    same(page.score_for_kl(weights), gain / possible)
    same(page.score_for_kl(page.optimal_policy(page.TRUE_WEIGHTS)), 1.0)


def test_a_reinforce_step_descends_its_loss(page, pairs, weights):
    x, y, _ = pairs
    advantages = rng(3).standard_normal(N)
    logps = gaussian_policy.log_prob(y, x, weights, SIGMA)[:, None]
    slope = ppo.reinforce(logps, advantages[:, None]).grads["logps"][:, 0]
    step = page.reinforce_step(weights, x, y, advantages, lr=0.7) - weights
    same(step, -0.7 * chain(x, weights, (y, slope)))
