"""Trains the storyteller as the page does and writes its weights, as half-precision numbers, to py/words/reference.py.

    python tests/record_words_reference.py
"""

import base64
import pathlib
import sys
import textwrap

import numpy as np

PY = pathlib.Path(__file__).parents[1] / "py"
sys.path.insert(0, str(PY))

from words.grammar import VOCABULARY, corpus  # noqa: E402
from words.network import Adam, descend, gradient, initial, score  # noqa: E402

MODULE = '''"""The trained storyteller: what the page's own pretraining gives, from the same seeds, in half precision.

Written by tests/record_words_reference.py.
"""

import base64

import numpy as np

# Base 85 of little-endian float16.
WEIGHTS = (
{lines}
)


def weights() -> np.ndarray:
    """The parameters as one vector, for `network`. They are the reference policy, rounding included."""
    return np.frombuffer(base64.b85decode(WEIGHTS), "<f2").astype(float)
'''


def pretrain(steps=800, batch=32, lr=0.02):
    """The page's recipe: Adam on batches of stories, the step size falling to 0."""
    rng = np.random.default_rng(0)
    stories = corpus(3000, np.random.default_rng(1))
    state = Adam(initial(len(VOCABULARY), rng))
    for step in range(steps):
        told = score(state.weights, stories[rng.integers(len(stories), size=batch)])
        slope = gradient(state.weights, told, -1.0 * told.mask / told.mask.sum())
        state = descend(state, slope, lr * (1 - step / steps))
    return state.weights


def main():
    packed = base64.b85encode(pretrain().astype("<f2").tobytes()).decode()
    lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(packed, 112))
    (PY / "words/reference.py").write_text(MODULE.format(lines=lines), "utf-8")


if __name__ == "__main__":
    main()
