"""Many seeds at once: a generator whose draws have a leading axis, an entry for each seed."""

from collections.abc import Iterable

import numpy as np


class Seeds(np.random.Generator):
    """The draws of one generator for each seed, stacked: what has shape (n, d) for one has (seeds, n, d) here.

    Each entry is what `np.random.default_rng(seed)` alone would draw, so a run over the stack repeats the single
    runs. `np.random.default_rng` hands it through unchanged: it goes wherever a seed or a generator goes. It has the
    three methods that the lesson draws with; any other raises TypeError, since it would draw once for all seeds.
    """

    def __init__(self, seeds: Iterable) -> None:
        super().__init__(np.random.PCG64(0))
        self._each = [np.random.default_rng(seed) for seed in seeds]

    def standard_normal(self, size):  # type: ignore[override]
        return np.stack([rng.standard_normal(size) for rng in self._each])

    def random(self, size):  # type: ignore[override]
        return np.stack([rng.random(size) for rng in self._each])

    def choice(self, a, size, replace=True):  # type: ignore[override]
        return np.stack([rng.choice(a, size, replace) for rng in self._each])


def _refusal(name):
    def refuse(self, *args, **kwargs):
        raise TypeError(f"Seeds draws with standard_normal, random and choice, not with {name}.")

    return refuse


for _name in set(dir(np.random.Generator)) - set(vars(Seeds)) - {"bit_generator"}:
    if not _name.startswith("_"):
        setattr(Seeds, _name, _refusal(_name))
