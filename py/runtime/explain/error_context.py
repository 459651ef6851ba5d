"""What a hint may know of an error: the message, the expression that failed, and the values of simple expressions."""

import ast
import difflib
import operator
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from runtime import safe_inspect
from runtime.safe_inspect import MISSING

NEAR = 0.75  # how alike two names must be to be taken for one another, of 1


@dataclass
class Failure:
    """An exception, and where in the reader's code it came up: the frame and, if it can be told, the expression."""

    error: BaseException
    message: str
    source: str = ""
    line: int | None = None
    frame: types.FrameType | None = None
    node: ast.AST | None = None
    scopes: tuple[dict[str, Any], ...] = field(default=())

    @property
    def line_of_code(self) -> str:
        """The line that failed; '' where none is known."""
        lines = self.source.split("\n")
        return lines[self.line - 1] if self.line and 0 < self.line <= len(lines) else ""

    def value(self, node: ast.AST | None) -> Any:
        """The value of a simple expression, without running code; MISSING for any other."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return safe_inspect.lookup(node.id, *self.scopes)
            case ast.Attribute():
                base = self.value(node.value)
                return MISSING if base is MISSING else safe_inspect.attribute(base, node.attr)
            case ast.UnaryOp(op=ast.USub()):
                inner = self.value(node.operand)
                return -inner if type(inner) in (int, float) else MISSING
            case ast.BinOp():
                return _arithmetic(node.op, self.value(node.left), self.value(node.right))
            case ast.Tuple():
                values = tuple(self.value(item) for item in node.elts)
                return MISSING if any(value is MISSING for value in values) else values
        return MISSING


_WHOLE = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def _arithmetic(op: ast.operator, left: Any, right: Any) -> Any:
    """Whole numbers only, and small ones: 10**5 in a shape, say."""
    if not (type(left) is type(right) is int and abs(left) < 10**12 and abs(right) < 10**12):
        return MISSING
    if type(op) is ast.Pow:
        return left**right if 0 <= right < 20 else MISSING
    return _WHOLE[type(op)](left, right) if type(op) in _WHOLE else MISSING


def near(wrong: str, names: Iterable[str]) -> str | None:
    """The name most like `wrong`, if one is like it enough; case does not count."""
    by_lower = {name.lower(): name for name in names if name != wrong and not name.startswith("__")}
    if wrong.lower() in by_lower:
        return by_lower[wrong.lower()]
    if len(wrong) < 3:
        return None
    found = difflib.get_close_matches(wrong.lower(), by_lower, n=1, cutoff=NEAR)
    return by_lower[found[0]] if found else None


def code(node: ast.AST | None, longest: int = 40) -> str | None:
    """An expression as the reader wrote it, more or less; None if it is long."""
    text = ast.unparse(node) if node else ""
    return f"`{text}`" if 0 < len(text) <= longest else None
