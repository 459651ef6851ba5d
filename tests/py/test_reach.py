"""`preflab` ships what the page reaches; what only tests use is in tests/py/reference."""

import ast
import pathlib

import preflab
from lessons import run_in_terminal

LIBRARY = pathlib.Path(preflab.__file__).parent
LESSONS = pathlib.Path(run_in_terminal.__file__).parent
WHOLE = {"losses", "ppo", "groups", "rollout"}  # the page on words will train with them


def imports(tree):
    """(module of preflab, name in it or None for the module) by the name that the code has for it."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "preflab":
            found |= {alias.asname or alias.name: (alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("preflab."):
            module = node.module.removeprefix("preflab.")
            found |= {alias.asname or alias.name: (module, alias.name) for alias in node.names}
    return found


def used(trees, known):
    """The (module, name) of `known` that the trees use, whether as `module.name` or by a name of their own."""
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = known.get(node.value.id, (None, ""))
            found |= {(module, node.attr)} if name is None else set()
        elif isinstance(node, ast.Name) and known.get(node.id, (None, None))[1]:
            found.add(known[node.id])
    return found


def defined(source):
    """{name: the statement that defines it} of a module's top level."""
    names = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            targets = (node for target in statement.targets for node in ast.walk(target))
            names |= {node.id: statement for node in targets if isinstance(node, ast.Name)}
    return names


def at_import(source):
    """The statements of a module's top level that run when it is imported, and define nothing."""
    silent = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom)
    return [statement for statement in ast.parse(source).body if not isinstance(statement, silent)]


def unreached(library, pages, whole=frozenset()):
    """What no page reaches, as module.name. `library` and `pages` are sources, `library` by the module's name."""
    definitions = {module: defined(source) for module, source in library.items()}
    known = {
        module: imports(ast.parse(source)) | {name: (module, name) for name in definitions[module]}
        for module, source in library.items()
    }
    waiting = {(module, name) for module in whole for name in definitions[module]}
    for tree in map(ast.parse, pages):
        waiting |= set(imports(tree).values()) | used([tree], imports(tree))
    reached = set()
    while waiting:
        reached.add(one := waiting.pop())
        module, name = one
        if module in library:
            waiting |= used(at_import(library[module]), known[module]) - reached
        if name in definitions.get(module, {}):
            waiting |= used([definitions[module][name]], known[module]) - reached
    return sorted(f"{m}.{name}" for m, names in definitions.items() for name in names if (m, name) not in reached)


def test_preflab_ships_what_the_page_reaches():
    library = {file.stem: file.read_text("utf-8") for file in LIBRARY.glob("[a-z]*.py")}
    pages = [file.read_text("utf-8") for file in LESSONS.rglob("*.py")]
    assert WHOLE <= library.keys()
    assert unreached(library, pages, WHOLE) == []


def test_what_is_not_reached_is_named():
    library = {
        "a": "from preflab import b\nfrom preflab.b import g as h\nN, M = 1, 2\n"
        "def f(): return b.x(N)\ndef lost(): return h()\n",
        "b": "def x(n): return _y(n)\ndef _y(n): return n\ndef g(): return 0\n",
        "c": "def all(): return 0\n",
    }
    assert unreached(library, ["from preflab import a\na.f()"], {"c"}) == ["a.lost", "b.g"]
    assert unreached(library, ["from preflab.a import lost"]) == ["a.M", "a.N", "a.f", "b._y", "b.x", "c.all"]
