"""Code that came out of a text or another keyboard, with the signs typed that Python wants in their place."""

import ast
import re
import unicodedata

MOST_SIGNS = 300

# What a person would type; signs that look like an ASCII one are found by their Unicode decomposition.
KEYS = {
    "−": "-", "‐": "-", "‑": "-", "–": "-", "—": "-", "×": "*", "·": "*", "∗": "*", "÷": "/", "∕": "/",
    "≥": ">=", "≤": "<=", "≠": "!=", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "、": ",", "。": ".",
}  # fmt: skip
CLOSING = {"‘": "’", "‚": "‘’", "“": "”", "„": "“”", "«": "»", "”": "”", "’": "’", "»": "«"}


def key_for(sign: str) -> str | None:
    """What to type for a sign that Python does not take; None where that cannot be told."""
    if sign in KEYS:
        return KEYS[sign]
    category = unicodedata.category(sign)
    if category in ("Cf", "Cc") and sign not in "\t\n\r":
        return ""
    if category == "Zs" and sign != " ":
        return " "
    narrow = unicodedata.normalize("NFKC", sign)
    return narrow if narrow.isascii() and narrow != sign else None


def typed_anew(source: str) -> str | None:
    """`source` with every such sign typed anew that Python stops at; texts and comments keep theirs.

    None if there is nothing to mend. Other faults of the code stay.
    """
    mended = source
    for _ in range(MOST_SIGNS):
        at = _refused(mended)
        key = None if at is None else key_for(mended[at])
        if at is None or key is None:
            break
        sign, rest = mended[at], mended[at + 1 :]
        if key in "'\"" and key:
            # A text has two quotes: its other one is typed anew with the first.
            line, newline, after = rest.partition("\n")
            rest = re.sub(f"[{CLOSING.get(sign, sign)}]", key, line, count=1) + newline + after
        mended = mended[:at] + key + rest
    return mended if mended != source else None


def _refused(source: str) -> int | None:
    """Where Python meets a sign that it takes nowhere in code; None if it does not."""
    try:
        compile(source, "<mended>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        if not error.lineno or not error.offset or not error.msg.startswith("invalid "):
            return None
        lines = source.splitlines(keepends=True)
        at = sum(map(len, lines[: error.lineno - 1])) + error.offset - 1
        return at if at < len(source) and not source[at].isascii() else None
    except ValueError:
        return None  # a null byte
    return None
