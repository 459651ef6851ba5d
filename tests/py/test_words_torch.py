"""DPO through the network, against PyTorch's autograd: recorded by tests/record_words_torch.py, read without torch."""

import pathlib

import numpy as np
import pytest

from preflab import losses
from words import network, reference

CLOSE = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(scope="module")
def torch():
    return np.load(pathlib.Path(__file__).parents[1] / "data/words_dpo.npz")


@pytest.fixture(scope="module")
def scored(torch):
    """Chosen and rejected stories under the policy, and under the reference."""
    return [
        [network.score(weights, torch[side]) for side in ("chosen", "rejected")]
        for weights in (torch["weights"].astype(float), reference.weights())
    ]


@pytest.fixture(scope="module")
def dpo(torch, scored):
    logps = [side.logps.sum(axis=1) for of_one in scored for side in of_one]
    return losses.pairwise(losses.dpo, *logps, beta=float(torch["beta"]))


def test_the_log_probs_of_ten_pairs_are_pytorchs(torch, scored):
    names = ("chosen_logps", "rejected_logps", "ref_chosen_logps", "ref_rejected_logps")
    for name, side in zip(names, [*scored[0], *scored[1]], strict=True):
        assert torch[name].shape == (10,)
        np.testing.assert_allclose(side.logps.sum(axis=1), torch[name], **CLOSE)


def test_dpos_loss_is_pytorchs_pair_by_pair(torch, dpo):
    assert np.ptp(torch["losses"]) > 0.1
    np.testing.assert_allclose(dpo.per_example, torch["losses"], **CLOSE)
    np.testing.assert_allclose(dpo.loss, torch["loss"], **CLOSE)


def test_dpos_gradient_by_the_networks_weights_is_autograds(torch, scored, dpo):
    weights, (chosen, rejected) = torch["weights"].astype(float), scored[0]
    found = network.sequence_gradient(weights, chosen, dpo.grads["policy_chosen_logps"])
    found += network.sequence_gradient(weights, rejected, dpo.grads["policy_rejected_logps"])
    assert abs(torch["gradient"]).max() > 1e-3
    np.testing.assert_allclose(found, torch["gradient"], **CLOSE)
