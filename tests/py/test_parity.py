"""The parity script agrees with the references, and would say so if it did not."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = TESTS / "data" / "fixtures.json"


def parity(file):
    """Exit code and everything printed."""
    done = subprocess.run([sys.executable, TESTS / "parity.py", file], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def after(tmp_path):
    """What the script says after `change` was made to the first case of a family, alone in a file."""

    def run(family, change):
        fixtures = json.loads(FIXTURES.read_text("utf-8"))
        case = next(case for case in fixtures["cases"] if case["loss"] == family)
        change(case)
        file = tmp_path / "changed.json"
        file.write_text(json.dumps({"meta": fixtures["meta"], "cases": [case]}), "utf-8")
        return parity(file)

    return run


def test_all_cases_agree():
    code, said = parity(FIXTURES)
    assert code == 0 and "124 of 124 cases agree" in said, said


def test_a_single_case_agrees_by_itself(after):
    assert after("trl.orpo", lambda case: None)[0] == 0


@pytest.mark.parametrize(
    ("family", "change", "says"),
    [
        ("trl.orpo", lambda case: case["expected"].update(loss=case["expected"]["loss"] + 1e-7), "loss: ours"),
        ("trl.kto.kto", lambda case: case["expected"]["grad"]["policy_logps"].reverse(), "grad.policy_logps: ours"),
        ("trl.dpo.sigmoid", lambda case: case["expected"]["metrics"].update(rewards_accuracy=0.9), "rewards_accuracy"),
        ("reinforce", lambda case: case["expected"]["grad"].update(logps=[0.0]), "ours has shape"),
        ("reinforce", lambda case: case.update(loss="reinforce++"), "unknown family 'reinforce++'"),
        ("trl.dpo.ipo", lambda case: case["hyper"].update(tau=1), "unknown hyper-parameter 'tau'"),
        ("trl.dpo.ipo", lambda case: case["hyper"].update(f_divergence="js"), "unknown f_divergence 'js'"),
        ("trl.dpo.ipo", lambda case: case["hyper"].pop("beta"), "missing hyper-parameter 'beta'"),
        ("trl.grpo.loss", lambda case: case["hyper"].update(loss_type="cispo"), "not 'cispo'"),
        ("trl.ppo.rollout", lambda case: case["hyper"].update(kl_estimator="k2"), "unknown kl_estimator 'k2'"),
        ("trl.orpo", lambda case: case["inputs"].update(weights=[1]), "unknown input 'weights'"),
        ("trl.orpo", lambda case: case["expected"].update(perplexity=1.0), "perplexity: expected, but not computed"),
        ("trl.orpo", lambda case: case.update(expected={}, grad_wrt=[]), "expects nothing"),
        ("trl.orpo", lambda case: case["grad_wrt"].pop(), "grad_wrt"),
        ("trl.orpo", lambda case: case.update(precision="f16"), "malformed: no 'f16'"),
        ("trl.orpo", lambda case: case.pop("inputs"), "malformed: no 'inputs'"),
        ("trl.orpo", lambda case: case["hyper"].update(beta="a tenth"), "FAIL"),
    ],
)
def test_a_changed_case_fails_and_is_named(after, family, change, says):
    code, said = after(family, change)
    assert code == 1 and says in said, said
    assert "FAIL trl." in said or "FAIL rlhfbook." in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "no list of cases"),
        ('{"cases": []}', "no cases"),
        ('{"cases": [{"id": "x"}]}', "no id or loss"),
        ('{"cases": [{"id": "x", "loss": "y"}]}', "no meta"),
    ],
)
def test_a_file_that_is_no_fixture_file_fails_with_one_sentence(tmp_path, text, says):
    (tmp_path / "broken.json").write_text(text, "utf-8")
    code, said = parity(tmp_path / "broken.json")
    assert code == 1 and says in said and said.count("\n") == 1, said


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    code, said = parity(tmp_path / "none.json")
    assert code == 1 and "No such file" in said


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("trl.dpo.sigmoid", lambda case: case.update(loss="trl.dpo.robust")),  # nothing is smoothed in this case
        ("trl.grpo.loss", lambda case: case["hyper"].update(delta=1e9, eps_high=None)),
        ("trl.grpo.advantages", lambda case: case["hyper"].update(scale_rewards=True)),
        ("trl.rloo.advantages", lambda case: case["hyper"].update(reward_clip_range=[-9, 9])),
        ("e2e.gauss.ppo", lambda case: case["expected"].update(clipfrac=clipfrac(case["inputs"]))),
    ],
)
def test_the_same_case_in_other_words_agrees(after, family, change):
    code, said = after(family, change)
    assert code == 0, said


def clipfrac(inputs):
    """Share of ratios outside 1 +- 0.2, from the definition of the densities."""
    x, w, w_old, y, log_std = (np.array(inputs[name]) for name in ("X", "W", "W_old", "actions", "log_std"))
    new = (-0.5 * ((y - x @ w) / np.exp(log_std)) ** 2 - log_std).sum(axis=1)
    old = (-0.5 * (y - x @ w_old) ** 2).sum(axis=1)
    return float((abs(np.exp(new - old) - 1) > 0.2).mean())
