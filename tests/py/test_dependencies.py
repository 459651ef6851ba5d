"""Names that a block defines and uses, each case a line of source."""

import pytest

from runtime.dependencies import names


def defines(source):
    return set(names(source)["defines"])


def uses(source):
    return set(names(source)["uses"])


def test_a_long_sum_is_read_and_one_that_is_too_long_is_not():
    assert names(f"total = {' + '.join(['x'] * 600)}") == {"defines": ["total"], "uses": ["x"]}
    assert names(f"total = {' + '.join(['x'] * 5000)}") is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = x", {"x"}),
        ("x = 1\ny = x", set()),
        ("x = x + 1", {"x"}),
        ("x += 1", {"x"}),
        ("x: int = z", {"z"}),
        ("input.mean()", {"input"}),
        ("    x = 1\n    y = x + z", {"z"}),
        ("print(len([]))", {"print", "len"}),
        ("weights[0] = value", {"weights", "value"}),
        ("weights.mean()", {"weights"}),
        ("a, (b, *c) = d", {"d"}),
        ("for i in rows: total = i", {"rows"}),
        ("with opened as f: f.read()", {"opened"}),
        ("if flag:\n    x = 1\nprint(x)", {"flag", "print"}),
        ("try:\n    a\nexcept Error as e:\n    b", {"a", "Error", "b"}),
        ("f'{x:.{digits}f}'", {"x", "digits"}),
        ("(n := size) + n", {"size"}),
        ("import numpy as np\nnp.zeros(3)", set()),
        ("from a import b\nb()", set()),
        ("def f(x, y=default): return x + g(x)", {"default", "g"}),
        ("def f():\n    local = 1\n    return local + free", {"free"}),
        ("def f():\n    def g(): return h\n    h = 1\n    return g", set()),
        ("def f(): return g()\ndef g(): return 1", set()),
        ("def f(*args, **kwargs): return args, kwargs", set()),
        ("def f():\n    global counter\n    counter = start", {"start"}),
        ("@wrap\ndef f(): pass", {"wrap"}),
        ("class A(Base):\n    size = n\n    def m(self): return self.size + k", {"Base", "n", "k"}),
        ("[a * i for i in rows if i > low]", {"a", "rows", "low"}),
        ("{k: v for k, v in pairs}", {"pairs"}),
        ("i = 0\n[i for j in rows]", {"rows"}),
        ("lambda x: x + y", {"y"}),
        ("del x", set()),
        ("match point:\n    case (a, b): print(a + b)", {"point", "print"}),
        ("x = await fetch(url)", {"fetch", "url"}),
        ("while (beta := beta / 2) > 0.1: pass", {"beta"}),
        ("if (n := n + 1): pass", {"n"}),
        ("class Config:\n    beta = beta", {"beta"}),
        ("class A:\n    k = 1\n    def m(self): return k", {"k"}),
        ("def f():\n    class A:\n        k = 1\n        def m(self): return k\n    return A", {"k"}),
        ("[w for w in w]", {"w"}),
        ("{w: 1 for w in w}", {"w"}),
        ("def f(): return [w for w in w]", {"w"}),
        ("[i for i in rows for j in i]", {"rows"}),
        ("def f(): return beta\nf()\nbeta = 2", {"beta"}),
        ("beta = 2\ndef f(): return beta\nf()", set()),
        ("class A:\n    def m(self): return beta\nA().m()\nbeta = 2", {"beta"}),
        ("def f(): return f", set()),
    ],
)
def test_uses(source, expected):
    assert uses(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a, (b, *c) = d", {"a", "b", "c"}),
        ("x += 1", {"x"}),
        ("x: int", set()),
        ("for i, j in rows: pass", {"i", "j"}),
        ("with opened as f: pass", {"f"}),
        ("import numpy as np, os.path", {"np", "os"}),
        ("from a import b as c", {"c"}),
        ("def f(x):\n    y = x", {"f"}),
        ("class A:\n    y = 1", {"A"}),
        ("[i for i in rows]", set()),
        ("[(last := i) for i in rows]", {"last"}),
        ("weights[0] = 1", set()),
        ("match point:\n    case {'x': x, **rest}: pass", {"x", "rest"}),
        ("match point:\n    case [y, *tail] as whole: pass", {"y", "tail", "whole"}),
        ("def f():\n    global counter\n    counter = 1", {"counter", "f"}),
    ],
)
def test_defines(source, expected):
    assert defines(source) == expected


@pytest.mark.parametrize("source", ["def f(:", "x = 'open", "a\0b", "\tx = 1\n        y = 2"])
def test_a_block_that_does_not_parse_has_no_names(source):
    assert names(source) is None
