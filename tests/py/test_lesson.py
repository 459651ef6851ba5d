"""What the lesson claims, held against closed forms, finite differences and twenty seeds."""

import builtins
import re
import subprocess
import sys

import numpy as np
import pytest
from gradients import differences

from lessons.block_globals import GIVEN
from preflab.seeds import Seeds
from runtime.dependencies import names


def test_the_ids_of_blocks_are_good_addresses(cells, blocks):
    ids = [cell["id"] for cell in cells if cell["kind"] == "block"]
    assert sorted(ids) == sorted(blocks), "an id stands twice"
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", block) for block in blocks)


def test_every_name_that_a_block_uses_is_defined_above_it(blocks):
    known = set(GIVEN) | set(dir(builtins))
    for block, source in blocks.items():
        found = names(source)
        assert set(found["uses"]) <= known, block
        known |= set(found["defines"])


def test_no_block_redefines_what_another_one_teaches(blocks, lesson):
    """Scratch names may come back; functions and capitals mean one thing on the whole page."""
    seen = {}
    for block, source in blocks.items():
        for name in names(source)["defines"]:
            if callable(vars(lesson).get(name)) or name.isupper():
                assert name not in seen, f"{name} in {block} and {seen[name]}"
                seen[name] = block


def test_chapters_run_under_plain_python(chapters):
    """The last one first runs all those before it; it is the last that prints, as the pages end in prose alone."""
    *_, last = (chapter for chapter in chapters if "print(" in chapter.read_text())
    for chapter in (chapters[0], last):
        done = subprocess.run([sys.executable, chapter], capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_the_reward_models_gradient_is_that_of_its_loss(lesson):
    rng = np.random.default_rng(0)
    chosen, rejected = rng.standard_normal((2, 30, 5))

    def loss(w):
        return np.logaddexp(0, -(chosen - rejected) @ w).mean()

    weights, losses = lesson.train_reward_model(chosen, rejected, lr=0.1, epochs=1)
    assert losses == [pytest.approx(np.log(2))]
    np.testing.assert_allclose(weights, -0.1 * differences(loss, np.zeros(5)), atol=1e-9)


def test_dpo_gradient_against_finite_differences(lesson):
    rng = np.random.default_rng(1)
    batch = (lesson.sample_contexts(20, rng), *rng.standard_normal((2, 20, 5)))
    weights = rng.standard_normal((4, 5))
    _, gradient = lesson.dpo_loss_and_grad(weights, *batch)
    expected = differences(lambda w: lesson.dpo_loss_and_grad(w, *batch)[0], weights)
    np.testing.assert_allclose(gradient, expected, atol=1e-8)


def test_dpo_margin_is_the_difference_of_four_log_probs(lesson):
    rng = np.random.default_rng(2)
    x, chosen, rejected = lesson.sample_contexts(20, rng), *rng.standard_normal((2, 20, 5))
    weights = rng.standard_normal((4, 5))

    def log_ratio(y):
        return lesson.log_prob(y, x, weights) - lesson.log_prob(y, x, lesson.W_REF)

    expected = lesson.BETA * (log_ratio(chosen) - log_ratio(rejected))
    np.testing.assert_allclose(lesson.implicit_margin(weights, x, chosen, rejected), expected, atol=1e-12)


def test_log_prob_is_a_density(lesson):
    """Its integral over a grid is one, in one dimension at a time."""
    y = np.linspace(-12, 12, 4001)
    outputs = np.zeros((len(y), 5))
    outputs[:, 0] = y
    density = np.exp(lesson.log_prob(outputs, np.zeros((len(y), 4)), lesson.W_REF))
    at_zero_elsewhere = (2 * np.pi * lesson.SIGMA**2) ** (-4 / 2)
    assert np.trapezoid(density, y) / at_zero_elsewhere == pytest.approx(1, abs=1e-9)


def test_ppo_step_climbs_the_clipped_surrogate(lesson):
    """Away from the kinks, the step is lr times the gradient of the mean surrogate."""
    rng = np.random.default_rng(3)
    x = lesson.sample_contexts(64, rng)
    old = lesson.W_REF
    y = lesson.generate_output(x, old, rng)
    advantages = rng.standard_normal(64)
    weights = old + 0.05 * rng.standard_normal(old.shape)

    def objective(w):
        ratio = np.exp(lesson.log_prob(y, x, w) - lesson.log_prob(y, x, old))
        return lesson.surrogate(ratio, advantages).mean()

    ratio = np.exp(lesson.log_prob(y, x, weights) - lesson.log_prob(y, x, old))
    assert ((ratio < 0.8) | (ratio > 1.2)).sum() >= 5  # the clip is at work
    step = lesson.ppo_step(weights, old, x, y, advantages, lr=1.0) - weights
    np.testing.assert_allclose(step, differences(objective, weights, 1e-7), atol=1e-6)


def test_kl_and_optimum_by_their_definitions(lesson):
    rng = np.random.default_rng(4)
    reward = rng.standard_normal(5)
    best = lesson.optimal_policy(reward)

    def objective(w):
        return (w[0] @ reward) - lesson.BETA * lesson.kl_to_reference(w)

    np.testing.assert_allclose(differences(objective, best), 0, atol=1e-8)
    assert lesson.kl_to_reference(best) == pytest.approx(reward @ reward * lesson.SIGMA**2 / (2 * lesson.BETA**2))

    x = lesson.sample_contexts(200_000, rng)
    y = lesson.generate_output(x, best, rng)
    log_ratio = lesson.log_prob(y, x, best) - lesson.log_prob(y, x, lesson.W_REF)
    error = log_ratio.std() / np.sqrt(len(x))
    assert abs(log_ratio.mean() - lesson.kl_to_reference(best)) < 4 * error


def test_labels_follow_bradley_terry(lesson):
    _, chosen, rejected = lesson.sample_pairs(100_000, np.random.default_rng(5))
    gap = (chosen - rejected) @ lesson.TRUE_WEIGHTS
    size = np.abs(gap)
    for low, high in [(0.1, 0.5), (0.5, 1), (1, 2), (2, 3)]:
        inside = (size > low) & (size < high)
        right = gap[inside] > 0
        expected = lesson.sigmoid(size[inside])
        error = np.sqrt((expected * (1 - expected)).mean() / inside.sum())
        assert abs(right.mean() - expected.mean()) < 4 * error


def test_accuracies_are_near_the_ceiling(lesson):
    assert lesson.label_accuracy == pytest.approx(0.76, abs=0.04)
    assert lesson.label_accuracy <= lesson.ceiling + 0.03
    assert lesson.ranking_accuracy > lesson.label_accuracy + 0.1


@pytest.fixture(scope="module")
def twenty(lesson):
    """(seed, ppo | dpo | ppo's own optimum, gain | KL), for seeds 0 to 19."""
    return lesson.twenty


@pytest.mark.slow
def test_both_methods_beat_the_reference_in_all_seeds(twenty):
    assert (twenty[:, :2, 0] > 0).all()


@pytest.mark.slow
def test_ppo_comes_within_five_percent_of_its_own_optimum(twenty):
    ratio = twenty[:, 0] / twenty[:, 2]
    assert np.abs(ratio.mean(axis=0) - 1).max() < 0.01


@pytest.mark.slow
def test_ppo_hovers_within_five_percent_of_its_own_optimum_in_each_seed(lesson):
    """Whitened advantages keep the last iterate jittering; where it hovers is the mean of its last 50."""
    for seed in range(20):
        _, chosen, rejected = lesson.sample_pairs(200, np.random.default_rng([seed, 0]))
        reward, _ = lesson.train_reward_model(chosen, rejected)
        path, _, _ = lesson.train_ppo(reward, seed=[seed, 1])
        best = lesson.optimal_policy(reward)
        gain = (path[-50:, 0] - lesson.W_REF[0]).mean(axis=0) @ reward
        kl = np.mean([lesson.kl_to_reference(w) for w in path[-50:]])
        assert gain == pytest.approx((best - lesson.W_REF)[0] @ reward, rel=0.05)
        assert kl == pytest.approx(lesson.kl_to_reference(best), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_pairs", "ppo", "dpo"),
    [(200, (3.57, 3.9), (3.56, 4.6)), (1000, (3.50, 3.6), (3.47, 3.7)), (50, (3.87, 5.4), (3.73, 8.5))],
)
def test_figures_agree_with_the_independent_sketch(lesson, n_pairs, ppo, dpo):
    """Gain and KL, means over 20 seeds, against the sketch's, which has as much noise of its own."""
    pairs = lesson.sample_pairs(n_pairs, Seeds([seed, 0] for seed in range(20)))
    reward, _ = lesson.train_reward_model(*pairs[1:])
    trained = (
        lesson.train_ppo(reward, seed=Seeds([seed, 1] for seed in range(20)))[0][-1],
        lesson.train_dpo(*pairs, seed=Seeds([seed, 2] for seed in range(20)))[0][-1],
    )
    for weights, expected in zip(trained, (ppo, dpo), strict=True):
        runs = np.transpose(lesson.summary(weights)) - lesson.summary(lesson.W_REF)
        error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs)) * np.sqrt(2)
        assert (np.abs(runs.mean(axis=0) - expected) < 3 * error).all()


@pytest.mark.slow
def test_without_kl_the_policy_runs_off(lesson):
    path, _, _ = lesson.train_ppo(lesson.rm_weights, beta=0.0)
    assert path[-1][0] @ lesson.TRUE_WEIGHTS == pytest.approx(23, abs=4)
    assert lesson.kl_to_reference(path[-1]) == pytest.approx(160, rel=0.25)
    assert lesson.kl_to_reference(path[-1]) > 3 * lesson.kl_to_reference(path[75])


BENT_PPO = {0: -27.3, 0.1: -3.9, 0.25: 1.68, 0.5: 1.05, 1: 0.26}  # measured apart from the lesson


@pytest.mark.slow
def test_true_scores_in_the_bent_world_are_those_measured_before(lesson):
    for beta, expected in BENT_PPO.items():
        end = lesson.train_ppo(lesson.proxy, beta=beta)[0][-1]
        assert lesson.bent_scores(end, lesson.proxy)[1] == pytest.approx(expected, abs=0.06)
    rows = {name: scores.mean(axis=-1) for name, (scores, _) in lesson.results.items()}
    np.testing.assert_allclose(rows["RLHF"], [-1.68, 1.52, 1.53, 1.54], atol=0.006)
    np.testing.assert_allclose(rows["DPO"], [-1.21, 0.45, 1.36, 1.49], atol=0.006)


def test_no_policy_lies_above_the_frontier(lesson):
    slope = lesson.SIGMA * np.linalg.norm(lesson.TRUE_WEIGHTS)
    start = lesson.summary(lesson.W_REF)[0]
    for weights in [*lesson.rlhf_path, *lesson.dpo_path, *lesson.free_path, lesson.dpo_end]:
        score, kl = lesson.summary(weights)
        assert score <= start + slope * np.sqrt(2 * kl) + 1e-12


def test_stale_pairs_hurt_only_where_the_taste_bends(lesson):
    assert lesson.gains["stale"].mean() < -1
    assert -0.2 < lesson.gains["fresh"].mean() < 0
    linear = [
        lesson.train_dpo(*lesson.sample_pairs(500, rng, source), ref=lesson.W_NOW, seed=0)[0]
        for rng, source in zip(map(np.random.default_rng, (0, 0)), (lesson.W_REF, lesson.W_NOW), strict=True)
    ]
    np.testing.assert_allclose(*linear)


def test_the_best_answer_to_the_bent_taste_is_at_its_peak(lesson):
    np.testing.assert_allclose(differences(lambda y: lesson.bent_taste(y[None])[0], lesson.PEAK), 0, atol=1e-8)


def words(cells):
    """Words of prose, without formulas, figures and addresses."""
    prose = "\n".join(cell["source"] for cell in cells if cell["kind"] == "prose")
    for pattern in (r"\$\$.*?\$\$", r"\$[^$]*\$", r"\{\{.*?\}\}", r"\{#.*?\}", r"\]\(.*?\)", r"(?m)^:::.[\w-]*"):
        prose = re.sub(pattern, " 1 ", prose, flags=re.S)
    return len(re.findall(r"[\w’'–-]*[A-Za-z][\w’'–-]*", prose))


def test_no_chapter_is_long(chapters):
    for chapter in chapters:
        parts = re.split(r"^# %%", chapter.read_text("utf-8"), flags=re.M)
        prose = [part.removeprefix(" [markdown]") for part in parts if part.startswith(" [markdown]")]
        assert words([{"kind": "prose", "source": re.sub(r"^# ?", "", p, flags=re.M)} for p in prose]) <= 1000, chapter


def test_one_pass_of_reinforce_is_one_pass_of_ppo(lesson):
    np.testing.assert_array_equal(lesson.reinforce[1], lesson.ppo[1])
    moved = [np.linalg.norm(path[60] - lesson.W_REF) for path in (lesson.reinforce, lesson.ppo)]
    assert moved[0] > 4 * moved[1]


def test_worked_answers_solve_their_exercises(lesson):
    assert lesson.ranked_right < 0.7 < 0.85 < lesson.relu_right
    assert lesson.cosine > 0.9 and lesson.noisy_length < 0.6 * lesson.clean_length


def test_what_prose_cites_is_bound_once(cells):
    """Figures are evaluated after all cells have run: a name that another cell binds again would be that one's."""
    bound = {}
    for index, cell in enumerate(cells):
        if cell["kind"] in ("block", "evidence"):
            for name in names(cell["source"])["defines"]:
                bound.setdefault(name, []).append(cell["id"] or f"{cell['page'] or 'lesson'}, evidence {index}")
    cited = re.findall(r"\{\{(.+?)\}\}", "\n".join(c["source"] for c in cells if c["kind"] == "prose"), flags=re.S)
    used = {name for expression in cited for name in names(f'f"""{{{expression.strip()}}}"""')["uses"]}
    assert {name: bound[name] for name in used if len(bound.get(name, [])) > 1} == {}
