"""The playground's library gives what the lesson's own blocks give on the same seeds."""

import numpy as np
import pytest

from preflab import playground
from runtime.dependencies import names

CASES = [(0.5, 200, 0.0, 42), (0.2, 50, 0.2, 7), (1.0, 1000, 0.1, 3), (0.5, 10, 0.0, 1)]


@pytest.mark.parametrize(("beta", "pairs", "label_noise", "seed"), CASES)
def test_it_trains_what_the_blocks_train(lesson, beta, pairs, label_noise, seed):
    """Not where the optimum lies close to the reference: there whitening magnifies what rounding leaves."""
    contexts, first, second = lesson.sample_pairs(pairs, np.random.default_rng(seed))
    swapped = (np.random.default_rng([seed, 1]).random(pairs) < label_noise)[:, None]
    chosen, rejected = np.where(swapped, second, first), np.where(swapped, first, second)
    reward, _ = lesson.train_reward_model(chosen, rejected)
    expected = {
        "rlhf": lesson.train_ppo(reward, beta=beta, seed=seed)[0],
        "rlhf_end": lesson.optimal_policy(reward, beta),
        "dpo": lesson.train_dpo(contexts, chosen, rejected, beta=beta, seed=seed)[0],
        "optimum": lesson.optimal_policy(lesson.TRUE_WEIGHTS, beta),
    }
    run = playground.train(beta, pairs, label_noise, seed)
    for name, weights in expected.items():
        np.testing.assert_allclose(getattr(run, name), weights - lesson.W_REF, rtol=1e-7, atol=1e-9, err_msg=name)
        score, kl = playground.score_and_kl(getattr(run, name))
        true_score, true_kl = lesson.summary(weights)
        np.testing.assert_allclose(score, true_score - lesson.summary(lesson.W_REF)[0], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(kl, true_kl, rtol=1e-7, atol=1e-9)
    try:
        end = lesson.dpo_minimum(contexts, chosen, rejected, beta) - lesson.W_REF
    except ValueError:
        assert run.dpo_end is None
    else:
        np.testing.assert_allclose(run.dpo_end, end, rtol=1e-6, atol=1e-8)


def test_there_are_pairs_with_and_without_a_minimum():
    assert playground.train(1.0, 10, 0.0, 1).dpo_end is None
    assert playground.train(0.5, 200).dpo_end is not None


def test_as_it_opens_it_shows_the_lessons_own_run(lesson):
    run = playground.train(0.5, 200, 0.0, 42)
    np.testing.assert_allclose(run.rlhf[-1], lesson.policy_weights - lesson.W_REF, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(run.dpo[-1], lesson.dpo_policy - lesson.W_REF, rtol=1e-7, atol=1e-9)


def test_nothing_lies_above_the_frontier():
    for beta in (0.2, 0.5, 2.0):
        run = playground.train(beta, 100, 0.1, 5)
        for policies in (run.rlhf, run.rlhf_end, run.dpo, run.dpo_end):
            score, kl = playground.score_and_kl(policies)
            assert (score <= playground.frontier(kl) + 1e-12).all()
        score, kl = playground.score_and_kl(run.optimum)
        assert score == pytest.approx(playground.frontier(kl))


def test_each_policy_answers_the_same_questions_with_the_same_noise(lesson):
    run = playground.train(0.5, 50)
    given = playground.answers(run, 7, seed=3)
    assert list(given) == ["reference", "RLHF", "DPO", "optimum"]
    rng = np.random.default_rng(3)
    contexts = lesson.sample_contexts(7, rng)
    noise = rng.standard_normal((7, 5))
    for who, shift in {"reference": 0, "RLHF": run.rlhf[-1], "DPO": run.dpo[-1], "optimum": run.optimum}.items():
        np.testing.assert_allclose(given[who], contexts @ (lesson.W_REF + shift) + noise, err_msg=who)


@pytest.mark.parametrize("beta", [0, -1, float("nan")])
def test_a_kl_that_costs_nothing_is_refused(beta):
    with pytest.raises(ValueError, match="no maximum"):
        playground.train(beta, 50)


def test_no_block_below_takes_a_name_of_the_playground(blocks):
    found = {block: names(source) for block, source in blocks.items()}
    own = set(found.pop("playground")["defines"])
    for block, named in found.items():
        assert not own & set(named["uses"]), block
