"""Writes those cases of tests/data/fixtures.json that the page can hold itself against to py/judging/recorded.py.

    python tests/record_cases.py

They are the cases of losses that are in py/preflab: the others are of what only the tests need (py/reference).
"""

import base64
import json
import pathlib
import textwrap
import zlib

TESTS = pathlib.Path(__file__).resolve().parent
TARGET = TESTS.parent / "py/judging/recorded.py"
ELSEWHERE = ("e2e.", "kl.gauss", "trl.reward.")  # losses of the tests' own reference
KEPT = ("id", "loss", "hyper", "inputs", "grad_wrt", "expected", "precision")

MODULE = '''"""Reference cases: what TRL, Rafailov's DPO and the RLHF Book's code gave.

Written by tests/record_cases.py.
"""

import base64
import json
import zlib
from functools import cache
from typing import Any

# Base 85 of a zlib stream of JSON.
CASES = (
{lines}
)


@cache
def recorded() -> dict[str, Any]:
    """The cases, and the outputs that are always single precision, by the schema of tests/data/fixtures.json."""
    return json.loads(zlib.decompress(base64.b85decode(CASES)))
'''


def kept(fixtures):
    """The cases of the page, without what nobody reads there."""
    cases = [case for case in fixtures["cases"] if not case["loss"].startswith(ELSEWHERE)]
    return {
        "cases": [{name: case[name] for name in KEPT} for case in cases],
        "f32_outputs": fixtures["meta"]["f32_outputs"],
    }


def module(fixtures):
    text = json.dumps(kept(fixtures), separators=(",", ":"))
    coded = base64.b85encode(zlib.compress(text.encode(), 9)).decode()
    return MODULE.format(lines="\n".join(f'    "{line}"' for line in textwrap.wrap(coded, 110, break_on_hyphens=False)))


if __name__ == "__main__":
    TARGET.write_text(module(json.loads((TESTS / "data/fixtures.json").read_text("utf-8"))), "utf-8")
