"""Holds preflab against figures of reference implementations, case by case.

A case has inputs and hyper-parameters, and the losses, gradients and other outputs that TRL, Rafailov's DPO and others
gave for them, by the schema of tests/data/fixtures.json. tests/parity.py does this for a file, with families more.

An adapter's signature is what it knows of its family: the positional parameters are inputs, those after * are
hyper-parameters. Whatever a case has beyond them is a failure: nothing is passed over in silence. Some parameters are
named only to be known, since the reference does not read them either.
"""

import inspect

import numpy as np

from preflab import groups, kl, losses, numeric, ppo, rollout

TOLERANCES = {"f64": (1e-9, 1e-12), "f64_eps_const_f32": (1e-6, 1e-12), "f32": (2e-4, 1e-6)}  # relative, absolute


def outputs(loss, **more):
    """A Loss under the names of the schema."""
    return {"loss": loss.loss, "per_example": loss.per_example, "grad": loss.grads, **more}


def only(name, value, *known):
    if value not in known:
        raise ValueError(f"unknown {name} {value!r} (known: {', '.join(map(repr, known))})")


def trl_dpo(loss, smoothing=None):
    """smoothing: the name under which the loss takes label_smoothing, if it reads it at all."""

    def adapter(
        policy_chosen_logps,
        policy_rejected_logps,
        ref_chosen_logps,
        ref_rejected_logps,
        len_chosen=None,
        len_rejected=None,
        *,
        beta,
        f_divergence="reverse_kl",
        label_smoothing=0.0,
        discopop_tau=None,
        f_alpha=None,
    ):
        only("f_divergence", f_divergence, "reverse_kl")
        logps = policy_chosen_logps, policy_rejected_logps, ref_chosen_logps, ref_rejected_logps
        lengths = (len_chosen, len_rejected) if loss is losses.ipo else None
        options = {smoothing: label_smoothing} if smoothing else {}
        result = losses.pairwise(loss, *logps, beta=beta, lengths=lengths, **options)
        return outputs(result, metrics=result.metrics)

    return adapter


def rafailov(
    policy_chosen_logps,
    policy_rejected_logps,
    ref_chosen_logps,
    ref_rejected_logps,
    *,
    beta,
    label_smoothing=0.0,
    ipo=False,
    reference_free=False,
):
    logps = policy_chosen_logps, policy_rejected_logps, ref_chosen_logps, ref_rejected_logps
    loss, options = (losses.ipo, {}) if ipo else (losses.dpo, {"label_smoothing": label_smoothing})
    result = losses.pairwise(loss, *logps, beta=beta, reference_free=reference_free, **options)
    return outputs(result, **result.metrics)


def kto(
    policy_logps,
    ref_logps,
    label,
    policy_kl_logps,
    ref_kl_logps,
    *,
    beta,
    desirable_weight=1.0,
    undesirable_weight=1.0,
):
    z0 = losses.kto_reference_point(policy_kl_logps - ref_kl_logps)
    result = losses.kto(policy_logps - ref_logps, label, z0, beta, desirable_weight, undesirable_weight)
    return outputs(result._replace(grads={"policy_logps": result.grads["log_ratios"]}), **result.metrics)


def orpo(policy_chosen_logps, policy_rejected_logps, *, beta):
    result = losses.orpo(policy_chosen_logps, policy_rejected_logps, beta)
    return outputs(result, **result.metrics)


def simpo(
    policy_chosen_logps,
    policy_rejected_logps,
    *,
    beta,
    simpo_gamma,
    label_smoothing=0.0,
    alpha=0.0,
    cpo_alpha=0.0,
):
    preference = losses.simpo(policy_chosen_logps, policy_rejected_logps, beta, simpo_gamma, label_smoothing, alpha)
    total = numeric.add(preference, losses.nll(policy_chosen_logps), cpo_alpha)
    return outputs(total._replace(per_example=preference.per_example))


def grpo_loss(
    logps,
    mask,
    advantages,
    old_logps=None,
    ref_logps=None,
    *,
    loss_type,
    beta,
    eps_low,
    eps_high,
    level="token",
    delta=None,
    bias_corr_kl=False,
    max_completion_length=None,
    sapo_temperature_pos=None,
    sapo_temperature_neg=None,
):
    result = groups.grpo_loss(
        logps,
        logps if old_logps is None else old_logps,
        advantages,
        mask,
        ref_logps,
        beta=beta,
        low=eps_low,
        high=eps_low if eps_high is None else eps_high,
        normalizer=loss_type,
        max_length=max_completion_length,
        level=level,
        ceiling=delta,
        correct_kl=bias_corr_kl,
    )
    return outputs(result, **result.metrics)


def grpo_advantages(rewards_per_func, reward_weights, *, num_generations, scale_rewards="group", eps=1e-4):
    rewards = groups.combine_rewards(rewards_per_func, reward_weights)
    # TRL also takes the booleans of its first versions.
    scale = {True: "group", False: "none"}.get(scale_rewards, scale_rewards)
    return {"advantages": groups.grpo_advantages(rewards, num_generations, scale, eps)}


def rloo_loss(logps, old_logps, mask, advantages, *, eps_low, eps_high):
    return outputs(groups.rloo_loss(logps, old_logps, advantages, mask, eps_low, eps_high))


def rloo_advantages(
    rewards_per_func,
    reward_weights,
    kl_per_token=None,
    mask=None,
    *,
    num_generations,
    beta=0.0,
    reward_clip_range=None,
    normalize_advantages=False,
    eps=1e-4,
):
    rewards = groups.combine_rewards(rewards_per_func, reward_weights)
    if reward_clip_range:
        rewards = np.clip(rewards, *reward_clip_range)
    if beta:
        rewards = rewards - beta * numeric.masked(kl_per_token, mask).sum(axis=1)
    return {"advantages": groups.rloo_advantages(rewards, num_generations, normalize_advantages, eps)}


def ppo_rollout(
    logprobs, ref_logprobs, values, scores, seq_len, *, kl_coef, kl_estimator, gamma, lam, whiten_rewards=False
):
    only("kl_estimator", kl_estimator, "k1", "k3")
    result = rollout.rollout(
        logprobs - ref_logprobs,
        values,
        scores,
        seq_len.astype(int),
        kl_coef=kl_coef,
        kl_estimator=kl_estimator,
        gamma=gamma,
        lam=lam,
        whiten_rewards=whiten_rewards,
    )
    return result._asdict()


def ppo_loss(
    new_logprobs,
    old_logprobs,
    advantages,
    old_values,
    vpred,
    returns,
    seq_len,
    *,
    cliprange,
    cliprange_value,
    vf_coef,
):
    tokens, states = rollout.token_masks(seq_len, new_logprobs.shape[1])
    policy = ppo.policy_loss(new_logprobs, old_logprobs, advantages, cliprange, tokens)
    value = ppo.value_loss(vpred, old_values, returns, cliprange_value, states)
    return {
        "loss": policy.loss + vf_coef * value.loss,
        "pg_loss": policy.loss,
        "vf_loss": value.loss,
        "pg_clipfrac": policy.metrics["clipfrac"],
        "vf_clipfrac": value.metrics["clipfrac"],
        "grad": {"new_logprobs": policy.grads["logps"], "vpred": vf_coef * value.grads["values"]},
    }


def reinforce(logps, advantages, mask):
    return outputs(ppo.reinforce(logps, np.broadcast_to(advantages, logps.shape), mask))


def kl_estimators(logp_minus_ref):
    return {name: estimate(logp_minus_ref)[0] for name, estimate in kl.ESTIMATORS.items()}


FAMILIES = {
    "trl.dpo.sigmoid": trl_dpo(losses.dpo),  # TRL smooths no labels here
    "trl.dpo.hinge": trl_dpo(losses.hinge),
    "trl.dpo.ipo": trl_dpo(losses.ipo),
    "trl.dpo.robust": trl_dpo(losses.rdpo, smoothing="error_rate"),
    "trl.kto.kto": kto,
    "trl.cpo.simpo": simpo,
    "trl.orpo": orpo,
    "trl.grpo.loss": grpo_loss,
    "trl.rloo.loss": rloo_loss,
    "trl.grpo.advantages": grpo_advantages,
    "trl.rloo.advantages": rloo_advantages,
    "trl.ppo.rollout": ppo_rollout,
    "trl.ppo.loss": ppo_loss,
    "em.preference_loss": rafailov,
    "reinforce": reinforce,
    "kl.estimators": kl_estimators,
}


def compute(case):
    """What our library gives for a case, or ValueError saying what it does not know."""
    if case["loss"] not in FAMILIES:
        raise ValueError(f"unknown family {case['loss']!r}")
    adapter = FAMILIES[case["loss"]]
    parameters = inspect.signature(adapter).parameters.values()
    inputs = given(case["inputs"], [p for p in parameters if p.kind is not p.KEYWORD_ONLY], "input")
    hyper = given(case["hyper"], [p for p in parameters if p.kind is p.KEYWORD_ONLY], "hyper-parameter")
    return adapter(**{name: number(value) for name, value in inputs.items()}, **hyper)


def given(values, parameters, kind):
    """The values, if they are those that the parameters ask for."""
    known = {p.name for p in parameters}
    for name in values:
        if name not in known:
            raise ValueError(f"unknown {kind} {name!r}")
    for p in parameters:
        if p.default is p.empty and p.name not in values:
            raise ValueError(f"missing {kind} {p.name!r}")
    return values


def number(value):
    """Lists become arrays, in which null is nan; null on its own is None."""
    return np.array(value, float) if isinstance(value, list) else value


def flat(tree, prefix=""):
    """{"grad": {"W": x}} as {"grad.W": x}."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def difference(ours, theirs, tolerance):
    """The largest error relative to max(1, |theirs|), and a sentence if it is too large."""
    relative, absolute = tolerance
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)  # None is nan here too
    if ours.shape != theirs.shape:
        return 0.0, f"ours has shape {ours.shape}, theirs {theirs.shape}"
    wrong = ~np.isclose(ours, theirs, relative, absolute, equal_nan=True)
    with np.errstate(invalid="ignore"):
        error = abs(ours - theirs) / np.maximum(1, abs(theirs))
    largest = float(np.max(error, initial=0.0, where=np.isfinite(error)))
    if not wrong.any():
        return largest, None
    worst = tuple(int(i) for i in np.argwhere(wrong)[np.argmax(np.nan_to_num(error[wrong], nan=np.inf))])
    place = f" at {list(worst)}" if worst else ""
    return largest, f"ours {ours[worst]!r}, theirs {theirs[worst]!r}{place}"


def compare(case, f32_outputs):
    """The largest error of a case, leaving out what is single precision, and a sentence for each difference."""
    ours, expected = dict(flat(compute(case))), dict(flat(case["expected"]))
    problems, errors = [], [0.0]
    if not expected:
        problems.append("expects nothing")
    if set(case["grad_wrt"]) != {name.removeprefix("grad.") for name in expected if name.startswith("grad.")}:
        problems.append("grad_wrt and the expected gradients differ")
    for name, theirs in expected.items():
        if name not in ours:
            problems.append(f"{name}: expected, but not computed")
            continue
        # Listed are bare names, such as accuracy, for what a metric may call rewards_accuracy.
        single = any(f"_{name.split('.')[-1]}".endswith(f"_{known}") for known in f32_outputs)
        error, problem = difference(ours[name], theirs, TOLERANCES["f32" if single else case["precision"]])
        errors.append(0.0 if single else error)
        problems += [f"{name}: {problem}"] if problem else []
    return max(errors), problems


def check(case, f32_outputs):
    """As compare; a case that cannot be computed or read has that for its problem."""
    try:
        return compare(case, f32_outputs)
    except KeyError as missing:
        return 0.0, [f"malformed: no {missing}"]
    except (ValueError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
        return 0.0, [str(error).splitlines()[0]]
