"""Answers about live names: completion, help, the table of variables. Runs no code of the reader's."""

import builtins
import keyword
import re
import sys
import types
from collections.abc import Mapping
from typing import Any, TypedDict

from runtime import safe_inspect
from runtime.safe_inspect import MISSING

MOST_VARIABLES = 300
LONGEST_DOC = 400

Namespace = Mapping[str, Any]


class Item(TypedDict):
    """A completion; `detail` is the shape or the signature."""

    label: str
    kind: str
    detail: str


class Help(TypedDict):
    """What is known of a name; `live` is False if it is only in the text, so far."""

    name: str
    kind: str
    signature: str
    doc: str
    value: str
    live: bool


def answer(namespace: Namespace, given: Namespace, question: Mapping[str, str]) -> Any:
    """A question of the page: complete {base, source}, help {path, source}, variables {}."""
    match question["kind"]:
        case "complete":
            return complete(namespace, question["base"], question["source"])
        case "help":
            return explain(namespace, question["path"], question["source"])
        case "variables":
            return variables(namespace, given)
    return None


def complete(namespace: Namespace, base: str = "", source: str = "") -> list[Item]:
    """Names that can stand here; with `base`, a dotted name, those that can follow it and a dot."""
    if base:
        value = safe_inspect.lookup(base, namespace, imported(source))
        if value is MISSING:
            return []
        return [_item(name, stored) for name, stored in sorted(safe_inspect.attributes(value).items())]
    words = [Item(label=word, kind="keyword", detail="") for word in keyword.kwlist]
    return [
        *(_item(name, value, detailed=True) for name, value in namespace.items() if not name.startswith("_")),
        *(_item(name, value) for name, value in vars(builtins).items() if not name.startswith("_")),
        *words,
    ]


def _item(name: str, value: Any, detailed: bool = False) -> Item:
    detail = (safe_inspect.signature(value) or safe_inspect.short_type(value)) if detailed else ""
    return {"label": name, "kind": _kind(value), "detail": detail if len(detail) <= 60 else detail[:58] + " …"}


def _kind(value: Any) -> str:
    if safe_inspect.is_function(value) or type(value) in (staticmethod, classmethod):
        return "function"
    if issubclass(type(value), type):
        return "class"
    if issubclass(type(value), types.ModuleType):
        return "module"
    if type(value) in (property, types.GetSetDescriptorType, types.MemberDescriptorType):
        return "property"
    return "value"


def explain(namespace: Namespace, path: str, source: str = "") -> Help | None:
    """What a dotted name is, from its live value, or else from the text that will define it."""
    value = safe_inspect.lookup(path, namespace, imported(source))
    if value is MISSING:
        return _in_text(path, source)
    short = f"{safe_inspect.type_name(value)} {safe_inspect.shape(value)}".strip() if _kind(value) == "value" else ""
    doc = safe_inspect.documentation(value)
    return {
        "name": path,
        "kind": _kind(value),
        "signature": safe_inspect.signature(value),
        "doc": doc if len(doc) <= LONGEST_DOC else doc[: LONGEST_DOC - 2] + " …",
        "value": ": ".join(filter(None, [short, safe_inspect.summary(value) if short else ""])),
        "live": True,
    }


def _in_text(name: str, source: str) -> Help | None:
    """A function that the editor's text defines, though it has not run; the text need not parse."""
    found = re.search(
        rf"^[ \t]*(def|class) {re.escape(name)}\b(\(.*?\))?[^\n]*:[ \t]*\n(?:\s*\"\"\"(.*?)\"\"\")?",
        source,
        re.M | re.S,
    )
    if not found:
        return None
    kind = "function" if found[1] == "def" else "class"
    first = (found[3] or "").strip().split("\n\n")[0]
    return {
        "name": name,
        "kind": kind,
        "signature": " ".join((found[2] or "").split()),
        "doc": " ".join(first.split())[:LONGEST_DOC],
        "value": "",
        "live": False,
    }


_IMPORT = re.compile(r"^\s*import\s+([\w.]+)(?:\s+as\s+(\w+))?", re.M)


def imported(source: str) -> dict[str, Any]:
    """Modules that the text imports and that Python has loaded anyway. Nothing is imported for an answer."""
    found: dict[str, Any] = {}
    for path, alias in _IMPORT.findall(source):
        name = path if alias else path.split(".")[0]
        if name in sys.modules:
            found[alias or name] = sys.modules[name]
    return found


def variables(namespace: Namespace, given: Namespace) -> list[safe_inspect.Row]:
    """The reader's names: values first, then functions and classes, each in the order in which they came."""
    rows = [
        safe_inspect.row(name, value)
        for name, value in list(namespace.items())
        if not (name.startswith("_") or given.get(name, MISSING) is value or issubclass(type(value), types.ModuleType))
    ]
    return sorted(rows, key=lambda row: row["kind"] == "function")[:MOST_VARIABLES]
