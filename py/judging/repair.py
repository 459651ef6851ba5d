"""Finds the line of a mistake: the one on which a single edit makes the function right."""

import ast
import copy
import linecache
from collections.abc import Callable, Iterator
from itertools import combinations
from types import FunctionType
from typing import Any, NamedTuple

MOST_EDITS = 2500
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
TURNS = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
OTHERS = {"minimum": "maximum", "maximum": "minimum", "min": "max", "max": "min", "mean": "sum", "sum": "mean",
          "std": "var", "var": "std"}  # fmt: skip


class Edit(NamedTuple):
    """What was changed: the line, and what stands there before and after."""

    line: int
    before: str
    after: str


def source_of(function: FunctionType) -> str:
    return "".join(linecache.getlines(function.__code__.co_filename))


def repair(function: Any, is_right: Callable[[Any], bool]) -> Edit | None:
    """The first edit that makes it right; None if no single one does, or its code cannot be had."""
    if not isinstance(function, FunctionType) or function.__closure__:
        return None
    try:
        module = ast.parse(source_of(function))
    except SyntaxError:
        return None
    body = reachable(module, function)
    if not body or any(isinstance(node, ast.While) for part in body for node in ast.walk(part)):
        return None  # a changed loop might never end
    name = next(names_of(part)[0] for part in body if holds(part, function))
    tried = 0
    for edit, statements in edits(body):
        tried += 1
        if tried > MOST_EDITS:
            return None
        changed = rebuilt(function, statements, name)
        if changed is not None and passes(is_right, changed):
            return edit
    return None


def passes(is_right: Callable[[Any], bool], function: Any) -> bool:
    try:
        return is_right(function)
    except Exception:
        return False


def rebuilt(function: FunctionType, statements: list[ast.stmt], name: str) -> Any:
    """The function out of changed statements, among the names that it had."""
    names = dict(function.__globals__)
    try:
        code = compile(ast.Module(statements, []), function.__code__.co_filename, "exec")
        exec(code, names)
    except Exception:
        return None
    return names.get(name)


def names_of(part: ast.stmt) -> list[str]:
    """What a statement defines, if it defines a function."""
    if isinstance(part, ast.FunctionDef):
        return [part.name]
    if isinstance(part, ast.Assign) and isinstance(part.value, ast.Lambda):
        return [target.id for target in part.targets if isinstance(target, ast.Name)]
    return []


def holds(part: ast.stmt, function: FunctionType) -> bool:
    first = min([part.lineno, *(one.lineno for one in getattr(part, "decorator_list", []))])
    return bool(names_of(part)) and first <= function.__code__.co_firstlineno <= part.end_lineno


def reachable(module: ast.Module, function: FunctionType) -> list[ast.stmt]:
    """The function's own statement and those of the helpers that it calls, in their order."""
    by_name = {name: part for part in module.body for name in names_of(part)}
    found = [part for part in module.body if holds(part, function)]
    for part in found:
        used = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
        found += [by_name[name] for name in used if name in by_name and by_name[name] not in found]
    return [part for part in module.body if part in found]


def edits(body: list[ast.stmt]) -> Iterator[tuple[Edit, list[ast.stmt]]]:
    """Single edits with the statements after them, the plainest first."""
    for kind in (operators, names, constants, calls, signs, dropped, factors):
        for part in body:
            local = locals_of(part)
            for parent, field, at, node in places(part):
                for new in kind(node, local):
                    yield from put(body, parent, field, at, node, new)
        if kind is operators:
            yield from together(body)


def put(body: list, parent: Any, field: str, at: int | None, node: Any, new: Any) -> Iterator:
    """The statements with a node replaced, for as long as they are looked at."""
    ast.copy_location(new, node)
    ast.fix_missing_locations(new)
    before, after = ast.unparse(node), ast.unparse(new)
    where = getattr(parent, field)
    if at is None:
        setattr(parent, field, new)
    else:
        where[at] = new
    yield Edit(node.lineno, before, after), body
    if at is None:
        setattr(parent, field, node)
    else:
        where[at] = node


def places(part: ast.stmt) -> Iterator[tuple[Any, str, int | None, Any]]:
    """Every expression that is read, with where it hangs; annotations and defaults apart."""
    todo: list[Any] = [part]
    while todo:
        parent = todo.pop()
        for field, value in ast.iter_fields(parent):
            if field in ("annotation", "returns", "args") and isinstance(parent, (ast.FunctionDef, ast.arg)):
                continue
            several = value if isinstance(value, list) else [value]
            for at, child in enumerate(several):
                if isinstance(child, ast.expr) and not isinstance(getattr(child, "ctx", None), (ast.Store, ast.Del)):
                    yield parent, field, at if isinstance(value, list) else None, child
                if isinstance(child, ast.AST):
                    todo.append(child)


def locals_of(part: ast.stmt) -> list[str]:
    """Arguments and variables of a function."""
    found = [node.arg for node in ast.walk(part) if isinstance(node, ast.arg)]
    stored = [node.id for node in ast.walk(part) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(found + stored))


def operators(node: Any, _: list[str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        if type(node.op) in SWAPS:
            yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        if isinstance(node.op, (ast.Sub, ast.Div)):
            yield ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.Pow):
            yield node.left
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in TURNS:
        yield ast.Compare(node.left, [TURNS[type(node.ops[0])]()], node.comparators)


def together(body: list[ast.stmt]) -> Iterator[tuple[Edit, list[ast.stmt]]]:
    """Two operators of one sort at once: a mistake that was made with both answers. The line is that of the first."""
    by_sort: dict[type, list[ast.BinOp]] = {}
    for node in (node for part in body for node in ast.walk(part)):
        if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
            by_sort.setdefault(type(node.op), []).append(node)
    for sort, nodes in by_sort.items():
        for pair in combinations(nodes, 2):
            before = [ast.unparse(node) for node in pair]
            for node in pair:
                node.op = SWAPS[sort]()
            after = [ast.unparse(node) for node in pair]
            yield Edit(min(node.lineno for node in pair), "` and `".join(before), "` and `".join(after)), body
            for node in pair:
                node.op = sort()


def names(node: Any, local: list[str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Name) and node.id in local:
        yield from (ast.Name(name, ast.Load()) for name in local if name != node.id)


def constants(node: Any, _: list[str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        value = node.value
        others = dict.fromkeys([0, 1, 2, 0.5, -value, 2 * value, value / 2])
        yield from (ast.Constant(other) for other in others if other != value)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)


def calls(node: Any, _: list[str]) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in OTHERS:
        other = copy.copy(node.func)
        setattr(other, "attr" if isinstance(node.func, ast.Attribute) else "id", OTHERS[name])
        yield ast.Call(other, node.args, node.keywords)
    given = {keyword.arg: keyword for keyword in node.keywords}
    if name in ("std", "var") and "ddof" not in given:
        yield ast.Call(node.func, node.args, [*node.keywords, ast.keyword("ddof", ast.Constant(1))])
    if name in ("std", "var", "mean", "sum"):
        if "axis" in given:
            yield ast.Call(node.func, node.args, [one for one in node.keywords if one.arg not in ("axis", "keepdims")])
        else:
            rows = [ast.keyword("axis", ast.Constant(1)), ast.keyword("keepdims", ast.Constant(True))]
            yield ast.Call(node.func, node.args, [*node.keywords, *rows])
            yield ast.Call(node.func, node.args, [*node.keywords, rows[0]])
    if name == "where" and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], node.keywords)


def signs(node: Any, _: list[str]) -> Iterator[ast.expr]:
    if isinstance(node, (ast.Name, ast.BinOp, ast.Call, ast.Attribute, ast.Subscript)):
        yield ast.UnaryOp(ast.USub(), node)


def dropped(node: Any, _: list[str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right
    if isinstance(node, ast.Call) and len(node.args) == 1:
        yield node.args[0]
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse


def factors(node: Any, local: list[str]) -> Iterator[ast.expr]:
    if not isinstance(node, (ast.Name, ast.BinOp, ast.Call, ast.Subscript, ast.UnaryOp, ast.Constant)):
        return
    for value in (2, 0.5):
        yield ast.BinOp(ast.Constant(value), ast.Mult(), node)
    for name in local:
        for op in (ast.Mult(), ast.Div(), ast.Sub(), ast.Add()):
            yield ast.BinOp(node, op, ast.Name(name, ast.Load()))
    yield ast.BinOp(node, ast.Pow(), ast.Constant(2))
    yield ast.Call(ast.Name("max", ast.Load()), [ast.Constant(0.0), node], [])
