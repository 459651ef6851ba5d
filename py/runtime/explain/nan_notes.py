"""A quiet word when a block leaves a value that is not finite.

WebAssembly has no floating-point flags, so NumPy in a browser never warns of log(0) or 0 / 0, and a singular matrix
is no error there (github.com/pyodide/pyodide/issues/156, 4859). Instead the names that a block has assigned are
looked at when it ends, and the line that assigned one is asked why.
"""

import ast
import linecache
import math
import re
import types
from collections.abc import Iterator
from textwrap import dedent
from typing import Any, TypeGuard

import numpy as np

MOST_NOTES = 3
MOST_FUNCTIONS = 20  # that are looked into for one note
LARGEST = 2_000_000  # elements of an array that are looked at one by one


def not_finite(source: str, namespace: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A note for each name that `source` assigned at its top level and that holds nan or inf, the first ones only."""
    if re.search(r"\b(nan|inf)\b", source):
        return  # it is meant so
    told = 0
    for name, assignment in _assigned(source).items():
        said = _what(namespace.get(name))
        if said and told < MOST_NOTES:
            told += 1
            line = assignment.lineno
            yield {
                "name": "Not finite",
                "message": f"`{name}` {said}",
                "line": line,
                "hint": _why(assignment, namespace),
            }


def _assigned(source: str) -> dict[str, ast.stmt]:
    """The last statement at the top level that assigns each name, in the order of the lines."""
    try:
        body = ast.parse(dedent(source)).body
    except (SyntaxError, ValueError):
        return {}
    return {
        target.id: statement
        for statement in body
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign))
        for target in ast.walk(statement)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }


def _what(value: Any) -> str | None:
    if type(value) is float or (isinstance(value, np.floating) and type(value).__module__ == "numpy"):
        return None if math.isfinite(value) else f"is {value!s}"
    if type(value) is not np.ndarray or value.dtype.kind != "f":
        return None
    some = value
    if value.size > LARGEST:
        from runtime.safe_inspect import thin

        some = thin(value)
    lost = int(some.size - np.count_nonzero(np.isfinite(some)))
    if not lost:
        return None
    missing = int(np.count_nonzero(np.isnan(some)))
    kind = "nan" if missing == lost else "infinite" if not missing else "nan or infinite"
    about = "" if some is value else "about "
    return f"holds {about}{lost * value.size // some.size:,} of {value.size:,} values that are {kind}"


def _why(statement: ast.stmt, namespace: dict[str, Any]) -> str | None:
    """The part of the statement that does it, if the values that are there now say so."""
    from runtime.explain.error_context import Failure, code  # rarely needed

    look_up = Failure(ValueError(), "", scopes=(namespace,)).value
    for node in ast.walk(statement):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            name, argument = "divide", node.right
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            name, argument = node.func.attr, node.args[0]
        else:
            continue
        value = look_up(argument)
        who = code(argument)
        if who and (type(value) in (int, float, np.ndarray) or isinstance(value, np.number)):
            said = _cause(name, who, np.asarray(value))
            if said:
                return said
    return _zero_in_a_function(statement, namespace)


def _zero_in_a_function(statement: ast.stmt, namespace: dict[str, Any]) -> str | None:
    """A name of the page that is 0, and by which a function divides that the statement calls at once or in the end."""
    waiting, seen = [statement], set()
    while waiting:
        for node in ast.walk(waiting.pop(0)):
            function = namespace.get(node.func.id) if isinstance(node, ast.Call) and _is_named(node.func) else None
            if not isinstance(function, types.FunctionType) or function in seen or len(seen) > MOST_FUNCTIONS:
                continue
            seen.add(function)
            body = _definition(function)
            if body is None:
                continue
            for part in ast.walk(body):
                if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div) and _is_named(part.right):
                    zero = _name_behind(part.right.id, body, node)
                    if zero and _is_zero(namespace.get(zero)):
                        return f"`{zero}` is 0, and `{function.__name__}` divides by it."
            waiting.append(body)
    return None


def _is_named(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _is_zero(value: Any) -> bool:
    return (type(value) in (int, float) or isinstance(value, np.number)) and value == 0


def _definition(function: types.FunctionType) -> ast.FunctionDef | None:
    """The function as its block defines it."""
    try:
        tree = ast.parse("".join(linecache.getlines(function.__code__.co_filename)))
    except (SyntaxError, ValueError):
        return None
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function.__name__]
    return found[-1] if found else None


def _name_behind(name: str, function: ast.FunctionDef, call: ast.Call) -> str | None:
    """The name of the page that a name in `function` stands for: what the call passes, its default, or itself."""
    arguments = function.args.posonlyargs + function.args.args
    names = [argument.arg for argument in arguments]
    if name not in names:
        return None if name in {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and _is_bound(n)} else name
    at = names.index(name)
    passed = [keyword.value for keyword in call.keywords if keyword.arg == name] or call.args[at : at + 1]
    defaults = [None] * (len(names) - len(function.args.defaults)) + function.args.defaults
    stands_for = passed[0] if passed else defaults[at]
    return stands_for.id if stands_for is not None and _is_named(stands_for) else None


def _is_bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _cause(name: str, who: str, value: np.ndarray) -> str | None:
    if value.dtype.kind not in "iuf" or not value.size:
        return None
    least, most, has_zero = value.min(), value.max(), bool((value == 0).any())
    if name in ("log", "log2", "log10") and (has_zero or least < 0):
        if least < 0:
            return f"{who} goes below 0, down to {least:.4g}; the logarithm of a negative number is nan."
        return f"{who} has a 0 in it, and the logarithm of 0 is minus infinity. `np.maximum({who[1:-1]}, 1e-12)` helps."
    if name == "sqrt" and least < 0:
        return f"{who} goes below 0, down to {least:.4g}; the square root of a negative number is nan."
    if name == "exp" and most > 709.7:
        return f"{who} goes up to {most:.4g}, and `exp` of more than 709 is infinite. `np.logaddexp` may help."
    if name == "divide" and has_zero and value.ndim == 0:
        return f"{who} is 0: a number / 0 is infinite, and 0 / 0 is nan."
    if name == "divide" and has_zero:
        return f"{who} has a 0 in it: a number / 0 is infinite, and 0 / 0 is nan."
    if name in ("inv", "solve") and value.ndim == 2 and np.isfinite(value).all() and _is_singular(value):
        return f"{who} has no inverse: some row follows from the others. `np.linalg.lstsq` still gives an answer."
    return None


def _is_singular(matrix: np.ndarray) -> bool:
    return bool(np.linalg.matrix_rank(matrix) < len(matrix))
