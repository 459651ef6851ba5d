"""A gradient checker for everything that returns a preflab Loss."""

import numpy as np

from lessons.exercises.by_hand import differences


def check_gradients(loss, **arguments):
    """Each gradient that the loss returns is that of its value, in the argument of that name."""
    grads = loss(**arguments).grads
    assert grads
    for name, grad in grads.items():
        numeric = differences(lambda x, name=name: loss(**arguments | {name: x}).loss, arguments[name])
        np.testing.assert_allclose(grad, numeric, rtol=1e-5, atol=1e-8, err_msg=name)
