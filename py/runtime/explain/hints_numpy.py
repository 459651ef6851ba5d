"""What NumPy says otherwise than PyTorch, than its own older versions, and than a first guess."""

import ast
import re
from typing import Any

import numpy as np

from runtime.explain.error_context import Failure, code

# What PyTorch has as a method of tensors or as a function, in NumPy.
TENSORS = {
    "bmm": "a @ b",
    "cat": "np.concatenate([a, b])",
    "clamp": "np.clip(x, low, high)",
    "clone": "x.copy()",
    "dim": "x.ndim",
    "double": "x.astype(float)",
    "expand": "np.broadcast_to(x, shape)",
    "float": "x.astype(float)",
    "gather": "np.take_along_axis(x, index, axis)",
    "int": "x.astype(int)",
    "log_softmax": "x - np.logaddexp.reduce(x, axis=-1, keepdims=True)",
    "logsigmoid": "-np.logaddexp(0, -x)",
    "logsumexp": "np.logaddexp.reduce(x, axis=-1)",
    "long": "x.astype(int)",
    "manual_seed": "np.random.default_rng(seed)",
    "masked_fill": "np.where(mask, value, x)",
    "mm": "a @ b",
    "norm": "np.linalg.norm(x)",
    "numel": "x.size",
    "permute": "x.transpose(axes)",
    "randn": "np.random.default_rng(seed).standard_normal(shape)",
    "relu": "np.maximum(x, 0)",
    "sigmoid": "np.exp(-np.logaddexp(0, -x))",
    "softmax": "np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))",
    "t": "x.T",
    "tensor": "np.array(x)",
    "unsqueeze": "np.expand_dims(x, axis)",
}
GRADIENTS = ("backward", "detach", "grad", "requires_grad", "cuda", "cpu", "device", "to", "numpy", "no_grad")

# What the older `np.random` has and a Generator has under another name.
DRAWS = {
    "rand": "random",
    "randn": "standard_normal",
    "randint": "integers",
    "random_integers": "integers",
    "random_sample": "random",
}

VALUES = ("shape", "size", "ndim", "dtype", "T")
JOINS = ("concatenate", "stack", "vstack", "hstack", "dstack", "column_stack")


def attribute(value: Any, wrong: str, who: str | None) -> str | None:
    """For a name that an array, a Generator or NumPy itself lacks. `who` is what the reader calls `value`."""
    if type(value) is np.random.Generator:
        if wrong == "seed":
            return "A Generator has its seed from the start: `np.random.default_rng(seed)` makes another one."
        new = DRAWS.get(wrong)
        return new and f"`{wrong}` is of the older `np.random`. A Generator has `{new}` for it."
    if type(value) is not np.ndarray and value is not np:
        return None
    if wrong == "append":  # np has it
        return "An array keeps its length. Collect values in a list, or use `np.append`, which makes a new array."
    if wrong in GRADIENTS:
        return f"`.{wrong}` belongs to PyTorch's tensors; arrays here are NumPy's and keep no gradients."
    if wrong in TENSORS:
        return f"`{wrong}` is PyTorch's. In NumPy: `{TENSORS[wrong]}`."
    if value is not np and callable(vars(np).get(wrong)):
        return f"An array has no `.{wrong}`. It is a function of NumPy: `np.{wrong}({(who or 'x').strip('`')})`."
    return None


def name(wrong: str, called: bool) -> str | None:
    """For a name that nobody has given a value, and NumPy has."""
    if wrong in ("pi", "inf", "nan") or (called and callable(vars(np).get(wrong))):
        return f"NumPy's names are written with `np.` before them: `np.{wrong}`."
    return f"`{wrong}` is PyTorch's. In NumPy: `{TENSORS[wrong]}`." if called and wrong == "tensor" else None


def _call(failure: Failure) -> tuple[ast.Call, ast.Attribute] | None:
    """A call as `np.zeros(…)` or `x.mean(…)` that has failed, and its function."""
    node = failure.node
    return (node, node.func) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None


def value_called(failure: Failure) -> str | None:
    """`x.shape()`."""
    call = _call(failure)
    if not call or not failure.message.endswith("object is not callable"):
        return None
    function = call[1]
    if function.attr not in VALUES or type(failure.value(function.value)) is not np.ndarray:
        return None
    one = f", or `{ast.unparse(function)}[0]` for one axis" if function.attr == "shape" else ""
    return f"{code(function) or 'This'} is a value and no function: leave the brackets out{one}."


def shape_in_pieces(failure: Failure) -> str | None:
    """`np.zeros(2, 3)`, `np.random.rand((2, 3))`, `np.stack(a, b)`, `x.view(2, 3)`."""
    call = _call(failure)
    if not call:
        return None
    (args, function), said = (call[0].args, call[1]), failure.message
    attr, whole = function.attr, ast.unparse(function)
    if attr == "view" and type(failure.value(function.value)) is np.ndarray:
        return "`.view` is PyTorch's for `.reshape`. NumPy's own takes the same bytes for numbers of another type."
    if attr in JOINS and len(args) > 1 and not isinstance(args[0], (ast.List, ast.Tuple)):
        return f"The arrays go in one list: `{whole}([{ast.unparse(args[0])}, {ast.unparse(args[1])}])`."
    if attr in ("zeros", "ones", "empty", "full") and "as a data type" in said and len(args) > 1:
        axes = [ast.unparse(arg) for arg in (args[:-1] if attr == "full" else args)]
        last = f", {ast.unparse(args[-1])}" if attr == "full" else ""
        return f"A shape of several axes is one argument, in brackets of its own: `{whole}(({', '.join(axes)}){last})`."
    if attr in ("rand", "randn", "eye") and "interpreted as an integer" in said and isinstance(args[0], ast.Tuple):
        return f"Here each axis is an argument of its own: `{whole}({ast.unparse(args[0]).strip('()')})`."
    return None


def keyword(failure: Failure) -> str | None:
    """`x.mean(dim=0)`."""
    found = re.search(r"unexpected keyword argument '(dim|keepdim)'", failure.message)
    call = _call(failure)
    base = failure.value(call[1].value) if found and call else None
    if base is not np and type(base) is not np.ndarray:
        return None
    return f"`{found[1]}` is PyTorch's: NumPy says `{'axis' if found[1] == 'dim' else 'keepdims'}`."
