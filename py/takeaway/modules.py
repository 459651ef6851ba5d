"""Modules from their text, so that this file needs no others. The texts are those of the page."""

import linecache
import sys
import types


def load(name: str, source: str) -> None:
    """Makes the module `name`, and the package that it is in, for `import` to find."""
    package, _, leaf = name.rpartition(".")
    if not hasattr(sys.modules.get(package), "from_text"):
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__, sys.modules[package].from_text = [], True
    module = sys.modules[name] = types.ModuleType(name)
    setattr(sys.modules[package], leaf, module)
    path = f"<{name}>"
    linecache.cache[path] = len(source), None, source.splitlines(keepends=True), path
    exec(compile(source, path, "exec"), vars(module))
