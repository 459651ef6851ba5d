"""Names of Python's or of the page's that a block has given a value of its own: `input = np.array([1.0])`.

They stay the reader's for the blocks that come after. But `print = None` must not break a block that prints: where what
a block does with a name fits what the name was before and not what it holds now, that block finds what was before.
"""

import ast
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from runtime import safe_inspect

_MISSING = object()


@dataclass
class Uses:
    """What code does with a name: calls it, takes attributes of it, or anything else but comparing it."""

    called: bool = False
    attributes: set[str] = field(default_factory=set)
    otherwise: bool = False

    def fit(self, value: Any) -> bool:
        """Whether all of it can be done with `value`. Runs none of its code."""
        if value is None:
            return not (self.called or self.attributes or self.otherwise)
        return (not self.called or callable(value)) and all(_has(value, name) for name in self.attributes)

    def unfit(self, value: Any) -> str:
        """What cannot be done with `value`, in words."""
        if value is None:
            return "is None"
        if self.called and not callable(value):
            return "cannot be called"
        return f"has no `{next(name for name in sorted(self.attributes) if not _has(value, name))}`"


def _has(value: Any, name: str) -> bool:
    owners = (value, name), (value if isinstance(value, types.ModuleType) else type(value), "__getattr__")
    return any(safe_inspect.static(*owner) is not safe_inspect.MISSING for owner in owners)


def uses_of(source: str, functions: Mapping[str, ast.AST]) -> dict[str, Uses]:
    """What `source` does with each name that it reads, and the `functions` that it names with it."""
    try:
        waiting: list[ast.AST] = [ast.parse(dedent(source))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, Uses] = {}
    reached: set[str] = set()
    while waiting:
        for name, parent in _read(waiting.pop()):
            uses = found.setdefault(name.id, Uses())
            if isinstance(parent, ast.Call) and parent.func is name:
                uses.called = True
            elif isinstance(parent, ast.Attribute):
                uses.attributes.add(parent.attr)
            elif not isinstance(parent, ast.Compare):
                uses.otherwise = True
            if name.id in functions and name.id not in reached:
                reached.add(name.id)
                waiting.append(functions[name.id])
    return found


def _read(tree: ast.AST) -> Iterator[tuple[ast.Name, ast.AST]]:
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node, parent


class Shadows:
    """Which names hold what a block gave them in place of what they had been."""

    def __init__(self, before: Mapping[str, Any]) -> None:
        self._before = before  # what each such name is by itself
        self._owners: dict[str, str] = {}  # the block that gave it its value
        self._known: dict[str, Any] = {}  # the values before a run
        self._aside: dict[str, Any] = {}  # those that this run does not find
        self._functions: dict[str, ast.AST] = {}  # of all blocks that have run

    @property
    def names(self) -> set[str]:
        """Those that a block now finds as another block left them."""
        return self._owners.keys() - self._aside.keys()

    def forget(self, block: str, namespace: dict[str, Any]) -> None:
        """The values that `block` gave are gone."""
        for name in [name for name, owner in self._owners.items() if owner == block]:
            del self._owners[name]
            namespace.pop(name, None)

    def begin(self, block: str, source: str, namespace: dict[str, Any]) -> list[str]:
        """Prepare a run of `block`. Of each name that is set aside for it: why, in a sentence."""
        self.forget(block, namespace)
        self._known = {name: namespace.get(name) for name in self._owners}
        said = []
        for name, uses in uses_of(source, self._functions).items() if self._known else ():
            value = self._known.get(name, self._before.get(name))
            if name in self._known and not uses.fit(value) and uses.fit(self._before[name]):
                self._aside[name] = namespace.pop(name)
                said.append(
                    f"`{name}` is here what it was by itself: "
                    f"what block `{self._owners[name]}` gave it {uses.unfit(value)}"
                )
        return said

    def end(self, block: str, namespace: dict[str, Any], source: str) -> None:
        """After a run of `block`: what was set aside comes back, unless the block gave it a value of its own."""
        for name, value in self._aside.items():
            if namespace.get(name, self._before[name]) is self._before[name]:
                namespace[name] = value
        self._aside.clear()
        for name, before in self._before.items():
            value = namespace.get(name, before)
            if value is before:
                self._owners.pop(name, None)
            elif name not in self._owners or value is not self._known.get(name, before):
                self._owners[name] = block
        self._functions |= _functions(source)


def _functions(source: str) -> dict[str, ast.AST]:
    try:
        tree = ast.parse(dedent(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name: node for node in tree.body if isinstance(node, kinds)}
