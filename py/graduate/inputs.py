"""What a run is given: pairs, weights, rewards, settings. All is read and looked at before anything is written."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from words import grammar, network

HERE = Path(__file__).resolve().parent


class InputError(Exception):
    """One sentence for whoever started the run: what is wrong, and where."""


@dataclass(frozen=True)
class Pair:
    chosen: str
    rejected: str
    prompt: str | None = None  # None: the text begins with the answer


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a JSONL file, a line each: chosen, rejected and, if there is one, prompt. Raises InputError."""
    pairs = [_pair(line, f"{path}, line {number}") for number, line in enumerate(_text(path).split("\n"), 1) if line]
    if not pairs:
        raise InputError(f"{path} holds no pairs.")
    prompted = sum(pair.prompt is not None for pair in pairs)
    if 0 < prompted < len(pairs):
        raise InputError(f"{path}: {prompted} of {len(pairs)} pairs have a prompt; either all have one or none has.")
    return pairs


def _pair(line: str, where: str) -> Pair:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: this is not JSON ({error}).") from None
    if not isinstance(entry, dict):
        raise InputError(f"{where}: an object with chosen and rejected is expected, not {line[:40]}")
    for side in ("chosen", "rejected"):
        if not isinstance(entry.get(side), str):
            raise InputError(f"{where}: {side} is missing, or is no text.")
    if not isinstance(entry.get("prompt"), str | None):
        raise InputError(f"{where}: prompt is no text.")
    return Pair(entry["chosen"], entry["rejected"], entry.get("prompt"))


def require_stories(pairs: list[Pair], path: Path) -> None:
    """Raises InputError unless the storyteller could tell each of them."""
    for number, pair in enumerate(pairs, 1):
        if pair.prompt is not None:
            raise InputError(f"{path}, pair {number}: the storyteller takes no prompt.")
        for told in (pair.chosen, pair.rejected):
            words = told.split()
            unknown = [word for word in words if word not in grammar.CODES or grammar.CODES[word] == grammar.END]
            if unknown:
                raise InputError(f"{path}, pair {number}: the storyteller does not know the word {unknown[0]!r}.")
            if len(words) > grammar.LENGTH:
                raise InputError(f"{path}, pair {number}: {len(words)} words are more than a story's {grammar.LENGTH}.")


def read_weights(path: Path) -> np.ndarray:
    """The page's network as one vector, from its JSON. Raises InputError."""
    weights = _numbers(_object(path).get("weights"))
    expected = len(network.initial(len(grammar.VOCABULARY), np.random.default_rng(0)))
    if weights is None or len(weights) != expected:
        raise InputError(f"{path}: weights should be {expected} finite numbers.")
    return weights


def read_worth(path: Path) -> dict[str, float]:
    """A number a word. Raises InputError."""
    worth = _object(path)
    if not worth or _numbers(list(worth.values())) is None:
        raise InputError(f"{path}: a finite number for each word is expected.")
    return worth


def read_settings(path: Path) -> dict[str, dict[str, float]]:
    """The page's settings, by method; {} where there is no such file. Raises InputError."""
    if not path.exists():
        return {}
    settings = _object(path)
    for method, of_method in settings.items():
        if not isinstance(of_method, dict) or _numbers(list(of_method.values())) is None:
            raise InputError(f"{path}: the settings of {method} are not numbers with names.")
    return settings


def reward_vector(worth: dict[str, float], path: Path) -> np.ndarray:
    """The same in the vocabulary's order, (V,). Raises InputError for words that the storyteller does not know."""
    unknown = worth.keys() - grammar.CODES.keys()
    if unknown:
        raise InputError(f"{path}: the storyteller does not know the word {min(unknown)!r}.")
    reward = np.zeros(len(grammar.VOCABULARY))
    for word, number in worth.items():
        reward[grammar.CODES[word]] = number
    return reward


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: this is not UTF-8.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _object(path: Path) -> dict:
    try:
        found = json.loads(_text(path))
    except ValueError as error:
        raise InputError(f"{path}: this is not JSON ({error}).") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: an object is expected.")
    return found


def _numbers(values) -> np.ndarray | None:
    """The values as an array, or None where not all are finite numbers."""
    fine = isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in values
    )
    return np.array(values, float) if fine else None
