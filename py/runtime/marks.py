"""Tells whether a value has changed in place: a mark of what it holds, for arrays, lists, generators and the like.

A block that writes into another block's array leaves it under the same name. The page then has to know that what the
name holds is no longer what its own block gave.
"""

import types
from collections import deque
from typing import Any
from zlib import crc32

import numpy as np

MOST_PARTS = 20_000  # of one value; what is longer is marked by its first parts and its length
MOST_BYTES = 2**24  # of one array; a larger one is marked by every n-th value

Mark = int


def marks(namespace: dict[str, Any]) -> dict[str, Mark]:
    """A mark of each name. What cannot change in place is marked by which object it is."""
    return {name: mark(value) for name, value in namespace.items() if not name.startswith("__")}


def mark(value: Any) -> Mark:
    """Equal for the same object as long as it holds the same; never raises and never runs code of a block.

    So it asks for `type(value)`: what `isinstance` asks for may be a block's own `__class__`.
    """
    if not _may_change(value):
        return id(value)
    parts: list[Any] = [id(value)]
    seen: set[int] = set()
    waiting = deque([value])
    while waiting and len(parts) < MOST_PARTS:
        one = waiting.popleft()
        if not _may_change(one):
            parts.append(one if issubclass(type(one), (bool, int, float, complex, str, bytes)) else id(one))
            continue
        if id(one) in seen:
            continue
        seen.add(id(one))
        parts.append(type(one).__name__)
        waiting.extend(_held(one, parts))
    return hash(tuple(parts))


def _may_change(value: Any) -> bool:
    kind = type(value)
    if kind in (list, dict, set, tuple, deque, bytearray) or issubclass(kind, (np.ndarray, np.random.Generator)):
        return True
    fixed = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.generic)
    return not issubclass(kind, fixed) and _attributes(value) is not None


def _attributes(value: Any) -> dict[str, Any] | None:
    """What an object holds, without its own `__getattr__` and the like."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:
        return None
    return held if isinstance(held, dict) else None


def _held(value: Any, parts: list[Any]) -> list[Any]:
    """What `value` is made of. What can be told at once goes into `parts`."""
    if issubclass(type(value), np.ndarray):
        parts += [value.shape, value.dtype.str]
        if value.dtype.hasobject:
            return list(value.flat[:MOST_PARTS])
        parts.append(crc32(np.ascontiguousarray(value.reshape(-1)[:: 1 + value.nbytes // MOST_BYTES]).view(np.uint8)))
        return []
    if issubclass(type(value), np.random.Generator):
        parts.append(repr(value.bit_generator.state))
        return []
    if type(value) is bytearray:
        parts.append(crc32(value))
        return []
    if type(value) is dict:
        parts.append(len(value))
        return [*value.keys(), *value.values()][: 2 * MOST_PARTS]
    if type(value) in (list, tuple, set, deque):
        parts.append(len(value))
        return list(value)[:MOST_PARTS]
    return list((_attributes(value) or {}).values())
