"""The usual causes of a block that Python cannot read."""

import keyword
import re

from runtime.explain.error_context import Failure, near

SYNTAX: list[tuple[str, str]] = [
    (
        r"'([\(\[\{])' was never closed",
        "This `{0}` has no bracket that closes it, so Python read on to the end of the block.",
    ),
    (
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)' on line (\d+)",
        "The `{1}` of line {2} is still open where `{0}` comes.",
    ),
    (
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)'",
        "The `{1}` before it is still open where `{0}` comes.",
    ),
    (
        r"unmatched '(.)'",
        "This `{0}` closes a bracket that was never opened: one too many, or an opening one is missing before it.",
    ),
    (r"unterminated triple-quoted", "The text that opens here with three quotes is never closed by three."),
    (
        r"unterminated f?-?string|EOL while scanning",
        'The text that opens here has no closing quote on its line. Text that holds a \' goes between " and ".',
    ),
    (r"(?:Maybe you meant '==' )", "One `=` gives a name its value; to compare, write `==`."),
    (
        r"cannot assign to (?:comparison|expression|literal|function call|True|False|None)",
        "Left of `=` stands the name that gets the value. To compare, write `==`.",
    ),
    (r"expected ':'", "A line that begins with `if`, `else`, `for`, `while`, `def` or `class` ends in a colon."),
    (
        r"expected an indented block after (.*) on line (\d+)",
        "What belongs to the {0} of line {1} stands four spaces further in.",
    ),
    (
        r"inconsistent use of tabs|TabError",
        "Some lines are indented by tabs and others by spaces: use four spaces throughout.",
    ),
    (
        r"unindent does not match",
        "This line is further out than the one above, but not as far as any line that it could belong to.",
    ),
    (r"unexpected indent", "This line is further in than the one above, and nothing there opens a new level."),
    (r"Missing parentheses in call to 'print'", "`print` is a function: what it prints stands in brackets."),
    (
        r"invalid (?:non-printable )?character.*U\+00A0",
        "An invisible space of a web page came along with the code: type it anew.",
    ),
    (
        r"invalid (?:non-printable )?character.*U\+(?:200[B-F]|202[A-E]|206[0-9]|FEFF|00AD)",
        "A sign that nobody sees came along with the code: the editor marks it with a dot. Delete it there.",
    ),
    (
        r"invalid (?:non-printable )?character '(.)' \(U\+FF(?:0[1-9A-F]|[1-5]\w)\)",
        "`{0}` is a wide sign of East Asian type: type its narrow one.",
    ),
    (r"invalid character '(−)'", "This `{0}` is no minus sign of Python's: type `-`."),
    (r"invalid character '(×)'", "Python multiplies with `*`, and arrays with `@`: type one of them for `{0}`."),
    (r"invalid character '(÷)'", "Python divides with `/`: type it for `{0}`."),
    (r"invalid character '(…)'", "`{0}` stands for what was left out: put it in."),
    (r"invalid character '(≥)'", "Python writes `>=` for `{0}`."),
    (r"invalid character '(≤)'", "Python writes `<=` for `{0}`."),
    (r"invalid character '(≠)'", "Python writes `!=` for `{0}`."),
    (
        r"invalid character '(.)' \(U\+201\w\)",
        "This `{0}` comes from a text, not from a keyboard: type the quote or the minus sign anew.",
    ),
    (
        r"'(return|yield)' outside function",
        "`{0}` stands inside a function. The last expression of a block is shown without it.",
    ),
    (r"'(break|continue)' outside loop|'(continue)' not properly in loop", "It stands inside a `for` or a `while`."),
    (r"Perhaps you forgot a comma", "Between two values there is a comma missing, an operator or a closing bracket."),
    (r"Did you mean '(\w+)'", "Did you mean `{0}`?"),
]


def syntax(failure: Failure) -> str | None:
    if _mixes_tabs(failure.source) and isinstance(failure.error, IndentationError):
        return "Some lines are indented by tabs and others by spaces: use four spaces throughout."
    if habit := _habit(failure):
        return habit
    for pattern, said in SYNTAX:
        found = re.search(pattern, failure.message)
        if found:
            return said.format(*found.groups())
    if failure.message == "invalid syntax":
        return _misspelt_keyword(failure)
    return None


HABITS: list[tuple[str, str]] = [
    (r"else +if\b", "Python writes `elif` for `{0}`."),
    (r"%%?\w+", "`{0}` is a command of notebooks. Here a chart that is shown is drawn, and a block runs as it is."),
    (r"!\s*\w+", "`{0}` is a command for a system, and a browser has none. What is here: Python's library and NumPy."),
    (r">>>", "`{0}` is the prompt of a terminal: leave it out, and what Python answered there."),
    (r"\?{1,2}[\w.]+", "For help put the cursor on the name and press Ctrl+I, without `?`."),
    (r".*[\w\])]\s*(?:\+\+|--)\s*;?$", "Python has no `++` and no `--`: write `+= 1` or `-= 1`."),
    (r"[\w.]+\?{1,2}\s*$", "For help put the cursor on the name and press Ctrl+I, without `?`."),
]


def _habit(failure: Failure) -> str | None:
    line = failure.line_of_code.strip()
    for pattern, said in HABITS:
        found = re.match(pattern, line)
        if found:
            return said.format(found[0].strip())
    return None


def _mixes_tabs(source: str) -> bool:
    return bool(re.search(r"^ *\t", source, re.M) and re.search(r"^ +\S", source, re.M))


def _misspelt_keyword(failure: Failure) -> str | None:
    """`whille x:`: a line that begins with what is nearly a keyword, and goes on with a space."""
    begins = re.match(r"\s*(\w+) +[\w(\[]", failure.line_of_code)
    if not begins or keyword.iskeyword(begins[1]):
        return None
    starters = ["def", "for", "while", "class", "return", "import", "from", "elif", "with", "lambda", "assert", "raise"]
    like = near(begins[1], starters)
    return f"Did you mean `{like}`?" if like else None
