"""Whether TRL, on the page's own network, computes what the page computes: log-probs, DPO's loss and its gradient.

TRL's head (`trl.trainer.utils.add_fused_lm_head`) computes log-probs in float32, whatever the model is in. The rows in
float32 go through it, as training does. For those in float64 a log_softmax takes its place; all else is TRL's.
"""

import tempfile
from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
import trl

import storyteller
from inputs import Pair
from preflab import losses
from training import config_of, rows_of, trainer_of
from words import grammar, network

ALLOWED = {torch.float32: 1e-6, torch.float64: 1e-9}
PAIRS = 64


def check(weights: np.ndarray, pairs: list[Pair], beta: float, quiet: bool = False) -> bool:
    """Compares at weights a little away from the reference, where nothing is 0; prints a table."""
    some = pairs[:PAIRS]
    away = weights + 0.05 * np.random.default_rng(0).standard_normal(len(weights))
    weights, away = (each.astype(np.float32).astype(float) for each in (weights, away))  # the same numbers in both
    expected = of_page(away, weights, some, beta)
    rows, fits = [], True
    for dtype, allowed in ALLOWED.items():
        found = of_trl(away, weights, some, beta, dtype)
        for name, value in found.items():
            off = difference(value, expected[name])
            fits &= off <= allowed
            digits = str(dtype).removeprefix("torch.")
            verdict = "equal" if off <= allowed else "DIFFERS"
            rows.append(f"{name:28} {digits:9} {off:12.1e} {allowed:10.0e}   {verdict}")
    if not quiet:
        print(f"TRL {trl.__version__} against the page, on {len(some)} pairs")
        print(f"{'':28} {'':9} {'difference':>12} {'allowed':>10}", *rows, sep="\n", flush=True)
    return fits


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference, in parts of the largest value, or of 1 where all are smaller.

    Log-probs of stories are some -30 nats: float32 has seven digits of them. DPO's gradient is some 0.1 and comes from
    the differences of such numbers.
    """
    return float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))


def of_page(weights, reference, pairs, beta) -> dict[str, np.ndarray]:
    """What the page's functions give: log-probs of the stories (2 n,), the loss and its gradient in all weights."""
    sides = [np.array([grammar.coded(told) for told in texts]) for texts in zip(*map(texts_of, pairs), strict=True)]
    up, down = (network.score(weights, side) for side in sides)
    now = [scored.logps.sum(axis=1) for scored in (up, down)]
    ref = [network.score(reference, side).logps.sum(axis=1) for side in sides]
    result = losses.pairwise(losses.dpo, *now, *ref, beta=beta)
    gradient = network.sequence_gradient(weights, up, result.grads["policy_chosen_logps"])
    gradient += network.sequence_gradient(weights, down, result.grads["policy_rejected_logps"])
    return named(np.concatenate(now), np.array([result.loss]), gradient)


def of_trl(weights, reference, pairs, beta, dtype) -> dict[str, np.ndarray]:
    """The same from TRL's DPOTrainer."""
    settings = SimpleNamespace(method="dpo", model="words", beta=beta, steps=1, batch=len(pairs), lr=0.005, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        args = config_of(settings, folder, use_cpu=True)
        model, ref = (storyteller.with_weights(each, dtype) for each in (weights, reference))
        tokenizer = storyteller.tokenizer()
        trainer = trainer_of(settings, args, model, tokenizer, rows_of(pairs, "dpo", tokenizer), ref)
        if dtype == torch.float64:
            for each in (model, ref):
                each.forward = partial(in_full, each, each.forward)
        rows = [trainer.train_dataset[number] for number in range(len(pairs))]
        batch = trainer.data_collator(rows)
        loss = trainer.compute_loss(model, dict(batch))
        loss.backward()
        said = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
        with torch.no_grad():
            logps = model(input_ids=batch["input_ids"], labels=said, fused_lm_head=True).log_probs.sum(dim=1)
        return named(logps.double().numpy(), loss.detach().double().numpy()[None], storyteller.gradient_of(model))


def in_full(model, forward, input_ids, labels, **more):
    """What TRL's head gives, but for the log-probs, which are in the model's own precision."""
    out = forward(input_ids=input_ids, labels=labels, **more)
    said = labels[:, 1:]
    logps = model.lm_head(model.model(input_ids).last_hidden_state[:, :-1]).log_softmax(dim=-1)
    out.log_probs = logps.gather(-1, said.clamp(min=0)[..., None])[..., 0].masked_fill(said == -100, 0)
    return out


def texts_of(pair: Pair) -> tuple[str, str]:
    return pair.chosen, pair.rejected


def named(logps, loss, gradient):
    return {"log-probs of the stories": logps, "DPO's loss": loss, "DPO's gradient": gradient}
