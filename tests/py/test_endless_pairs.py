"""Where any loss on pairs ends with endless pairs: against the known figures of spread 0.96."""

import numpy as np
import pytest

from preflab import losses
from preflab.endless_pairs import pair_loss_shift

SPREAD, BETA = 0.96, 0.5


def slopes_of(loss, beta=BETA, **options):
    """The slopes of a loss on the difference of log-ratios."""

    def slopes(chosen, rejected, ref_chosen, ref_rejected, _):
        difference = (chosen - ref_chosen) - (rejected - ref_rejected)
        slope = loss(difference, beta, **options).grads["difference"] * len(difference)
        return slope, -slope

    return slopes


@pytest.mark.parametrize(("flips", "dpo", "cdpo"), [(0.1, 0.707, 0.528), (0.2, 0.488, 0.275), (0.3, 0.308, 0.119)])
def test_flipped_labels(flips, dpo, cdpo):
    ends = [
        pair_loss_shift(slopes, SPREAD, flips) * BETA
        for slopes in (
            slopes_of(losses.dpo),
            slopes_of(losses.dpo, label_smoothing=flips),
            slopes_of(losses.rdpo, error_rate=flips),
        )
    ]
    assert ends == pytest.approx([dpo, cdpo, 1.0], abs=6e-4)


@pytest.mark.parametrize("beta", [0.1, 0.3, 2.0])
def test_dpo_ends_at_rlhfs_optimum_for_every_beta(beta):
    assert pair_loss_shift(slopes_of(losses.dpo, beta), SPREAD, widest=20) * beta == pytest.approx(1, rel=1e-9)


def test_ipo():
    assert pair_loss_shift(slopes_of(losses.ipo), SPREAD) * BETA == pytest.approx(0.185, abs=6e-4)


def test_a_loss_without_a_reference_sees_the_length_of_an_answer():
    """SimPO's end in five dimensions, where half the squared length of the rest is the sum of two exponentials.

    The difference of two such has the density (1 + |t|) e^-|t| / 4.
    """

    def slopes(chosen, rejected, *_):
        grads = losses.simpo(chosen / 5, rejected / 5, 2.5).grads
        return [len(chosen) / 5 * grads[f"policy_{which}_logps"] for which in ("chosen", "rejected")]

    moved = pair_loss_shift(slopes, SPREAD) * SPREAD
    z, chance = np.polynomial.hermite_e.hermegauss(40)
    rest = np.linspace(-40, 40, 4001)
    density = (1 + abs(rest)) * np.exp(-abs(rest)) / 4 * (rest[1] - rest[0])
    first, second, t = np.meshgrid(z, z, rest, indexing="ij")
    labelled = np.einsum("i,j,k->ijk", chance, chance, density) / (1 + np.exp(-SPREAD * (first - second)))
    margin = 0.5 * (((second - moved) ** 2 - (first - moved) ** 2) / 2 + t) - 0.5
    each = (first - second) / (1 + np.exp(margin))
    assert (labelled * each).sum() / labelled.sum() == pytest.approx(0, abs=1e-5)


def test_a_loss_without_a_minimum_has_no_end():
    assert pair_loss_shift(slopes_of(losses.rdpo, error_rate=0.4), SPREAD) == np.inf


@pytest.mark.parametrize("odd", [{"dims": 1}, {"spread": 0.0}, {"flip_rate": 0.5}, {"widest": 0.0}])
def test_bad_input_is_refused_with_a_reason(odd):
    with pytest.raises(ValueError, match=next(iter(odd))):
        pair_loss_shift(slopes_of(losses.dpo), **({"spread": SPREAD} | odd))
