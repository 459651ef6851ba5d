"""The usual causes where arrays do not fit together."""

import ast
import math
import re

import numpy as np

from runtime.explain.error_context import Failure, code
from runtime.safe_inspect import MISSING


def shapes_in(text: str) -> list[tuple[int, ...]]:
    """The shapes in a message of NumPy: '(2,3) (4,)'."""
    return [tuple(int(n) for n in found.split(",") if n) for found in re.findall(r"\(([\d,]*)\)", text)]


def broadcast(failure: Failure) -> str | None:
    found = re.search(r"could not be broadcast together with shapes (.*)", failure.message)
    shapes = shapes_in(found[1]) if found else []
    if len(shapes) == 3 and shapes[2] == shapes[0]:  # a += b names a a second time, as where the result goes
        shapes.pop()
    if len(shapes) != 2 or "remapped" in failure.message:
        return None
    a, b = shapes
    names = _operands(failure, a, b)
    clash = next(k for k in range(1, min(len(a), len(b)) + 1) if a[-k] != b[-k] and 1 not in (a[-k], b[-k]))
    which = "the last axis" if clash == 1 else f"axis {-clash}"
    said = (
        f"{names[0]} has shape {a} and {names[1]} has {b}. NumPy lines shapes up from the right, "
        f"and there {which} is {a[-clash]} in one and {b[-clash]} in the other; they must be equal, or one of them 1."
    )
    return said + _column(names, a, b)


def _operands(failure: Failure, a: tuple, b: tuple) -> tuple[str, str]:
    """What the reader calls the two sides."""
    sides = None
    if isinstance(failure.node, ast.BinOp):
        sides = failure.node.left, failure.node.right
    elif isinstance(failure.node, ast.AugAssign):
        sides = failure.node.target, failure.node.value
    elif isinstance(failure.node, ast.Compare) and len(failure.node.ops) == 1:
        sides = failure.node.left, failure.node.comparators[0]
    if not sides:
        return "One", "the other"
    for side, expected in zip(sides, (a, b), strict=True):
        value = failure.value(side)
        if value is not MISSING and np.shape(value) != expected:  # not what the message is about
            return "One", "the other"
    return code(sides[0]) or "The left side", code(sides[1]) or "the right side"


def _column(names: tuple[str, str], a: tuple, b: tuple) -> str:
    """For a value per row that should meet a matrix: a column does it."""
    for name, short, long in ((names[0], a, b), (names[1], b, a)):
        if len(short) == 1 and len(long) == 2 and short[0] == long[0]:
            it = name if name.startswith("`") else "the shorter one"
            made = f"`{name.strip('`')}[:, None]`" if re.fullmatch(r"`[\w.]+`", name) else "`[:, None]`"
            return f" If {it} holds a value for each row, {made} makes it a column, {(short[0], 1)}, which fits."
    return ""


def matmul(failure: Failure) -> str | None:
    if failure.message.startswith("matmul:"):
        values = [MISSING, MISSING]
        if isinstance(failure.node, ast.BinOp) and isinstance(failure.node.op, ast.MatMult):
            values = [failure.value(failure.node.left), failure.value(failure.node.right)]
        if not all(type(value) is np.ndarray for value in values):
            sizes = re.search(r"\(size (\d+) is different from (\d+)\)", failure.message)
            return sizes and (
                f"`a @ b` pairs the last axis of a with the first of b (of their last two); "
                f"here they are {sizes[2]} and {sizes[1]}, and must be equal."
            )
        a, b = (value.shape for value in values)
    else:
        found = re.match(r"shapes (\(.*\)) and (\(.*\)) not aligned", failure.message)
        if not found:
            return None
        a, b = shapes_in(f"{found[1]} {found[2]}")
    if not a or not b:
        return "`@` multiplies arrays; a single number is multiplied with `*`."
    names = _operands(failure, a, b) if failure.message.startswith("matmul:") else ("The first", "the second")
    first = b[-2] if len(b) > 1 else b[-1]
    said = (
        f"{names[0]} has shape {a} and {names[1]} has {b}. A matrix product pairs the last axis of the one ({a[-1]}) "
        f"with the {'first' if len(b) < 3 else 'last but one'} of the other ({first}): they must be equal."
    )
    if len(b) == 2 and b[1] == a[-1]:
        it = names[1].strip("`") if re.fullmatch(r"`[\w.]+`", names[1]) else "the other"
        said += f" `{it}.T`, its transpose, would fit." if it != "the other" else " The transpose, `.T`, would fit."
    return said


def reshape(failure: Failure) -> str | None:
    found = re.match(r"cannot reshape array of size (\d+) into shape \(([\d,-]+)\)", failure.message)
    shape = [int(n) for n in found[2].split(",") if n] if found else []
    if not found or min(shape) < 0:
        return None
    places = math.prod(shape)
    return (
        f"The array has {int(found[1]):,} values, the shape {places:,} places. One axis may be -1: NumPy works it out."
    )


def truth(failure: Failure) -> str | None:
    if not failure.message.startswith("The truth value of an array"):
        return None
    return (
        "The comparison gives an array of True and False, and `if`, `and`, `or` and `not` need a single answer. "
        "Say `.all()` or `.any()`; to choose element by element use `np.where`, to combine arrays `&` and `|`."
    )


def ragged(failure: Failure) -> str | None:
    if "inhomogeneous shape" not in failure.message:
        return None
    return "The rows differ in length, or some are numbers and others lists; an array needs them all alike."


def scalar_wanted(failure: Failure) -> str | None:
    if not re.match(r"only (0-dimensional|length-1|size-1) arrays can be converted", failure.message):
        return None
    if isinstance(failure.node, ast.Call) and isinstance(failure.node.func, ast.Attribute):
        owner, name = failure.node.func.value, failure.node.func.attr
        if isinstance(owner, ast.Name) and owner.id == "math" and hasattr(np, name):
            return f"`math.{name}` takes one number. `np.{name}` takes a whole array."
    return "One number is wanted here, and this is an array: where it holds one, `.item()` takes it out."


def concatenate(failure: Failure) -> str | None:
    found = re.search(
        r"along dimension (\d+), the array at index (\d+) has size (\d+) and .* has size (\d+)", failure.message
    )
    if not found:
        return None
    return (
        f"Joined arrays must agree on every other axis; on axis {found[1]} one has {found[3]} and another {found[4]}."
    )
