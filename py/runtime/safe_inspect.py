"""Looks at live values without running anybody's code: no properties, no __repr__, no __getattr__.

What is shown of a value must come at once and change nothing, so only values of well-known types are
read in full; of all others it says the type.
"""

import builtins
import inspect
import math
import re
import types
from collections.abc import Mapping
from itertools import islice
from typing import Any, TypedDict

import numpy as np

MISSING: Any = type("Missing", (), {"__repr__": lambda _: "MISSING"})()
LONGEST = 80  # characters of a short value
MOST_READ = 100_000  # elements of an array that its summary looks at
NUMBERS = (bool, int, float, complex)
# Their attributes are made in C: reading them runs nobody's code.
_HARMLESS = (np.ndarray, np.random.Generator, *NUMBERS, str, bytes, list, tuple, dict, set, frozenset, range)
_FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.ClassMethodDescriptorType, np.ufunc, type(np.mean),
)  # fmt: skip


class Row(TypedDict):
    """One value in a table: `shape` is '' for what has none, `kind` is value or function."""

    name: str
    kind: str
    type: str
    shape: str
    summary: str


def row(name: str, value: Any) -> Row:
    """What a table of variables says of one value."""
    kind = "function" if is_function(value) or _is(value, type) else "value"
    return {"name": name, "kind": kind, "type": type_name(value), "shape": shape(value), "summary": summary(value)}


def type_name(value: Any) -> str:
    """The type as a reader would say it: an array says what it is an array of."""
    if _is_array(value):
        return f"{value.dtype} array"
    if value is None:
        return "None"
    return "function" if is_function(value) else type(value).__name__


def shape(value: Any) -> str:
    """An array's shape, or how many elements a container has."""
    if _is_array(value):
        return str(value.shape)
    return f"{len(value):,}" if type(value) in (list, tuple, dict, set, frozenset, str) else ""


def summary(value: Any) -> str:
    """A value in a few words; a large array by its range."""
    if _is_array(value):
        return _array(value)
    if type(value) in (list, tuple, set, frozenset, dict):
        return _container(value)
    if is_function(value) or _is(value, type):
        return signature(value)
    return scalar(value)


def scalar(value: Any) -> str:
    """A number, a text, None or a NumPy scalar, cut short; '' for what cannot be said without running code."""
    if type(value) is int and value.bit_length() > 256:
        return f"a whole number of {value.bit_length():,} bits"
    if type(value) in (str, bytes):
        return _cut(repr(value[: LONGEST + 1]))
    if value is None or type(value) in NUMBERS:
        return f"{value:.6g}" if type(value) is float else repr(value)
    if _is(value, np.generic) and type(value).__module__ == "numpy" and value.dtype.kind in "biufc":
        return f"{value:.6g}" if value.dtype.kind == "f" else str(value)
    return ""


def _is(value: Any, kinds: Any) -> bool:
    """isinstance() would ask the value for its `__class__`."""
    return issubclass(type(value), kinds)


def _is_array(value: Any) -> bool:
    return type(value) is np.ndarray


def _array(array: np.ndarray) -> str:
    if not array.size:
        return "empty"
    if array.dtype.kind == "b":
        return f"{np.count_nonzero(thin(array)) / thin(array).size:.0%} true" if array.size > 6 else _elements(array)
    if array.dtype.kind not in "iuf":
        return _elements(array[:6]) if array.dtype.kind == "U" and array.ndim == 1 else ""
    if array.size <= 6:
        return _elements(array)
    some = thin(array)
    finite = some[np.isfinite(some)]
    about = "about " if some.size < array.size else ""
    lost = some.size - finite.size
    if not finite.size:
        return "no finite number in it"
    said = f"{about}{finite.min():.4g} to {finite.max():.4g}, mean {finite.mean(dtype=float):.4g}"
    return f"{said}; {about}{lost * array.size // some.size:,} not finite" if lost else said


def thin(array: np.ndarray) -> np.ndarray:
    """A view of at most MOST_READ elements, evenly taken: a summary must not take long."""
    while array.size > MOST_READ:
        axis = int(np.argmax(array.shape))
        step = min(array.shape[axis], math.ceil(array.size / MOST_READ))
        array = array[(slice(None),) * axis + (slice(None, None, step),)]
    return array


def _elements(array: np.ndarray) -> str:
    if array.dtype.kind == "O":
        return ""
    return _cut(np.array2string(array, precision=4, separator=", ", max_line_width=10_000).replace("\n", ""))


def _container(value: Any) -> str:
    if type(value) is dict:
        parts = [f"{_short(key)}: {_short(item)}" for key, item in islice(value.items(), 6)]
    else:
        parts = [_short(item) for item in islice(value, 6)]
    inside = ", ".join(parts) + (", …" if len(value) > len(parts) else "")
    left, right = {list: "[]", tuple: "()"}.get(type(value), "{}")
    return _cut(left + inside + right)


def _short(value: Any) -> str:
    return scalar(value) or short_type(value)


def short_type(value: Any) -> str:
    """The type, and the shape of an array: `array (3, 4)`."""
    return f"array {value.shape}" if _is_array(value) else type(value).__name__


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"


def is_function(value: Any) -> bool:
    """Whether it is a function of Python, NumPy or the reader; not a mere object that can be called."""
    return type(value) in _FUNCTIONS


def signature(value: Any) -> str:
    """`(x, beta=0.1)` of a function or a class; '' if that cannot be known."""
    if type(value) is types.MethodType:
        return _without_first(signature(value.__func__))
    if type(value) is types.FunctionType:
        return _python_signature(value)
    if type(value) is type:
        made = static(value, "__init__")
        return _without_first(_python_signature(made)) if type(made) is types.FunctionType else ""
    if is_function(value):
        try:
            said = str(inspect.signature(value)).replace("<no value>", "…")
            return re.sub(r"^\(self(, /)?(, )?", "(", said)
        except (ValueError, TypeError):
            return ""
    return ""


def _without_first(said: str) -> str:
    head, comma, rest = said.partition(", ")
    return f"({rest}" if comma else "()" if said else ""


def _python_signature(function: types.FunctionType) -> str:
    """From the code object: annotations could be expressions, and defaults could be large arrays."""
    code = function.__code__
    names = iter(code.co_varnames)
    positional = [next(names) for _ in range(code.co_argcount)]
    keywords = [next(names) for _ in range(code.co_kwonlyargcount)]
    defaults = function.__defaults__ or ()
    given = dict(zip(positional[len(positional) - len(defaults):], defaults, strict=True))  # fmt: skip
    given |= function.__kwdefaults__ or {}
    parts = [_parameter(name, given) for name in positional]
    if code.co_posonlyargcount:
        parts.insert(code.co_posonlyargcount, "/")
    if code.co_flags & inspect.CO_VARARGS:
        parts.append(f"*{next(names)}")
    elif keywords:
        parts.append("*")
    parts += [_parameter(name, given) for name in keywords]
    if code.co_flags & inspect.CO_VARKEYWORDS:
        parts.append(f"**{next(names)}")
    return f"({', '.join(parts)})"


def _parameter(name: str, defaults: Mapping[str, Any]) -> str:
    return f"{name}={scalar(defaults[name]) or '…'}" if name in defaults else name


def documentation(value: Any) -> str:
    """The first paragraph of the docstring, as one line; '' if there is none."""
    if not (is_function(value) or _is(value, (type, types.ModuleType))):
        return ""
    text = inspect.cleandoc(value.__doc__) if type(value.__doc__) is str else ""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    # NumPy's own begin with the signature.
    told = [part for part in paragraphs if part and not (_name_of(value) and _begins_with_call(part, _name_of(value)))]
    return told[0] if told else ""


def _begins_with_call(paragraph: str, name: str) -> bool:
    return paragraph.startswith(f"{name}(") or paragraph.startswith(f"a.{name}(")


def _name_of(value: Any) -> str:
    return value.__name__ if is_function(value) or _is(value, (type, types.ModuleType)) else ""


def static(value: Any, name: str) -> Any:
    """The attribute as it is stored; MISSING if there is none."""
    if _is(value, types.ModuleType):
        return vars(value).get(name, MISSING)
    try:
        return inspect.getattr_static(value, name)
    except Exception:
        return MISSING


def attribute(value: Any, name: str) -> Any:
    """The attribute's value if reading it runs nobody's code, else MISSING."""
    stored = static(value, name)
    if stored is MISSING or type(stored) is property:
        return MISSING
    if type(stored) is staticmethod:
        return stored.__func__
    if type(stored) is classmethod or (type(stored) is types.FunctionType and _is_method(value, name)):
        return types.MethodType(getattr(stored, "__func__", stored), value)
    if type(stored) in (types.GetSetDescriptorType, types.MemberDescriptorType):
        return getattr(value, name) if type(value) in _HARMLESS or _is(value, np.dtype) else MISSING
    if not is_function(stored) and inspect.isdatadescriptor(stored):
        return MISSING
    return stored


def _is_method(value: Any, name: str) -> bool:
    return not _is(value, (type, types.ModuleType)) and static(type(value), name) is static(value, name)


def attributes(value: Any) -> dict[str, Any]:
    """Everything that can stand after the dot, as it is stored."""
    if _is(value, types.ModuleType):
        return dict(vars(value))
    found: dict[str, Any] = {}
    for part in reversed(type.__dict__["__mro__"].__get__(type(value))):
        found |= type.__dict__["__dict__"].__get__(part)
    if _is(value, type):
        for part in reversed(type.__dict__["__mro__"].__get__(value)):
            found |= type.__dict__["__dict__"].__get__(part)
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    return found | own if type(own) is dict else found


def lookup(path: str, *namespaces: Mapping[str, Any]) -> Any:
    """The value of a dotted name, MISSING if it cannot be had without running code."""
    first, *rest = path.split(".")
    value = next((names[first] for names in (*namespaces, vars(builtins)) if first in names), MISSING)
    for name in rest:
        if value is MISSING:
            return MISSING
        value = attribute(value, name)
    return value
