"""What each loss takes, and the cases that it is held against.

Recorded cases are what reference implementations gave (`recorded`); made ones are drawn here, at the extremes too, and
their values are those of preflab, which agrees with all recorded ones. Arrays are (n,) or (n, tokens), in nats.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from judging.recorded import recorded
from preflab import groups, losses, ppo
from preflab.numeric import Loss

# fmt: off


class Case(NamedTuple):
    """Inputs by name, and what is right: the loss, and its gradient by the name of the input, {} where it has kinks.

    An advantage has no loss: `loss` is the array itself, and there are no gradients. `kind` is "recorded", "made",
    "extreme", or "precision", where a loss that is right may be held to its last digits.
    """

    name: str
    inputs: dict[str, Any]
    loss: Any
    grads: dict[str, np.ndarray]
    kind: str = "made"


class Family(NamedTuple):
    """`takes` are the arguments in their order, with what each is; `may_take` those that are given to who names them.

    `wrt` are the arguments in which there is a gradient. `cases` makes the cases.
    """

    title: str
    takes: dict[str, str]
    may_take: dict[str, str]
    wrt: tuple[str, ...]
    cases: Callable[[], Iterator[Case]]
    relative: float = 1e-8


PAIR = {"policy_chosen": "(n,) summed log-probs of the chosen answers under the policy",
        "policy_rejected": "(n,) the same of the rejected"}
REFERENCE = {"ref_chosen": "(n,) of the chosen under the reference", "ref_rejected": "(n,) of the rejected"}
BETA = {"beta": "a number"}
TOKENS = {"logps": "(n, tokens) log-probs of the tokens under the policy",
          "old_logps": "(n, tokens) the same under the policy that sampled"}
EPSILON = {"epsilon": "how far the ratio may go from 1"}
MASK = {"mask": "(n, tokens) 1 where there is a token"}


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def logps(seed: int, *shape: int) -> np.ndarray:
    """Log-probs: below 0."""
    return -np.exp(0.5 * rng(seed).standard_normal(shape) + 0.8)


def close_to(x: np.ndarray, seed: int, by: float = 0.3) -> np.ndarray:
    """Another policy's log-probs, near to those of the first, and below 0."""
    return np.minimum(x + by * rng(seed).standard_normal(x.shape), -0.01)


def by_loss(*names: str) -> Iterator[dict[str, Any]]:
    return (case for case in recorded()["cases"] if case["loss"] in names and case["precision"] == "f64")


def array(value: Any) -> Any:
    return np.array(value, float) if isinstance(value, list) else value


def made(name: str, result: Loss, inputs: dict[str, Any], names: dict[str, str], kind: str = "made") -> Case:
    """`names` has for each gradient of preflab's the input that it belongs to."""
    return Case(name, inputs, result.loss, {names[n]: grad for n, grad in result.grads.items() if n in names}, kind)


PAIR_NAMES = {"policy_chosen_logps": "policy_chosen", "policy_rejected_logps": "policy_rejected"}
FOUR = {**PAIR_NAMES, "ref_chosen_logps": "ref_chosen", "ref_rejected_logps": "ref_rejected"}


def beyond(case: Case) -> bool:
    """Whether log-ratios are so large that `exp` of them is no number."""
    return "1000" in case.name


def of_recorded(case: dict[str, Any], names: dict[str, str], **more: Any) -> Case:
    """A recorded case of a loss on pairs."""
    inputs = {ours: array(case["inputs"][theirs]) for theirs, ours in names.items()}
    grads = {names[name]: array(grad) for name, grad in case["expected"]["grad"].items()}
    return Case(case["id"], {**inputs, **more}, case["expected"]["loss"], grads, "recorded")


def pairwise_cases(loss: Callable[..., Loss], is_ipo: bool) -> Iterator[Case]:
    for case in by_loss("em.preference_loss"):
        hyper = case["hyper"]
        if hyper["ipo"] == is_ipo and not hyper["reference_free"] and not hyper["label_smoothing"]:
            yield of_recorded(case, FOUR, beta=hyper["beta"])
    if not is_ipo:
        for case in by_loss("trl.dpo.sigmoid"):
            yield of_recorded(case, FOUR, beta=case["hyper"]["beta"])

    def make(name: str, c: Any, r: Any, rc: Any, rr: Any, beta: float, kind: str = "made") -> Case:
        inputs = {"policy_chosen": c, "policy_rejected": r, "ref_chosen": rc, "ref_rejected": rr, "beta": beta}
        return made(name, losses.pairwise(loss, c, r, rc, rr, beta=beta), inputs, PAIR_NAMES, kind)

    for seed, (n, beta) in enumerate([(7, 0.7), (4, 0.1), (1, 0.4)]):
        c, r = logps(4 * seed, n), logps(4 * seed + 1, n)
        yield make(f"random, batch of {n}", c, r, close_to(c, seed, 0.8), close_to(r, seed + 9, 0.8), beta)
    far = np.array([-1000.0, -2.0, -1000.0])
    near = np.array([-2.0, -1000.0, -1000.0])
    zero = np.full(3, -500.0)
    yield make("log-ratios of 1000", far, near, zero, zero, 1.0, "extreme")
    yield make("a tie, in a batch of one", zero[:1], zero[:1], zero[:1], zero[:1], 0.1, "extreme")


def kto_cases() -> Iterator[Case]:
    names = {"policy_logps": "policy", "ref_logps": "ref", "label": "label",
             "policy_kl_logps": "policy_kl", "ref_kl_logps": "ref_kl"}
    for case in by_loss("trl.kto.kto"):
        hyper = {"beta": case["hyper"]["beta"], "desirable_weight": case["hyper"]["desirable_weight"],
                 "undesirable_weight": case["hyper"]["undesirable_weight"]}
        yield of_recorded(case, names, **hyper)
    for seed, (n, shift, weights) in enumerate([(6, 0.8, (1, 1)), (6, -0.8, (1, 1)), (5, 0.5, (1.5, 0.8)),
                                                (1, 0.3, (1, 1))]):
        policy, kl = logps(seed, n), logps(seed + 20, n)
        yield kto_case(f"random, batch of {n}", policy, close_to(policy, seed, 0.8), np.arange(n) % 2,
                       kl + shift - 1, kl - 1, 0.6, weights)
    far = np.array([-1.0, -1001.0, -1.0, -1001.0])
    yield kto_case("log-ratios of 1000", far, far[::-1], np.array([1, 1, 0, 0]), far - 1, far - 1, 1.0, (1, 1),
                   "extreme")


def kto_case(name: str, policy: Any, ref: Any, label: Any, policy_kl: Any, ref_kl: Any, beta: float,
             weights: tuple[float, float], kind: str = "made") -> Case:
    z0 = losses.kto_reference_point(policy_kl - ref_kl)
    result = losses.kto(policy - ref, label, z0, beta, *weights)
    inputs = {"policy": policy, "ref": ref, "label": label, "policy_kl": policy_kl, "ref_kl": ref_kl, "beta": beta,
              "desirable_weight": weights[0], "undesirable_weight": weights[1]}
    return made(name, result, inputs, {"log_ratios": "policy"}, kind)


def orpo_cases() -> Iterator[Case]:
    for case in by_loss("trl.orpo"):
        yield of_recorded(case, PAIR_NAMES, beta=case["hyper"]["beta"])

    def make(name: str, c: Any, r: Any, beta: float, kind: str = "made") -> Case:
        inputs = {"policy_chosen": c, "policy_rejected": r, "beta": beta}
        return made(name, losses.orpo(c, r, beta), inputs, PAIR_NAMES, kind)

    for seed, (n, beta) in enumerate([(6, 0.3), (5, 1.4), (1, 0.5)]):
        yield make(f"random, batch of {n}", 0.4 * logps(seed, n), 0.4 * logps(seed + 9, n), beta)
    far = np.array([-1000.0, -1.0])
    yield make("log-probs of −1000", far, far[::-1], 1.0, "extreme")
    yield make("an answer that is nearly certain", np.array([-1e-17]), np.array([-1.0]), 1.0, "precision")
    densities = {"policy_chosen": np.array([0.3]), "policy_rejected": np.array([-1.0]), "beta": 1.0}
    yield Case("a density", densities, np.nan, {}, "precision")


def simpo_cases() -> Iterator[Case]:
    def make(name: str, c: Any, r: Any, beta: float, gamma: float, seed: int, kind: str = "made") -> Case:
        lengths = rng(seed).integers(2, 9, (2, len(c))).astype(float)
        inputs = {"policy_chosen": c * lengths[0], "policy_rejected": r * lengths[1], "chosen_lengths": lengths[0],
                  "rejected_lengths": lengths[1], "beta": beta, "gamma": gamma,
                  "ref_chosen": close_to(c * lengths[0], seed + 1), "ref_rejected": close_to(r * lengths[1], seed + 2)}
        result = losses.simpo(c, r, beta, gamma)
        grads = {"policy_chosen": result.grads["policy_chosen_logps"] / lengths[0],
                 "policy_rejected": result.grads["policy_rejected_logps"] / lengths[1]}
        return Case(name, inputs, result.loss, grads, kind)

    for case in by_loss("trl.cpo.simpo"):
        hyper = case["hyper"]
        if not (hyper["label_smoothing"] or hyper["alpha"] or hyper["cpo_alpha"]):
            c, r = (array(case["inputs"][name]) for name in PAIR_NAMES)
            ours = make(case["id"], c, r, hyper["beta"], hyper["simpo_gamma"], len(case["id"]), "recorded")
            yield ours._replace(loss=case["expected"]["loss"])
    for seed, (n, beta, gamma) in enumerate([(6, 2.5, 0.8), (5, 1.4, 0.3), (1, 2.0, 0.5)]):
        yield make(f"random, batch of {n}", 0.4 * logps(seed, n), 0.4 * logps(seed + 9, n), beta, gamma, seed)
    far = np.array([-1000.0, -1.0])
    yield make("log-probs of −1000", far, far[::-1], 1.0, 0.5, 5, "extreme")


def ragged(n: int, tokens: int, seed: int) -> np.ndarray:
    """Masks of answers that end at different tokens; none is empty."""
    return (np.arange(tokens) < rng(seed).integers(1, tokens + 1, n)[:, None]).astype(float)


def token_inputs(seed: int, n: int, tokens: int, whole: bool = False) -> dict[str, np.ndarray]:
    old = logps(seed, n, tokens)
    mask = np.ones((n, tokens)) if whole else ragged(n, tokens, seed + 1)
    return {"logps": close_to(old, seed + 2), "old_logps": old, "mask": mask}


def ppo_cases() -> Iterator[Case]:
    for case in by_loss("trl.ppo.loss"):
        given, expected = case["inputs"], case["expected"]
        new = array(given["new_logprobs"])
        mask = (np.arange(new.shape[1]) <= array(given["seq_len"])[:, None]).astype(float)
        inputs = {"logps": new, "old_logps": array(given["old_logprobs"]), "advantages": array(given["advantages"]),
                  "epsilon": case["hyper"]["cliprange"], "mask": mask}
        grads = {"logps": array(expected["grad"]["new_logprobs"])}
        yield Case(case["id"], inputs, expected["pg_loss"], grads, "recorded")

    def make(name: str, inputs: dict[str, Any], epsilon: float, kind: str = "made") -> Case:
        result = ppo.policy_loss(inputs["logps"], inputs["old_logps"], inputs["advantages"], epsilon, inputs["mask"])
        return made(name, result, {**inputs, "epsilon": epsilon}, {"logps": "logps"}, kind)

    for seed, (n, tokens, epsilon, whole) in enumerate([(6, 5, 0.2, True), (8, 4, 0.1, False), (7, 3, 0.3, True)]):
        advantages = 2 * rng(seed + 50).standard_normal((n, tokens))
        yield make(f"random, {n} × {tokens}", {**token_inputs(seed, n, tokens, whole), "advantages": advantages},
                   epsilon)
    old = np.full((2, 2), -1001.0)
    inputs = {"logps": old + np.array([[1000.0, 1000.0], [0, -1000.0]]), "old_logps": old,
              "advantages": np.array([[1.0, 0.0], [-1.0, 1.0]]), "mask": np.ones((2, 2))}
    yield make("log-ratios of 1000", inputs, 0.2, "extreme")
    one = {"logps": old[:1, :1], "old_logps": old[:1, :1], "advantages": np.ones((1, 1)), "mask": np.ones((1, 1))}
    yield make("one token, not moved", one, 0.2, "extreme")


def rloo_cases() -> Iterator[Case]:
    for case in by_loss("trl.rloo.loss"):
        given, hyper = case["inputs"], case["hyper"]
        if hyper["eps_low"] == hyper["eps_high"]:
            inputs = {name: array(given[name]) for name in ("logps", "old_logps", "advantages", "mask")}
            grads = {"logps": array(case["expected"]["grad"]["logps"])}
            yield Case(case["id"], {**inputs, "epsilon": hyper["eps_low"]}, case["expected"]["loss"], grads,
                       "recorded")

    def make(name: str, inputs: dict[str, Any], epsilon: float, kind: str = "made") -> Case:
        result = groups.rloo_loss(inputs["logps"], inputs["old_logps"], inputs["advantages"], inputs["mask"], epsilon,
                                  epsilon)
        return made(name, result, {**inputs, "epsilon": epsilon}, {"logps": "logps"}, kind)

    for seed, (n, tokens, epsilon) in enumerate([(6, 5, 0.2), (8, 4, 0.1), (7, 3, 0.3)]):
        advantages = 2 * rng(seed + 50).standard_normal(n)
        yield make(f"random, {n} × {tokens}", {**token_inputs(seed, n, tokens), "advantages": advantages}, epsilon)
    old = np.full((3, 2), -501.0)
    inputs = {"logps": old + np.array([[500.0, 500.0], [-500.0, -500.0], [500.0, 500.0]]), "old_logps": old,
              "advantages": np.array([1.0, 1.0, 0.0]), "mask": np.ones((3, 2))}
    yield make("log-ratios of 1000", inputs, 0.2, "extreme")


def grpo_cases() -> Iterator[Case]:
    for case in by_loss("trl.grpo.loss"):
        given, hyper = case["inputs"], case["hyper"]
        if hyper["loss_type"] == "grpo" and hyper["level"] == "token":
            inputs = {name: array(given[name]) for name in ("logps", "old_logps", "advantages", "mask")}
            inputs["old_logps"] = inputs["logps"] if inputs["old_logps"] is None else inputs["old_logps"]
            ref = given.get("ref_logps")
            inputs |= {"ref_logps": inputs["logps"] if ref is None else array(ref), "beta": hyper["beta"],
                       "epsilon": hyper["eps_low"]}
            grads = {"logps": array(case["expected"]["grad"]["logps"])}
            yield Case(case["id"], inputs, case["expected"]["loss"], grads, "recorded")

    def make(name: str, inputs: dict[str, Any], beta: float, epsilon: float, kind: str = "made") -> Case:
        given = (inputs[name] for name in ("logps", "old_logps", "advantages", "mask", "ref_logps"))
        result = groups.grpo_loss(*given, beta=beta, low=epsilon, high=epsilon)
        return made(name, result, {**inputs, "beta": beta, "epsilon": epsilon}, {"logps": "logps"}, kind)

    for seed, (n, tokens, beta, epsilon) in enumerate([(6, 5, 0.3, 0.2), (8, 4, 0.1, 0.1), (7, 3, 1.0, 0.3)]):
        inputs = token_inputs(seed, n, tokens)
        advantages = 2 * rng(seed + 50).standard_normal(n)
        more = {"advantages": advantages, "ref_logps": close_to(inputs["logps"], seed + 3, 0.6)}
        yield make(f"random, {n} × {tokens}", {**inputs, **more}, beta, epsilon)
    old = np.full((3, 1), -1001.0)
    inputs = {"logps": old + np.array([[1000.0], [-1000.0], [1000.0]]), "old_logps": old,
              "advantages": np.array([1.0, 1.0, 0.0]), "mask": np.ones((3, 1))}
    yield make("log-ratios of 1000", {**inputs, "ref_logps": inputs["logps"]}, 0.1, 0.2, "extreme")
    small = {"logps": old, "old_logps": old, "advantages": np.zeros(3), "mask": np.ones((3, 1)),
             "ref_logps": old - 1e-7 * np.array([[1.0], [2.0], [3.0]])}
    yield make("a KL near 0", small, 1.0, 0.2, "precision")


def advantage_cases(name: str, advantages: Callable[..., np.ndarray]) -> Iterator[Case]:
    for case in by_loss(name):
        hyper, rewards = case["hyper"], array(case["inputs"]["rewards_per_func"])
        plain = hyper.get("scale_rewards", "group") == "group" and not hyper.get("normalize_advantages")
        shape = (-1, hyper["num_generations"])
        spread = rewards.reshape(shape).std(axis=1)
        # Where the deviation is tiny, but not 0, the small number beside it decides, and that is anybody's own.
        if plain and np.isfinite(rewards).all() and ((spread == 0) | (spread > 0.01)).all():
            yield Case(case["id"], {"rewards": rewards.reshape(shape)}, array(case["expected"]["advantages"]).reshape(
                shape), {}, "recorded")
    for seed, (n, k) in enumerate([(3, 4), (2, 8), (1, 5)]):
        rewards = 2 * rng(seed).standard_normal((n, k)) * np.arange(1, n + 1)[:, None]
        yield Case(f"random, {n} × {k}", {"rewards": rewards}, advantages(rewards.ravel(), k).reshape(n, k), {})
    tie = np.ones((2, 3))
    yield Case("all rewards equal", {"rewards": tie}, 0 * tie, {}, "extreme")


FAMILIES = {
    "DPO": Family("DPO", {**PAIR, **REFERENCE, **BETA}, {}, tuple(PAIR), lambda: pairwise_cases(losses.dpo, False)),
    "IPO": Family("IPO", {**PAIR, **REFERENCE, **BETA}, {}, tuple(PAIR), lambda: pairwise_cases(losses.ipo, True)),
    "KTO": Family(
        "KTO",
        {"policy": "(n,) summed log-probs under the policy", "ref": "(n,) the same under the reference",
         "label": "(n,) 1 for good, 0 for bad", "policy_kl": "(n,) of answers to other prompts, under the policy",
         "ref_kl": "(n,) the same under the reference", **BETA},
        {"desirable_weight": "a number", "undesirable_weight": "a number"}, ("policy",), kto_cases),
    "ORPO": Family("ORPO", {**{name: said.replace("summed log-probs", "mean log-probs of a token")
                               for name, said in PAIR.items()}, **BETA}, {}, tuple(PAIR), orpo_cases),
    "SimPO": Family(
        "SimPO", {**PAIR, "chosen_lengths": "(n,) tokens of the chosen", "rejected_lengths": "(n,) of the rejected",
                  **BETA, "gamma": "the target margin"}, REFERENCE, tuple(PAIR), simpo_cases),
    "PPO": Family("PPO", {**TOKENS, "advantages": "(n, tokens)", **EPSILON}, MASK, ("logps",), ppo_cases),
    "RLOO": Family("RLOO", {**TOKENS, "advantages": "(n,) of the answers", **MASK, **EPSILON}, {}, ("logps",),
                   rloo_cases),
    "GRPO": Family(
        "GRPO", {**TOKENS, "ref_logps": "(n, tokens) under the reference", "advantages": "(n,) of the answers",
                 **MASK, **BETA, **EPSILON}, {}, ("logps",), grpo_cases),
    "RLOO advantages": Family("RLOO’s advantages", {"rewards": "(groups, answers)"}, {}, (), lambda: advantage_cases(
        "trl.rloo.advantages", groups.rloo_advantages)),
    "GRPO advantages": Family("GRPO’s advantages", {"rewards": "(groups, answers)"}, {}, (), lambda: advantage_cases(
        "trl.grpo.advantages", groups.grpo_advantages), 2e-3),
}


@cache
def cases_of(family: str) -> tuple[Case, ...]:
    return tuple(FAMILIES[family].cases())
