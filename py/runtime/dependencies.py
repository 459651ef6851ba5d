"""Which names a block gives to the page and which it takes from it, read off its syntax tree."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from sys import getrecursionlimit, setrecursionlimit
from textwrap import dedent
from typing import TypedDict

from runtime.mending import DEEPEST

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Names(TypedDict):
    """`defines` and `uses`: sorted global names of one block."""

    defines: list[str]
    uses: list[str]


def names(source: str) -> Names | None:
    """Names that `source` binds at its top level, and names it reads that it did not bind before.

    A function's body counts as read where the block names the function, or else when the block has ended, since that is
    the earliest that other blocks can call it. Python's own names count: another block may give one a value.
    None if the source does not parse, or is nested too deep.
    """
    block = _Block()
    try:
        with _room():
            block.visit(ast.parse(dedent(source)))  # as Pyodide runs it
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    uses = block.uses | (block.read_later - block.bound)
    return Names(defines=sorted(block.bound), uses=sorted(uses))


@contextmanager
def _room() -> Iterator[None]:
    """Each level of an expression takes some calls, and a long sum is one level a term."""
    before = getrecursionlimit()
    setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        setrecursionlimit(before)


class _Block(ast.NodeVisitor):
    """Walks the top level in the order of evaluation, so that `x = x + 1` reads x before it binds it."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.uses: set[str] = set()
        self.read_later: set[str] = set()
        self.functions: dict[str, set[str]] = {}  # what each function or class of the block reads when it is called

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self._visit_all(node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is None:
            return
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self._visit_all(node.body + node.orelse)

    visit_AsyncFor = visit_For

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self.bound.add(alias.asname or alias.name.split(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type:
            self.visit(node.type)
        self._visit_all(node.body)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name:
            self.bound.add(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self.bound.add(node.rest)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all(node.decorator_list + node.args.defaults)
        self._visit_all([default for default in node.args.kw_defaults if default])
        self._defer(node.name, _free_names(node))
        self.bound |= {node.name} | (_declared_global(node) & _bound_inside(node))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.decorator_list + node.bases + node.keywords)
        # A class's body is run at once, in a scope of its own; its methods do not see that scope.
        body = _Block()
        body._visit_all(node.body)
        for name in sorted(body.uses):
            self._read(name)
        self._defer(node.name, body.read_later)
        self.bound |= {node.name} | {name for inner in _own_nodes(node) for name in _bound_globally(inner)}

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_all(node.args.defaults)
        self.read_later |= _free_names(node)

    def _visit_comprehension(self, node: ast.AST) -> None:
        # The first sequence is looked up outside of the comprehension, whatever its variables are called.
        self.visit(node.generators[0].iter)
        for name in _free_names(node):
            self._read(name)
        self.bound |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def _read(self, name: str) -> None:
        if name not in self.bound:
            self.uses.add(name)
        # Whoever names a function may call it here.
        for free in self.functions.pop(name, ()):
            self._read(free)

    def _defer(self, name: str, free: set[str]) -> None:
        self.read_later |= free
        self.functions[name] = free

    def _visit_all(self, nodes: list) -> None:
        for node in nodes:
            self.visit(node)


def _free_names(scope: ast.AST) -> set[str]:
    """Names that a function, class or comprehension reads from outside itself."""
    # What a class binds is no local name of its methods.
    local = _parameters(scope) | _bound_inside(scope)
    free: set[str] = set()
    for node in _own_nodes(scope):
        if isinstance(node, ast.ClassDef):
            body = _Block()
            body.visit(node)
            free |= body.uses | body.read_later
        elif isinstance(node, _SCOPES + _COMPREHENSIONS):
            free |= _free_names(node)
            if isinstance(node, _COMPREHENSIONS):
                outer = _Block()
                outer.visit(node.generators[0].iter)
                free |= outer.uses
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            free.add(node.id)
    return free - (local - _declared_global(scope))


def _bound_globally(node: ast.AST) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return _declared_global(node) & _bound_inside(node) if isinstance(node, functions) else set()


def _declared_global(scope: ast.AST) -> set[str]:
    return {
        name for node in _own_nodes(scope) if isinstance(node, ast.Global) for name in node.names
    }


def _parameters(scope: ast.AST) -> set[str]:
    return {node.arg for node in ast.walk(getattr(scope, "args", ast.Pass())) if isinstance(node, ast.arg)}


def _bound_inside(scope: ast.AST) -> set[str]:
    bound = set()
    for node in _own_nodes(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return bound


def _own_nodes(scope: ast.AST) -> list[ast.AST]:
    """Every node of a scope, without what lies inside the scopes nested in it."""
    found, waiting = [], list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, _SCOPES + _COMPREHENSIONS):
            waiting.extend(ast.iter_child_nodes(node))
    return found
