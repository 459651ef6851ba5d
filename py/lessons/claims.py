"""Sentences of the prose that can be measured. Build-only cells hold them against the page's own run."""

import ast
import linecache
import sys
import types

import numpy as np

# What has been claimed since the build last asked: each sentence, and the block that shows it if that was said.
claimed: list[tuple[str, str | None]] = []
# For each of them the code that decided, and what it compared, in words.
shown: list[dict] = []

CHEAP = {"abs", "bool", "float", "len", "max", "min", "sum", "interval", "verdict", "np", "kl_to_reference", "summary"}


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
    shown.append(evidence(sys._getframe(1)))


def evidence(frame: types.FrameType) -> dict:
    """The code of the claim that is made in this frame, and the values in it that are quick to work out again."""
    source = "".join(linecache.getlines(frame.f_code.co_filename))
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError:
        calls = []
    here = [node for node in calls if getattr(node.func, "id", "") == "claim" and _contains(node, frame.f_lineno)]
    if not here:
        return {"code": "", "measured": []}
    condition = min(here, key=lambda node: node.end_lineno - node.lineno).args[1]
    return {"code": ast.unparse(condition), "measured": list(_measured(condition, frame))}


def _contains(node: ast.AST, line: int) -> bool:
    return node.lineno <= line <= node.end_lineno


def _measured(condition: ast.expr, frame: types.FrameType):
    """Intervals of what a verdict is about, and the numbers that are compared."""
    for node in ast.walk(condition):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "verdict" and _is_cheap(node.args[0]):
            values = _value(node.args[0], frame)
            if np.ndim(values) == 1 and len(values) > 2:
                from preflab.evaluate import interval, verdict

                mean, half = interval(values)
                over = f"{mean:.3f} ± {half:.3f} over {len(values)} seeds"
                yield f"{ast.unparse(node.args[0])}: {over}, {verdict(values)}"
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                value = _value(side, frame) if _is_cheap(side) and not isinstance(side, ast.Constant) else None
                if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
                    yield f"{ast.unparse(side)} = {value:.6g}"


def _is_cheap(node: ast.expr) -> bool:
    """Whether it calls nothing that trains."""
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        root = call.func
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(call.func, ast.Attribute) or getattr(root, "id", "") in CHEAP:
            continue
        return False
    return True


def _value(node: ast.expr, frame: types.FrameType):
    try:
        return eval(compile(ast.Expression(node), "claim", "eval"), frame.f_globals, frame.f_locals)
    except Exception:  # a name of a comprehension, say
        return None
