"""What a training step costs: vectorised, in per-example loops, in PyTorch's autograd, and as the problem grows.

speed.js runs this file in CPython and, the very same, in Pyodide. Every variant of a step is built from the same case,
takes no arguments and returns the loss and its gradient in the weights; converting the data is not timed.
"""

import functools
import gc
import importlib.util
import json
import math
import platform
import sys
from collections.abc import Callable
from operator import mul
from time import perf_counter
from typing import NamedTuple

import numpy as np
import words_page

from preflab.losses import dpo
from preflab.ppo import policy_loss
from reference.gaussian_policy import difference_gradient, log_prob, log_ratio_difference, sample, weights_gradient
from reference.reward_model import linear_bradley_terry

FEATURES = 4  # of a context, as on the page
BETA, CLIP = 0.5, 0.2
SIGMA = 0.8  # not 1: a variant that forgets it must not agree

Step = Callable[[], tuple[float, np.ndarray]]


class Case(NamedTuple):
    """A batch of pairs for DPO and, on the same contexts, of scored outputs for PPO."""

    contexts: np.ndarray  # (n, features)
    chosen: np.ndarray  # (n, dims)
    rejected: np.ndarray  # (n, dims)
    weights: np.ndarray  # (features, dims)
    ref: np.ndarray  # (features, dims)
    outputs: np.ndarray  # (n, dims)
    old_logps: np.ndarray  # (n,)
    advantages: np.ndarray  # (n,)


def make_case(n: int, dims: int) -> Case:
    rng = np.random.default_rng(0)
    contexts = rng.standard_normal((n, FEATURES))
    ref = 0.1 * rng.standard_normal((FEATURES, dims))
    # The log-ratios stay near 1 whatever the dimensions, so that some ratios are clipped and some are not.
    weights = ref + 0.3 * rng.standard_normal(ref.shape) / np.sqrt(dims)
    chosen, rejected, outputs = (sample(contexts, ref, SIGMA, rng) for _ in range(3))
    old_logps = log_prob(outputs, contexts, ref, SIGMA)
    return Case(contexts, chosen, rejected, weights, ref, outputs, old_logps, rng.standard_normal(n))


# A step on the whole batch, with the library.


def dpo_vectorised(case: Case) -> Step:
    x, chosen, rejected, weights, ref = case[:5]

    def step():
        result = dpo(log_ratio_difference(weights, ref, x, chosen, rejected, SIGMA), BETA)
        return result.loss, difference_gradient(x, chosen, rejected, SIGMA, result.grads["difference"])

    return step


def ppo_vectorised(case: Case) -> Step:
    def step():
        logps = log_prob(case.outputs, case.contexts, case.weights, SIGMA)
        result = policy_loss(logps, case.old_logps, case.advantages, CLIP)
        return result.loss, weights_gradient(case.weights, case.contexts, case.outputs, SIGMA, result.grads["logps"])

    return step


def reward_vectorised(case: Case) -> Step:
    def step():
        result = linear_bradley_terry(case.weights[0], case.chosen, case.rejected)
        return result.loss, result.grads["w"]

    return step


# One example after the other, as fast as we could write it: what does not change is computed before the loop, what
# both answers share once, and numbers go through math, which is faster than NumPy on them.


def log1pexp(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def dpo_loop(case: Case) -> Step:
    contexts, all_chosen, all_rejected, weights, ref = case[:5]

    def step():
        loss, gradient, moved = 0.0, np.zeros_like(weights), weights - ref
        for x, chosen, rejected in zip(contexts, all_chosen, all_rejected, strict=True):
            mean, shift = x @ weights, x @ moved
            up, down = chosen - mean, rejected - mean
            margin = BETA * (shift @ (up + shift / 2) - shift @ (down + shift / 2)) / SIGMA**2
            loss += log1pexp(-margin)
            doubt = BETA / SIGMA**2 / (1 + math.exp(margin))
            gradient -= x[:, None] * (doubt * (up - down))
        return loss / len(contexts), gradient / len(contexts)

    return step


def ppo_loop(case: Case) -> Step:
    constant = case.outputs.shape[1] * (math.log(SIGMA) + 0.5 * math.log(2 * math.pi))

    def step():
        loss, gradient = 0.0, np.zeros_like(case.weights)
        for x, output, old, advantage in zip(case.contexts, case.outputs, case.old_logps, case.advantages, strict=True):
            residual = output - x @ case.weights
            ratio = math.exp(-(residual @ residual) / (2 * SIGMA**2) - constant - old)
            free, bound = -advantage * ratio, -advantage * min(max(ratio, 1 - CLIP), 1 + CLIP)
            loss += max(free, bound)
            if free >= bound:
                gradient += x[:, None] * (free / SIGMA**2 * residual)
        return loss / len(case.contexts), gradient / len(case.contexts)

    return step


# The same without NumPy: on a handful of numbers its calls cost more than they save.


def dot(a: list[float], b: list[float]) -> float:
    return sum(map(mul, a, b))


def dpo_floats(case: Case) -> Step:
    contexts, all_chosen, all_rejected = (array.tolist() for array in case[:3])
    columns, moved = case.weights.T.tolist(), (case.weights - case.ref).T.tolist()

    def step():
        loss, gradient = 0.0, [[0.0] * FEATURES for _ in columns]
        for x, chosen, rejected in zip(contexts, all_chosen, all_rejected, strict=True):
            mean, shift = [dot(x, column) for column in columns], [dot(x, column) for column in moved]
            up = [y - m for y, m in zip(chosen, mean, strict=True)]
            down = [y - m for y, m in zip(rejected, mean, strict=True)]
            # What both log-ratios add, |shift|^2 / 2, cancels.
            margin = BETA * (dot(shift, up) - dot(shift, down)) / SIGMA**2
            loss += log1pexp(-margin)
            doubt = BETA / SIGMA**2 / (1 + math.exp(margin))
            for column, u, d in zip(gradient, up, down, strict=True):
                pull = doubt * (u - d)
                for i, feature in enumerate(x):
                    column[i] -= pull * feature
        return loss / len(contexts), np.array(gradient).T / len(contexts)

    return step


def ppo_floats(case: Case) -> Step:
    contexts, outputs, old_logps, advantages = (array.tolist() for array in (case.contexts, *case[5:]))
    columns = case.weights.T.tolist()
    constant = len(columns) * (math.log(SIGMA) + 0.5 * math.log(2 * math.pi))

    def step():
        loss, gradient = 0.0, [[0.0] * FEATURES for _ in columns]
        for x, output, old, advantage in zip(contexts, outputs, old_logps, advantages, strict=True):
            residual = [y - dot(x, column) for y, column in zip(output, columns, strict=True)]
            ratio = math.exp(-dot(residual, residual) / (2 * SIGMA**2) - constant - old)
            free, bound = -advantage * ratio, -advantage * min(max(ratio, 1 - CLIP), 1 + CLIP)
            loss += max(free, bound)
            if free >= bound:
                for column, r in zip(gradient, residual, strict=True):
                    pull = free / SIGMA**2 * r
                    for i, feature in enumerate(x):
                        column[i] += pull * feature
        return loss / len(contexts), np.array(gradient).T / len(contexts)

    return step


# The library's formulas in PyTorch, eager and in float64; autograd finds the gradient.


def dpo_torch(case: Case) -> Step:
    import torch

    x, chosen, rejected, weights, ref = map(torch.from_numpy, case[:5])
    weights = weights.clone().requires_grad_()

    def torch_log_ratio(outputs):
        shift = x @ (weights - ref)
        return (shift * (outputs - x @ weights + shift / 2)).sum(dim=1) / SIGMA**2

    def step():
        margin = BETA * (torch_log_ratio(chosen) - torch_log_ratio(rejected))
        loss = -torch.nn.functional.logsigmoid(margin).mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        return loss.item(), gradient.numpy()

    return step


def ppo_torch(case: Case) -> Step:
    import torch

    x, outputs, old_logps, advantages = map(torch.from_numpy, (case.contexts, *case[5:]))
    weights = torch.from_numpy(case.weights).clone().requires_grad_()
    constant = outputs.shape[1] * (math.log(SIGMA) + 0.5 * math.log(2 * math.pi))

    def step():
        logps = -0.5 * (((outputs - x @ weights) / SIGMA) ** 2).sum(dim=1) - constant
        ratio = torch.exp(logps - old_logps)
        loss = torch.maximum(-advantages * ratio, -advantages * ratio.clamp(1 - CLIP, 1 + CLIP)).mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        return loss.item(), gradient.numpy()

    return step


BUILD = {
    "DPO": {"vectorised": dpo_vectorised, "loop": dpo_loop, "floats": dpo_floats, "torch": dpo_torch},
    "PPO": {"vectorised": ppo_vectorised, "loop": ppo_loop, "floats": ppo_floats, "torch": ppo_torch},
    "reward model": {"vectorised": reward_vectorised},
    "stories": {"vectorised": words_page.dpo_vectorised, "torch": words_page.dpo_torch},
}
CASES = {"stories": words_page.make_pairs}  # of the others: make_case


class DisagreementError(Exception):
    """Two variants of a step are not the same step: their times say nothing."""


def check_agreement(label: str, steps: dict[str, Step], tolerance: float = 1e-10) -> None:
    """All variants give the loss and the gradient of the vectorised one."""
    loss, gradient = steps["vectorised"]()
    for name, step in steps.items():
        other_loss, other_gradient = step()
        error = max(abs(other_loss - loss), np.abs(other_gradient - gradient).max())
        if not error <= tolerance * max(1.0, abs(loss)):
            raise DisagreementError(f"{label}: '{name}' differs from 'vectorised' by {error:.1e} in loss or gradient")


# Timing

SECONDS_FOR_A_TASK = 15


class Timed(NamedTuple):
    step: Step
    prepare: Callable[[], object] = lambda: None


def seconds(timed: Timed, count: int) -> float:
    """Of one step, the mean over `count`."""
    timed.prepare()
    # Untimed, to fill the caches that another variant has emptied; a step that is long alone hardly notices.
    if count > 1:
        timed.step()
    start = perf_counter()
    for _ in range(count):
        timed.step()
    return (perf_counter() - start) / count


def in_turns(variants: dict[str, Timed], rounds: int, least: float = 0.02) -> dict[str, list[float]]:
    """Seconds of a step in each round, by variant: in turns, since another program's load then falls on all.

    Each sample takes at least `least` seconds. A slow machine gets fewer rounds, but 5, to end within minutes.
    """
    gc.collect()
    gc.disable()
    try:
        steps = {name: min(seconds(timed, 1) for _ in range(3)) for name, timed in variants.items()}
        counts = {name: math.ceil(least / time) for name, time in steps.items()}
        round_takes = sum(counts[name] * time for name, time in steps.items())
        rounds = min(rounds, max(5, int(SECONDS_FOR_A_TASK / round_takes)))
        names, found = list(variants), {name: [] for name in variants}
        for turn in range(rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                found[name].append(seconds(variants[name], counts[name]))
        return found
    finally:
        gc.enable()


def spread(values: np.ndarray) -> dict[str, float]:
    low, middle, high = np.percentile(values, [10, 50, 90])
    return {"median": float(middle), "low": float(low), "high": float(high)}


def compare(step: str, batch: int, dims: int, skip: tuple[str, ...] = (), rounds: int = 15) -> dict:
    """Time of each variant of a step over that of the vectorised one, round by round."""
    case = CASES.get(step, make_case)(batch, dims)
    left_out = skip if importlib.util.find_spec("torch") else (*skip, "torch")
    steps = {name: build(case) for name, build in BUILD[step].items() if name not in left_out}
    check_agreement(f"{step}, batch {batch}, {dims} dimensions", steps)
    found = in_turns(with_threads(steps), rounds)
    ratios = {name: spread(np.divide(times, found["vectorised"])) for name, times in found.items()}
    return {"kind": "compare", "step": step, "batch": batch, "dims": dims, "seconds": found, "ratios": ratios}


def whole_runs(rounds: int) -> dict:
    """Seconds that a reader of words/ waits, by what runs: a short run in turns with the others, times its share."""
    runs = words_page.runs()
    found = in_turns({name: Timed(run) for name, (run, _) in runs.items()}, rounds)
    return {"kind": "words", "seconds": {name: [runs[name][1] * t for t in times] for name, times in found.items()}}


def with_threads(steps: dict[str, Step]) -> dict[str, Timed]:
    """PyTorch twice: on one thread, as NumPy runs, and on as many as it chooses."""
    timed = {name: Timed(step) for name, step in steps.items() if name != "torch"}
    if "torch" in steps:
        import torch

        chosen = torch_threads()
        timed["torch, 1 thread"] = Timed(steps["torch"], lambda: torch.set_num_threads(1))
        timed["torch, its threads"] = Timed(steps["torch"], lambda: torch.set_num_threads(chosen))
    return timed


@functools.cache
def torch_threads() -> int:
    """As many as PyTorch chooses; asked once, before we set them."""
    import torch

    return torch.get_num_threads()


def grow(step: str, axis: str, sizes: list[int], batch: int = 0, dims: int = 5, rounds: int = 15) -> dict:
    """Time of the vectorised step as one size grows, and the exponent of its growth: of all sizes, of the top three."""
    cases = {n: make_case(batch, n) if axis == "dimensions" else make_case(n, dims) for n in sizes}
    steps = {str(n): Timed(BUILD[step]["vectorised"](case)) for n, case in cases.items()}
    found = in_turns(steps, rounds)
    times = np.array(list(found.values()))  # (sizes, rounds)
    fixed = {"batch": batch} if axis == "dimensions" else {"dims": dims}
    return {
        "kind": "grow", "step": step, "axis": axis, "sizes": sizes, **fixed, "seconds": found,
        "exponent": spread(exponents(sizes, times)), "exponent_top": spread(exponents(sizes[-3:], times[-3:])),
    }  # fmt: skip


def exponents(sizes: list[int], times: np.ndarray) -> np.ndarray:
    """The slope of log time (sizes, rounds) over log size in each round, by least squares: (rounds,)."""
    return np.polyfit(np.log(sizes), np.log(times), 1)[0]


BATCHES = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
DIMENSIONS = [5, 10, 20, 50, 100, 200, 500]
PAIRS = [200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]

# Millions of floats in a loop would take minutes.
TASKS = [
    *((compare, {"step": step, "batch": 32, "dims": 5}) for step in ("DPO", "PPO")),
    *((compare, {"step": step, "batch": 1024, "dims": 5}) for step in ("DPO", "PPO")),
    *((compare, {"step": step, "batch": 8192, "dims": 500, "skip": ("floats",)}) for step in ("DPO", "PPO")),
    (compare, {"step": "stories", "batch": 64, "dims": 14}),
    (whole_runs, {}),
    (grow, {"step": "DPO", "axis": "batch", "sizes": BATCHES}),
    (grow, {"step": "DPO", "axis": "dimensions", "sizes": DIMENSIONS, "batch": 256}),
    *((grow, {"step": step, "axis": "pairs", "sizes": PAIRS}) for step in ("DPO", "reward model")),
]


def versions() -> dict:
    found = {"python": platform.python_version(), "numpy": np.__version__, "torch": None}
    if importlib.util.find_spec("torch"):
        import torch

        found |= {"torch": torch.__version__, "threads": torch_threads()}
    return found


def measure(index: int, rounds: int) -> dict:
    """One of the TASKS; what forbids timing comes back as {"failure": a line}."""
    task, options = TASKS[index]
    try:
        return task(**options, rounds=rounds)
    except DisagreementError as error:
        return {"failure": str(error)}


def main(rounds: int) -> None:
    tasks = []
    for index in range(len(TASKS)):
        tasks.append(measure(index, rounds))
        if "failure" in tasks[-1]:
            sys.exit(tasks[-1]["failure"])
    print(json.dumps({"versions": versions(), "tasks": tasks}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
