"""What the page words/ costs: its own blocks' functions as they stand in the chapters, and DPO's step in PyTorch.

speed.py has these among its tasks, so that CPython and Pyodide run them in the same `npm run bench`.
"""

import ast
import contextlib
import functools
import pathlib
import re
import types
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import lessons
from lessons.block_globals import GIVEN
from preflab import losses
from words import grammar, network, preferences, reference, solve

BETA = 1.0
CHAPTERS = pathlib.Path(lessons.__file__).parent / "chapters"


@functools.cache
def page() -> types.SimpleNamespace:
    """What the page's first block leaves, and all functions of the other blocks."""
    space = dict(GIVEN)
    chapters = sorted(CHAPTERS.glob("11_words_*.py"))
    cells = [cell for chapter in chapters for cell in re.split(r"^# %%", chapter.read_text("utf-8"), flags=re.M)[1:]]
    for cell in cells:
        head, _, source = cell.partition("\n")
        if "id=" not in head or "exercise" in head:
            continue
        tree = ast.parse(source)
        if 'id="words-setup"' not in head:
            tree.body = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom))]
        with contextlib.redirect_stdout(None):
            exec(compile(tree, head, "exec"), space)
    return types.SimpleNamespace(**space)


def runs() -> dict[str, tuple[Callable[[], object], float]]:
    """By what is measured: a short run, and how many of them a reader's run is."""
    on, reward = page(), preferences.taste(preferences.KIND)
    corpus = grammar.corpus(3000, np.random.default_rng(1))
    pairs = on.judged_pairs(1000, 7, reward)
    ref_visits = solve.visits(on.ref_table, on.ref_table, grammar.LENGTH)
    assert ref_visits.kl == 0

    def goodhart():
        values = solve.soft_values(on.ref_table, on.word_proxy, 0.25, grammar.LENGTH)
        solve.soft_visits(on.ref_table, values, on.word_proxy, 0.25)
        on.true_score(on.tell(solve.soft_policy(on.ref_table, values, on.word_proxy, 0.25), 400, seed=5))

    return {
        "pretraining, 800 steps": (lambda: list(on.pretrain(corpus, steps=20)), 40),
        "PPO, 150 steps": (lambda: on.train_ppo_words(reward, BETA, steps=10, every=25), 15),
        "RLOO, 150 steps": (lambda: on.train_rloo_words(reward, BETA, steps=10, every=25), 15),
        "DPO, 150 steps": (lambda: on.train_on_stories(on.dpo_of(BETA), *pairs, steps=10), 15),
        "exact evaluation": (lambda: on.story_objective(on.storyteller, reward, BETA), 1),
        "Goodhart's slider": (goodhart, 1),
    }


class Pairs(NamedTuple):
    """DPO on n pairs of stories."""

    weights: np.ndarray
    chosen: np.ndarray  # (n, T)
    rejected: np.ndarray
    ref_chosen: np.ndarray  # (n,) log-probs
    ref_rejected: np.ndarray


def make_pairs(n: int, T: int) -> Pairs:
    rng = np.random.default_rng(0)
    ref = reference.weights()
    chosen, rejected = network.sample(network.policy(ref), network.noise(2 * n, T, 77, rng)).reshape(2, n, T)
    weights = ref + 0.05 * rng.standard_normal(len(ref))
    return Pairs(weights, chosen, rejected, *(network.score(ref, s).logps.sum(axis=1) for s in (chosen, rejected)))


def dpo_vectorised(case: Pairs) -> Callable[[], tuple[float, np.ndarray]]:
    def step():
        up, down = (network.score(case.weights, side) for side in (case.chosen, case.rejected))
        now = up.logps.sum(axis=1), down.logps.sum(axis=1)
        result = losses.pairwise(losses.dpo, *now, case.ref_chosen, case.ref_rejected, beta=BETA)
        gradient = network.sequence_gradient(case.weights, up, result.grads["policy_chosen_logps"])
        gradient += network.sequence_gradient(case.weights, down, result.grads["policy_rejected_logps"])
        return result.loss, gradient

    return step


def dpo_torch(case: Pairs) -> Callable[[], tuple[float, np.ndarray]]:
    """The same network on padded arrays with a mask, as one writes it in PyTorch; eager, float64."""
    import torch

    told = np.concatenate([case.chosen, case.rejected])
    before, words = torch.from_numpy(network.contexts_of(told)), torch.from_numpy(told)
    mask = torch.from_numpy(network.mask(told))
    ref = torch.from_numpy(np.stack([case.ref_chosen, case.ref_rejected]))
    weights = torch.from_numpy(case.weights).clone().requires_grad_()
    shapes = [part.shape for part in network.parts(case.weights)]

    def step():
        pieces = torch.split(weights, [int(np.prod(shape)) for shape in shapes])
        E, W, b, U, c = (piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True))
        hidden = torch.tanh(E[before].flatten(2) @ W + b)
        logps = torch.log_softmax(hidden @ U + c, dim=2).gather(2, words[:, :, None])[:, :, 0]
        up, down = BETA * ((logps * mask).sum(dim=1).reshape(2, -1) - ref)
        loss = -torch.nn.functional.logsigmoid(up - down).mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        return loss.item(), gradient.numpy()

    return step
