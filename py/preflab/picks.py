"""A reader's choices among four: how they are written down, what they tell of a taste, and what they do not tell.

A string has a sign for each question, in their order: 1 to 4 for the card that was taken, NONE for none of them. A
taste is a weight a feature, w (d,), and an answer's worth w . f, in nats: of the cards that lie there one is taken with
probability softmax (Plackett 1975; McFadden 1974). Every HELD_OUT-th question is never trained on.
"""

import json
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

NONE = "-"
HELD_OUT = 4
REPEATS = 4
FEW = 10  # choices that are too few to tell much
Z = 1.6448536269514722  # 90 % of a Gaussian lie within so many standard deviations

_BAD = re.compile(rf"[^1-4{NONE}]")


class Read(NamedTuple):
    """What a string of choices says."""

    given: str  # the string itself
    picks: str  # as far as it can be read: a sign for each answered question
    taken: np.ndarray  # (n,) which card, from 0; -1 for none of them
    damage: str  # one sentence; '' if all of it could be read


def read(picks: object, asked: int) -> Read:
    """The choices of a string, of at most `asked` questions. What cannot be read is said, and raises nothing."""
    given = picks if isinstance(picks, str) else ""
    text = given.strip()
    bad = _BAD.search(text)
    good = text[: bad.start() if bad else None][:asked]
    damage = ""
    if not isinstance(picks, str):
        damage = f"Choices are written as text in quotes, such as \"3142-1\", and not as {type(picks).__name__}."
    elif bad and bad.start() < asked:
        damage = (
            f"Sign {bad.start() + 1} is {bad.group()!r}, and a choice is 1, 2, 3, 4 or {NONE}: "
            f"the {len(good)} before it count, and nothing is deleted."
        )
    elif len(text) > asked:
        damage = f"{len(text):,} signs for {asked} questions: the first {asked} count, and nothing is deleted."
    return Read(given, good, _taken(good), damage)


def read_shared(text: object, name: str, asked: int) -> Read:
    """The same of a friend: what they wrote as `name`, their line of code, or the link with their edits.

    app/tab/edits/share-link.js makes that link.
    """
    if not isinstance(text, str):
        return read(text, asked)
    link = re.search(r"(?:#|%23)edits=1\.([\w-]*)", text)
    if not link:
        if "://" in text:
            damage = "This link has no edits that can be read here: ask for the one that Take along copies."
            return read("", asked)._replace(given=text, damage=damage)
        return read(_held(name, text) or text.strip().strip("\"'"), asked)
    packed = link[1]
    try:
        unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
            urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), LARGEST_LINK
        )
        sources = "\n".join(source for _, _, source in json.loads(unpacked))
    except (ValueError, TypeError, RecursionError, zlib.error):
        return read("", asked)._replace(given=text, damage="The link is damaged: perhaps its end was cut off.")
    held = _held(name, sources)
    if held is None:
        return read("", asked)._replace(given=text, damage=f"The link has no `{name}`: a choice has to come before it.")
    return read(held, asked)


def _held(name: str, source: str) -> str | None:
    """The text that a line of Python assigns to a name; None where there is no such line."""
    found = re.search(rf"""^{name} *= *(["'])(.*?)\1""", source, re.MULTILINE)
    return found[2] if found else None


LARGEST_LINK = 1_000_000  # bytes that a link may unpack to


def _taken(signs: str) -> np.ndarray:
    return np.array([-1 if sign == NONE else int(sign) - 1 for sign in signs], int)


def written(taken: Iterable[int]) -> str:
    """The string of choices (n,), -1 for none of them."""
    return "".join(NONE if which < 0 else str(which + 1) for which in taken)


class Questions(NamedTuple):
    """What is asked: four cards each, the last REPEATS of them earlier ones with their cards in another order."""

    cards: np.ndarray  # (n, 4) indices among the answers of all heaps, one heap after the other
    again: np.ndarray  # (n,) the earlier question that this one repeats, else -1

    @property
    def new(self) -> int:
        """How many are asked for the first time."""
        return int((self.again < 0).sum())


def questions(heaps: np.ndarray, prior: np.ndarray, seed: int) -> Questions:
    """A question for each heap of answers, features (n, m, d), and REPEATS again.

    Each has the four of the heap that can tell most, given what the questions before it will have told: the
    determinant of the posterior is smallest (D-optimal design; Chaloner and Verdinelli 1995), found greedily. As every
    card counts as equally likely there, they follow from the heaps and the prior (d, d) and not from what is taken: two
    readers are asked the same.
    """
    rng = np.random.default_rng(seed)
    n, m, _ = heaps.shape
    cards, cov = np.zeros((n, 4), int), prior
    for k, heap in enumerate(heaps):
        best = rng.permutation(_telling(heap @ cov @ heap.T))
        cards[k] = m * k + best
        if k % HELD_OUT != HELD_OUT - 1:
            D = heap[best[1:]] - heap[best[0]]
            # The information of a choice among equals is D' (1/4 - 1/16) D: its inverse is 4 (1 + 11').
            cov = cov - cov @ D.T @ np.linalg.solve(4 * (np.eye(3) + 1) + D @ cov @ D.T, D @ cov)
    again = np.sort(rng.choice(n, REPEATS, replace=False))
    turned = np.stack([cards[k][_turn(rng)] for k in again])
    return Questions(np.concatenate([cards, turned]), np.concatenate([np.full(n, -1), again]))


def _telling(gram: np.ndarray) -> list[int]:
    """Four answers, one by one, that tell most: gram (m, m) has the covariances of their scores."""
    found = [int(np.diag(gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None]).argmax())]
    while len(found) < 4:
        k = len(found)  # differences to the first, with each other answer as the last of them
        sets = np.stack([np.append(found[1:], j).astype(int) for j in range(len(gram))])
        first = found[0]
        spread = (
            gram[sets[:, :, None], sets[:, None]] - gram[first, sets][:, None] - gram[first, sets][:, :, None]
            + gram[first, first]
        )
        told = np.linalg.slogdet(np.eye(k) + spread @ (np.eye(k) / (k + 1) - 1 / (k + 1) ** 2))[1]
        told[found] = -np.inf
        found.append(int(told.argmax()))
    return found


def _turn(rng: np.random.Generator) -> np.ndarray:
    """An order of four in which none stands where it stood."""
    order = rng.permutation(4)
    while (order == np.arange(4)).any():
        order = rng.permutation(4)
    return order


class Taste(NamedTuple):
    """A Gaussian posterior over the weights."""

    mean: np.ndarray  # (d,)
    cov: np.ndarray  # (d, d)

    @property
    def half(self) -> np.ndarray:
        """Half the width of each weight's 90 % interval, (d,)."""
        return Z * np.sqrt(np.diag(self.cov))


def posterior(cards: np.ndarray, taken: np.ndarray, prior: np.ndarray, start: np.ndarray | None = None) -> Taste:
    """Of choices (n,) among features (n, 4, d), under a Gaussian prior with covariance (d, d): Laplace's approximation.

    The mode by Newton's method, from `start` (d,) if given, in the space of the 4 n scores: w = prior F' a.
    """
    n, four, d = cards.shape
    if not n:
        return Taste(np.zeros(d), prior)
    # Only differences of scores matter: against the card that was taken there are three.
    rest = np.array([[j for j in range(four) if j != k] for k in taken])
    D = (cards[np.arange(n)[:, None], rest] - cards[np.arange(n), taken][:, None]).reshape(-1, d)  # (3n, d)
    spread = prior @ D.T
    gram = D @ spread  # the prior's covariance of the differences
    g = np.zeros(len(D)) if start is None else D @ start
    for _ in range(30):
        slope, curvature = _slope(g.reshape(n, -1))
        # Newton on -log p(g) + g' gram^-1 g / 2 without the inverse (Rasmussen and Williams 2006, section 3.5).
        a = np.linalg.solve(np.eye(len(g)) + curvature @ gram, curvature @ g - slope)
        after = gram @ a
        step = after - g
        g = g + step * min(1.0, 4.0 / max(abs(step).max(), 1e-12))
        if abs(step).max() < 1e-7:
            break
    _, curvature = _slope(g.reshape(n, -1))
    shrink = spread @ np.linalg.solve(np.eye(len(g)) + curvature @ gram, curvature @ spread.T)
    return Taste(spread @ a, prior - shrink)


def _slope(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (3n,) and Hessian (3n, 3n) of sum log(1 + sum exp g) over the rows of g (n, 3)."""
    n, k = g.shape
    peak = np.maximum(g.max(axis=1, keepdims=True), 0)
    e = np.exp(g - peak)
    p = e / (np.exp(-peak) + e.sum(axis=1, keepdims=True))
    blocks = p[:, :, None] * np.eye(k) - p[:, :, None] * p[:, None]
    hessian = np.zeros((n, k, n, k))
    hessian[np.arange(n), :, np.arange(n)] = blocks
    return p.ravel(), hessian.reshape(n * k, n * k)


# Fixed noise, so that a forecast is the same each time.
_DRAWS = np.random.default_rng(0).standard_normal((256, 4))


def forecast(taste: Taste, cards: np.ndarray) -> np.ndarray:
    """How likely each of four cards (4, d) is to be taken, over all tastes of the posterior: (4,)."""
    values, vectors = np.linalg.eigh(cards @ taste.cov @ cards.T)
    scores = cards @ taste.mean + (_DRAWS * np.sqrt(np.maximum(values, 0))) @ vectors.T
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).mean(axis=0)


class Learned(NamedTuple):
    """What n choices tell, and what was said of each before it was seen."""

    taste: Taste  # from the choices in `trained`
    taken: np.ndarray  # (n,)
    said: np.ndarray  # (n, 4) the forecast before each choice, from those before it that were trained on
    trained: np.ndarray  # (n,)
    new: np.ndarray  # (n,) whether the question was asked for the first time

    @property
    def hits(self) -> np.ndarray:
        """Of the first answers that took a card: whether it was the one that was expected."""
        return self._hits(self.new)

    @property
    def held_out_hits(self) -> np.ndarray:
        """The same of those that were never trained on."""
        return self._hits(self.new & ~self.trained)

    def _hits(self, those: np.ndarray) -> np.ndarray:
        counted = those & (self.taken >= 0)
        return self.said[counted].argmax(axis=1) == self.taken[counted]


def learn(cards: np.ndarray, taken: np.ndarray, again: np.ndarray, prior: np.ndarray) -> Learned:
    """Goes through the choices (n,) among features (n or more, 4, d) in their order; a forecast comes before each."""
    n = len(taken)
    new = again[:n] < 0
    trained = (np.arange(n) % HELD_OUT != HELD_OUT - 1) & (taken >= 0) & new
    taste, said = Taste(np.zeros(cards.shape[2]), prior), np.zeros((n, 4))
    about = hash((cards.tobytes(), cards.shape, again.tobytes(), prior.tobytes()))
    for k in range(n):
        key = about, taken[: k + 1].tobytes()
        if key not in _KNOWN:  # a reader who chooses once more has all but the last step
            before = forecast(taste, cards[k])
            if trained[k]:
                seen = np.flatnonzero(trained[: k + 1])
                taste = posterior(cards[seen], taken[seen], prior, taste.mean)
            if len(_KNOWN) >= MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN[key] = before, taste
        said[k], taste = _KNOWN[key]
    return Learned(taste, taken, said, trained, new)


MOST_KNOWN = 200
_KNOWN: dict[tuple[int, bytes], tuple[np.ndarray, Taste]] = {}


def share(hits: np.ndarray) -> tuple[float, float, float]:
    """Share of hits (n,), and its 90 % interval (Wilson 1927); 0 to 1 where there are none."""
    n = len(hits)
    if not n:
        return np.nan, 0.0, 1.0
    p = float(np.mean(hits))
    middle, spread = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return p, (middle - spread) / (1 + Z**2 / n), (middle + spread) / (1 + Z**2 / n)


def simulated(cards: np.ndarray, taste: np.ndarray, seed: int) -> str:
    """The choices of an annotator with a taste (d,) among features (n, 4, d), as a string."""
    scores = cards @ taste + np.random.default_rng(seed).gumbel(size=cards.shape[:2])
    return written(scores.argmax(axis=1))


def or_simulated(read: Read, cards: np.ndarray, taste: np.ndarray, seed: int) -> tuple[np.ndarray, str]:
    """The reader's choices and "you"; where there are none, all of a simulated annotator's, and who that is."""
    if len(read.taken):
        return read.taken, "you"
    return _taken(simulated(cards, taste, seed)), "a simulated annotator"


def pairs(cards: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chosen and rejected answers, three pairs for each choice (n,) among answers (n or more, 4, ...)."""
    some = np.flatnonzero(taken >= 0)
    rest = np.array([[j for j in range(4) if j != k] for k in taken[some]], int).reshape(-1, 3)
    chosen, rejected = cards[some, taken[some]], cards[some[:, None], rest]
    return np.repeat(chosen, 3, axis=0), rejected.reshape(-1, *cards.shape[2:])


def agreement(asked: Questions, taken: np.ndarray) -> np.ndarray:
    """Of the questions that were answered twice: whether the same answer was taken both times, (at most REPEATS,)."""
    twice = [k for k in np.flatnonzero(asked.again[: len(taken)] >= 0) if min(taken[k], taken[asked.again[k]]) >= 0]
    first = asked.again[twice]
    return asked.cards[twice, taken[twice]] == asked.cards[first, taken[first]]


def in_common(asked: Questions, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The questions that two readers have both answered with a card, and whether with the same: (k,) each."""
    both = min(len(first), len(second), asked.new)
    k = np.flatnonzero((first[:both] >= 0) & (second[:both] >= 0))
    return k, first[k] == second[k]


def json_lines(prompts: Iterable[str], chosen: Iterable[str], rejected: Iterable[str]) -> str:
    """Pairs in the format that trainers read, a line each."""
    keys = ("prompt", "chosen", "rejected")
    return "".join(
        json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False) + "\n"
        for row in zip(prompts, chosen, rejected, strict=True)
    )


def report(learned: Learned, who: str, asked: Questions) -> str:
    """A few sentences, a line each: the last choice beside what was expected, and how often that was right so far."""
    hits, held = learned.hits, learned.held_out_hits
    rate, low, high = share(hits)
    n = len(learned.taken)
    told = []
    if who == "you" and n:
        likeliest = int(learned.said[-1].argmax())
        took = learned.taken[-1]
        told.append(
            f"Choice {n}: card {likeliest + 1} was expected ({learned.said[-1, likeliest]:.0%}), and you took "
            f"{'none' if took < 0 else f'card {took + 1}' if took != likeliest else 'it'}."
        )
        if not learned.new[-1]:
            told[-1] += " You had seen this one before: it is not counted."
        elif not learned.trained[-1] and took >= 0:
            told[-1] += " This one is held out: nothing is trained on it."
    if len(hits):
        told.append(
            f"{'Expected' if who == 'you' else f'Of {who}, expected'} beforehand: {hits.sum()} of {len(hits)}, "
            f"{rate:.0%} (90% interval: {low:.0%} to {high:.0%}); by chance 25%. "
            + (f"Of those held out: {held.sum()} of {len(held)}." if len(held) else "")
        )
    if 0 < len(hits) <= FEW:
        told.append(f"{len(hits)} {'choice is' if len(hits) == 1 else 'choices are'} too few to tell.")
    same = agreement(asked, learned.taken)
    if len(same):
        again = f"{'you' if who == 'you' else 'it'} took the same one {same.sum()} of {len(same)} times"
        told.append(f"Asked again, {again}.")
    return "\n".join(told)


def verdict(answer: object, learned: Learned, about: str) -> str:
    """A reader's answer to "Was this you?", counted as one more choice that was held out.

    It is what was chosen until then (`about`), a space, and 1 for yes or 2 for no: other choices, other question.
    """
    if not about or not learned.trained.any():
        return "Choose above first: these are not your tastes yet."
    if not answer:
        return "Not answered yet."
    said = answered(answer, about)
    if not said:
        return "Your choices have changed since you answered: these are other stories." if " " in str(answer) else (
            f"{answer!r} is no answer: press a card."
        )
    hits = np.append(learned.held_out_hits, said == "1")
    rate, low, high = share(hits)
    return (
        f"You {'agree' if said == '1' else 'do not agree'}. Of all that was held out, {hits.sum()} of {len(hits)} "
        f"came as expected: {rate:.0%} (90% interval: {low:.0%} to {high:.0%})."
    )


def answered(answer: object, about: str) -> str:
    """"1" or "2", if the answer is about these choices; else ''."""
    return next((sign for sign in "12" if answer == f"{about} {sign}"), "")
