"""The usual cause of an error in a sentence: a table of small functions, tried in order.

Each takes a Failure and gives a sentence, with code in `backticks`, or None. It speaks up only when what it
says follows from the message and from the values at the point of failure: no hint is better than a wrong one.
"""

import ast
import builtins
import keyword
import math
import pkgutil
import re
import sys
import types
from collections.abc import Callable, Iterable

import numpy as np

from runtime import safe_inspect
from runtime.explain import hints_numpy, hints_syntax
from runtime.explain import hints_shapes as shapes
from runtime.explain.error_context import Failure, code, near
from runtime.safe_inspect import MISSING


def hint(failure: Failure) -> str | None:
    """The first cause in the table that fits."""
    for kind, cause in CAUSES:
        if isinstance(failure.error, kind):
            try:
                said = cause(failure)
            except Exception:  # a hint that fails must not hide the error
                said = None
            if said:
                return said
    return None


# Names


def _name(failure: Failure) -> str | None:
    wrong = getattr(failure.error, "name", None)
    if not wrong:
        return None
    known = {name for scope in failure.scopes for name in scope}
    if wrong in ("true", "false", "null", "nil", "undefined"):
        return f"Python writes `{'True' if wrong == 'true' else 'False' if wrong == 'false' else 'None'}`."
    if LAST_VALUES.fullmatch(wrong):
        return f"`{wrong}` holds a value that was shown before in notebooks: here give it a name, as in `result = …`."
    if wrong in NOTEBOOKS:
        return NOTEBOOKS[wrong]
    if wrong in MISSING_PACKAGES or wrong in PACKAGE_ALIASES:
        return _no_package(PACKAGE_ALIASES.get(wrong, wrong))
    later = _first_assignment(failure, wrong)
    if later:
        return f"`{wrong}` gets its value on line {later}, below this line."
    if said := hints_numpy.name(wrong, called=bool(re.search(rf"(?<![\w.]){wrong}\s*\(", failure.line_of_code))):
        return said
    if like := near(wrong, known | set(dir(builtins)) | set(keyword.kwlist)):
        return f"Did you mean `{like}`?"
    if wrong in sys.stdlib_module_names:
        return f"`{wrong}` is a module of Python: write `import {wrong}` first."
    return None


def _first_assignment(failure: Failure, name: str) -> int | None:
    """A line below the failing one that assigns `name` at the top level, if none above it does."""
    lines = [
        node.lineno
        for statement in _tree(failure).body
        for node in _top_level(statement)
        if (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
        or (isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name)
    ]
    first = min(lines, default=None)
    return first if first and failure.line and first > failure.line else None


def _top_level(statement: ast.stmt) -> Iterable[ast.AST]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement]
    return ast.walk(statement)


def _tree(failure: Failure) -> ast.Module:
    try:
        return ast.parse(failure.source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _local(failure: Failure) -> str | None:
    wrong = re.search(r"variable '(\w+)'", failure.message)
    if not wrong:
        return None
    name = wrong[1]
    return (
        f"The function assigns `{name}`, so inside it `{name}` is a variable of its own, which has no value yet here. "
        f"Pass the outer one in as an argument, or use another name inside."
    )


def _attribute(failure: Failure) -> str | None:
    wrong, value = getattr(failure.error, "name", None), getattr(failure.error, "obj", MISSING)
    if not wrong or value is MISSING:
        return None
    who = code(failure.node.value) if isinstance(failure.node, ast.Attribute) else None
    if value is None:
        return f"{who or 'What stands before the dot'} is None here. A function without `return` gives None."
    if type(value) in (list, tuple) and wrong in ("shape", "T", "mean", "sum", "std", "min", "max", "reshape", "dtype"):
        return f"{who or 'This'} is a {type(value).__name__}, not an array: `np.array(…)` makes one of it."
    if said := hints_numpy.attribute(value, wrong, who):
        return said
    names = [name for name in safe_inspect.attributes(value) if not name.startswith("_")]
    if like := near(wrong, names):
        return f"Did you mean `{like}`?"
    return None


# Packages


MISSING_PACKAGES = {
    "torch", "tensorflow", "jax", "flax", "keras", "transformers", "trl", "peft", "datasets", "accelerate", "scipy",
    "pandas", "polars", "matplotlib", "seaborn", "plotly", "sklearn", "tqdm", "requests", "gymnasium", "wandb",
    "IPython", "ipywidgets",
}  # fmt: skip
PACKAGE_ALIASES = {
    "plt": "matplotlib", "pd": "pandas", "tf": "tensorflow", "jnp": "jax", "sns": "seaborn", "nn": "torch",
    "optim": "torch",
}  # fmt: skip
INSTEAD = {
    "matplotlib": " To draw, end the block with a figure: `charts` makes them.",
    "seaborn": " To draw, end the block with a figure: `charts` makes them.",
    "plotly": " A dict with `data` and `layout`, as Plotly has them, is drawn when it is shown.",
    "tqdm": " `for step in progress(range(100)):` shows how far a loop is.",
    "torch": " The lesson writes its gradients out by hand.",
    "scipy": " Much of it is a line or two of NumPy.",
    "sklearn": " Much of it is a line or two of NumPy.",
    "pandas": " A dict with `title`, `columns` and `rows` is shown as a table.",
    "polars": " A dict with `title`, `columns` and `rows` is shown as a table.",
    "wandb": " `live(chart, values)` draws a chart anew while a loop goes on.",
    "IPython": " `display(value)` and `show(value)` need no import.",
}
INSTEAD |= dict.fromkeys(["jax", "flax", "tensorflow", "keras"], INSTEAD["torch"])
INSTEAD |= dict.fromkeys(
    ["transformers", "trl", "peft", "datasets", "accelerate"],
    " The lesson's models are small enough to be written out in full.",
)
NOTEBOOKS = {
    "get_ipython": "`get_ipython` belongs to notebooks: here a block is plain Python.",
    "In": "`In` belongs to notebooks: here a block's code is in its editor.",
    "Out": "`Out` belongs to notebooks: here a value is kept by giving it a name, as in `result = …`.",
}
LAST_VALUES = re.compile(r"_{1,3}|_\d+")


def _package(failure: Failure) -> str | None:
    wrong, _, part = (getattr(failure.error, "name", None) or "").partition(".")
    if not wrong:
        return None
    if part and wrong in sys.modules:  # it is here, and a part of it is not
        parts = [module.name for module in pkgutil.iter_modules(getattr(sys.modules[wrong], "__path__", []))]
        like = near(part, parts)
        return f"Did you mean `{wrong}.{like}`?" if like else None
    if wrong in MISSING_PACKAGES:
        return _no_package(wrong)
    if like := near(wrong, ["numpy"]) or near(wrong, sys.stdlib_module_names):
        return f"Did you mean `{like}`? Python here has its standard library and NumPy."
    return (
        _no_package(wrong)
        if wrong not in sys.stdlib_module_names
        else f"Python in the browser comes without `{wrong}`."
    )


def _no_package(name: str) -> str:
    return (
        f"`{name}` is not here: Python in this page has its standard library and NumPy, as `np`.{INSTEAD.get(name, '')}"
    )


def _import_from(failure: Failure) -> str | None:
    wrong = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", failure.message)
    module = sys.modules.get(wrong[2]) if wrong else None
    like = near(wrong[1], vars(module)) if wrong and module else None
    return f"Did you mean `{like}`?" if like else None


# Indices and keys


def _index(failure: Failure) -> str | None:
    found = re.match(r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", failure.message)
    if found:
        size = int(found[3])
        if not size:
            return f"Axis {found[2]} is empty here."
        return f"Axis {found[2]} has {size:,} entries, numbered 0 to {size - 1:,}; the last one is also -1."
    found = re.match(r"too many indices for array: array is (\d+)-dimensional, but (\d+) were indexed", failure.message)
    if found:
        value = failure.value(failure.node.value) if isinstance(failure.node, ast.Subscript) else MISSING
        has = (
            f"shape {value.shape}"
            if type(value) is np.ndarray
            else f"{found[1]} {'axis' if found[1] == '1' else 'axes'}"
        )
        who = code(failure.node.value) if isinstance(failure.node, ast.Subscript) else None
        return f"{who or 'The array'} has {has}, and the brackets hold {found[2]} indices."
    if failure.message.startswith("only integers, slices"):
        return "An index is a whole number. `/` gives a float even when it divides evenly: use `//`, or `int(…)`."
    if re.fullmatch(r"(list|tuple|string|range object) (assignment )?index out of range", failure.message):
        value = failure.value(failure.node.value) if isinstance(failure.node, ast.Subscript) else MISSING
        if type(value) not in (list, tuple, str, range):
            return "Counting starts at 0, so the last of n is n - 1 (or -1)."
        who = code(failure.node.value) or "It"
        return (
            f"{who} is empty." if not value else f"{who} has {len(value):,} elements, numbered 0 to {len(value) - 1:,}."
        )
    return None


def _key(failure: Failure) -> str | None:
    value = failure.value(failure.node.value) if isinstance(failure.node, ast.Subscript) else MISSING
    if type(value) is not dict or not failure.error.args:
        return None
    who, wrong = code(failure.node.value), failure.error.args[0]
    if not value:
        return f"{who} is empty."
    like = near(wrong, [key for key in value if type(key) is str]) if type(wrong) is str else None
    if like:
        return f"Did you mean `{like!r}`?"
    keys = [safe_inspect.scalar(key) for key in value]
    return f"{who} has the keys {', '.join(keys)}." if len(keys) <= 8 and all(keys) else None


# Calls


def _called(failure: Failure) -> ast.expr | None:
    return failure.node.func if isinstance(failure.node, ast.Call) else None


def _not_callable(failure: Failure) -> str | None:
    if not failure.message.endswith("object is not callable"):
        return None
    function = _called(failure)
    value = failure.value(function)
    who = code(function) or "This"
    if isinstance(function, ast.Name) and function.id in vars(builtins):
        return (
            f"`{function.id}` was assigned a value, which now hides Python's own function of that name. "
            f"Rename it, and say `del {function.id}` once."
        )
    if type(value) is np.ndarray or "ndarray" in failure.message:
        return f"{who} is an array: square brackets, `[…]`, take its elements; round ones call a function."
    if type(value) in (int, float):
        return f"{who} is a number. To multiply, write `*` before the bracket."
    if isinstance(function, ast.Constant) and type(value) is str:
        return f"{who} is text: is a comma missing before the bracket?"
    if value is None:
        return f"{who} is None, so there is nothing to call."
    if isinstance(value, types.ModuleType):
        return f"{who} is a module: call one of its functions, with a dot."
    return None


def _arguments(failure: Failure) -> str | None:
    if not re.search(
        r"\(\) (missing \d|takes |got an unexpected keyword|got multiple values|got some positional)", failure.message
    ):
        return None
    function = _called(failure)
    value = failure.value(function)
    said = safe_inspect.signature(value) if value is not MISSING else ""
    if not said:
        return None
    unexpected = re.search(r"unexpected keyword argument '(\w+)'", failure.message)
    like = (
        near(unexpected[1], re.findall(r"\w+", said)) if unexpected and "Did you mean" not in failure.message else None
    )
    return f"{f'Did you mean `{like}`? ' if like else ''}Its signature is `{ast.unparse(function)}{said}`."


def _none(failure: Failure) -> str | None:
    if "NoneType" not in failure.message:
        return None
    parts = [part for part in ast.iter_child_nodes(failure.node or ast.Pass()) if isinstance(part, ast.expr)]
    guilty = next((code(part) for part in parts if failure.value(part) is None), None)
    return f"{guilty or 'One of the values'} is None here. A function without `return` gives None."


def _unchanging(failure: Failure) -> str | None:
    found = re.match(r"'(tuple|str)' object does not support item assignment", failure.message)
    if found:
        whose = "A tuple stays" if found[1] == "tuple" else "Text stays"
        return f"{whose} as it is: `list(…)` makes of it what can be changed."
    if re.match(r"'set' object is not subscriptable", failure.message):
        return "A set has no order, and so no places: `sorted(…)` makes a list of it."
    return None


def _rounds(failure: Failure) -> str | None:
    is_number = re.match(r"'(int|float)' object is not iterable", failure.message)
    if not is_number or not re.search(r"\bfor\b.*\bin\b", failure.line_of_code):
        return None
    return "A loop goes through things, and this is a number: `range(n)` counts from 0 to n - 1."


def _text_and_number(failure: Failure) -> str | None:
    if failure.message.startswith("can only concatenate str"):
        return 'Text adds up with text alone. An f-string puts a value into text: `f"loss {loss}"`.'
    if re.match(r"'(\w*float\w*)' object cannot be interpreted as an integer", failure.message):
        return "A whole number is wanted here: `int(…)` makes one; `//` divides without a remainder."
    return None


def _unpack(failure: Failure) -> str | None:
    found = re.match(
        r"(not enough|too many) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?\)", failure.message
    )
    if not found:
        return None
    got = f"gives {found[3]}" if found[3] else "gives more"
    return f"There are {found[2]} names on the left, and the right side {got}."


# Numbers


def _zero_division(failure: Failure) -> str | None:
    if isinstance(failure.node, ast.BinOp):
        divisor = failure.node.right
    elif isinstance(failure.node, ast.AugAssign):
        divisor = failure.node.value
    else:
        return None
    if isinstance(divisor, ast.Constant):
        return None
    who = code(divisor)
    return f"{who} is 0 here." if who else None


def _domain(failure: Failure) -> str | None:
    function = _called(failure)
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    if not re.match(r"expected a (positive|nonnegative) input|math domain error", failure.message):
        return None
    argument = failure.node.args[0] if isinstance(failure.node, ast.Call) and failure.node.args else None
    value = failure.value(argument)
    is_what = (
        f" {code(argument)} is {value} here." if type(value) in (int, float) and isinstance(argument, ast.Name) else ""
    )
    if name.startswith("log"):
        return f"A logarithm needs a number above 0.{is_what} A probability that has shrunk to 0 is the usual cause."
    if name == "sqrt":
        return f"A square root needs a number that is not negative.{is_what}"
    return None


def _overflow(failure: Failure) -> str | None:
    if failure.message in ("math range error", "(34, 'Numerical result out of range')", "Result too large"):
        return "The result is beyond the largest float, about 1.8e308: `exp` gets there at 710. Stay with logarithms."
    return None


# Memory and recursion


def _memory(failure: Failure) -> str | None:
    found = re.match(r"Unable to allocate .* for an array with shape (\(.*?\)) and data type (\w+)", failure.message)
    if found:
        size = math.prod(shapes.shapes_in(found[1].replace(" ", ""))[0])
        return _too_large(size * np.dtype(found[2]).itemsize)
    too_big = failure.message.startswith(("array is too big", "Maximum allowed dimension exceeded"))
    if too_big or (isinstance(failure.error, MemoryError) and isinstance(failure.node, ast.Call)):
        shape = (
            failure.value(failure.node.args[0]) if isinstance(failure.node, ast.Call) and failure.node.args else MISSING
        )
        sizes = shape if type(shape) is tuple else (shape,)
        if _called(failure) and _makes_floats(failure) and all(type(n) is int for n in sizes):
            return _too_large(8 * math.prod(sizes))
        return "One array may take 2 GB here, and all of Python 4 GB. Fewer rows at a time may do." if too_big else None
    return None


def _makes_floats(failure: Failure) -> bool:
    function = _called(failure)
    simple = isinstance(failure.node, ast.Call) and len(failure.node.args) == 1 and not failure.node.keywords
    return (
        simple
        and isinstance(function, ast.Attribute)
        and function.attr in ("zeros", "ones", "empty", "standard_normal")
    )


def _too_large(size: int) -> str:
    return (
        f"This asks for {size / 1e9:,.1f} GB. Python in a browser has 4 GB at most, and 2 GB for one array: "
        f"work on fewer rows at a time."
    )


def _recursion(failure: Failure) -> str | None:
    if not failure.frame or "compilation" in failure.message:  # none of the reader's code has run
        return "Something has hundreds of levels here, such as a sum of as many terms: write it in steps, or as a list."
    name = failure.frame.f_code.co_name
    who = f"`{name}` calls itself" if not name.startswith("<") else "A function calls itself"
    return (
        f"{who} again and again and never comes to an end: it needs a case in which it returns without calling itself."
    )


# What is not here, and what asserts


def _file(failure: Failure) -> str | None:
    return "Python in the browser sees none of your files: write the data into the block."


def _assertion(failure: Failure) -> str | None:
    if failure.message or not failure.line:
        return None
    tests = [
        node.test for node in ast.walk(_tree(failure)) if isinstance(node, ast.Assert) and node.lineno == failure.line
    ]
    said = code(tests[0], 100) if len(tests) == 1 else None
    return f"{said} does not hold." if said else None


Cause = Callable[[Failure], str | None]

CAUSES: list[tuple[type[BaseException], Cause]] = [
    (UnboundLocalError, _local),
    (NameError, _name),
    (AttributeError, _attribute),
    (ModuleNotFoundError, _package),
    (ImportError, _import_from),
    (SyntaxError, hints_syntax.syntax),
    (ValueError, shapes.broadcast),
    (ValueError, shapes.matmul),
    (ValueError, shapes.reshape),
    (ValueError, shapes.truth),
    (ValueError, shapes.ragged),
    (ValueError, shapes.concatenate),
    (ValueError, _unpack),
    (ValueError, _domain),
    (ValueError, _memory),
    (MemoryError, _memory),
    (ValueError, hints_numpy.shape_in_pieces),
    (TypeError, hints_numpy.shape_in_pieces),
    (TypeError, hints_numpy.value_called),
    (TypeError, hints_numpy.keyword),
    (TypeError, shapes.scalar_wanted),
    (TypeError, _not_callable),
    (TypeError, _arguments),
    (TypeError, _none),
    (TypeError, _unchanging),
    (TypeError, _rounds),
    (TypeError, _text_and_number),
    (IndexError, _index),
    (KeyError, _key),
    (ZeroDivisionError, _zero_division),
    (OverflowError, _overflow),
    (RecursionError, _recursion),
    (FileNotFoundError, _file),
    (AssertionError, _assertion),
]
