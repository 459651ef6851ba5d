"""Mistakes and what the page says of them: for pytest, and for tests/web on the page's own, newer Python."""

import asyncio

import numpy as np

from runtime.display import live, progress, show
from runtime.runner import Runner

SAYS_NOTHING = None

# (the block, what the hint says: a part of it, or None where there should be none)
CASES = [
    # names
    ("sigmoid = abs\nsigmod(1)", "Did you mean `sigmoid`?"),
    ("weights = 1\nprint(weight)", "Did you mean `weights`?"),
    ("prnit(1)", "Did you mean `print`?"),
    ("x = true", "Python writes `True`"),
    ("x = null", "Python writes `None`"),
    ("math.log(2)", "write `import math` first"),
    ("plt.plot([1])", "`matplotlib` is not here"),
    ("print(later)\nlater = 1", "`later` gets its value on line 2, below"),
    ("quux", SAYS_NOTHING),
    ("exp(1)", "with `np.` before them: `np.exp`"),
    ("x = mean([1, 2])", "`np.mean`"),
    ("array([1])", "`np.array`"),  # and not Python's module of that name
    ("2 * pi", "`np.pi`"),
    ("mean", SAYS_NOTHING),  # it may be a value that was meant to be there
    ("random.random()", "write `import random` first"),
    ("tensor([1])", "`tensor` is PyTorch's. In NumPy: `np.array(x)`"),
    ("nn.Linear(2, 3)", "`torch` is not here"),
    ("def f():\n    a = 1\n    return b\nf()", SAYS_NOTHING),
    ("n = 1\ndef f():\n    n += 1\nf()", "The function assigns `n`"),
    # habits of notebooks, and signs from elsewhere
    ("%matplotlib inline", "`%matplotlib` is a command of notebooks"),
    ("x = 1\n%timeit x", "`%timeit` is a command of notebooks"),
    ("!pip install trl", "a browser has none"),
    ("np.mean?", "press Ctrl+I, without `?`"),
    ("?np.mean", "press Ctrl+I, without `?`"),
    (">>> x = 1", "the prompt of a terminal"),
    ("i = 0\ni++", "Python has no `++`"),
    ("i = 0\nwhile i < 3: i++", "Python has no `++`"),
    ("i = 0\nx = ++i +", SAYS_NOTHING),
    ("x = 1\u200b + 2", "A sign that nobody sees"),
    ("\u2067x = 1", "A sign that nobody sees"),
    ("print\uff081\uff09", "a wide sign of East Asian type"),
    ("x = 1 \u2212 2", "type `-`"),
    ("x = 2 \u00d7 3", "Python multiplies with `*`"),
    ("x = 1 \u2265 2", "Python writes `>=`"),
    ("x = 1 \u2264 2", "Python writes `<=`"),
    # attributes
    ("np.zeross(3)", "Did you mean `zeros`?"),
    ("np.sigmod(3)", SAYS_NOTHING),  # Python itself would say `divmod`
    ("x = np.ones(3)\nx.maen()", "Did you mean `mean`?"),
    ("xs = [1, 2]\nxs.shape", "`xs` is a list, not an array: `np.array(…)`"),
    ("xs = [1, 2]\nxs.push(3)", SAYS_NOTHING),
    ("x = np.ones(2)\nx.append(3)", "An array keeps its length"),
    ("x = np.ones(2)\nx.backward()", "belongs to PyTorch"),
    ("def f(): pass\nr = f()\nr.shape", "`r` is None here"),
    # habits of PyTorch, and of older NumPy
    ("x = np.ones((2, 3))\nx.unsqueeze(0)", "In NumPy: `np.expand_dims(x, axis)`"),
    ("x = np.ones(2)\nx.exp()", "a function of NumPy: `np.exp(x)`"),
    ("x = np.ones(2)\n(x[x > 0] + 1).log().mean()", "`np.log(x[x > 0] + 1)`"),
    ("np.softmax(np.ones(3))", "`np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))`"),
    ("np.cat([np.ones(2)])", "`np.concatenate([a, b])`"),
    ("x = np.ones(2)\nx.mean(dim=0)", "NumPy says `axis`"),
    ("np.sum(np.ones((2, 2)), axis=0, keepdim=True)", "NumPy says `keepdims`"),
    ("def f(dim): pass\nf(keepdim=1)", "Its signature is `f(dim)`"),
    ("x = np.ones((2, 3))\nx.view(-1)", "PyTorch's for `.reshape`"),
    ("x = np.ones((2, 3))\nx.view(3, 2)", "PyTorch's for `.reshape`"),
    ("x = np.ones((2, 3))\nx.shape()", "or `x.shape[0]` for one axis"),
    ("x = np.ones((2, 3))\nx.size(0)", "`x.size` is a value and no function"),
    ("rng = np.random.default_rng(0)\nrng.randn(3)", "A Generator has `standard_normal` for it"),
    ("rng = np.random.default_rng(0)\nrng.seed(3)", "`np.random.default_rng(seed)` makes another"),
    ("np.zeros(2, 3)", "`np.zeros((2, 3))`"),
    ("np.full(2, 3, 0.5)", "`np.full((2, 3), 0.5)`"),
    ("np.random.rand((2, 3))", "`np.random.rand(2, 3)`"),
    ("a = b = np.ones(2)\nnp.stack(a, b)", "The arrays go in one list: `np.stack([a, b])`"),
    ("a = b = np.ones(2)\nnp.vstack(a, b)", "The arrays go in one list: `np.vstack([a, b])`"),
    # packages
    ("import pandas as pd", "A dict with `title`, `columns` and `rows` is shown as a table."),
    ("import sklearn.linear_model", "`sklearn` is not here"),
    ("import wandb", "`live(chart, values)` draws a chart anew while a loop goes on."),
    ("import trl", "small enough to be written out in full"),
    ("_ + 1", "here give it a name, as in `result = …`"),
    ("print(_3)", "`_3` holds a value that was shown before"),
    ("Out[1]", "`Out` belongs to notebooks"),
    ("get_ipython().run_line_magic('time', '')", "here a block is plain Python"),
    ("import torch", "`torch` is not here: Python in this page has its standard library and NumPy"),
    ("import matplotlib.pyplot as plt", "`charts` makes them"),
    ("from tqdm import tqdm", "`for step in progress("),
    ("import nunpy", "Did you mean `numpy`?"),
    ("import mathh", "Did you mean `math`?"),
    ("from math import squrt", "Did you mean `sqrt`?"),
    ("import numpy.rando", "Did you mean `numpy.random`?"),
    ("import numpy.nothing", SAYS_NOTHING),  # and not that NumPy is not here
    ("import math.nothing", SAYS_NOTHING),
    # shapes
    ("a = np.ones((20, 4))\nb = np.ones(5)\na + b",
     "`a` has shape (20, 4) and `b` has (5,). NumPy lines shapes up from the right, "
     "and there the last axis is 4 in one and 5"),
    ("pull = np.ones(32)\nscore = np.ones((32, 5))\npull * score",
     "If `pull` holds a value for each row, `pull[:, None]` makes it a column, (32, 1), which fits"),
    ("a = np.ones((3, 2, 5))\na -= np.ones((4, 1, 5))", "axis -3 is 3 in one and 4 in the other"),
    ("np.add(np.ones(3), np.ones(4))", "One has shape (3,) and the other has (4,)"),
    ("x = np.ones((9, 4))\nW = np.ones((5, 4))\nx @ W", "the last axis of the one (4) with the first of the other (5)"),
    ("x = np.ones((200, 4))\nW = np.ones((5, 4))\nx @ W", "`W.T`, its transpose, would fit"),
    ("x = np.ones((200, 4))\nW = np.ones((3, 5))\nx @ W", "they must be equal"),
    ("np.ones(3) @ np.ones(4)", "here they are 3 and 4"),
    ("np.ones((2, 3)).dot(np.ones(2))", "The first has shape (2, 3) and the second has (2,)"),
    ("np.ones(6).reshape(4, 2)", "The array has 6 values, the shape 8 places"),
    ("x = np.ones(3)\nif x > 0: pass", "need a single answer"),
    ("np.array([[1], [1, 2]])", "The rows differ in length"),
    ("import math\nmath.exp(np.ones(3))", "`np.exp` takes a whole array"),
    ("float(np.ones(3))", "where it holds one, `.item()` takes it out"),
    ("np.concatenate([np.ones((2, 3)), np.ones((2, 4))])", "on axis 1 one has 3 and another 4"),
    # indices and keys
    ("x = np.ones(5)\nx[5]", "Axis 0 has 5 entries, numbered 0 to 4"),
    ("x = np.ones(5)\nx[1, 2]", "`x` has shape (5,), and the brackets hold 2 indices"),
    ("x = np.ones(5)\nx[4 / 2]", "An index is a whole number"),
    ("xs = [1, 2, 3]\nxs[3]", "`xs` has 3 elements, numbered 0 to 2"),
    ("xs = []\nxs[0]", "`xs` is empty"),
    ("runs = {'rlhf': 1, 'dpo': 2}\nruns['DPO']", "Did you mean `'dpo'`?"),
    ("runs = {'rlhf': 1, 'dpo': 2}\nruns['orpo']", "`runs` has the keys 'rlhf', 'dpo'"),
    ("raise KeyError('k')", SAYS_NOTHING),
    # calls
    ("x = np.ones(3)\nx(1)", "`x` is an array: square brackets"),
    ("sum = 3\nsum([1])", "`sum` was assigned a value, which now hides"),
    ("n = 3\nn(1 + 2)", "`n` is a number. To multiply, write `*`"),
    ("print('loss' (3))", "`'loss'` is text: is a comma missing"),
    ("class A: pass\nA()(1)", SAYS_NOTHING),
    ("def f(x, y, beta=0.1): pass\nf(1)", "Its signature is `f(x, y, beta=0.1)`"),
    ("def f(x, y, ref=np.ones(3)): pass\nf(1, 2, 3, 4)", "Its signature is `f(x, y, ref=…)`"),
    ("def f(x, *, beta=0.1): pass\nf(1, betta=2)", "Its signature is `f(x, *, beta=0.1)`"),
    ("def f(): pass\nf() + 1", "A function without `return` gives None"),
    ("a = None\na[0]", "`a` is None here"),
    ("print('loss ' + [3])", "Text adds up with text alone"),
    ("print('loss ' + 3)", "An f-string puts a value into text"),
    ("for i in range(10 / 2): pass", "A whole number is wanted"),
    ("for i in 5: pass", "`range(n)` counts from 0"),
    ("sum(5)", SAYS_NOTHING),
    ("x = (1, 2)\nx[0] = 3", "A tuple stays as it is"),
    ("x = {1, 2}\nx[0]", "A set has no order"),
    ("a, b = 1, 2, 3", "There are 2 names on the left"),
    # numbers
    ("n = 0\n1 / n", "`n` is 0 here"),
    ("xs = []\nsum(xs) / len(xs)", "`len(xs)` is 0 here"),
    ("1 / 0", SAYS_NOTHING),
    ("import math\np = 0.0\nmath.log(p)", "`p` is 0.0 here"),
    ("import math\nmath.log(-1)", "A logarithm needs a number above 0"),
    ("import math\nmath.sqrt(-1)", "A square root needs"),
    ("import math\nmath.exp(1000)", "beyond the largest float"),
    ("int('x')", SAYS_NOTHING),
    # memory and recursion
    ("np.zeros((10**6, 10**6))", "This asks for 8,000.0 GB"),
    ("def f(n): return f(n + 1)\nf(0)", "`f` calls itself again and again"),
    ("raise RecursionError('Stack overflow during compilation')", "has hundreds of levels here, such as a sum"),
    # what is not here, and what asserts
    ("open('nothing.csv')", "sees none of your files"),
    ("x = 1\nassert x > 2", "`x > 2` does not hold"),
    ("assert 1 > 2, 'why'", SAYS_NOTHING),
    # syntax
    ("x = (1 +\ny = 2", "has no bracket that closes it"),
    ("x = [1, 2)", "The `[` before it is still open"),
    ("x = 1)", "closes a bracket that was never opened"),
    ("x = 'abc", "has no closing quote on its line"),
    ('x = """abc', "never closed by three"),
    ("if x = 1: pass", "to compare, write `==`"),
    ("for i in [1]\n    pass", "ends in a colon"),
    ("for i in [1]:\nprint(i)", "four spaces further in"),
    ("x = 1\n  y = 2", "nothing there opens a new level"),
    ("if 1:\n    x = 1\n  y = 2", "This line is further out"),
    ("if 1:\n\tx = 1\n        y = 2", "use four spaces throughout"),
    ("print 'a'", "`print` is a function"),
    ("x = “a”", "comes from a text"),
    ("x = 3 – 2", "comes from a text"),
    ("return 3", "`return` stands inside a function"),
    ("whille True: pass", "Did you mean `while`?"),
    ("x = 3\nif x > 4:\n    pass\nelse if x > 2:\n    pass", "Python writes `elif` for `else if`"),
    ("x = 3…", "stands for what was left out"),
    ("x = 3 • 2", SAYS_NOTHING),
    ("dict(a=1 b=2)", "a comma missing"),
    ("foo bar", SAYS_NOTHING),
]  # fmt: skip

GIVEN = {"np": np, "live": live, "progress": progress, "show": show}


def events_of(source: str) -> list[dict]:
    """What a first run of this block puts out."""
    events: list[dict] = []
    asyncio.run(Runner(events.append, GIVEN).run(1, "block", source))
    return events


def says(source: str) -> str | None:
    """The hint that the reader sees."""
    return next(event for event in events_of(source) if event["type"] == "error")["hint"]


def fits(said: str | None, expected: str | None) -> bool:
    return said is None if expected is None else expected in (said or "")
