"""A gradient checker for everything that returns a preflab Loss."""

import numpy as np


def differences(f, at, step=1e-6):
    """Gradient of the scalar function f at an array or number, by central differences."""
    at = np.asarray(at, float)
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[index] = step
        gradient[index] = (f(at + nudge) - f(at - nudge)) / (2 * step)
    return gradient


def check_gradients(loss, **arguments):
    """Each gradient that the loss returns is that of its value, in the argument of that name."""
    grads = loss(**arguments).grads
    assert grads
    for name, grad in grads.items():
        numeric = differences(lambda x, name=name: loss(**arguments | {name: x}).loss, arguments[name])
        np.testing.assert_allclose(grad, numeric, rtol=1e-5, atol=1e-8, err_msg=name)
