"""Signs from elsewhere are typed anew, in code and not in texts."""

import pytest

from runtime.explain.typed_anew import typed_anew


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("x = 3 − 1", "x = 3 - 1"),
        ("x\u200b = 1", "x = 1"),
        ("\ufeffx = 1", "x = 1"),
        ("x\u00a0=\u20031", "x = 1"),
        ("\u2067x = 1\u2069", "x = 1"),
        ("print（1，2）", "print(1,2)"),
        ("a ≥ 2 ≠ 3 × 4", "a >= 2 != 3 * 4"),
        ("print(“it’s”)", 'print("it’s")'),
        ("print(‘a’, ‘b’)", "print('a', 'b')"),
        ("π = 1  # a − b\ns = '−'\nπ − 1", "π = 1  # a − b\ns = '−'\nπ - 1"),
        ("def f(：\n    pass", "def f(:\n    pass"),
        ("x = “a − b” − 1", 'x = "a − b" - 1'),
    ],
)
def test_the_sign_that_was_meant(source, right):
    assert typed_anew(source) == right


@pytest.mark.parametrize("source", ["x = 1", "x = '−'", "x = (", "x = € 3", "x = 1\0", "", "1 = x"])
def test_what_has_no_such_sign_or_none_that_is_known_stays(source):
    assert typed_anew(source) is None


def test_many_signs_end():
    assert typed_anew("x = 1 " + "− 1 " * 200) == "x = 1 " + "- 1 " * 200
