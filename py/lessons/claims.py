"""Sentences of the prose that can be measured. Build-only cells hold them against the page's own run."""

import numpy as np


def claim(sentence: str, holds: bool) -> None:
    """Ends the build, and names the sentence, where the run does not bear it out.

    Raises TypeError for what is neither true nor false: an array or a NaN would pass for true.
    """
    if not isinstance(holds, (bool, np.bool_)):
        raise TypeError(f"a claim holds or does not, but “{sentence}” comes with {type(holds).__name__}: {holds}")
    if not holds:
        raise AssertionError(f"The lesson says “{sentence}”, and its own run says that this is not so.")
