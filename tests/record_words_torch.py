"""DPO on the storyteller in PyTorch, float64, its gradient by autograd; writes tests/data/words_dpo.npz.

    python tests/record_words_torch.py

It needs torch. Nothing of words.network computes here: the network is written once more, and every story is read word
by word. What is recorded is held against the page's functions by tests/py/test_words_torch.py, which needs no torch.
"""

import pathlib
import sys

import numpy as np
import torch

TESTS = pathlib.Path(__file__).parent
sys.path.insert(0, str(TESTS.parent / "py"))

from words.grammar import END, VOCABULARY, corpus  # noqa: E402
from words.reference import weights  # noqa: E402

V, EMBEDDING, HIDDEN, BETA = len(VOCABULARY), 16, 32, 0.3


def layers(params):
    """Embedding, inner layer and bias, outer layer and bias, in the order in which the vector has them."""
    shapes = ((V, EMBEDDING), (2 * EMBEDDING, HIDDEN), (HIDDEN,), (HIDDEN, V), (V,))
    pieces = torch.split(params, [int(np.prod(shape)) for shape in shapes])
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]


def story_logp(params, story):
    """Summed log-prob of one story, its END included."""
    embedding, inner, inner_bias, outer, outer_bias = layers(params)
    older, newer, total = END, END, 0.0
    for word in story:
        seen = torch.cat([embedding[older], embedding[newer]])
        logits = torch.tanh(seen @ inner + inner_bias) @ outer + outer_bias
        total = total + torch.log_softmax(logits, dim=0)[word]
        older, newer = newer, word
        if word == END:
            break
    return total


def main():
    reference = torch.tensor(weights())
    moved = (weights() + 0.1 * np.random.default_rng(0).standard_normal(len(reference))).astype(np.float16)
    policy = torch.tensor(moved.astype(float), requires_grad=True)
    chosen, rejected = corpus(20, np.random.default_rng(1)).reshape(2, 10, -1)
    now = [torch.stack([story_logp(policy, story) for story in side.tolist()]) for side in (chosen, rejected)]
    with torch.no_grad():
        ref = [torch.stack([story_logp(reference, story) for story in side.tolist()]) for side in (chosen, rejected)]
    ratios = [BETA * (side - before) for side, before in zip(now, ref, strict=True)]
    losses = -torch.nn.functional.logsigmoid(ratios[0] - ratios[1])
    losses.mean().backward()
    np.savez_compressed(
        TESTS / "data/words_dpo.npz",
        torch=np.array(torch.__version__), beta=BETA, weights=moved, chosen=chosen, rejected=rejected,
        chosen_logps=now[0].detach(), rejected_logps=now[1].detach(),
        ref_chosen_logps=ref[0], ref_rejected_logps=ref[1],
        losses=losses.detach(), loss=losses.mean().item(), gradient=policy.grad,
    )  # fmt: skip


if __name__ == "__main__":
    main()
