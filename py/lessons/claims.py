"""Sentences of the prose that can be measured. Build-only cells hold them against the page's own run."""

import numpy as np

# What has been claimed since the build last asked: each sentence, and the block that shows it if that was said.
claimed: list[tuple[str, str | None]] = []


def claim(sentence: str, holds: bool, see: str | None = None) -> None:
    """Ends the build, and names the sentence, where the run does not bear it out.

    The page lists the sentence beneath the block that shows it: the last one above the claim, or the one with the id
    `see`. Raises TypeError for what is neither true nor false: an array or a NaN would pass for true.
    """
    if not isinstance(holds, (bool, np.bool_)):
        raise TypeError(f"a claim holds or does not, but “{sentence}” comes with {type(holds).__name__}: {holds}")
    if not holds:
        raise AssertionError(f"The lesson says “{sentence}”, and its own run says that this is not so.")
    claimed.append((sentence, see))
