"""Holds py/preflab against figures of reference implementations: `python tests/parity.py FILE`.

FILE follows the schema of tests/data/fixtures.json: cases of inputs and hyper-parameters, with the losses, gradients
and other outputs that TRL, CleanRL and others gave for them. One line a family, with the largest error relative to
max(1, |theirs|) outside single precision; each difference is named. The exit code is 0 only if everything that every
case expects was computed and agrees.

"""

import json
import pathlib
import sys

import numpy as np

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / folder) for folder in ("py", "tests/py")]
from judging import parity  # noqa: E402
from judging.parity import check, outputs  # noqa: E402
from preflab import kl, losses, numeric, ppo  # noqa: E402
from reference import gaussian_policy, optimum, reward_model  # noqa: E402


def reward(rewards_chosen, rewards_rejected, margin=None, *, center_rewards_coefficient=None):
    result = reward_model.bradley_terry(rewards_chosen, rewards_rejected, margin, center_rewards_coefficient or 0.0)
    return outputs(result, **result.metrics)


def linear_reward(phi_chosen, phi_rejected, w, b, margin=None, *, center_rewards_coefficient=None):
    centering = center_rewards_coefficient or 0.0
    result = reward_model.linear_bradley_terry(w, phi_chosen, phi_rejected, b, margin, centering)
    return outputs(result, **result.metrics)


def kl_gauss(mu, std, mu_ref, std_ref):
    result = gaussian_policy.kl_diagonal(mu, std, mu_ref, std_ref)
    return outputs(result._replace(grads={"mu": result.grads["mean"], "std": result.grads["std"]}))


def gauss_dpo(X, W, W0, y_chosen, y_rejected, *, beta, s, label_smoothing=0.0, ipo=False):
    chosen, rejected = (gaussian_policy.log_ratio(y, X, W, W0, s) for y in (y_chosen, y_rejected))
    difference = chosen - rejected
    result = losses.ipo(difference, beta) if ipo else losses.dpo(difference, beta, label_smoothing)
    slope = result.grads["difference"]
    through_chosen = gaussian_policy.weights_gradient(W, X, y_chosen, s, slope)
    through_rejected = gaussian_policy.weights_gradient(W, X, y_rejected, s, -slope)
    logps = [gaussian_policy.log_prob(y, X, weights, s) for weights in (W, W0) for y in (y_chosen, y_rejected)]
    return outputs(result._replace(grads={"W": through_chosen + through_rejected}), logps=logps)


def gauss_ppo(
    X,
    W,
    W_old,
    log_std,
    actions,
    advantages,
    values,
    v,
    returns,
    *,
    clip_coef,
    ent_coef,
    vf_coef,
    norm_adv,
    clip_vloss,
    s_old,
):
    std = np.exp(log_std)
    log_ratio = gaussian_policy.log_ratio(actions, X, W, W_old, std, s_old)
    advantages = numeric.standardize(advantages, 1e-8) if norm_adv else advantages
    policy = ppo.policy_loss(log_ratio, np.zeros_like(log_ratio), advantages, clip_coef)
    value = ppo.value_loss(X @ v, values, returns, clip_coef if clip_vloss else None)
    entropy, slope = gaussian_policy.entropy(log_std), policy.grads["logps"]
    return {
        "loss": policy.loss - ent_coef * entropy + vf_coef * value.loss,
        "pg_loss": policy.loss,
        "v_loss": value.loss,
        "entropy_loss": entropy,
        "approx_kl": kl.k3(-log_ratio)[0].mean(),
        "old_approx_kl": -log_ratio.mean(),
        "clipfrac": (abs(np.expm1(log_ratio)) > clip_coef).mean(),
        "grad": {
            "W": gaussian_policy.weights_gradient(W, X, actions, std, slope),
            "log_std": gaussian_policy.log_sigma_gradient(W, X, actions, std, slope) - ent_coef,
            "v": vf_coef * X.T @ value.grads["values"],
        },
    }


def gauss_objective(X, W, W0, w, *, beta, s):
    """The reference's objective is maximised, ours is a loss."""
    result = optimum.gaussian_objective(W, W0, X, w, beta, s)
    return {"loss": -result.loss, "grad": {"W": -result.grads["weights"]}}


# What the library has not, since the page does not need it.
parity.FAMILIES |= {
    "trl.reward.bt": reward,
    "e2e.reward.linear": linear_reward,
    "e2e.gauss.dpo": gauss_dpo,
    "e2e.gauss.ppo": gauss_ppo,
    "kl.gauss": kl_gauss,
    "e2e.gauss.klobjective": gauss_objective,
}


def read(path):
    """Cases and the outputs that are always single precision; ValueError if it is no fixture file."""
    try:
        fixtures = json.loads(pathlib.Path(path).read_text("utf-8"))
    except OSError as error:
        raise ValueError(error.strerror) from None
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from None
    if not isinstance(fixtures, dict) or not isinstance(fixtures.get("cases"), list):
        raise ValueError("not a fixture file: it has no list of cases")
    if not fixtures["cases"]:
        raise ValueError("no cases to check")
    for case in fixtures["cases"]:
        if not isinstance(case, dict) or not all(isinstance(case.get(name), str) for name in ("id", "loss")):
            raise ValueError("not a fixture file: a case has no id or loss")
    if not isinstance(fixtures.get("meta"), dict):
        raise ValueError("not a fixture file: it has no meta")
    return fixtures["cases"], fixtures["meta"].get("f32_outputs", [])


def main(path):
    """Check a file and report; True if all agrees."""
    cases, f32_outputs = read(path)
    results = [(case, *check(case, f32_outputs)) for case in cases]
    for case, _, problems in results:
        for problem in problems:
            print(f"FAIL {case['id']}: {problem}")
    families = {case["loss"]: [] for case in cases}
    for case, error, problems in results:
        families[case["loss"]].append((error, not problems))
    for family, found in families.items():
        passed, largest = sum(ok for _, ok in found), max(error for error, _ in found)
        print(f"{family:24} {passed:3}/{len(found):<3} largest error {largest:.0e}")
    passed = sum(not problems for *_, problems in results)
    print(f"{passed} of {len(cases)} cases agree")
    return passed == len(cases)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python tests/parity.py FILE")
    try:
        sys.exit(0 if main(sys.argv[1]) else 1)
    except ValueError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
